"""What a card of SGP.22 version 3 or of SGP.32 (IoT) reports beside what one of version 2 does.

Only what a reader sees differs: the FCI of the ISD-R, EUICCInfo1 and 2, ProfileInfo, and two functions that
an IoT card has. `Behaviour.generation` chooses.
"""

from __future__ import annotations

from typing import Any, Literal

from lpa.rsp.codec.ber import Tlv
from lpa.sim import codec as schema
from lpa.sim.simulated_profile import SimulatedProfile

Generation = Literal["v2", "v3", "sgp32"]

HIGHEST_SVN = bytes((3, 1, 0))  # of SGP.22, that a card of version 3 follows
IOT_VERSION = bytes((1, 2, 0))  # of SGP.32
_PORT = 0  # the one eSIM port of a card of version 3
_NEW_ABILITIES = ("euiccRspCapInInfo1", "v3ObjectsInCtxParamsCASupport")
_EIM = {
    "eimId": "eim.example",
    "eimFqdn": "eim.example",
    "eimIdType": 2,
    "counterValue": 1,
    "associationToken": 1,
    "eimSupportedProtocol": (b"\x80", 1),  # eimRetrieveHttps
}


def fci(generation: Generation, svn: bytes, *, enabled: bool) -> bytes:
    """E0, and E1 of an IoT card, in the FCI of the ISD-R. `enabled`: whether a profile is.

    E0 has no bit of an LPA in the card; the bit enabledProfile is of version 3. E1 has it, too, and no bit
    for an IPA in the card.
    """
    known = generation == "v3"
    template = Tlv.build(0xE0, Tlv.build(0x82, svn), _bit_string(0x03, 2 if enabled and known else None))
    if generation == "sgp32":
        return template + Tlv.build(0xE1, _bit_string(0x80, 1 if enabled else None))
    return template


def info1(generation: Generation, rsp_capability: list[str]) -> dict[str, Any]:
    """The members of EUICCInfo1 that version 3 has beside those of version 2."""
    if generation != "v3":
        return {}
    return {
        "rspCapability": schema.from_bits("RspCapability", rsp_capability),
        "highestSvn": HIGHEST_SVN,
    }


def abilities(generation: Generation) -> list[str]:
    """The bits of rspCapability that version 3 has beside those of version 2."""
    return [*_NEW_ABILITIES] if generation == "v3" else []


def info2(generation: Generation) -> dict[str, Any]:
    """The members of EUICCInfo2 that are newer than version 2."""
    if generation == "v3":
        return {
            "treProperties": schema.from_bits("TreProperties", ["isDiscrete"]),
            "additionalEuiccProfilePackageVersions": [bytes((3, 3, 1))],
            "lpaMode": schema.code("LpaMode", "lpad"),
            "highestSvn": HIGHEST_SVN,
        }
    if generation == "sgp32":
        return {
            "lpaMode": 0,  # ipaMode, by the same tag: the IPA is in the device (ipad)
            "iotSpecificInfo": {"iotVersion": [IOT_VERSION], "fallbackSupported": b""},
        }
    return {}


def profile_info(generation: Generation, profile: SimulatedProfile) -> tuple[Tlv, ...]:
    """The members of a ProfileInfo, those of later versions included."""
    members = profile.info.children
    more: dict[str, Any] = {}
    if generation == "v3" and profile.enabled:
        more["enabledOnEsimPort"] = _PORT
    if generation == "sgp32":
        more |= {"fallbackAttribute": True} if profile.fallback else {}
        more |= {"fallbackAllowed": profile.fallback_allowed, "ecallIndication": profile.emergency}
    return (*members, *schema.encode("ProfileInfo", more).children)


def eim_configuration(_: bytes) -> Tlv:
    """GetEimConfigurationData of SGP.32: one remote manager (eIM)."""
    return schema.encode("GetEimConfigurationDataResponse", {"eimConfigurationDataList": [_EIM]})


def certificates(euicc: bytes, eum: bytes) -> Tlv:
    """GetCerts of SGP.32: the certificates of EUM and eUICC, with tags A5 and A6 instead of their own."""
    certs = (Tlv.build(0xA5, Tlv(eum).value), Tlv.build(0xA6, Tlv(euicc).value))
    return Tlv.build(0xBF56, Tlv.build(0xA0, *certs))


def no_certificates() -> Tlv:
    """The answer to GetCerts for a CI under which the card is not certified (invalidCiPKId)."""
    return Tlv.build(0xBF56, Tlv.build(0x81, b"\1"))


def _bit_string(tag: int, bit: int | None) -> Tlv:
    """A BIT STRING with one bit set, or none."""
    return Tlv.build(tag, b"\0" if bit is None else bytes((7 - bit, 0x80 >> bit)))
