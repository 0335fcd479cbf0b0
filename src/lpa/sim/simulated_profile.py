"""A profile on the simulated card: its values, and the ProfileInfo that the card reports."""

from __future__ import annotations

import base64
import re
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Self

from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.display import brief
from lpa.rsp.names import Aid, Iccid
from lpa.sim import plain_json
from lpa.sim.contents import Contents
from lpa.sim.operators import coded_operator

_EMPTY = Contents()
# What profiles of older cards do not have in their JSON.
_ADDED_LATER = {"fallback": False, "fallback_allowed": False, "emergency": False}


@dataclass(frozen=True)
class SimulatedProfile:
    """A profile, in readable form: an ICCID of 18 to 20 digits, an owner such as "262-01", an AID in hex.

    `notifications`: pairs of events ("install", "enable", "disable", "delete") and the server to notify.
    `aid`: empty if the card shall assign one. `size`: the memory that it takes, in bytes. `preloaded`: a test
    profile that survives a memory reset. `gid1`, `gid2`: group identifiers of the owner, in hexadecimal.
    `dp_oid`: the object identifier of the SM-DP+ that installed it, coded, in hexadecimal. `issuer`: the key
    identifier of the CI under which it was installed, in hexadecimal; empty for the card's preferred CI.
    `fallback`, `fallback_allowed`, `emergency`: only a card of SGP.32 reports them.

    Raises ValueError if a value does not fit the specification.
    """

    iccid: str
    state: str = "disabled"
    profile_class: str = "operational"
    nickname: str = ""
    service_provider: str = ""
    name: str = ""
    icon: bytes = b""
    icon_type: str = "png"
    policy_rules: tuple[str, ...] = ()
    owner: str = ""
    gid1: str = ""
    gid2: str = ""
    dp_oid: str = ""
    issuer: str = ""
    notifications: tuple[tuple[tuple[str, ...], str], ...] = ()
    aid: str = ""
    size: int = 48_000
    preloaded: bool = False
    fallback: bool = False
    fallback_allowed: bool = False
    emergency: bool = False
    contents: Contents = _EMPTY

    def __post_init__(self) -> None:
        if not re.fullmatch(r"([0-9]{3}-[0-9]{2,3})?", self.owner, re.ASCII):
            raise ValueError(f"{self.owner!r} is not an operator: write MCC and MNC as in '262-01'")
        for text, limit in ((self.nickname, 64), (self.service_provider, 32), (self.name, 64)):
            if len(text.encode()) > limit:
                raise ValueError(f"{brief(text, 60)!r} is longer than {limit} bytes")
        try:
            _ = self.info
        except KeyError as error:
            raise ValueError(f"profile {self.iccid}: SGP.22 has no value {error.args[0]!r}") from error

    @cached_property
    def coded_iccid(self) -> bytes:
        """The ICCID as in EF.ICCID: 10 bytes, nibbles swapped, F filled."""
        return Iccid.parse(self.iccid).coded

    @cached_property
    def coded_aid(self) -> bytes:
        """The AID of its ISD-P; empty until the card assigns one."""
        return Aid.parse(self.aid).coded if self.aid else b""

    @cached_property
    def info(self) -> Tlv:
        """The complete ProfileInfo (E3), without empty members."""
        rules, kind = self.policy_rules, schema.code("IconType", self.icon_type)
        members = {
            "iccid": self.coded_iccid,
            "isdpAid": self.coded_aid,
            "profileState": schema.code("ProfileState", self.state),
            "profileNickname": self.nickname,
            "serviceProviderName": self.service_provider,
            "profileName": self.name,
            "iconType": kind if self.icon else "",
            "icon": self.icon,
            "profileClass": schema.code("ProfileClass", self.profile_class),
            "notificationConfigurationInfo": [
                {
                    "profileManagementOperation": schema.from_bits("NotificationEvent", events),
                    "notificationAddress": address,
                }
                for events, address in self.notifications
            ],
            "profileOwner": self._owner if self.owner else "",
            "dpProprietaryData": {"dpOid": bytes.fromhex(self.dp_oid)} if self.dp_oid else "",
            "profilePolicyRules": schema.from_bits("PolicyRules", rules) if rules else "",
        }
        present = {name: value for name, value in members.items() if value not in ("", b"", [])}
        return schema.encode("ProfileInfo", present)

    @property
    def _owner(self) -> dict[str, bytes]:
        groups = {"gid1": bytes.fromhex(self.gid1), "gid2": bytes.fromhex(self.gid2)}
        return {"mccMnc": coded_operator(self.owner)} | {name: gid for name, gid in groups.items() if gid}

    @property
    def enabled(self) -> bool:
        """Whether the profile is enabled."""
        return self.state == "enabled"

    def addresses(self, event: str) -> tuple[str, ...]:
        """The servers to notify of `event`. A test profile has no notifications (§2.4.5.3)."""
        if self.profile_class == "test":
            return ()
        return tuple(address for events, address in self.notifications if event in events)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """The inverse of `to_json`. Raises KeyError, TypeError or ValueError if it does not fit."""
        notifications = tuple((tuple(events), address) for events, address in value["notifications"])
        icon = base64.b64decode(value["icon"])
        rules = tuple(value["policy_rules"])
        # Cards that were stored before profiles had contents have empty profiles.
        contents = Contents.from_json(value.get("contents", {}))
        changed = {
            "notifications": notifications,
            "icon": icon,
            "policy_rules": rules,
            "contents": contents,
        }
        return plain_json.restored(cls, _ADDED_LATER | value | changed)

    def to_json(self) -> dict[str, Any]:
        """The profile as JSON values."""
        return asdict(self) | {"icon": base64.b64encode(self.icon).decode()}
