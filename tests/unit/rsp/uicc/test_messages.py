"""Short messages of EF.SMS, byte for byte (TS 51.011 §10.5.3, TS 23.040 §9.2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpa.rsp.uicc.messages import Message, MessagePart, joined
from tests.support.short_messages import FROM, NOON, message

CENTRE = "07 91 447700090000"
HELLO = "0A E8329BFD4697D9EC37"


def test_a_received_message_is_read() -> None:
    found = message(f"01 {CENTRE} 04 {FROM} 00 00 {NOON} {HELLO}")
    assert (found.direction, found.status, found.number) == ("received", "read", "+447700900123")
    assert (found.centre, found.text, found.problem) == ("+447700900000", "hellohello", "")
    assert found.time == datetime(2026, 3, 14, 12, tzinfo=timezone(timedelta(hours=1)))
    assert found.raw[0].hex().upper().startswith("0107914477000900000")
    assert len(found.raw[0]) == 176


@pytest.mark.parametrize(
    ("status", "meaning"),
    [("01", "read"), ("03", "unread"), ("05", "sent"), ("07", "to be sent"), ("0D", "sent"), ("1D", "sent")],
)
def test_the_status_is_in_the_first_byte(status: str, meaning: str) -> None:
    assert message(f"{status} {CENTRE} 04 {FROM} 00 00 {NOON} {HELLO}").status == meaning


@pytest.mark.parametrize("record", ["00" + "FF" * 175, "FF" * 176, "00" * 176, ""])
def test_a_free_record_is_no_message(record: str) -> None:
    assert Message.from_record(bytes.fromhex(record)) is None


@pytest.mark.parametrize(
    ("validity", "first"), [("", "01"), ("A7", "11"), ("00000000000000", "09"), (NOON, "19")]
)
def test_the_validity_of_a_sent_message_has_several_sizes(validity: str, first: str) -> None:
    found = message(f"07 FF {first} 07 05 81 2143F5 00 00 {validity} {HELLO}")
    assert (found.direction, found.number, found.centre) == ("sent", "12345", "")
    assert (found.text, found.time) == ("hellohello", None)


@pytest.mark.parametrize(
    ("coding", "length", "data", "text"),
    [
        ("00", "0A", "E8329BFD4697D9EC37", "hellohello"),
        ("F1", "0A", "E8329BFD4697D9EC37", "hellohello"),
        ("11", "02", "E832", "he"),
        ("C8", "02", "E832", "he"),
        ("48", "04", "4F60597D", "你好"),
        ("08", "04", "4F60597D", "你好"),
        ("E8", "04", "4F60597D", "你好"),
        ("04", "02", "DEAD", None),
        ("F5", "02", "DEAD", None),
        ("20", "02", "DEAD", None),
    ],
)
def test_the_data_coding_scheme_names_the_alphabet(
    coding: str, length: str, data: str, text: str | None
) -> None:
    found = message(f"01 00 04 {FROM} 00 {coding} {NOON} {length} {data}")
    assert (found.text, found.data) == (text, bytes.fromhex(data) if text is None else b"")


@pytest.mark.parametrize(
    ("coding", "problem"),
    [
        ("20", "The message is compressed, which is not supported."),
        ("68", "The message is compressed, which is not supported."),
        ("0C", "The message uses a reserved alphabet (TS 23.038, 0C)."),
        ("8A", "The message uses a reserved alphabet (TS 23.038, 8A)."),
        ("04", ""),
    ],
)
def test_a_message_in_an_unknown_alphabet_is_bytes_and_a_problem(coding: str, problem: str) -> None:
    found = message(f"01 00 04 {FROM} 00 {coding} {NOON} 04 E8329BFD")
    assert (found.text, found.data.hex(), found.problem) == (None, "e8329bfd", problem)
    assert (found.number, found.direction) == ("+447700900123", "received")


def test_a_sender_may_have_a_name_instead_of_a_number() -> None:
    assert message(f"01 00 04 0B D0 41B638FD7603 00 00 {NOON} {HELLO}").number == "Albion"
    assert message(f"01 00 04 05 81 2A4BF5 00 00 {NOON} {HELLO}").number == "*2#45"


@pytest.mark.parametrize(
    ("stamp", "time"),
    [
        ("99211332959500", datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (
            "52211332959549",
            datetime(2025, 12, 31, 23, 59, 59, tzinfo=timezone(-timedelta(hours=3, minutes=30))),
        ),
        ("62304121000023", datetime(2026, 3, 14, 12, tzinfo=timezone(timedelta(hours=8)))),
        ("62314121000023", None),
        ("FFFFFFFFFFFFFF", None),
        ("00000000000000", None),
    ],
)
def test_a_time_has_its_zone_in_quarters_of_an_hour(stamp: str, time: datetime | None) -> None:
    found = message(f"01 00 04 {FROM} 00 00 {stamp} {HELLO}")
    assert found.time == time
    assert found.time is None or time is None or found.time.utcoffset() == time.utcoffset()
    assert found.text == "hellohello"


def test_a_status_report_names_the_delivered_message_and_the_time() -> None:
    found = message(f"01 00 06 2A {FROM} {NOON} 62304121005040 00")
    assert (found.direction, found.text) == ("report", "message 42: delivered 2026-03-14T12:00:05+01:00")
    failed = message(f"01 00 06 2A {FROM} {NOON} FFFFFFFFFFFFFF 46")
    assert failed.text == "message 42: status 46"


def test_the_text_of_a_part_begins_after_its_header() -> None:
    """Six bytes of header are seven characters with one bit to spare."""
    found = message(f"01 00 44 {FROM} 00 00 {NOON} 0C 0500032A0201 D06536FB0D")
    assert found.part == MessagePart(reference=0x2A, total=2, index=1)
    assert found.text == "hello"
    ucs2 = message(f"01 00 44 {FROM} 00 08 {NOON} 0B 0608041234 0302 4F60 597D")
    assert (ucs2.part, ucs2.text) == (MessagePart(0x1234, 3, 2), "你好")
    data = message(f"01 00 44 {FROM} 00 04 {NOON} 09 06 05040B84 23F0 BEEF")
    assert (data.part, data.data.hex()) == (None, "beef")


@pytest.mark.parametrize("element", ["00032A0200", "00032A0203", "00032A0000", "00022A02FF", "08032A0201"])
def test_an_invalid_part_is_a_message_of_its_own(element: str) -> None:
    header = bytes.fromhex(element)
    found = message(f"01 00 44 {FROM} 00 04 {NOON} 08 {len(header):02X} {element} BEEF")
    assert (found.part, found.data.hex()) == (None, "beef")


@pytest.mark.parametrize(
    "tpdu",
    [
        "03 00",
        "04 0C 91 4477",
        f"04 {FROM} 00 00 {NOON} A0 E832",
        f"04 {FROM} 00 00 {NOON} A1 {'00' * 141}",
        f"04 {FROM} 00 04 {NOON} 8D {'00' * 141}",
        f"44 {FROM} 00 04 {NOON} 03 050000",
        f"44 {FROM} 00 00 {NOON} 02 7F00",
        "",
        "04 FF 91",
    ],
)
def test_an_undecodable_message_keeps_its_bytes_and_has_a_problem(tpdu: str) -> None:
    record = bytes.fromhex(f"01 00 {tpdu}")
    found = Message.from_record(record)
    assert found is not None
    assert found.problem.startswith("The message ")
    assert (found.raw, found.text, found.status) == ((record,), None, "read")


@given(st.lists(st.binary(max_size=176), max_size=4))
def test_any_records_are_messages_or_none(records: list[bytes]) -> None:
    read = [Message.from_record(record) for record in records]
    found = [message for message in read if message]
    assert all(message.raw == (record,) for message, record in zip(read, records, strict=True) if message)
    assert sorted(raw for message in joined(found) for raw in message.raw) == sorted(
        raw for message in found for raw in message.raw
    )


@given(st.binary(max_size=175))
def test_any_used_record_is_a_message(record: bytes) -> None:
    assert Message.from_record(b"\x01" + record) is not None
