"""Where things are in the source tree."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
ASN1, DOCS, EXAMPLES = ROOT / "asn1", ROOT / "docs", ROOT / "examples"
TESTS = ROOT / "tests"
VECTORS = TESTS / "vectors"
