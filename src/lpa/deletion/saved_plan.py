"""Read back a plan that was printed with `--json`, to carry it out later.

What it says about the card is only a claim: `Assistant.revalidate` compares it with the card.
"""

from __future__ import annotations

import json
from typing import Any

from lpa.deletion.plan import Plan
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.profile_json import configuration, only_text
from lpa.rsp.records import PolicyRule, Profile, ProfileClass, ProfileState

# What is raised while reading a text that is no plan.
NONSENSE = (AttributeError, KeyError, RecursionError, TypeError, ValueError)


def parse(text: str) -> Plan:
    """The plan in the output of `lpa delete NAME --plan --json`, without its findings.

    Raises ValueError if there is none, or if it was changed by hand.
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
    except NONSENSE as error:
        raise ValueError("there is no plan in it; 'lpa delete NAME --plan --json' prints one") from error
    if not whole:
        raise ValueError("the plan in it was changed after it was made")
    return plan


def _profile(members: dict[str, Any]) -> Profile:
    return Profile(
        Iccid.parse(members["iccid"]),
        state=ProfileState.parse(only_text(members["state"])),
        nickname=only_text(members["nickname"]),
        service_provider=only_text(members["service_provider"]),
        name=only_text(members["name"]),
        profile_class=ProfileClass.parse(only_text(members["profile_class"])),
        policy_rules=PolicyRule.parse_all(map(only_text, members["policy_rules"])),
        notifications=tuple(
            configuration(entry["events"], entry["address"]) for entry in members.get("notifications", ())
        ),
        fallback=members.get("fallback") is True,
    )
