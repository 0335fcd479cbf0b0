"""What import-linter cannot see: what is loaded when, and whether the map is complete."""

import subprocess
import sys

from tests.support.paths import ROOT

WINGS = ("rsp", "card", "server")


def test_the_codec_leaves_asn1tools_whole_for_others() -> None:
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


def test_every_room_has_a_line_in_the_architecture() -> None:
    source, document = ROOT / "src" / "lpa", (ROOT / "docs" / "architecture.md").read_text()
    rooms = [*source.glob("*.py"), *(path for wing in WINGS for path in (source / wing).glob("*.py"))]
    assert [room.name for room in rooms if room.stem[0] != "_" and f" {room.name}" not in document] == []
