"""The device that is reported to servers: its IMEI, its type, its capabilities."""

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
        ("3534900698733190", r"is not an IMEI \(15 digits\)"),
        ("", r"is not an IMEI \(15 digits\)"),
        ("35349006987331X", r"is not an IMEI \(15 digits\)"),
    ],
)
def test_an_invalid_imei_is_refused(text: str, objection: str) -> None:
    with pytest.raises(ValueError, match=objection):
        Device.with_imei(text)


def test_a_device_may_have_only_a_type() -> None:
    assert Device.with_tac("35349006").info == {"tac": bytes.fromhex("53430960"), "deviceCapabilities": {}}
    with pytest.raises(ValueError, match=r"\(8 digits\)"):
        Device.with_tac("3534900")


def test_a_card_reader_has_no_capabilities() -> None:
    assert Device().info["deviceCapabilities"] == {}
    assert "imei" not in Device().info


def test_capabilities_are_coded_as_releases() -> None:
    info = Device(capabilities={"eutranEpcSupportedRelease": 15}).info
    assert info["deviceCapabilities"] == {"eutranEpcSupportedRelease": b"\x0f\0\0"}
