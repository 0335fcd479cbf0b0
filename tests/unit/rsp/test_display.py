"""Untrusted text made safe to display."""

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
def test_unsafe_characters_are_shown_as_escapes(text: str, shown: str) -> None:
    assert safe(text) == shown
    assert safe(shown) == shown


@given(st.text())
def test_any_text_becomes_one_line_of_visible_characters(text: str) -> None:
    assert all(character.isprintable() or character.isspace() for character in safe(text))
    assert len(safe(text).splitlines()) <= 1


@given(st.recursive(st.text(), st.lists))
def test_safe_json_keeps_its_value_and_has_no_invisible_characters(value: object) -> None:
    written = safe_json(json.dumps(value, ensure_ascii=False, indent=1))
    assert json.loads(written) == value
    assert all(character.isprintable() or character.isspace() for character in written)
    assert not {"\x85", "\u2028", "\x1c"} & set(written)


def test_long_text_ends_with_an_ellipsis() -> None:
    assert brief("abc", 3) == "abc"
    assert brief("abcd", 3) == "abc…"


def test_few_gives_the_first_texts_shortened() -> None:
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
def test_only_emoji_may_be_joined(text: str, shown: str) -> None:
    assert safe(text) == shown
