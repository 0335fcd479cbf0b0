"""How profiles and the operators' rules are named."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lpa.rsp.records import Profile

RULES = {"ppr1": "may not be disabled (PPR1)", "ppr2": "may not be deleted (PPR2)"}
STYLES = {"enabled": "green", "disabled": "dim"}


def named(profile: Profile) -> str:
    """A profile's name and number."""
    number = str(profile.iccid)
    return number if profile.title == number else f"{profile.title} ({number})"


def of_later_versions(profile: Profile) -> list[str]:
    """What a card of version 3 or of SGP.32 says of a profile beside its state."""
    port = [] if profile.esim_port is None else [f"eSIM port {profile.esim_port}"]
    return port + (["fallback"] if profile.fallback else [])


def unread(items: Collection[object]) -> list[str]:
    """Items of the card's list that cannot be read, as a line beside the profiles; none for no items."""
    if not items:
        return []
    count = "1 profile" if len(items) == 1 else f"{len(items)} profiles"
    return [f"{count} that cannot be read"]


def rules(profile: Profile) -> list[str]:
    """What the operator forbids."""
    return named_rules(profile.policy_rules)


def named_rules(identifiers: Iterable[str]) -> list[str]:
    """Policy rules in words, by their identifiers; an unknown one stays as it is."""
    return [RULES.get(identifier, identifier) for identifier in identifiers]
