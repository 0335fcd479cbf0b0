"""What the card tells of itself (SGP.22 §5.7.3, §5.7.8, §5.7.22), as values of the ASN.1."""

from __future__ import annotations

from typing import Any

from lpa.rsp import schema
from lpa.rsp.ber import Tlv
from lpa.sim.state import CardState

SVN = bytes((2, 2, 2))  # the version of SGP.22 that the card follows
_ROOT_DS_ADDRESS = "smds.example"
_UICC_CAPABILITY = (
    *("usimSupport", "isimSupport", "akaMilenage", "akaTuak128", "usimTestAlgorithm", "javacard"),
    *("multipleUsimSupport", "multipleIsimSupport", "berTlvFileSupport", "getIdentity"),
)
_RSP_CAPABILITY = ("additionalProfile", "testProfileSupport", "deviceInfoExtensibilitySupport")
_FREE_RAM = 8_192


def euicc_info1(ci: bytes) -> dict[str, Any]:
    """EUICCInfo1 of a card whose only authority has the key identifier `ci`."""
    return {"svn": SVN, "euiccCiPKIdListForVerification": [ci], "euiccCiPKIdListForSigning": [ci]}


def euicc_info2(state: CardState, ci: bytes) -> dict[str, Any]:
    """EUICCInfo2: what the card can do, and how much room it has."""
    return euicc_info1(ci) | {
        "profileVersion": bytes((2, 3, 1)),
        "euiccFirmwareVer": bytes((1, 0, 0)),
        "extCardResource": _resources(state),
        "uiccCapability": schema.from_bits("UiccCapability", _UICC_CAPABILITY),
        "ts102241Version": bytes((15, 0, 0)),
        "globalplatformVersion": bytes((2, 3, 0)),
        "rspCapability": schema.from_bits("RspCapability", _RSP_CAPABILITY),
        "euiccCategory": schema.code("EuiccCategory", "mediumEuicc"),
        "ppVersion": bytes((1, 0, 0)),
        "sasAcreditationNumber": "SI-MU-UP-0126",
        "certificationDataObject": {
            "platformLabel": "2.999.5/simulated",
            "discoveryBaseURL": "https://discovery.example",
        },
        "treProperties": schema.from_bits("TreProperties", ["isDiscrete"]),
        "treProductReference": "lpa simulated eUICC",
    }


def addresses(state: CardState) -> dict[str, Any]:
    """EuiccConfiguredAddresses: the default SM-DP+ if one is set, and the root SM-DS."""
    default = {"defaultDpAddress": state.default_dp_address} if state.default_dp_address else {}
    return default | {"rootDsAddress": _ROOT_DS_ADDRESS}


def rules_authorisation_table() -> dict[str, Any]:
    """The RAT: every operator may set PPR1 and PPR2, if the end user consents."""
    return {
        "rat": [
            {
                "pprIds": schema.from_bits("PolicyRules", ["ppr1", "ppr2"]),
                "allowedOperators": [{"mccMnc": b"\xee\xee\xee", "gid1": b"", "gid2": b""}],
                "pprFlags": (b"\x80", 1),  # consentRequired
            }
        ]
    }


def _resources(state: CardState) -> bytes:
    """Installed applications, free lasting memory, free volatile memory (TS 102 226)."""
    applications = Tlv.build(0x81, len(state.profiles).to_bytes(2, "big"))
    lasting = Tlv.build(0x82, state.free_memory.to_bytes(4, "big"))
    return applications + lasting + Tlv.build(0x83, _FREE_RAM.to_bytes(2, "big"))
