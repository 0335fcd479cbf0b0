"""Profiles as JSON, for the journal: what telling a person and the servers of them afterwards needs."""

from __future__ import annotations

import json

from lpa.rsp.names import Iccid
from lpa.rsp.records import NotificationConfiguration, Profile


def to_json(profiles: tuple[Profile, ...]) -> str:
    """The JSON of `profiles`, without what the card tells of them beyond that."""
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
    """The way back from `to_json`."""
    return tuple(
        Profile(
            iccid=Iccid.from_coded(bytes.fromhex(value.pop("iccid"))),
            policy_rules=tuple(value.pop("policy_rules")),
            notifications=tuple(
                NotificationConfiguration(tuple(events), address)
                for events, address in value.pop("notifications")
            ),
            **value,
        )
        for value in json.loads(text)
    )
