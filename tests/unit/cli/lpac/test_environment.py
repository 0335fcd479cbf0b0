"""The variables of lpac: what each means here, and which are refused."""

from __future__ import annotations

from typing import Any

import pytest

from lpa.cli.lpac.answers import Failed
from lpa.cli.lpac.environment import Variables, read
from lpa.rsp.names import Aid

ISDR = "A0000005591010FFFFFFFF8900000100"


@pytest.mark.parametrize(
    ("environment", "members"),
    [
        ({}, {}),
        ({"LPAC_APDU": "pcsc", "LPAC_HTTP": "curl"}, {}),
        ({"APDU_INTERFACE": "/usr/lib/lpac/libapduinterface_pcsc.so"}, {}),
        ({"HTTP_INTERFACE": "libhttpinterface_curl.dll"}, {}),
        ({"LPAC_APDU_PCSC_DRV_IFID": "1"}, {"index": 1}),
        ({"DRIVER_IFID": "2"}, {"index": 2}),
        ({"DRIVER_IFID": "2", "LPAC_APDU_PCSC_DRV_IFID": "1"}, {"index": 1}),
        ({"LPAC_APDU_PCSC_DRV_NAME": "ACR"}, {"reader": "ACR"}),
        ({"DRIVER_NAME": "ACR"}, {"reader": "ACR"}),
        ({"LPAC_APDU_PCSC_DRV_IGNORE_NAME": "Yubico;;CanoKeys"}, {"ignored": ("Yubico", "CanoKeys")}),
        ({"LPAC_CUSTOM_ISD_R_AID": ISDR.lower()}, {"aid": Aid.parse(ISDR)}),
        ({"LPAC_CUSTOM_ES10X_MSS": "60"}, {"block_size": 60}),
        ({"LPAC_CUSTOM_ES10X_MSS": "0"}, {}),
        ({"LPA_LPAC_ACCEPT": "last-profile, ppr1"}, {"accepted": ("last-profile", "ppr1")}),
        ({"LPAC_APDU": "", "LPAC_CUSTOM_ISD_R_AID": ""}, {}),
    ],
)
def test_what_a_variable_means(environment: dict[str, str], members: dict[str, Any]) -> None:
    assert read(environment) == Variables(**members)


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        (
            {"LPAC_APDU": "at"},
            "LPAC_APDU is 'at': lpa uses cards in PC/SC readers only. Unset it, or set it to pcsc.",
        ),
        (
            {"APDU_INTERFACE": "libapduinterface_at.so"},
            "LPAC_APDU is 'libapduinterface_at.so': lpa uses cards in PC/SC readers only. "
            "Unset it, or set it to pcsc.",
        ),
        (
            {"LPAC_HTTP": "stdio"},
            "LPAC_HTTP is 'stdio': lpa uses its own HTTPS only. Unset it, or set it to curl.",
        ),
        (
            {"LPAC_APDU_PCSC_DRV_IFID": "-1"},
            "LPAC_APDU_PCSC_DRV_IFID is '-1', and should be a number from 0 to 999.",
        ),
        (
            {"LPAC_CUSTOM_ISD_R_AID": "A0"},
            "LPAC_CUSTOM_ISD_R_AID: 'A0' is not an AID (10 to 32 hexadecimal digits).",
        ),
        (
            {"LPAC_CUSTOM_ES10X_MSS": "256"},
            "LPAC_CUSTOM_ES10X_MSS is '256', and should be a number from 0 to 255.",
        ),
        (
            {"LPA_LPAC_ACCEPT": "everything"},
            "LPA_LPAC_ACCEPT: there is no warning 'everything'; there are not-operational, last-profile, "
            "fallback-profile, operator-not-notified, notifications-pending, not-verified, ppr1, ppr2.",
        ),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused(environment: dict[str, str], reason: str) -> None:
    with pytest.raises(Failed) as failed:
        read(environment)
    assert (failed.value.function, failed.value.reason) == ("euicc_init", reason)


def test_variables_without_effect_are_named() -> None:
    variables = read({"LIBEUICC_DEBUG_APDU": "1", "LPAC_HTTP_INSECURE": "1", "PATH": "/bin"})
    assert variables.unused == (
        "LIBEUICC_DEBUG_APDU has no effect here. LPA_VERBOSE=2 logs what is exchanged with the card.",
        "LPAC_HTTP_INSECURE has no effect here. "
        "The checks of certificates and signatures are never left out.",
    )
