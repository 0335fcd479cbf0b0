"""The card's own data as ASN.1 values: EUICCInfo, addresses, RAT (SGP.22 §5.7.3, §5.7.8, §5.7.22)."""

from __future__ import annotations

from typing import Any

from lpa.rsp.codec.ber import Tlv
from lpa.sim import codec as schema
from lpa.sim.euicc import generations
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.identity import CardIdentity
from lpa.sim.euicc.state import CardState
from lpa.sim.operators import coded_operator

_DEVICE_INFO_EXTENSIBLE = bytes((2, 2, 2))  # the first version with this capability
_ROOT_DS_ADDRESS = "smds.example"
_UICC_CAPABILITY = (
    *("usimSupport", "isimSupport", "akaMilenage", "akaTuak128", "usimTestAlgorithm", "javacard"),
    *("multipleUsimSupport", "multipleIsimSupport", "berTlvFileSupport", "getIdentity"),
)
_FREE_RAM = 8_192


def svn(behaviour: Behaviour) -> bytes:
    """The lowest version of SGP.22 that the card follows, in 3 bytes."""
    return bytes(map(int, behaviour.svn.split(".")))


def euicc_info1(behaviour: Behaviour, identity: CardIdentity) -> Tlv:
    """EUICCInfo1: the version and the CI keys, those trusted and those that certify the card."""
    newer = generations.info1(behaviour.generation, _rsp_capability(behaviour))
    # Every member has the same tag in EUICCInfo2, which has those of version 2 in the same order.
    own, later = (
        schema.encode("GetEuiccInfo2Response", part) for part in (_keys(behaviour, identity), newer)
    )
    return Tlv.build(0xBF20, own.value, later.value)


def _keys(behaviour: Behaviour, identity: CardIdentity) -> dict[str, Any]:
    return {
        "svn": svn(behaviour),
        "euiccCiPKIdListForVerification": identity.verified,
        "euiccCiPKIdListForSigning": identity.signing,
    }


def euicc_info2(state: CardState, identity: CardIdentity) -> dict[str, Any]:
    """EUICCInfo2: EUICCInfo1, versions, capabilities and free memory.

    A card of version 2 has no member that is newer: a server of that version may not know it.
    """
    forbidden = state.behaviour.forbidden_policy_rules
    rules = {"forbiddenProfilePolicyRules": schema.from_bits("PolicyRules", forbidden)} if forbidden else {}
    members = (
        _keys(state.behaviour, identity)
        | rules
        | generations.info2(state.behaviour.generation)
        | {
            "profileVersion": bytes((2, 3, 1)),
            "euiccFirmwareVer": bytes((1, 0, 0)),
            "extCardResource": _resources(state),
            "uiccCapability": schema.from_bits("UiccCapability", _UICC_CAPABILITY),
            "ts102241Version": bytes((15, 0, 0)),
            "globalplatformVersion": bytes((2, 3, 0)),
            "rspCapability": schema.from_bits("RspCapability", _rsp_capability(state.behaviour)),
            "euiccCategory": schema.code("EuiccCategory", "mediumEuicc"),
            "ppVersion": bytes((1, 0, 0)),
            "sasAcreditationNumber": "SI-MU-UP-0126",
            "certificationDataObject": {
                "platformLabel": "2.999.5/simulated",
                "discoveryBaseURL": "https://discovery.example",
            },
        }
    )
    return {name: value for name, value in members.items() if name not in state.behaviour.omits}


def addresses(state: CardState) -> dict[str, Any]:
    """EuiccConfiguredAddresses: the default SM-DP+ if one is set, and the root SM-DS."""
    default = {"defaultDpAddress": state.default_dp_address} if state.default_dp_address else {}
    return default | {"rootDsAddress": _ROOT_DS_ADDRESS}


def rules_authorisation_table(behaviour: Behaviour) -> dict[str, Any]:
    """The RAT, in the order of precedence."""
    return {
        "rat": [
            {
                "pprIds": schema.from_bits("PolicyRules", rules),
                "allowedOperators": [{"mccMnc": coded_operator(operator), "gid1": b"", "gid2": b""}],
                "pprFlags": (b"\x80", 1) if consent else (b"\x00", 1),  # consentRequired
            }
            for rules, operator, consent in behaviour.authorised_policy_rules
        ]
    }


def _rsp_capability(behaviour: Behaviour) -> list[str]:
    test = ["testProfileSupport"] if behaviour.takes_test_profiles else []
    new = ["deviceInfoExtensibilitySupport"] if svn(behaviour) >= _DEVICE_INFO_EXTENSIBLE else []
    return ["additionalProfile", *test, *new, *generations.abilities(behaviour.generation)]


def _resources(state: CardState) -> bytes:
    """Installed applications, free non-volatile memory, free volatile memory (TS 102 226)."""
    applications = Tlv.build(0x81, len(state.profiles).to_bytes(2, "big"))
    nonvolatile = Tlv.build(0x82, state.free_memory.to_bytes(4, "big"))
    return applications + nonvolatile + Tlv.build(0x83, _FREE_RAM.to_bytes(2, "big"))
