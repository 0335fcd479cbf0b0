import re
from pathlib import Path

from lpa.rsp import bounds

TABLE = (Path(__file__).parents[2] / "docs" / "trust.md").read_text()


def test_every_bound_stands_in_the_documents_with_its_value() -> None:
    documented = dict(re.findall(r"^\| `([A-Z_]+)` \| ([0-9.]+) \|", TABLE, re.MULTILINE))
    assert {name: float(value) for name, value in documented.items()} == {
        name: float(value) for name, value in vars(bounds).items() if name.isupper()
    }
