"""The pages about the wire and about readers say what is true, and their examples run."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from lpa.testing import CardTime, pcscd
from tests.support.paths import DOCS

pytest_plugins = ["pytester"]

PAGES = {name: (DOCS / "simulator" / name).read_text("utf-8") for name in ("wire.md", "readers.md")}
UNITS = {"ms": 1e-3, "µs": 1e-6, "": 1}


def blocks(name: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", PAGES[name], re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("name", PAGES)
def test_the_examples_run_one_after_the_other(pytester: pytest.Pytester, name: str) -> None:
    scripts = [block for block in blocks(name) if "def test_" not in block]
    assert scripts
    ran = pytester.runpython(pytester.makepyfile("\n".join(scripts)))
    assert (ran.ret, ran.errlines) == (0, [])


def test_the_documented_test_passes(pytester: pytest.Pytester) -> None:
    (block,) = [block for block in blocks("readers.md") if "def test_" in block]
    pytester.makepyfile(block)
    pytester.runpytest_inprocess("-q", "-p", "no:randomly").assert_outcomes(passed=1)


def test_the_table_of_assumptions_has_the_values_of_the_model() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([\d.]+) ?(ms|µs|) \|", PAGES["wire.md"], re.MULTILINE)
    assert [name for name, _, _ in rows] == [field.name for field in dataclasses.fields(CardTime)]
    values = {name: float(value) * UNITS[unit] for name, value, unit in rows}
    assert values == pytest.approx(dataclasses.asdict(CardTime()))


def test_a_service_that_cannot_run_fails_the_test_with_the_reason(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(pcscd, "_DRIVER", tmp_path / "libifdvpcd.so")
    pytester.makepyfile("def test_it(reader): pass")
    ran = pytester.runpytest_inprocess("-q", "-p", "no:randomly")
    ran.assert_outcomes(errors=1)
    ran.stdout.fnmatch_lines(["*vpcd is not installed. Install what it needs: apt-get install pcscd *"])
