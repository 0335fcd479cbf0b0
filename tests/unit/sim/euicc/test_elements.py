"""The simulated card's checks of the elements of a profile package."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpa.sim.euicc.elements import ElementRefused, Elements
from tests.support.der import parts, tlv, value
from tests.support.downloads import CODED, Conversation, Package, failure, profile_elements, store_metadata
from tests.support.terminal import made

PLAIN = "8944994000000000993F"
HEADER = f"A01B 800102 810103 820154 830A{PLAIN} A5028100 A600"
END = "AA07 A005 8000 810109"
MF = "B00D A005 8000 810101 8100 A202 A000"


def coded(*elements: str) -> bytes:
    return b"".join(bytes.fromhex(element) for element in elements)


def checked(package: bytes, size: int = 1007, *, test: bool = False) -> str:
    """The IMSI of a package that arrives in pieces of `size` bytes."""
    elements = Elements(bytes.fromhex(CODED), test=test)
    for start in range(0, len(package), size):
        elements.add(package[start : start + size])
    return elements.finish()


@pytest.mark.parametrize("size", [1, 2, 7, 100_000])
def test_pieces_may_split_elements(size: int) -> None:
    large = tlv("A8", bytes.fromhex("A003810102"), tlv("81", bytes(300)))
    assert checked(coded(HEADER, MF) + large + coded(END), size) == ""


@pytest.mark.parametrize(
    "tag", [*range(0xA1, 0xAA), *range(0xB0, 0xBF), 0xBF1F], ids=lambda tag: f"{tag:02X}"
)
def test_the_elements_of_the_specification_are_known(tag: int) -> None:
    assert checked(coded(HEADER, f"{tag:02X}05A003810107", END)) == ""


@pytest.mark.parametrize(
    ("package", "response"),
    [
        (coded(), "3009A00530038001058100"),
        (coded(HEADER), "3009A00530038001058100"),
        (coded(END), "3009A00530038001058100"),
        (coded(MF, HEADER, END), "3009A00530038001058100"),
        (coded(HEADER, HEADER, END), "3009A00530038001058100"),
        (coded(HEADER, END, MF), "3009A00530038001058100"),
        (coded(HEADER, END, END), "3009A00530038001058100"),
        (coded(HEADER, END, "00"), "3009A00530038001058100"),
        (coded(HEADER, MF, END)[:-1], "3009A00530038001058100"),
        (coded(HEADER, "B0058104010101", END), "3009A00530038001058100"),
        (coded(HEADER, "A880" + "00" * 8, END), "3009A00530038001058100"),
        (coded(HEADER, "A88500000000010000", END), "3009A00530038001058100"),
        (coded("A0038001 02", END), "3009A00530038001058100"),
        # unsupported elements, with their numbers
        (coded(HEADER, "AB05A003810107", END), "300CA008300680010181 0107 8100"),
        (coded(HEADER, "BF2006A004810200FF", END), "300DA00930078001018102 00FF 8100"),
        (coded(HEADER, "8700", END), "3009A00530038001018100"),
        # unsupported versions
        (coded(HEADER.replace("800102", "800101"), END), "3009A005300380011F8100"),
        (coded(HEADER.replace("800102", "800104"), END), "3009A005300380011F8100"),
    ],
)
def test_a_package_that_cannot_be_processed_is_refused(package: bytes, response: str) -> None:
    with pytest.raises(ElementRefused) as caught:
        checked(package)
    assert caught.value.reason == "installFailedDueToPEProcessingError"
    assert caught.value.response == bytes.fromhex(response)


def test_both_major_versions_are_accepted() -> None:
    assert checked(coded(HEADER.replace("800102", "800103"), END)) == ""


# A header in the form of a TS.48 package: a type, ICCID 8949449999999990023, services, two templates.
TS48 = (
    "A0 3A 800102 810103 820C 4F574E20544553542050524F 830A 8949449999999990023F"
    "A506 8100 8400 8B00 A610 0606 67810F010201 0606 67810F010204 AA07 A005 8000 810101"
)


def test_the_header_of_a_package_from_elsewhere_is_accepted() -> None:
    elements = Elements(bytes.fromhex("989444999999990920F3"), test=False)
    elements.add(bytes.fromhex(TS48))
    assert elements.finish() == ""


@pytest.mark.parametrize("iccid", ["8944994000000000985F", CODED, "8944994000000000993E"])
def test_the_header_must_have_the_iccid_of_the_metadata_in_plain_digits(iccid: str) -> None:
    with pytest.raises(ElementRefused) as caught:
        checked(coded(HEADER.replace(PLAIN, iccid), END))
    assert caught.value.reason == "installFailedDueToDataMismatch"


@given(st.binary(max_size=60))
def test_any_bytes_are_accepted_or_refused(content: bytes) -> None:
    for package in (content, coded(HEADER) + content, coded(HEADER) + tlv("B3", content) + coded(END)):
        with contextlib.suppress(ElementRefused):
            checked(package, 5, test=True)


# Their content


@pytest.mark.parametrize(
    ("file", "imsi"),
    [
        ("A30B 8309 082926100700000024", "262017000000042"),
        ("A30B 8309 0821261021436587F9", "26201123456789"),
        # a description, and then the content in two pieces
        ("A315 A104 82024121 8304 08292610 8304 07000000 830124", "262017000000042"),
        ("A300", ""),
        ("A302 8300", ""),
        ("A303 8301FF", ""),
        ("A304 8302 0829", ""),
        ("A30B 8309 08FFFFFFFFFFFFFFFF", ""),
        ("A403 830100", ""),
    ],
)
def test_the_imsi_is_read_from_its_file(file: str, imsi: str) -> None:
    usim = tlv("B3", bytes.fromhex("A003810104"), bytes.fromhex(file))
    assert checked(coded(HEADER) + usim + coded(END)) == imsi


def test_the_files_of_the_new_profile_have_its_iccid_and_imsi() -> None:
    talk = Conversation(made())
    usim = tlv("B3", bytes.fromhex("A003810104 A30B 8309 082926100700000024"))
    talk.download(Package(elements=profile_elements(CODED, usim)))
    assert talk.terminal.ask(f"BF3111A00C5A0A{CODED}810100") == "BF31038001009000"
    send = talk.terminal.send
    assert send("00A40004022FE2")[:2] == "61"
    assert send("00B000000A") == f"{CODED}9000"
    assert send("00A4040007A0000000871002")[:2] == "61"
    assert send("00A40004026F07")[:2] == "61"
    assert send("00B0000009") == "0829261007000000249000"
    assert talk.card.profiles[-1].contents.contacts == ()


@pytest.mark.parametrize(("owner", "fit"), [("62F210", True), ("62F220", False), ("261210", False)])
def test_the_imsi_must_be_of_the_owner(owner: str, fit: bool) -> None:
    talk = Conversation(made())
    usim = tlv("B3", bytes.fromhex("A003810104 A30B 8309 082926100700000024"))
    metadata = store_metadata(CODED, f"B7058003{owner}")
    result = talk.download(Package(metadata=metadata, elements=profile_elements(CODED, usim)))
    assert len(talk.card.profiles) == (4 if fit else 3)
    assert fit or failure(result) == (5, 13)


def aka(algorithm: int, key: bytes) -> bytes:
    """An akaParameter with the algorithm's number and its key."""
    return tlv(
        "A4",
        bytes.fromhex("A003810103"),
        tlv("A1", tlv("A1", bytes([0x80, 1, algorithm]), bytes.fromhex("810100"), tlv("82", key))),
    )


SECRET = bytes.fromhex("5E884898DA28047151D0E56F8DC62927")
# It refers to the parameters of another application.
MAPPED = bytes.fromhex("A40C A003810103 A105 A003 800105")


@pytest.mark.parametrize(
    ("element", "fit"),
    [
        (aka(1, bytes(16)), True),
        (aka(1, bytes(range(16))), True),
        (aka(2, bytes(range(32))), True),
        (aka(3, SECRET), True),
        (aka(1, SECRET), False),
        (aka(2, SECRET), False),
        (MAPPED, True),
    ],
)
def test_a_test_profile_must_have_a_test_key(element: bytes, fit: bool) -> None:
    talk = Conversation(made())
    elements = profile_elements(CODED, element)
    result = talk.download(Package(metadata=store_metadata(CODED, "950100"), elements=elements))
    if fit:
        assert len(talk.card.profiles) == 4
    else:
        assert failure(result) == (5, 14)
        assert value(parts(parts(parts(parts(result)[0])[-1])[0])[2]).hex() == "300ca00830068001038101038100"
        assert len(talk.card.profiles) == 3
    other = Conversation(made())
    assert other.download(Package(elements=elements))
    assert len(other.card.profiles) == 4


@pytest.mark.parametrize(
    ("elements", "reason"),
    [
        (profile_elements("984499040000000098F5"), 13),
        (coded(HEADER.replace(PLAIN, CODED), END), 13),
        (profile_elements(CODED, major=9), 12),
        (profile_elements(CODED)[:-1], 12),
        (profile_elements(CODED) + b"\0", 12),
        (profile_elements(CODED)[29:], 12),
    ],
)
def test_a_package_with_such_elements_is_not_installed(elements: bytes, reason: int) -> None:
    talk = Conversation(made())
    assert failure(talk.download(Package(elements=elements))) == (5, reason)
    assert len(talk.card.profiles) == 3
    assert talk.card.notifications[0].iccid == "8944994000000000993"
