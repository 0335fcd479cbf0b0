"""The page about transports: its examples run, and implement the whole protocol."""

from __future__ import annotations

import re

import pytest

from lpa import LogicalTransport, Transport
from tests.support.paths import DOCS

pytest_plugins = ["pytester"]

PAGE = (DOCS / "transports.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("example", EXAMPLES, ids=["transport", "logical-transport"])
def test_an_example_runs(pytester: pytest.Pytester, example: str) -> None:
    ran = pytester.runpython(pytester.makepyfile(example))
    assert (ran.ret, ran.errlines) == (0, [])


def test_the_examples_have_each_member_of_the_protocols() -> None:
    for example, protocol in zip(EXAMPLES, (Transport, LogicalTransport), strict=True):
        members = {name for name in vars(protocol) if name[0] != "_"}
        assert members <= set(re.findall(r"^    (?:def )?(\w+)", example, re.MULTILINE))
