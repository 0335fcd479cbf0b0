"""What is read of a message that is not DER, and what is refused: by the library and by the simulator."""

from typing import Any

import pytest

from lpa.errors import BadAnswer
from lpa.rsp.codec import schema
from lpa.sim import codec as asn1tools_codec

ICCID = "5A0A98989898989898989898"


@pytest.mark.parametrize("codec", [schema, asn1tools_codec], ids=["library", "simulator"])
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
def test_deviations_of_real_cards_are_read(name: str, coded: str, value: Any, codec: Any) -> None:
    assert codec.decode(name, bytes.fromhex(coded)) == value


@pytest.mark.parametrize("codec", [schema, asn1tools_codec], ids=["library", "simulator"])
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
def test_a_message_that_does_not_fit_is_a_bad_answer(name: str, coded: str, codec: Any) -> None:
    with pytest.raises(BadAnswer):
        codec.decode(name, bytes.fromhex(coded))
