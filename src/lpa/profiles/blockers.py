"""Findings: what a person should know before a change; and the blockers that several procedures share.

A finding follows from facts that were read before. A blocker makes the change impossible, a warning
must be accepted by its name, a note is only shown.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Literal

from lpa.advice.profiles import ENABLE_THEN_BACK_UP, LIFT_OR_REMOVE, NEW_FOLDER, UNPROTECT, UNPROTECT_ONE
from lpa.errors import Refused
from lpa.rsp.facts import Fact, fact
from lpa.rsp.records import Profile

# The names of all warnings: WARNINGS before a deletion, RULES before a download. Each is accepted separately.
WARNINGS = (
    "not-operational",
    "last-profile",
    "fallback-profile",
    "operator-not-notified",
    "notifications-pending",
    "not-verified",
)
RULES = ("ppr1", "ppr2")


@fact
class Finding(Fact):
    """One thing to know. `name` is stable; a blocker's is the reason for refusing `function`."""

    level: Literal["blocker", "warning", "note"]
    name: str
    message: str
    advice: str = ""
    function: str = "DeleteProfile"

    def __post_init__(self) -> None:
        if self.level == "warning" and self.name not in (*WARNINGS, *RULES):
            raise ValueError(f"{self.name!r} is not the name of a warning")

    @property
    def refused(self) -> Refused:
        """The error with which a blocker is raised."""
        return Refused(self.function, self.name, self.message, advice=self.advice)


def of_level(level: str, found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those of `found` that are blockers, warnings or notes."""
    return tuple(finding for finding in found if finding.level == level)


def blocked_by_ppr(profile: Profile, rule: str, function: str) -> Iterator[Finding]:
    """A blocker of `function` if the operator forbids to disable (`rule` "ppr1") or delete ("ppr2") it."""
    change = {"ppr1": "disabled", "ppr2": "deleted"}[rule]
    if rule in profile.policy_rules:
        yield Finding(
            "blocker",
            "disallowedByPolicy",
            f"The operator does not allow {profile.title} ({profile.iccid}) to be {change} ({rule.upper()}).",
            LIFT_OR_REMOVE,
            function,
        )


def protection(profiles: Iterable[Profile], function: str = "DeleteProfile") -> Iterator[Finding]:
    """A blocker if there are profiles that `function` would delete and this computer protects."""
    protected = list(profiles)
    if not protected:
        return
    names = ", ".join(f"{profile.title} ({profile.iccid})" for profile in protected)
    digits = [str(profile.iccid)[-4:] for profile in protected]
    commands = ", ".join(f"'lpa unprotect {last}'" for last in digits)
    one = len(protected) == 1
    yield Finding(
        "blocker",
        "protected",
        f"The profile {names} is protected on this computer."
        if one
        else f"These profiles are protected on this computer: {names}.",
        UNPROTECT_ONE.filled(digits=digits[0]) if one else UNPROTECT.filled(commands=commands),
        function,
    )


def folder_exists(folder: Path) -> Iterator[Finding]:
    """A blocker if the folder for a backup already exists."""
    if os.path.lexists(folder):
        advice = NEW_FOLDER
        yield Finding("blocker", "folderExists", f"{folder} already exists.", advice, "Backup")


def unreadable(unreadable: Collection[bytes]) -> Iterator[Finding]:
    """A blocker if an item cannot be read: it may be the enabled profile, which could not be restored."""
    if unreadable:
        yield Finding(
            "blocker",
            "unreadableProfile",
            "The card lists a profile that cannot be read. If it is enabled, it could not be enabled again.",
            ENABLE_THEN_BACK_UP,
            "EnableProfile",
        )
