"""Every bound on a peer is in one file and one table, and is used."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from lpa.rsp import limits
from tests.support.paths import ROOT

TABLE = (ROOT / "docs" / "trust.md").read_text()
PEERS = [*ROOT.glob("src/lpa/rsp/*.py"), *ROOT.glob("src/lpa/card/*.py"), *ROOT.glob("src/lpa/server/*.py")]
FILES = [*PEERS, *ROOT.glob("src/lpa/*.py")]

# How a bound is called. What a format says is none, though it may be called so:
NAMES = re.compile(r"MOST|LARGEST|LONGEST|MAX|LIMIT|TRIES|SECONDS|ROUNDS|DEPTH|_BYTES|_ITEMS|_RECORDS")
FORMATS = {
    "activation.py": {"LONGEST"},  # of a code
    "apdu.py": {"LARGEST_BLOCK"},  # whose length is one byte
    "ber.py": {"_MAX_TAG_BYTES", "_MAX_LENGTH_BYTES"},
    "canonical.py": {"_LONGEST_INTEGER"},
    "certificates.py": {"_LONGEST_NAME"},
    "contacts.py": {"LONGEST_IN_A_RECORD"},  # of a record
    "display.py": {"_MOST_MARKS"},
    "es10.py": {"NICKNAME_BYTES"},
    "euicc_info.py": {"_LONGEST_NUMBER"},
    "locking.py": {"_MOST_SAID"},
    "user_data.py": {"_LONGEST"},  # of what a message says
    "findings.py": {"_MOST_NAMED"},  # for a person to read
    "offered.py": {"_LARGEST"},  # of a number
    "vcard.py": {"_LONGEST_LINE"},
}


def test_every_bound_stands_in_the_documents_with_its_value() -> None:
    documented = dict(re.findall(r"^\| `([A-Z_]+)` \| ([0-9.]+) \|", TABLE, re.MULTILINE))
    assert {name: float(value) for name, value in documented.items()} == {
        name: float(value) for name, value in vars(limits).items() if name.isupper()
    }


def test_no_bound_stands_elsewhere() -> None:
    elsewhere = {(path.name, name) for path in FILES if path.name != "bounds.py" for name in _numbers(path)}
    called_so = {(file, name) for file, name in elsewhere if NAMES.search(name)}
    assert called_so == {(file, name) for file, names in FORMATS.items() for name in names}


def test_every_bound_is_used() -> None:
    files = [path for path in ROOT.glob("src/lpa/**/*.py") if path.name != "bounds.py"]
    texts = "\n".join(path.read_text() for path in files)
    prescribed = {"REDIRECTS", "ATTEMPTS"}  # There is no code for what is not done.
    for name in vars(limits):
        if name.isupper() and name not in prescribed:
            assert re.search(rf"\b{name}\b", texts), name


def _numbers(path: Path) -> Iterator[str]:
    """The constants of a module that are one number, also one that is written as a sum."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and _is_number(node.value):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _is_number(value: ast.expr) -> bool:
    if isinstance(value, ast.BinOp):
        return _is_number(value.left) and _is_number(value.right)
    return isinstance(value, ast.Constant) and isinstance(value.value, int | float)
