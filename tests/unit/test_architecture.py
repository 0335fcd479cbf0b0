"""What import-linter cannot check: how libraries are loaded, and what the architecture page lists."""

import subprocess
import sys

from tests.support.paths import ROOT

PACKAGES = ("rsp", "card", "server")


def test_the_codec_does_not_change_asn1tools_for_other_users() -> None:
    code = """
from lpa.rsp.codec import schema
assert schema.encode("GetEIDRequest", {"tagList": b"Z"}).hex() == "bf3e035c015a"
import sys
assert not {name for name in sys.modules if name.startswith(("asn1tools", "pyparsing"))}
import asn1tools
text = asn1tools.compile_string("A DEFINITIONS ::= BEGIN B ::= INTEGER END", "der")
assert text.decode("B", text.encode("B", 5)) == 5
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_codec_works_beside_asn1tools() -> None:
    code = """
import asn1tools
from lpa.rsp.codec import schema
print(schema.encode("GetRATRequest", {}).hex())
"""
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ran.stdout == "bf4300\n"


def test_the_architecture_page_lists_every_module() -> None:
    source, document = ROOT / "src" / "lpa", (ROOT / "docs" / "architecture.md").read_text()
    modules = [*source.glob("*.py"), *(path for one in PACKAGES for path in (source / one).glob("*.py"))]
    assert [one.name for one in modules if one.stem[0] != "_" and f" {one.name}" not in document] == []
