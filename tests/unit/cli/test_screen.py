"""How the screen shows texts from elsewhere, tables in narrow windows, and JSON."""

from __future__ import annotations

import io
import json
import os
import pty
import threading
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lpa import Step
from lpa.cli.cells import Cell, shown
from lpa.cli.json_output import plain
from lpa.cli.screen import Screen
from lpa.errors import NoCard
from lpa.rsp.names import Aid, Eid, Iccid


@given(st.text())
def test_a_document_preserves_every_text_and_escapes_invisible_characters(text: str) -> None:
    output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", output)
        Screen(json=True).document({"text": text})
    output.seek(0)
    written = output.read()
    assert json.loads(written) == {"text": text}
    assert all(sign in "\n\u200d" or sign.isprintable() or sign.isspace() for sign in written)


def test_a_terminal_without_unicode_gets_escapes_and_a_plain_bar() -> None:
    output = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", output)
        screen = Screen(json=False)
        screen.line("示", " ", screen.bar(2, 3))
        Screen(json=True).document({"name": "示"})
    output.seek(0)
    assert output.read() == '\\u793a ##...\n{\n  "name": "\\u793a"\n}\n'


def test_identifiers_bytes_and_errors_are_converted_to_json() -> None:
    facts = {
        "iccid": Iccid.parse("8949000000000000099"),
        "eid": Eid.parse("89049032000000000000000000000097"),
        "aid": Aid.parse("A0000005591010FFFFFFFF8900000100"),
        "bytes": b"\x00\xff",
        "error": NoCard("none", advice="insert"),
        "nothing": None,
        "many": (1, True, "x"),
    }
    assert plain(facts) == {
        "iccid": "8949000000000000099",
        "eid": "89049032000000000000000000000097",
        "aid": "a0000005591010ffffffff8900000100",
        "bytes": "00ff",
        "error": {"kind": "NoCard", "reason": None, "message": "none", "advice": "insert"},
        "nothing": None,
        "many": [1, True, "x"],
    }


def test_a_narrow_terminal_wraps_names_and_never_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "44")
    monkeypatch.delenv("NO_COLOR", raising=False)
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr("sys.stdout", terminal)
        row = (("8949985000000000025", "bold"), ("enabled", "green"), "Nordlicht Prepaid 示例移动")
        Screen(json=False).table(("ICCID", "State", "Profile"), [row])
        monkeypatch.undo()
        shown = os.read(ours, 4096).decode()
    os.close(ours)
    assert "\x1b[1m8949985000000000025" in shown
    assert "\x1b[32menabled" in shown
    assert [line.rsplit("  ", 1)[-1].strip() for line in shown.splitlines()[1:]] == [
        "Nordlicht",
        "Prepaid",
        "示例移动",
    ]


def test_a_very_narrow_terminal_never_cuts_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "20")
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr("sys.stdout", terminal)
        rows = [("8949985000000000025", "disabled"), ("8944994000000000017", "enabled")]
        Screen(json=False).table(("ICCID", "State"), rows)
        monkeypatch.undo()
        shown = os.read(ours, 4096).decode()
    os.close(ours)
    assert shown.splitlines() == [
        "ICCID  8949985000000000025",
        "State  disabled",
        "",
        "ICCID  8944994000000000017",
        "State  enabled",
    ]


def test_long_lines_are_wrapped_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "32")
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr("sys.stdout", terminal)
        screen = Screen(json=False)
        screen.line("  It is enabled, and will be disabled first.")
        screen.facts([("Notifies", ["示例移动 示例移动 示例移动", "albion.smdp.example"])])
        monkeypatch.undo()
        shown = b""
        while shown.count(b"\n") < 5:
            shown += os.read(ours, 4096)
    os.close(ours)
    assert shown.decode().splitlines() == [
        "  It is enabled, and will be",
        "  disabled first.",
        "Notifies  示例移动 示例移动",
        "          示例移动",
        "          albion.smdp.example",
    ]


_CELLS = st.text(max_size=30) | st.sampled_from(
    ["示例移动", "e\u0301", "👩\u200d🔬", "🇫🇮", "x  y", " z ", "[b]:smile:"]
)


@given(st.lists(st.tuples(_CELLS, _CELLS, _CELLS), min_size=1, max_size=4))
def test_a_table_in_a_pipe_is_laid_out_as_rich_does(rows: list[tuple[str, str, str]]) -> None:
    headings = ("Number", "Event", "Operator")
    console = Console(file=io.StringIO(), force_terminal=False, width=10_000)
    table = Table(*headings, box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for row in rows:
        table.add_row(*(Text(shown(cell)) for cell in row))
    with console.capture() as capture:
        console.print(table)
    output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", output)
        Screen(json=False).table(headings, rows)
    output.seek(0)
    written = output.read().splitlines()
    assert written == [line.rstrip() for line in capture.get().splitlines()]


def test_a_very_long_table_looks_as_a_short_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def table(repeated: int) -> list[str]:
        output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        monkeypatch.setattr("sys.stdout", output)
        rows: list[tuple[Cell, ...]] = [("1", ("delete", "green"), "示例"), ("20", "x\x1b[31m", "end")]
        Screen(json=False).table(("Number", "Event", "Operator"), rows * repeated)
        output.seek(0)
        return output.read().splitlines()

    heading, *rows = table(2)
    assert table(700) == [heading, *rows * 350]


def test_without_a_thread_there_is_no_bar_and_the_work_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_thread: threading.Thread) -> NoReturn:
        raise RuntimeError("can't start new thread")

    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr("sys.stderr", terminal)
        monkeypatch.setattr(threading.Thread, "start", fail)
        with Screen(json=False).progress() as progress:
            assert progress
            progress(Step("LoadBoundProfilePackage", 1, 2))
    os.close(ours)
