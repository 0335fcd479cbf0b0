"""File control parameters, and small files. Bytes from TS 102 221 §11.1.1 and TS 31.102 §4.2."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpa.errors import BadAnswer
from lpa.rsp.names import Aid
from lpa.rsp.uicc import elementary_files
from lpa.rsp.uicc.elementary_files import FileControl


def control(fcp: str) -> FileControl:
    return FileControl.from_tlv(bytes.fromhex(fcp))


def test_a_file_with_records_has_their_size_and_number() -> None:
    found = control("6212 8205 4221 001C 0A 8302 6F3A 8A0105 8002 0118")
    assert found == FileControl("linear fixed", size=280, record_size=28, record_count=10)


def test_a_file_without_records_has_its_size() -> None:
    assert control("620F 8202 4121 8302 2FE2 8A0105 8002 000A") == FileControl("transparent", size=10)


def test_a_cyclic_file_has_records_too() -> None:
    assert control("6207 8205 4621 000D 05").structure == "cyclic"


@pytest.mark.parametrize(
    ("status", "pins"),
    [
        ("C606 900100 830101", ()),
        ("C606 900180 830101", (1,)),
        ("C60C 9001A0 830101 830181 830111", (1, 0x11)),
        ("C609 9001C0 830111 830101", (0x11, 1)),
        ("C609 900140 83010A 830101", (1,)),
        ("C609 9001C0 83010A 830181", ()),
        ("C603 830101", ()),
    ],
)
def test_a_folder_lists_its_enabled_pins(status: str, pins: tuple[int, ...]) -> None:
    body = bytes.fromhex("82027821" + status)
    found = FileControl.from_tlv(bytes([0x62, len(body)]) + body)
    assert (found.structure, found.pins) == ("folder", pins)


@pytest.mark.parametrize("nonsense", ["", "6F00", "6200", "62028200", "6203820278", "62FF"])
def test_an_fcp_without_structure_is_a_bad_answer(nonsense: str) -> None:
    with pytest.raises(BadAnswer):
        control(nonsense)


def test_a_usim_is_recognised_by_the_prefix_of_its_aid() -> None:
    entry = bytes.fromhex("61 18 4F10 A0000000871002FFFFFFFF8900000100 5004 5553494D FFFF")
    assert elementary_files.application(entry) == Aid.parse("A0000000871002FFFFFFFF8900000100")
    isim = bytes.fromhex("61 0C 4F0A A0000000871004FFFFFF")
    assert elementary_files.application(isim) is None
    assert elementary_files.application(b"\xff" * 20) is None
    assert elementary_files.application(b"") is None
    assert elementary_files.application(bytes.fromhex("6118 4F10 A0000000871002")) is None


@pytest.mark.parametrize(
    ("content", "digits"),
    [
        ("08 29 82 60 82 00 00 20 80", "228062800000208"),
        ("08 29 43 99 00 00 00 00 10", "234990000000001"),
        ("07 21 43 65 87 09 21 F3 FF", "234567890123"),
        ("FF FF FF FF FF FF FF FF FF", ""),
        ("", ""),
    ],
)
def test_an_imsi_is_read(content: str, digits: str) -> None:
    assert elementary_files.imsi(bytes.fromhex(content)) == digits


def test_an_imsi_without_digits_is_a_bad_answer() -> None:
    with pytest.raises(BadAnswer, match="does not contain an IMSI"):
        elementary_files.imsi(bytes.fromhex("08A9BCDEF000000000"))


def test_the_operator_name_follows_the_display_conditions() -> None:
    content = bytes.fromhex("01 416C62696F6E FFFFFFFFFFFFFFFFFFFF")
    assert elementary_files.service_provider_name(content) == "Albion"
    assert elementary_files.service_provider_name(b"") == ""


@given(st.binary(max_size=60))
def test_any_bytes_give_a_value_or_a_bad_answer(data: bytes) -> None:
    for read in (FileControl.from_tlv, elementary_files.application, elementary_files.imsi):
        with contextlib.suppress(BadAnswer):
            read(data)
    elementary_files.service_provider_name(data)
