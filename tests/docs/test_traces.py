"""The page about traces: its examples run, and the format is what it says."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from lpa.rsp.foreign_logs import find_exchanges
from lpa.rsp.trace import CardReset, Trace, first_line
from lpa.sim.euicc.replay import DEFAULT_ATR
from tests.support.paths import DOCS

PAGE = (DOCS / "simulator" / "traces.md").read_text()
SAMPLE = re.search(r"^```text\n(lpa-trace.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
KINDS = re.findall(
    r"^\| `([^`]+)`(?:, `([^`]+)`)? \| [^|]+ \|$", PAGE.partition("## The format")[2], re.MULTILINE
)


def test_the_example_in_python_runs() -> None:
    for block in re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE):
        subprocess.run([sys.executable, "-c", block], check=True, timeout=60)


def test_the_sample_is_a_trace() -> None:
    assert SAMPLE
    trace = Trace.parse(SAMPLE[1])
    assert len(trace.events) == 7
    assert [event.atr for event in trace.events if isinstance(event, CardReset)] == [DEFAULT_ATR]
    assert f"`{DEFAULT_ATR.hex().upper()}`" in PAGE


def test_every_kind_of_line_of_the_table_can_be_read() -> None:
    written = {
        "BYTES SW": "<2 bytes> 9000",
        "BYTES": "00A4 <hidden>",
        "HOST/PATH": "smdp.example/path",
        "NAME: VALUE": "Content-Type: text/plain",
        "BODY": "{}",
        "STATUS": "204",
        "[ATR]": "3B00",
        "SECONDS LINE": "1.5 # later",
    }
    lines = [line for row in KINDS for line in row if line]
    for name, value in written.items():
        lines = [line.replace(name, value) for line in lines]
    assert lines[:2] == [first_line(whole=False), first_line(whole=True)]
    assert len(lines) == 13
    trace = Trace.parse("\n".join(lines))
    assert [type(event).__name__ for event in trace.events] == ["CardReset", "CardExchange", "HttpExchange"]


@pytest.mark.parametrize("row", re.findall(r"^\| \w+ \| `[^|]*` \| (.*) \|$", PAGE, re.MULTILINE))
def test_the_marks_of_the_logs_are_known(row: str) -> None:
    """The first line of each row, with the digits that the page leaves out."""
    line = (
        row.partition("`, `")[0].strip("`").replace("CLA: 80, INS: E2, …", "CLA: 80, INS: E2, P1: 91, P2: 00")
    )
    line = line.replace("80 E2 …", "80 E2 91 00").replace("80E2…", "80E29100").replace("80e2…", "80e29100")
    found = find_exchanges(line.replace("bf3e…", "bf3e"))
    assert str(found.exchanges[0].command) == "80E29100"
