"""A plan that was printed with `--json`, read back: to be looked at by somebody, and carried out later.

What it says of the card is a claim like any other: `Assistant.plan_again` compares it with the card.
"""

from __future__ import annotations

import json
from typing import Any

from lpa.deletion import Plan
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.records import NotificationConfiguration, Profile

_TEXTS = ("state", "nickname", "service_provider", "name", "profile_class")


def parse(text: str) -> Plan:
    """The plan in what `lpa delete NAME --plan --json` printed, without its findings.

    Raises ValueError if it is none, or was changed by hand.
    """
    try:
        members = json.loads(text)["result"]
        plan = Plan(
            eid=Eid.parse(members["eid"]),
            profile=_profile(members["profile"]),
            others=tuple(_profile(other) for other in members["others"]),
            disable_first=members["disable_first"] is True,
            findings=(),
            unreadable=tuple(bytes.fromhex(item) for item in members["unreadable"]),
        )
        whole = plan.fingerprint == members["fingerprint"]
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise ValueError("there is no plan in it; 'lpa delete NAME --plan --json' prints one") from error
    if not whole:
        raise ValueError("the plan in it was changed after it was made")
    return plan


def _profile(members: dict[str, Any]) -> Profile:
    return Profile(
        Iccid.parse(members["iccid"]),
        **{name: members[name] for name in _TEXTS},
        policy_rules=tuple(members["policy_rules"]),
        notifications=tuple(
            NotificationConfiguration(tuple(entry["events"]), entry["address"])
            for entry in members.get("notifications", ())
        ),
    )
