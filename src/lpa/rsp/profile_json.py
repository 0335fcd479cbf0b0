"""Profiles as JSON, for the journal: what it takes to name them and to notify their servers later."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from lpa.rsp.names import Iccid
from lpa.rsp.records import (
    NotificationConfiguration,
    NotificationEvent,
    PolicyRule,
    Profile,
    ProfileClass,
    ProfileState,
)


def to_json(profiles: tuple[Profile, ...]) -> str:
    """The JSON of `profiles`, without what the journal does not need of them."""
    return json.dumps(
        [
            {
                "iccid": profile.iccid.coded.hex(),
                "state": profile.state,
                "nickname": profile.nickname,
                "service_provider": profile.service_provider,
                "name": profile.name,
                "profile_class": profile.profile_class,
                "policy_rules": profile.policy_rules,
                "notifications": [(entry.events, entry.address) for entry in profile.notifications],
            }
            for profile in profiles
        ]
    )


def from_json(text: str) -> tuple[Profile, ...]:
    """The profiles in JSON of `to_json`; for other text ValueError, KeyError, TypeError or `BadAnswer`."""
    return tuple(_profile(value) for value in json.loads(text))


def _profile(value: dict[str, Any]) -> Profile:
    return Profile(
        iccid=Iccid.from_coded(bytes.fromhex(value["iccid"])),
        state=ProfileState.parse(only_text(value["state"])),
        nickname=only_text(value["nickname"]),
        service_provider=only_text(value["service_provider"]),
        name=only_text(value["name"]),
        profile_class=ProfileClass.parse(only_text(value["profile_class"])),
        policy_rules=PolicyRule.parse_all(map(only_text, value["policy_rules"])),
        notifications=tuple(configuration(events, address) for events, address in value["notifications"]),
    )


def configuration(events: Iterable[object], address: object) -> NotificationConfiguration:
    """The members of a configuration from JSON. Raises TypeError if they are not texts."""
    return NotificationConfiguration(NotificationEvent.parse_all(map(only_text, events)), only_text(address))


def only_text(value: object) -> str:
    """`value`, which comes from JSON, if it is a text. Raises TypeError if not."""
    if not isinstance(value, str):
        raise TypeError(f"{str(value)[:40]!r} is not a text")
    return value
