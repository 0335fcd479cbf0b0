"""Every limit on a peer is defined in one file, documented in one table, and used."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from lpa.rsp import limits
from tests.support.paths import ROOT

TABLE = (ROOT / "docs" / "trust.md").read_text()
FILES = [path for path in ROOT.glob("src/lpa/**/*.py") if not {"cli", "pages", "sim"} & set(path.parts)]

# What limits are called. Constants of a format or of a sentence may be called so as well:
NAMES = re.compile(r"MOST|LARGEST|LONGEST|MAX|LIMIT|TRIES|SECONDS|ROUNDS|DEPTH|_BYTES|_ITEMS|_RECORDS")
FORMATS = {
    "apdu.py": {"LARGEST_BLOCK"},  # whose length is one byte
    "ber.py": {"_MAX_TAG_BYTES", "_MAX_LENGTH_BYTES"},
    "bpp.py": {"HEADER_BYTES"},
    "certificates.py": {"_LONGEST_NAME"},
    "clean_close.py": {"_BYTES"},  # of a file of ours
    "contacts.py": {"LONGEST_IN_A_RECORD"},  # of a record
    "decoding.py": {"_LONGEST_INTEGER"},
    "display.py": {"_MOST_MARKS"},
    "eim.py": {"_LONGEST"},  # of a text to show
    "es10.py": {"NICKNAME_BYTES"},
    "euicc_info.py": {"_LONGEST_NUMBER"},
    "locks.py": {"_HOLDER_BYTES"},
    "masked.py": {"_MOST"},  # that a line of a trace stands for
    "trace.py": {"_MOST_HEADERS"},  # of a message in a trace
    "unrecorded.py": {"MOST"},  # for a person to read
    "user_data.py": {"_LONGEST"},  # of what a message says
    "findings.py": {"_MOST_NAMED"},  # for a person to read
    "offered_profile.py": {"_LARGEST"},  # of a number
    "pcscd.py": {"MOST_READERS"},  # of the service
    "vcard.py": {"_LONGEST_LINE"},
    "written_code.py": {"LONGEST", "LONGEST_TEXT"},  # of what a person gives
}


def test_every_limit_is_documented_with_its_value() -> None:
    documented = dict(re.findall(r"^\| `([A-Z_]+)` \| ([0-9.]+) \|", TABLE, re.MULTILINE))
    assert {name: float(value) for name, value in documented.items()} == {
        name: float(value) for name, value in vars(limits).items() if name.isupper()
    }


def test_no_limit_is_defined_elsewhere() -> None:
    elsewhere = {(path.name, name) for path in FILES if path.name != "limits.py" for name in _numbers(path)}
    limits_by_name = {(file, name) for file, name in elsewhere if NAMES.search(name)}
    assert limits_by_name == {(file, name) for file, names in FORMATS.items() for name in names}


def test_every_limit_is_used() -> None:
    files = [path for path in ROOT.glob("src/lpa/**/*.py") if path.name != "limits.py"]
    texts = "\n".join(path.read_text() for path in files)
    prescribed = {"REDIRECTS", "ATTEMPTS"}  # No code follows redirects or repeats requests.
    for name in vars(limits):
        if name.isupper() and name not in prescribed:
            assert re.search(rf"\b{name}\b", texts), name


def _numbers(path: Path) -> Iterator[str]:
    """The constants of a module that are a number, or an expression of numbers."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and _is_number(node.value):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _is_number(value: ast.expr) -> bool:
    if isinstance(value, ast.BinOp):
        return _is_number(value.left) and _is_number(value.right)
    return isinstance(value, ast.Constant) and isinstance(value.value, int | float)
