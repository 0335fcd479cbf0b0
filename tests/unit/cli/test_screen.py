"""What is shown of texts that nobody should trust, and of what terminals cannot show."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpa.cli.json_output import plain
from lpa.cli.screen import Screen
from lpa.errors import NoCard
from lpa.rsp.names import Aid, Eid, Iccid


@given(st.text())
def test_a_document_gives_every_text_back_and_holds_nothing_invisible(text: str) -> None:
    output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", output)
        Screen(json=True).document({"text": text})
    output.seek(0)
    written = output.read()
    assert json.loads(written) == {"text": text}
    assert all(sign in "\n\u200d" or sign.isprintable() or sign.isspace() for sign in written)


def test_a_terminal_that_lacks_signs_gets_escapes_and_a_plain_bar() -> None:
    output = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", output)
        screen = Screen(json=False)
        screen.line("示", " ", screen.bar(2, 3))
        Screen(json=True).document({"name": "示"})
    output.seek(0)
    assert output.read() == '\\u793a ##...\n{\n  "name": "\\u793a"\n}\n'


def test_names_bytes_and_errors_have_their_texts_in_a_document() -> None:
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
        "aid": "A0000005591010FFFFFFFF8900000100",
        "bytes": "00ff",
        "error": {"kind": "NoCard", "reason": None, "message": "none", "advice": "insert"},
        "nothing": None,
        "many": [1, True, "x"],
    }
