"""What is shown of texts that nobody should trust."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpa.rsp.display import brief, few, safe, safe_json


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("示例移动 Océane", "示例移动 Océane"),
        ("שָׁלוֹם ภาษาไทย हिन्दी ❤️", "שָׁלוֹם ภาษาไทย हिन्दी ❤️"),
        ("a\u3000b", "a\u3000b"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x1b]8;;http://x\x1b\\link", "\\x1b]8;;http://x\\x1b\\link"),
        ("\x9b2J\x07\x7f", "\\x9b2J\\x07\\x7f"),
        ("a\r\nb\tc\x0bd\x85e\u2028f", "a\\r\\nb\\tc\\x0bd\\x85e\\u2028f"),
        ("\u202eabc\u2069\u061c", "\\u202eabc\\u2069\\u061c"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("blank\u3164\u2800\U000e0041", "blank\\u3164\\u2800\\U000e0041"),
        ("\udc80", "\\udc80"),
        ("e" + "\u0301" * 7, "e" + "\u0301" * 5 + "\\u0301\\u0301"),
    ],
)
def test_a_text_is_shown_without_what_could_play_tricks(text: str, shown: str) -> None:
    assert safe(text) == shown
    assert safe(shown) == shown


@given(st.text())
def test_whatever_a_text_holds_it_is_one_line_of_visible_signs(text: str) -> None:
    assert all(sign.isprintable() or sign.isspace() for sign in safe(text))
    assert len(safe(text).splitlines()) <= 1


@given(st.recursive(st.text(), st.lists))
def test_json_keeps_its_meaning_and_shows_nothing_invisible(value: object) -> None:
    written = safe_json(json.dumps(value, ensure_ascii=False, indent=1))
    assert json.loads(written) == value
    assert all(sign.isprintable() or sign.isspace() for sign in written)
    assert not {"\x85", "\u2028", "\x1c"} & set(written)


def test_what_is_too_long_ends_with_an_ellipsis() -> None:
    assert brief("abc", 3) == "abc"
    assert brief("abcd", 3) == "abc…"


def test_of_many_texts_few_are_named_and_of_those_the_beginning() -> None:
    assert few([]) == "none"
    assert few(["a", "b", "c", "d"]) == "a, b, c"
    assert few(["x" * 101]) == "x" * 100 + "…"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("👩‍🚀", "👩‍🚀"),
        ("👩🏽‍❤️‍👨🏿 ⛹️‍♀️ 🙂‍↔️", "👩🏽‍❤️‍👨🏿 ⛹️‍♀️ 🙂‍↔️"),
        ("☎️☎︎", "☎️☎︎"),
        ("a\u200db", "a\\u200db"),
        ("👩\u200d", "👩\\u200d"),
        ("\u200d🚀", "\\u200d🚀"),
        ("👩\u200d\u200d🚀", "👩\\u200d\\u200d🚀"),
        ("👩\u200d\u202e🚀", "👩\\u200d\\u202e🚀"),
        ("⠳\u200d\u2800", "⠳\\u200d\\u2800"),
    ],
)
def test_emoji_may_be_joined_to_one_picture_and_nothing_else_may(text: str, shown: str) -> None:
    assert safe(text) == shown
