"""What a card reports about itself: versions, memory, capabilities, trusted issuers, servers, rules.

Every member is optional, whatever the specification says: cards leave members out, and later versions of
SGP.22 add some. What a card did not report is None or empty; what could not be decoded is in `unknown`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import field, fields
from functools import partial
from typing import Any, Self

from lpa.errors import BadAnswer
from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.facts import Fact, fact
from lpa.rsp.pki.key_identifier import KeyIdentifier
from lpa.rsp.records import Operator, PolicyRule, rules

__all__ = [
    "AuthorisationRule",
    "CardResource",
    "ConfiguredAddresses",
    "EuiccInfo1",
    "EuiccInfo2",
    "IotInfo",
    "KeyIdentifier",
]

_IOT_SPECIFIC_INFO, _MODE = 0xB4, 0x90
_IPA_MODES = {0: "ipad", 1: "ipae"}  # the IoT profile assistant (SGP.32): in the device, in the eUICC
_IOT_FUNCTIONS = ("ecallSupported", "fallbackSupported")
_LONGEST_NUMBER = 8  # bytes of a memory size, more than any card needs


@fact
class CardResource(Fact):
    """The card's memory: installed applications, and free bytes of non-volatile and of volatile memory."""

    installed_applications: int | None = None
    free_non_volatile: int | None = None
    free_volatile: int | None = None
    raw: bytes = b""

    @classmethod
    def from_coded(cls, raw: bytes) -> Self:
        """From the content of extCardResource (§5.7.8). What cannot be read in it is None."""
        numbers: dict[int, int] = {}
        rest = raw
        while rest:
            try:
                item, rest = Tlv.cut(rest)
            except BadAnswer:
                break
            if 0 < len(item.value) <= _LONGEST_NUMBER:
                numbers.setdefault(item.tag, int.from_bytes(item.value, "big"))
        return cls(numbers.get(0x81), numbers.get(0x82), numbers.get(0x83), bytes(raw))


@fact
class IotInfo(Fact):
    """What an IoT card (SGP.32) says of itself: the versions of SGP.32, and which profiles it knows."""

    versions: tuple[str, ...] = ()
    emergency_supported: bool = False
    fallback_supported: bool = False

    @classmethod
    def from_asn1(cls, value: dict[str, Any]) -> Self:
        """From an IotSpecificInfo."""
        versions = tuple(map(_version, value.get("iotVersion", ())))
        return cls(versions, *(value.get(name, b"\0") != b"\0" for name in _IOT_FUNCTIONS))


def _member(name: str, read: Callable[[Any], Any], empty: Any = "") -> Any:
    """A field for what `read` makes of a member of EUICCInfo2; `empty` if the card left it out."""
    return field(default=empty, metadata={"member": name, "read": read})


def _version(coded: bytes) -> str:
    return ".".join(str(octet) for octet in coded)


def _keys(identifiers: Iterable[bytes]) -> tuple[KeyIdentifier, ...]:
    return tuple(KeyIdentifier(bytes(identifier)) for identifier in identifiers)


def _bits(name: str) -> Callable[[tuple[bytes, int]], tuple[str, ...]]:
    return partial(schema.bits, name)


def _named(name: str) -> Callable[[int], str]:
    return partial(schema.named, name)


def _read(kind: type[EuiccInfo1 | EuiccInfo2], value: dict[str, Any]) -> dict[str, Any]:
    """The fields of `kind` that the card reported."""
    reported = value | value.get("certificationDataObject", {})
    return {
        one.name: one.metadata["read"](reported[one.metadata["member"]])
        for one in fields(kind)
        if one.metadata.get("member") in reported
    }


def _test_only(keys: tuple[KeyIdentifier, ...]) -> bool:
    return bool(keys) and all(key.kind == "test" for key in keys)


@fact
class EuiccInfo1(Fact):
    """A card's version of SGP.22 and its trusted issuers, in order of preference. Servers get `raw`."""

    raw: Tlv
    svn: str = _member("svn", _version)
    ci_for_verification: tuple[KeyIdentifier, ...] = _member("euiccCiPKIdListForVerification", _keys, ())
    ci_for_signing: tuple[KeyIdentifier, ...] = _member("euiccCiPKIdListForSigning", _keys, ())
    ci_for_signing_v3: tuple[KeyIdentifier, ...] = _member("euiccCiPKIdListForSigningV3", _keys, ())
    rsp_capability: tuple[str, ...] = _member("rspCapability", _bits("RspCapability"), ())
    highest_svn: str = _member("highestSvn", _version)
    unknown: tuple[Tlv, ...] = ()

    @classmethod
    def from_tlv(cls, answer: bytes) -> Self:
        """From an EUICCInfo1 (tag BF20). Raises `BadAnswer` if it is none."""
        raw = schema.whole("GetEuiccInfo1Response", answer)
        # Every member of EUICCInfo1 has the same tag and meaning in EUICCInfo2, where all are optional.
        info2 = Tlv.build(schema.tag_of("GetEuiccInfo2Response"), raw.value)
        value, unknown = schema.decode_open("GetEuiccInfo2Response", info2)
        return cls(raw=raw, unknown=unknown, **_read(cls, value))

    @property
    def test_only(self) -> bool:
        """Whether it trusts only test issuers: then no operator's profile can be installed."""
        return _test_only(self.ci_for_verification)


@fact
class EuiccInfo2(Fact):
    """A card's versions, such as "2.2.2", and its capabilities, by the specification's identifiers.

    `svn` is the lowest version of SGP.22 that the card follows, and `highest_svn` the highest, if it says so.
    `iot`: of an IoT card (SGP.32). Such a card has an `ipa_mode` and no `lpa_mode`: both have the same tag.
    """

    raw: Tlv
    profile_version: str = _member("profileVersion", _version)
    svn: str = _member("svn", _version)
    firmware: str = _member("euiccFirmwareVer", _version)
    resource: CardResource = field(
        default=CardResource(), metadata={"member": "extCardResource", "read": CardResource.from_coded}
    )
    uicc_capability: tuple[str, ...] = _member("uiccCapability", _bits("UiccCapability"), ())
    ts102241_version: str = _member("ts102241Version", _version)
    globalplatform_version: str = _member("globalplatformVersion", _version)
    rsp_capability: tuple[str, ...] = _member("rspCapability", _bits("RspCapability"), ())
    ci_for_verification: tuple[KeyIdentifier, ...] = _member("euiccCiPKIdListForVerification", _keys, ())
    ci_for_signing: tuple[KeyIdentifier, ...] = _member("euiccCiPKIdListForSigning", _keys, ())
    ci_for_signing_v3: tuple[KeyIdentifier, ...] = _member("euiccCiPKIdListForSigningV3", _keys, ())
    category: str = _member("euiccCategory", _named("EuiccCategory"))
    forbidden_policy_rules: tuple[PolicyRule | str, ...] = _member("forbiddenProfilePolicyRules", rules, ())
    pp_version: str = _member("ppVersion", _version)
    sas_accreditation_number: str = _member("sasAcreditationNumber", str)
    platform_label: str = _member("platformLabel", str)
    discovery_base_url: str = _member("discoveryBaseURL", str)
    tre_properties: tuple[str, ...] = _member("treProperties", _bits("TreProperties"), ())
    tre_product_reference: str = _member("treProductReference", str)
    additional_profile_versions: tuple[str, ...] = _member(
        "additionalEuiccProfilePackageVersions", lambda versions: tuple(map(_version, versions)), ()
    )
    lpa_mode: str = _member("lpaMode", _named("LpaMode"))
    ipa_mode: str = _member("ipaMode", lambda mode: _IPA_MODES.get(mode, str(mode)))
    additional_info: bytes = _member("additionalEuiccInfo", bytes, b"")
    highest_svn: str = _member("highestSvn", _version)
    iot: IotInfo | None = field(
        default=None, metadata={"member": "iotSpecificInfo", "read": IotInfo.from_asn1}
    )
    unknown: tuple[Tlv, ...] = ()

    @classmethod
    def from_tlv(cls, answer: bytes) -> Self:
        """From an EUICCInfo2 (tag BF22). Raises `BadAnswer` if it is none."""
        raw = Tlv(answer)
        value, unknown = schema.decode_open("GetEuiccInfo2Response", answer)
        if value.get("lpaMode", 0) < 0:  # Neither an LPA nor an IPA has such a mode.
            del value["lpaMode"]
            unknown += tuple(item for item in raw.children if item.tag == _MODE and item not in unknown)
        elif "lpaMode" in value and any(item.tag == _IOT_SPECIFIC_INFO for item in raw.children):
            value["ipaMode"] = value.pop("lpaMode")
        return cls(raw=raw, unknown=unknown, **_read(cls, value))

    @property
    def test_only(self) -> bool:
        """Whether it trusts only test issuers: then no operator's profile can be installed."""
        return _test_only(self.ci_for_verification)

    @property
    def managed_remotely(self) -> bool:
        """Whether it is an IoT card (SGP.32): an eIM changes its profiles, through an IPA."""
        return self.iot is not None or bool(self.ipa_mode)


@fact
class ConfiguredAddresses(Fact):
    """The servers that the card asks for profiles, as stored: empty, or not even a server name."""

    default_dp: str = ""
    root_ds: str = ""
    unknown: tuple[Tlv, ...] = ()

    @classmethod
    def from_tlv(cls, answer: bytes) -> Self:
        """From the answer to GetEuiccConfiguredAddresses (tag BF3C). Raises `BadAnswer` if it is none."""
        value, unknown = schema.decode_open("GetEuiccConfiguredAddressesResponse", answer)
        return cls(value.get("defaultDpAddress", "").strip(), value.get("rootDsAddress", "").strip(), unknown)


@fact
class AuthorisationRule(Fact):
    """The policy rules that profiles of `operators` may have, and whether the user must consent (§5.7.22)."""

    policy_rules: tuple[PolicyRule | str, ...]
    operators: tuple[Operator, ...]
    consent_required: bool

    @classmethod
    def from_asn1(cls, value: dict[str, Any]) -> Self:
        """From an element of the Rules Authorisation Table. Raises `BadAnswer` for a malformed operator."""
        return cls(
            rules(value["pprIds"]),
            tuple(Operator.from_asn1(operator) for operator in value["allowedOperators"]),
            "consentRequired" in schema.bits("PprFlags", value["pprFlags"]),
        )
