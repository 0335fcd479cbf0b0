"""Whether what a profile holds can be saved before it is deleted: looked at while nothing has happened."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from pathlib import Path

from lpa.card.files.filesystem import UiccFiles
from lpa.deletion import findings
from lpa.deletion.plan import Plan
from lpa.errors import BadAnswer, Refused
from lpa.profiles.backup import refuse_unless_in_use
from lpa.profiles.blockers import Finding


def review(files: UiccFiles, plan: Plan, folder: Path | None = None) -> Plan:
    """The plan with whether what the profile holds can be saved before it is deleted. Changes nothing.

    `folder`: the new one into which the person wants it saved, None if nobody wants that; else what makes it
    impossible is a stop. Raises a `WireError` if the card cannot be asked.
    """
    if folder is not None:
        plan = _demanded(plan, folder)
    return _looked_at(files, plan) if plan.profile.enabled else plan


def _demanded(plan: Plan, folder: Path) -> Plan:
    blockers = [*findings.against_backup(plan.profile, plan.others, plan.unreadable)]
    if os.path.lexists(folder):
        blockers.append(findings.folder_taken(str(folder)))
    return _with(plan, blockers, instead_of="no-backup")


def _looked_at(files: UiccFiles, plan: Plan) -> Plan:
    """Whether the profile in use is locked with a PIN, which costs no try. What is not said is left out."""
    with contextlib.suppress(BadAnswer, Refused):
        refuse_unless_in_use(files, plan.profile.iccid)
        if files.locked():
            lock = findings.lock(_tries(files))
            return _with(plan, [lock], instead_of="" if lock.name == findings.PIN_NEEDED else "backup")
    return plan


def _tries(files: UiccFiles) -> int | None:
    with contextlib.suppress(BadAnswer, Refused):
        return files.pin_tries_left()
    return None


def _with(plan: Plan, found: list[Finding], *, instead_of: str) -> Plan:
    """The plan with what was found; where it says more than another finding, that is left out."""
    kept = [finding for finding in plan.findings if not found or finding.name != instead_of]
    return replace(plan, findings=(*kept, *found))
