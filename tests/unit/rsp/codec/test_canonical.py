"""The canonical form of a card's BER, tested through `schema`."""

from typing import Any

import pytest

from lpa.errors import BadAnswer
from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv

ICCID = "5A0A98989898989898989898"


@pytest.mark.parametrize(
    ("name", "coded", "value"),
    [
        pytest.param(
            "EnableProfileRequest",
            f"BF31 11 A00C {ICCID} 810101",
            {"profileIdentifier": ("iccid", b"\x98" * 10), "refreshFlag": True},
            id="a TRUE that is not FF",
        ),
        pytest.param(
            "EnableProfileResponse", "BF31 8103 800105", {"enableResult": 5}, id="a length of two bytes"
        ),
        pytest.param(
            "EnableProfileResponse",
            "BF31 8400000003 800105",
            {"enableResult": 5},
            id="a length of five bytes",
        ),
        pytest.param(
            "EnableProfileResponse", "BF31 05 8081020005", {"enableResult": 5}, id="a number with a zero"
        ),
        pytest.param(
            "EnableProfileResponse", "BF31 06 800105 810100", {"enableResult": 5}, id="an unknown member"
        ),
        pytest.param(
            "EnableProfileResponse", "BF31 06 810100 800105", {"enableResult": 5}, id="unordered members"
        ),
        pytest.param(
            "EnableProfileResponse", "BF31 06 800105 800100", {"enableResult": 5}, id="a repeated member"
        ),
        pytest.param(
            "DeleteProfileRequest", f"BF33 0F {ICCID} 810100", ("iccid", b"\x98" * 10), id="after a choice"
        ),
        pytest.param(
            "ListNotificationRequest",
            "BF28 05 8103001000",
            {"profileManagementOperation": (b"\x10\x00", 16)},
            id="a bit string longer than needed",
        ),
    ],
)
def test_deviations_of_real_cards_are_read(name: str, coded: str, value: Any) -> None:
    assert schema.decode(name, bytes.fromhex(coded)) == value


@pytest.mark.parametrize(
    ("name", "coded"),
    [
        pytest.param("EnableProfileResponse", "", id="empty"),
        pytest.param("EnableProfileResponse", "BF32 03 800100", id="another function"),
        pytest.param("EnableProfileResponse", "BF31 03 810100", id="another member"),
        pytest.param("EnableProfileResponse", "BF31 00", id="no result"),
        pytest.param("EnableProfileResponse", "BF31 02 8000", id="an empty number is not ok(0)"),
        pytest.param("EnableProfileResponse", "BF31 03 800200", id="a member longer than its message"),
        pytest.param("EnableProfileResponse", "BF31 03 800100 00", id="bytes after the message"),
        pytest.param("EnableProfileRequest", f"BF31 10 A00C {ICCID} 8100", id="an empty BOOLEAN"),
        pytest.param("ListNotificationRequest", "BF28 02 8100", id="an empty bit string"),
        pytest.param(
            "GetProfilesInfoResponse", "BF2D 08 A002 E304 90024142", id="an item longer than its list"
        ),
        pytest.param("GetProfilesInfoResponse", "BF2D 04 A002 E400", id="an item of another type"),
        pytest.param("EnableProfileRequest", "BF31 07 A002 5B00 8101FF", id="no known alternative"),
        pytest.param("GetEuiccChallengeResponse", "BF2E 03 800100", id="a wrong size"),
        pytest.param("SetNicknameRequest", f"BF29 0F {ICCID} B00178", id="a constructed text"),
        pytest.param("SetNicknameRequest", f"BF29 0F {ICCID} 9001FF", id="text that is not UTF-8"),
    ],
)
def test_a_message_that_does_not_fit_is_a_bad_answer(name: str, coded: str) -> None:
    with pytest.raises(BadAnswer):
        schema.decode(name, bytes.fromhex(coded))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("DeleteProfileRequest", ("iccid", b"\x98" * 9), id="a wrong size"),
        pytest.param("DeleteProfileRequest", ("isdpAid", b"\x98" * 17), id="a size beyond its range"),
        pytest.param("DeleteProfileRequest", ("eid", b"\x98" * 16), id="an unknown alternative"),
        pytest.param("DeleteProfileRequest", ("iccid", "98" * 10), id="text for bytes"),
        pytest.param("NotificationSentRequest", {}, id="a missing member"),
        pytest.param("GetEuiccInfo1Request", [], id="a list for a sequence"),
        pytest.param("ListNotificationRequest", {"profileManagementOperation": (b"", 4)}, id="missing bits"),
        pytest.param(
            "ListNotificationRequest", {"profileManagementOperation": (b"", -9)}, id="a negative width"
        ),
    ],
)
def test_a_value_that_does_not_fit_is_a_value_error(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=name):
        schema.encode(name, value)


@pytest.mark.parametrize(
    ("number", "coded"),
    [
        *((0, "800100"), (127, "80017F"), (128, "80020080"), (255, "800200FF"), (256, "80020100")),
        *((-1, "8001FF"), (-128, "800180"), (-129, "8002FF7F"), (2**32 - 1, "800500FFFFFFFF")),
    ],
)
def test_a_number_is_no_longer_than_needed(number: int, coded: str) -> None:
    message = Tlv.build(0xBF30, bytes.fromhex(coded))
    assert schema.encode("NotificationSentRequest", {"seqNumber": number}) == message
    assert schema.decode("NotificationSentRequest", message) == {"seqNumber": number}


def test_unused_bits_are_written_as_zero() -> None:
    message = schema.encode("ListNotificationRequest", {"profileManagementOperation": (b"\x1f\xff", 4)})
    assert message == bytes.fromhex("BF28 04 81020410")
