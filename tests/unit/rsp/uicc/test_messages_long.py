"""Long messages joined from parts that are unordered, missing, or of other messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from lpa.rsp.uicc.messages import Message, MessagePart, joined
from tests.support.short_messages import FROM, NOON, message


def part(index: int, total: int = 2, reference: int = 1, **more: str) -> Message:
    raw = bytes([reference, index])
    made = Message(
        (raw,), "read", "received", "1", text=f"<{index}>", part=MessagePart(reference, total, index)
    )
    return replace(made, number=more.get("number", "1"), text=more.get("text", made.text))


def test_the_parts_of_a_long_message_are_joined_in_order() -> None:
    other = Message((b"x",), "read", text="other")
    (long, short) = joined([part(2), other, part(1)])
    assert (long.text, long.raw, long.missing) == ("<1><2>", (b"\x01\x01", b"\x01\x02"), ())
    assert short == other


def test_a_missing_part_is_reported() -> None:
    (long,) = joined([part(3, total=4), part(1, total=4)])
    assert (long.text, long.missing) == ("<1><3>", (2, 4))


def test_parts_of_another_sender_or_reference_are_not_mixed() -> None:
    assert len(joined([part(1), part(2, number="2"), part(2, reference=9), part(2, total=3)])) == 4


def test_a_reused_reference_is_another_message() -> None:
    texts = [long.text for long in joined([part(1), part(2), part(1, text="a"), part(2, text="b")])]
    assert texts == ["<1><2>", "ab"]


def test_parts_without_text_are_joined_as_bytes() -> None:
    first = replace(part(1), text=None, data=b"\x01")
    (long,) = joined([first, replace(part(2), text=None, data=b"\x02")])
    assert (long.text, long.data) == (None, b"\x01\x02")


def test_a_reference_may_be_reused_before_the_first_message_is_complete() -> None:
    first, second = datetime(2026, 3, 14, 12, tzinfo=UTC), datetime(2026, 3, 14, 12, 5, tzinfo=UTC)
    older = [replace(part(index), time=first + timedelta(seconds=index)) for index in (1, 2)]
    newer = [replace(part(index, text=f"({index})"), time=second) for index in (1, 2)]
    for order in ([older[0], newer[0], newer[1], older[1]], [newer[1], older[1], older[0], newer[0]]):
        assert sorted(long.text or "" for long in joined(order)) == ["(1)(2)", "<1><2>"]


def test_parts_sent_days_apart_are_not_one_message() -> None:
    march, may = datetime(2026, 3, 14, tzinfo=UTC), datetime(2026, 5, 14, tzinfo=UTC)
    alone = joined([replace(part(1), time=march), replace(part(2), time=may)])
    assert [(long.text, long.missing) for long in alone] == [("<1>", (2,)), ("<2>", (1,))]
    (together,) = joined([part(1), replace(part(2), time=may)])
    assert together.text == "<1><2>"


def test_a_character_may_be_split_between_two_parts() -> None:
    """An emoji is two codes of UCS-2, and some phones split a message between them."""
    first = message(f"01 00 44 {FROM} 00 08 {NOON} 0A 05 00032A0201 4F60 D83D")
    second = message(f"01 00 44 {FROM} 00 08 {NOON} 0A 05 00032A0202 DE00 0021")
    assert [long.text for long in joined([second, first])] == ["你😀!"]
    assert [long.text for long in joined([second])] == ["\ufffd!"]
    assert [long.text for long in joined([first])] == ["你\ufffd"]


def test_a_problem_of_a_part_is_a_problem_of_the_message() -> None:
    bad = replace(part(2), text=None, data=b"\x01", problem="The message is compressed.")
    (long,) = joined([part(1), bad])
    assert (long.text, long.data, long.problem) == ("<1>", b"\x01", "The message is compressed.")
