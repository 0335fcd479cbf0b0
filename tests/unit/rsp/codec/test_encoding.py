"""Values as DER, and those that do not fit: by the library and by the simulator."""

from typing import Any

import pytest

from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv
from lpa.sim import codec as asn1tools_codec


@pytest.mark.parametrize("codec", [schema, asn1tools_codec], ids=["library", "simulator"])
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
def test_a_value_that_does_not_fit_is_a_value_error(name: str, value: Any, codec: Any) -> None:
    with pytest.raises(ValueError, match=name):
        codec.encode(name, value)


@pytest.mark.parametrize("codec", [schema, asn1tools_codec], ids=["library", "simulator"])
@pytest.mark.parametrize(
    ("number", "coded"),
    [
        *((0, "800100"), (127, "80017F"), (128, "80020080"), (255, "800200FF"), (256, "80020100")),
        *((-1, "8001FF"), (-128, "800180"), (-129, "8002FF7F"), (2**32 - 1, "800500FFFFFFFF")),
    ],
)
def test_a_number_is_no_longer_than_needed(number: int, coded: str, codec: Any) -> None:
    message = Tlv.build(0xBF30, bytes.fromhex(coded))
    assert codec.encode("NotificationSentRequest", {"seqNumber": number}) == message
    assert codec.decode("NotificationSentRequest", message) == {"seqNumber": number}


@pytest.mark.parametrize("codec", [schema, asn1tools_codec], ids=["library", "simulator"])
def test_unused_bits_are_written_as_zero(codec: Any) -> None:
    message = codec.encode("ListNotificationRequest", {"profileManagementOperation": (b"\x1f\xff", 4)})
    assert message == bytes.fromhex("BF28 04 81020410")
