"""Profiles as JSON, for the journal: what it takes to name them and to notify their servers later."""

from __future__ import annotations

import json
from typing import Any

from lpa.rsp.names import Iccid
from lpa.rsp.records import NotificationConfiguration, Profile


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
    configured = [
        (tuple(map(only_text, events)), only_text(address)) for events, address in value["notifications"]
    ]
    return Profile(
        iccid=Iccid.from_coded(bytes.fromhex(value["iccid"])),
        state=only_text(value["state"]),
        nickname=only_text(value["nickname"]),
        service_provider=only_text(value["service_provider"]),
        name=only_text(value["name"]),
        profile_class=only_text(value["profile_class"]),
        policy_rules=tuple(map(only_text, value["policy_rules"])),
        notifications=tuple(NotificationConfiguration(*entry) for entry in configured),
    )


def only_text(value: object) -> str:
    """`value`, which comes from JSON, if it is a text. Raises TypeError if not."""
    if not isinstance(value, str):
        raise TypeError(f"{str(value)[:40]!r} is not a text")
    return value
