"""vCard 4.0 (RFC 6350), line by line."""

from hypothesis import given
from hypothesis import strategies as st

from lpa.rsp.uicc.contacts import Contact
from lpa.rsp.uicc.vcard import vcards


def test_a_contact_becomes_a_vcard_with_all_its_data() -> None:
    contact = Contact("张伟", ("+8613800138000", "*100#"), ("a@example.com",), ("小张", "Wei"))
    assert vcards([contact]) == (
        "BEGIN:VCARD\r\n"
        "VERSION:4.0\r\n"
        "FN:张伟\r\n"
        "NICKNAME:小张,Wei\r\n"
        "TEL;VALUE=text:+8613800138000\r\n"
        "TEL;VALUE=text:*100#\r\n"
        "EMAIL:a@example.com\r\n"
        "END:VCARD\r\n"
    )


def test_a_contact_without_a_name_is_named_by_its_number() -> None:
    assert "FN:+1\r\n" in vcards([Contact("", ("+1",))])
    assert "FN:a@b\r\n" in vcards([Contact("", (), ("a@b",))])
    assert "FN:?\r\n" in vcards([Contact("")])


def test_separators_are_escaped_and_control_characters_removed() -> None:
    card = vcards([Contact("a;b,c\\d\ne\r\nf\x00\x1b\tg", ("1,,2",))])
    assert "FN:a\\;b\\,c\\\\d\\ne\\nfg\r\n" in card
    assert "TEL;VALUE=text:1\\,\\,2\r\n" in card


def test_a_long_line_is_folded_after_75_bytes_and_never_inside_a_character() -> None:
    lines = vcards([Contact("é" * 60)]).split("\r\n")
    assert lines[2] == "FN:" + "é" * 36
    assert lines[3] == " " + "é" * 24
    assert len(lines[2].encode()) == 75
    lines = vcards([Contact("x" * 160)]).split("\r\n")
    assert [len(line) for line in lines[2:5]] == [75, 75, 1 + 160 - 72 - 74]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=120))
def test_no_name_breaks_a_vcard(name: str) -> None:
    lines = vcards([Contact(name)]).split("\r\n")
    assert all(len(line.encode()) <= 75 for line in lines)
    assert lines[0] == "BEGIN:VCARD"
    assert lines[-2:] == ["END:VCARD", ""]
    assert all(line.startswith((" ", "FN:")) for line in lines[2:-2])
