"""ICCID, EID, AID and server address: valid ones are parsed and printed, others refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpa.errors import BadAnswer
from lpa.rsp.names import Aid, Eid, Iccid, ServerAddress

TEST_CARD = "89049032123451234512345678901235"


@pytest.mark.parametrize(
    ("text", "coded"),
    [
        pytest.param("8929901012345678901", "989209012143658709F1", id="19 digits"),
        pytest.param("89299010123456789012", "98920901214365870921", id="20 digits"),
        pytest.param("892990101234567890", "989209012143658709FF", id="18 digits"),
        pytest.param("8986112233445566778A", "986811223344556677A8", id="a hexadecimal digit"),
    ],
)
def test_an_iccid_swaps_its_digits(text: str, coded: str) -> None:
    assert Iccid.parse(text).coded == bytes.fromhex(coded)
    assert str(Iccid.from_coded(bytes.fromhex(coded))) == text


@pytest.mark.parametrize(
    "text",
    ["8929 9010 1234 5678 901", "8929901012345678901F", "89-2990-1012345678901", "8929901012345678901f"],
)
def test_an_iccid_may_be_written_with_gaps_and_padding(text: str) -> None:
    assert str(Iccid.parse(text)) == "8929901012345678901"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "89299010123456789",
        "892990101234567890123",
        "8929901012345678G01",
        "٨٩٢٩٩٠١٠١٢٣٤٥٦٧٨٩٠١",
        "FFFFFFFFFFFFFFFFFFFF",
    ],
)
def test_an_invalid_iccid_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not an ICCID"):
        Iccid.parse(text)


@pytest.mark.parametrize("size", [0, 9, 11])
def test_an_iccid_has_ten_bytes(size: int) -> None:
    with pytest.raises(BadAnswer, match="an ICCID has 10 bytes"):
        Iccid.from_coded(bytes(size))


def test_an_eid_is_its_digits() -> None:
    eid = Eid.parse("8904 9032 1234 5123 4512 3456 7890 1235")
    assert eid.coded == bytes.fromhex(TEST_CARD)
    assert str(eid) == TEST_CARD
    assert Eid.from_coded(bytes.fromhex(TEST_CARD)) == eid


@pytest.mark.parametrize("text", ["", TEST_CARD[:-1], TEST_CARD + "0", "A" * 32])
def test_an_invalid_eid_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not an EID"):
        Eid.parse(text)


def test_an_eid_has_sixteen_bytes() -> None:
    with pytest.raises(BadAnswer, match="an EID has 16 bytes"):
        Eid.from_coded(bytes(15))


def test_an_eid_is_plausible_if_its_check_digits_are_correct() -> None:
    assert Eid.parse("890490321234512345123456789012" + "35").plausible
    assert not Eid.parse("890490321234512345123456789012" + "24").plausible
    assert not Eid.from_coded(b"\xaa" * 16).plausible


@pytest.mark.parametrize(
    ("prefix", "manufacturer"),
    [
        ("89049032", "Giesecke+Devrient"),
        ("89049038", "Giesecke+Devrient"),
        ("89033023", "Thales"),
        ("89033024", "IDEMIA"),
        ("89043051", "NXP"),
        ("89043052", "NXP"),
        ("89044045", "Kigen"),
        ("89044047", "Truphone"),
        ("89041030", "STMicroelectronics"),
        ("89034011", "Valid"),
        ("35840574", "Watchdata"),
        ("89086030", "Eastcompeace"),
        ("89086001", "Hengbao"),
        ("89086029", "Tianyu"),
        ("35060000", "HED"),
        ("12345678", ""),
    ],
)
def test_an_eid_names_the_manufacturer(prefix: str, manufacturer: str) -> None:
    assert Eid.parse(prefix.ljust(32, "0")).manufacturer == manufacturer


@pytest.mark.parametrize("text", ["A000000559", "A0000005591010FFFFFFFF8900000100"])
def test_an_aid_is_its_bytes(text: str) -> None:
    assert str(Aid.parse(text.lower())) == text
    assert Aid.from_coded(bytes.fromhex(text)).coded == bytes.fromhex(text)


@pytest.mark.parametrize("text", ["", "A0000005", "A0" * 17, "A00000055", "no"])
def test_an_invalid_aid_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not an AID"):
        Aid.parse(text)


@pytest.mark.parametrize("size", [0, 4, 17])
def test_an_aid_has_5_to_16_bytes(size: int) -> None:
    with pytest.raises(BadAnswer, match="an AID has 5 to 16 bytes"):
        Aid.from_coded(bytes(size))


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("rsp.example.com", "rsp.example.com", 443),
        ("RSP.Example.COM", "rsp.example.com", 443),
        ("  rsp.example.com ", "rsp.example.com", 443),
        ("rsp.example.com\0", "rsp.example.com", 443),
        ("rsp.example.com.", "rsp.example.com", 443),
        ("rsp.example.com:8443", "rsp.example.com", 8443),
        ("rsp.example.com:443", "rsp.example.com", 443),
        ("localhost:1", "localhost", 1),
        ("sm_dp.example", "sm_dp.example", 443),
        ("xn--bcher-kva.example", "xn--bcher-kva.example", 443),
        (f"{'a' * 63}.b", f"{'a' * 63}.b", 443),
    ],
)
def test_a_server_address_is_a_host_and_a_port(text: str, host: str, port: int) -> None:
    assert ServerAddress.parse(text) == ServerAddress(host, port)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("   ", id="spaces"),
        pytest.param(".", id="a dot"),
        pytest.param(":443", id="only a port"),
        pytest.param("https://rsp.example.com", id="a URL"),
        pytest.param("rsp.example.com/gsma", id="a path"),
        pytest.param("me@rsp.example.com", id="a user"),
        pytest.param("192.0.2.1", id="an IPv4 address"),
        pytest.param("[2001:db8::1]", id="an IPv6 address"),
        pytest.param("2001:db8::1", id="a bare IPv6 address"),
        pytest.param("a..b", id="an empty label"),
        pytest.param("a.b..", id="two dots at the end"),
        pytest.param("-a.b", id="a hyphen first"),
        pytest.param("a-.b", id="a hyphen last"),
        pytest.param("a b.c", id="a space inside"),
        pytest.param("a\n.b", id="a new line"),
        pytest.param("bücher.example", id="a letter that is not ASCII"),
        pytest.param("\u212aelvin.example", id="a letter that only becomes ASCII"),
        pytest.param(f"{'a' * 64}.b", id="a label that is too long"),
        pytest.param(".".join(["abcdefg"] * 32), id="a name that is too long"),
        pytest.param("0x7f000001", id="an IP address as one number"),
        pytest.param("127.0x1", id="an IP address with a hexadecimal end"),
        pytest.param("a.0x", id="a name that ends with a number"),
        pytest.param("a.b:0", id="port 0"),
        pytest.param("a.b:65536", id="a port that is too high"),
        pytest.param("a.b:" + "0" * 5_000 + "443", id="a port of 5,000 digits"),
        pytest.param("a.b:000443", id="a port of 6 digits"),
        pytest.param("a." * 30_000 + "b", id="a very long name"),
        pytest.param("a.b:", id="an empty port"),
        pytest.param("a.b:+1", id="a signed port"),
        pytest.param("a.b:\u0661", id="a port in other digits"),
    ],
)
def test_an_invalid_server_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"server|valid port") as caught:
        ServerAddress.parse(text)
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize(
    ("text", "written", "header"),
    [
        ("RSP.Example.COM", "RSP.Example.COM", "rsp.example.com"),
        (" Rsp.example.com.\0", "Rsp.example.com", "rsp.example.com"),
        ("RSP.example.com:443", "RSP.example.com", "rsp.example.com"),
        ("RSP.example.com:8443", "RSP.example.com:8443", "rsp.example.com:8443"),
        ("rsp.example.com", "rsp.example.com", "rsp.example.com"),
    ],
)
def test_a_server_address_is_printed_as_it_is_written_and_compared_as_dns_does(
    text: str, written: str, header: str
) -> None:
    address, lower = ServerAddress.parse(text), ServerAddress.parse(text.lower())
    assert (str(address), address.host_header) == (written, header)
    assert repr(address) == f"ServerAddress('{written}')"
    assert (address, hash(address)) == (lower, hash(lower))
    assert not address < lower
    assert not address > lower
    assert {address: 1}[lower] == 1


def test_a_server_address_is_printed_without_the_default_port() -> None:
    assert str(ServerAddress("rsp.example.com")) == "rsp.example.com"
    assert str(ServerAddress("rsp.example.com", 8443)) == "rsp.example.com:8443"


def test_the_repr_of_an_identifier_is_its_human_form() -> None:
    assert repr(Iccid.parse("8944994000000000017")) == "Iccid('8944994000000000017')"
    assert repr(Eid.parse(TEST_CARD)) == f"Eid('{TEST_CARD}')"
    assert repr(Aid.parse("A000000559")) == "Aid('A000000559')"
    assert repr(ServerAddress("rsp.example.com")) == "ServerAddress('rsp.example.com')"
    assert repr(ServerAddress("rsp.example.com", 8443)) == "ServerAddress('rsp.example.com:8443')"


@given(st.binary(max_size=20))
def test_garbage_from_a_card_is_an_identifier_or_a_bad_answer(coded: bytes) -> None:
    for kind in (Iccid, Eid, Aid):
        try:
            found = kind.from_coded(coded)
        except BadAnswer:
            continue
        assert found.coded == coded
        assert isinstance(str(found), str)


@given(st.text(max_size=40))
def test_garbage_from_a_person_is_an_identifier_or_a_value_error(text: str) -> None:
    for kind in (Iccid, Eid, Aid, ServerAddress):
        try:
            found = kind.parse(text)
        except ValueError:
            continue
        assert kind.parse(str(found)) == found


@given(st.text("0123456789", min_size=18, max_size=20))
def test_every_iccid_is_printed_as_it_was_written(digits: str) -> None:
    assert str(Iccid.parse(digits)) == digits
