"""Profiles and notifications as a card reports them.

States, classes, events and policy rules are members of enums, whose values are the specification's
identifiers: "enabled", "operational". Cards also send numbers and bits that the specification does not name;
those stay texts: "7", "bit 8". `unknown` keeps the members that the schema does not name, as they came.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Self

from lpa.errors import BadAnswer
from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.display import brief
from lpa.rsp.facts import Fact, fact
from lpa.rsp.names import Aid, Iccid

_NAMES = ("profileNickname", "serviceProviderName", "profileName")
_RIGHTS = ("profileClass", "profilePolicyRules")

# The members of ProfileInfo to request (§5.7.15). Icons are up to 1 kB each, so they are never in a list.
ICCID_TAGS = schema.tag_list("ProfileInfo", "iccid")
AID_TAGS = schema.tag_list("ProfileInfo", "iccid", "isdpAid")
# Of version 3 and of SGP.32. Other cards ignore these tags. They stand last, to be left out if one refuses.
NEWER_TAGS = schema.tag_list(
    "ProfileInfo", "enabledOnEsimPort", "fallbackAttribute", "fallbackAllowed", "ecallIndication"
)
LIST_TAGS = schema.tag_list("ProfileInfo", "iccid", "isdpAid", "profileState", *_NAMES, *_RIGHTS) + NEWER_TAGS
_DETAILS = schema.tag_list(
    "ProfileInfo",
    "iccid",
    "isdpAid",
    "profileState",
    *_NAMES,
    *_RIGHTS,
    "notificationConfigurationInfo",
    "profileOwner",
    "dpProprietaryData",
    "serviceSpecificDataStoredInEuicc",
    "refArDo",
)
DETAIL_TAGS = _DETAILS + NEWER_TAGS
ICON_TAGS = _DETAILS + schema.tag_list("ProfileInfo", "iconType", "icon") + NEWER_TAGS  # and the details
# What must be known before a change. The AID is long and not needed.
CHANGE_TAGS = (
    schema.tag_list(
        "ProfileInfo", "iccid", "profileState", *_NAMES, *_RIGHTS, "notificationConfigurationInfo"
    )
    + NEWER_TAGS
)

# State, class and policy rules decide what is allowed: a profile of which one is unclear is unreadable.
_DECISIVE = {
    schema.member_tag("ProfileInfo", name) for name in ("profileState", "enabledOnEsimPort", *_RIGHTS)
}
_NO_RULES = Tlv.build(schema.member_tag("ProfileInfo", "profilePolicyRules"))
# Characters, at least as many as the specification's bytes. Longer texts would hide what stands beside them.
_ALWAYS_READ = ("iccid", "state", "nickname", "service_provider", "name", "profile_class", "policy_rules")
_LONGEST_NAME, _LONGEST_ADDRESS = 64, 255


class Identifier(StrEnum):
    """An identifier of the specification, equal to its text. Each enum has those of one type of the ASN.1."""

    @classmethod
    def parse(cls, text: str) -> Self | str:
        """The identifier; or `text` itself, if the specification does not name it."""
        try:
            return cls(text)
        except ValueError:
            return text

    @classmethod
    def parse_all(cls, texts: Iterable[str]) -> tuple[Self | str, ...]:
        """As `parse`, for several texts."""
        return tuple(map(cls.parse, texts))


class ProfileState(Identifier):
    """Whether a profile is enabled."""

    DISABLED = "disabled"
    ENABLED = "enabled"


class ProfileClass(Identifier):
    """The class of a profile: an operator's profile is operational."""

    TEST = "test"
    PROVISIONING = "provisioning"
    OPERATIONAL = "operational"


class PolicyRule(Identifier):
    """A rule of a profile's operator: PPR1 forbids to disable it, PPR2 to delete it (§2.9.1)."""

    PPR_UPDATE_CONTROL = "pprUpdateControl"
    PPR1 = "ppr1"
    PPR2 = "ppr2"


class NotificationEvent(Identifier):
    """What a notification reports. Those with "rpm" are of remote profile management (version 3)."""

    INSTALL = "install"
    ENABLE = "enable"
    DISABLE = "disable"
    DELETE = "delete"
    RPM_ENABLE = "rpmEnable"
    RPM_DISABLE = "rpmDisable"
    RPM_DELETE = "rpmDelete"
    RPM_PACKAGE_RESULT = "rpmPackageResult"


@fact
class NotificationConfiguration(Fact):
    """A server to notify of some `events` of a profile."""

    events: tuple[NotificationEvent | str, ...]
    address: str


@fact
class Operator(Fact):
    """A mobile network operator: MCC and MNC as "262-01", and the group identifiers (TS 31.102)."""

    mcc_mnc: str
    gid1: bytes = b""
    gid2: bytes = b""

    @classmethod
    def from_asn1(cls, value: dict[str, Any]) -> Self:
        """From an OperatorId, whose digits may be E (any) in a rule. Raises `BadAnswer` for a wrong size."""
        if len(value["mccMnc"]) != 3:
            raise BadAnswer(f"An operator code has 3 bytes; the card sent {value['mccMnc'].hex() or 'none'}.")
        mcc2, mcc1, mnc3, mcc3, mnc2, mnc1 = value["mccMnc"].hex().upper()
        digits = f"{mcc1}{mcc2}{mcc3}-{mnc1}{mnc2}{mnc3}"
        return cls(digits.rstrip("F"), value.get("gid1", b""), value.get("gid2", b""))


@fact
class Profile(Fact):
    """A profile on the card. A field that was not asked for or not reported is None, empty or its default.

    `esim_port`: the port on which it is enabled, from 0, of a card of version 3 that says so; `state` is then
    enabled, whatever the card reports as state, which is that on another port. Of an IoT card (SGP.32):
    `fallback`: whether it is the fallback profile; `fallback_allowed`: whether it may become that;
    `emergency`: whether it is for emergency calls only.
    """

    iccid: Iccid
    state: ProfileState | str = ProfileState.DISABLED
    aid: Aid | None = None
    nickname: str = ""
    service_provider: str = ""
    name: str = ""
    profile_class: ProfileClass | str = ProfileClass.OPERATIONAL
    policy_rules: tuple[PolicyRule | str, ...] = ()
    notifications: tuple[NotificationConfiguration, ...] = ()
    owner: Operator | None = None
    icon: bytes = b""
    service_data: tuple[Tlv, ...] = ()
    access_rules: tuple[Tlv, ...] = ()
    esim_port: int | None = None
    fallback: bool = False
    fallback_allowed: bool = False
    emergency: bool = False
    unknown: tuple[Tlv, ...] = ()

    def _in_json(self, name: str, value: object) -> bool:
        """An empty member only if every list of profiles reads it. A port may be 0."""
        return bool(value) or type(value) is int or name in _ALWAYS_READ

    @classmethod
    def from_tlv(cls, item: bytes) -> Self:
        """From a ProfileInfo (tag E3). Raises `BadAnswer` if it is not one, or has no ICCID."""
        value, unknown = schema.decode_open("ProfileInfo", item)
        if "iccid" not in value:
            raise BadAnswer("The card listed a profile without its ICCID.")
        if any(member.tag in _DECISIVE and member != _NO_RULES for member in unknown):
            raise BadAnswer(
                f"The state, class or policy rules of a profile are unclear: {bytes(item).hex()}."
            )
        owner, port = value.get("profileOwner"), value.get("enabledOnEsimPort", -1)
        state = schema.named("ProfileState", value.get("profileState", 0))
        return cls(
            iccid=Iccid.from_coded(value["iccid"]),
            state=ProfileState.ENABLED if port >= 0 else ProfileState.parse(state),
            aid=Aid.from_coded(value["isdpAid"]) if "isdpAid" in value else None,
            nickname=brief(value.get("profileNickname", ""), _LONGEST_NAME),
            service_provider=brief(value.get("serviceProviderName", ""), _LONGEST_NAME),
            name=brief(value.get("profileName", ""), _LONGEST_NAME),
            profile_class=ProfileClass.parse(schema.named("ProfileClass", value.get("profileClass", 2))),
            policy_rules=rules(value.get("profilePolicyRules", (b"", 0))),
            notifications=tuple(
                NotificationConfiguration(
                    _events(entry["profileManagementOperation"]),
                    brief(entry["notificationAddress"], _LONGEST_ADDRESS),
                )
                for entry in value.get("notificationConfigurationInfo", ())
            ),
            owner=Operator.from_asn1(owner) if owner else None,
            icon=value.get("icon", b""),
            service_data=tuple(Tlv(item) for item in value.get("serviceSpecificDataStoredInEuicc", ())),
            access_rules=tuple(Tlv(rule) for rule in value.get("refArDo", ())),
            esim_port=port if port >= 0 else None,
            fallback=value.get("fallbackAttribute", False),
            fallback_allowed=value.get("fallbackAllowed", False),
            emergency=value.get("ecallIndication", False),
            unknown=unknown,
        )

    @property
    def enabled(self) -> bool:
        """Whether its state is enabled."""
        return self.state == ProfileState.ENABLED

    @property
    def title(self) -> str:
        """The best available name: nickname, else service provider, else profile name, else ICCID."""
        names = (self.nickname, self.service_provider, self.name)
        return next((name for name in names if name.strip()), str(self.iccid))


@fact
class NotificationMetadata(Fact):
    """What a pending notification reports, and to which server (NotificationMetadata).

    `events`: all that the card set; the specification requires exactly one.
    """

    sequence_number: int
    events: tuple[NotificationEvent | str, ...]
    address: str
    iccid: Iccid | None

    @property
    def event(self) -> NotificationEvent | str:
        """The event; a text such as "none" or "install+delete" if there is not exactly one."""
        return only_event(self.events)

    @classmethod
    def from_tlv(cls, item: bytes) -> Self:
        """From a NotificationMetadata (tag BF2F). Raises `BadAnswer` if it is not one."""
        value, _ = schema.decode_open("NotificationMetadata", item)
        number = value["seqNumber"]
        if number < 0:
            raise BadAnswer(f"The card sent a notification with the negative sequence number {number}.")
        return cls(
            sequence_number=number,
            events=_events(value["profileManagementOperation"]),
            address=brief(value["notificationAddress"], _LONGEST_ADDRESS),
            iccid=Iccid.from_coded(value["iccid"]) if "iccid" in value else None,
        )


@fact
class Notification(Fact):
    """A signed notification: the exact bytes that the card sent, and their metadata."""

    raw: Tlv
    metadata: NotificationMetadata

    @classmethod
    def from_tlv(cls, item: bytes) -> Self:
        """From an OtherSignedNotification or a ProfileInstallationResult. Raises `BadAnswer` for others."""
        raw = Tlv.whole(item)
        body: Tlv | None = None
        if raw.tag == schema.tag_of("OtherSignedNotification"):
            body = raw
        elif raw.tag == schema.tag_of("ProfileInstallationResult"):
            body = raw.child(schema.tag_of("ProfileInstallationResultData"))
        metadata = body.child(schema.tag_of("NotificationMetadata")) if body else None
        if metadata is None:
            raise BadAnswer(f"The card sent a notification without metadata (tag {raw.tag:X}).")
        return cls(raw, NotificationMetadata.from_tlv(metadata))

    @property
    def unsigned(self) -> tuple[Tlv, ...]:
        """All of it but the signature, which some cards make anew each time."""
        return tuple(part for part in self.raw.children if part.tag != schema.tag_of("Signature"))


def only_event(events: tuple[NotificationEvent | str, ...]) -> NotificationEvent | str:
    """The one of `events`; a text such as "none" or "install+delete" if there is not exactly one."""
    return events[0] if len(events) == 1 else "+".join(events) or "none"


def rules(bits: tuple[bytes, int]) -> tuple[PolicyRule | str, ...]:
    """The policy rules in the bits of a PolicyRules."""
    return PolicyRule.parse_all(schema.bits("PolicyRules", bits))


def _events(bits: tuple[bytes, int]) -> tuple[NotificationEvent | str, ...]:
    return NotificationEvent.parse_all(schema.bits("NotificationEvent", bits))
