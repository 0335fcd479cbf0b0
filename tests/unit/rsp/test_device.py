"""The device that a server hears of: its IMEI, its type, what its radio can do."""

import pytest

from lpa.rsp.device import Device


def test_an_imei_is_coded_as_version_2_1_has_it() -> None:
    info = Device.with_imei("35-349006-987331-9").info
    assert info["imei"].hex().upper() == "534309608937139F"
    assert info["tac"].hex() == "53430960"


def test_the_check_digit_may_be_left_out() -> None:
    assert Device.with_imei("35349006987331") == Device.with_imei("353490069873319")


@pytest.mark.parametrize(
    ("text", "objection"),
    [
        ("353490069873318", "its last digit should be 9"),
        ("3534900698733190", "15 digits are needed"),
        ("", "15 digits are needed"),
        ("35349006987331X", "15 digits are needed"),
    ],
)
def test_what_is_no_imei_is_objected_to(text: str, objection: str) -> None:
    with pytest.raises(ValueError, match=objection):
        Device.with_imei(text)


def test_a_type_alone_is_enough() -> None:
    assert Device.with_tac("35349006").info == {"tac": bytes.fromhex("53430960"), "deviceCapabilities": {}}
    with pytest.raises(ValueError, match="8 digits are needed"):
        Device.with_tac("3534900")


def test_a_card_reader_claims_no_radio() -> None:
    assert Device().info["deviceCapabilities"] == {}
    assert "imei" not in Device().info


def test_what_a_device_supports_is_told_by_its_release() -> None:
    info = Device(capabilities={"eutranEpcSupportedRelease": 15}).info
    assert info["deviceCapabilities"] == {"eutranEpcSupportedRelease": b"\x0f\0\0"}
