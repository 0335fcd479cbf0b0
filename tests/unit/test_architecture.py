"""What import-linter cannot check: how libraries are loaded, names, and what the architecture page lists."""

import ast
import re
import subprocess
import sys
from collections import Counter

from tests.support.paths import ROOT


def test_the_codec_of_the_library_does_without_asn1tools() -> None:
    code = """
from lpa.rsp.codec import schema
assert schema.encode("GetEIDRequest", {"tagList": b"Z"}).hex() == "bf3e035c015a"
assert schema.decode("GetEIDRequest", bytes.fromhex("bf3e035c015a")) == {"tagList": b"Z"}
import sys
assert not {name for name in sys.modules if name.startswith(("asn1tools", "json", "lpa.asn1"))}
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_codec_of_the_simulator_is_that_of_asn1tools() -> None:
    code = """
import sys
from lpa.sim import codec
assert not {name for name in sys.modules if name.startswith("asn1tools")}
print(codec.encode("GetRATRequest", {}).hex())
assert "asn1tools.codecs.der" in sys.modules
"""
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ran.stdout == "bf4300\n"


def test_the_architecture_page_lists_every_folder_and_module() -> None:
    source, page = ROOT / "src" / "lpa", (ROOT / "docs" / "architecture.md").read_text()
    folders = {path.parent.name for path in source.glob("*/**/__init__.py")}
    modules = {path.stem for path in source.glob("*.py") if path.stem[0] != "_"}
    assert {name for name in folders | modules if not re.search(rf"\b{name}\b", page)} == set()
    assert len(page.splitlines()) <= 150


def test_each_module_name_means_one_thing() -> None:
    """Except in `lpa.cli`, whose modules may be named after what they show."""
    names = Counter(
        path.stem
        for path in (ROOT / "src" / "lpa").rglob("*.py")
        if path.stem not in ("__init__", "__main__") and path.parent.parent.name != "cli"
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_each_class_name_means_one_thing() -> None:
    names = Counter(
        node.name
        for path in (ROOT / "src" / "lpa").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_no_test_module_imports_another() -> None:
    tests = [*(ROOT / "tests").rglob("test_*.py"), *(ROOT / "tests" / "support").rglob("*.py")]
    tests += [*(ROOT / "tests" / "fuzz").rglob("*.py"), *(ROOT / "tests" / "killed").rglob("*.py")]
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in tests
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("tests")
        for name in (f"{node.module}.{alias.name}" for alias in node.names)
        if ".test_" in name
    ]
    assert found == []
