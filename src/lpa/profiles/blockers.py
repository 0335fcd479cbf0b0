"""Findings: what a person should know before a change; and the blockers that several procedures share.

Pure: what is found follows from facts that were read. A blocker makes the change impossible, a warning must
be accepted by name, a note is to be read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from lpa.errors import Refused
from lpa.rsp.records import Profile

# The names of all warnings there are: before a deletion, and before a download. Each wants its own yes.
WARNINGS = (
    "not-operational",
    "last-profile",
    "operator-not-notified",
    "notifications-pending",
    "not-verified",
)
RULES = ("ppr1", "ppr2")


@dataclass(frozen=True)
class Finding:
    """One thing to know. `name` is stable; a stop's is the reason the card would give to `function`."""

    level: Literal["blocker", "warning", "note"]
    name: str
    message: str
    advice: str = ""
    function: str = "DeleteProfile"

    def __post_init__(self) -> None:
        if self.level == "warning" and self.name not in (*WARNINGS, *RULES):
            raise ValueError(f"nobody could accept a warning called {self.name!r}")

    @property
    def refused(self) -> Refused:
        """The error that a stop ends in."""
        return Refused(self.function, self.name, self.message, advice=self.advice)


def of_level(level: str, found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those of `found` that are blockers, warnings or notes."""
    return tuple(finding for finding in found if finding.level == level)


def blocked_by_ppr(profile: Profile, rule: str) -> Iterator[Finding]:
    """Whether the operator's policy rule ("ppr1": not disabled, "ppr2": not deleted) stands against it."""
    done, function = {"ppr1": ("disabled", "DisableProfile"), "ppr2": ("deleted", "DeleteProfile")}[rule]
    if rule in profile.policy_rules:
        yield Finding(
            "blocker",
            "disallowedByPolicy",
            f"The operator does not allow {profile.title} ({profile.iccid}) to be {done} ({rule.upper()}).",
            "Ask the operator to lift the rule, or to remove the profile.",
            function,
        )


def protection(profiles: Iterable[Profile], function: str = "DeleteProfile") -> Iterator[Finding]:
    """The person has put them under protection, and `function` would delete them. Nothing for none."""
    protected = list(profiles)
    if not protected:
        return
    names = ", ".join(f"{profile.title} ({profile.iccid})" for profile in protected)
    digits = ", ".join(f"'lpa unprotect {str(profile.iccid)[-4:]}'" for profile in protected)
    one = len(protected) == 1
    yield Finding(
        "blocker",
        "protected",
        f"The profile {names} is protected on this computer."
        if one
        else f"These profiles are protected on this computer: {names}.",
        f"{digits} {'lifts' if one else 'lift'} that.",
        function,
    )


def unreadable(unreadable: Collection[bytes]) -> Iterator[Finding]:
    """What the card lists and nobody can read may be in use: what it is could not be put back."""
    if unreadable:
        yield Finding(
            "blocker",
            "unreadableProfile",
            "The card lists a profile that cannot be read. It may be in use, and could not be put back.",
            "'lpa enable' puts a profile to use to stay so; 'lpa backup' then saves what it holds.",
            "EnableProfile",
        )
