"""Check whether a profile can be backed up before it is deleted. Changes nothing."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

from lpa.card.files.filesystem import UiccFiles
from lpa.deletion import findings
from lpa.deletion.plan import Plan
from lpa.errors import BadAnswer, Refused
from lpa.profiles import blockers
from lpa.profiles.backup import refuse_unless_enabled
from lpa.profiles.blockers import Finding
from lpa.rsp.arguments import expect


def review(files: UiccFiles, plan: Plan, folder: Path | None = None) -> Plan:
    """The plan with findings about a backup of the profile. Changes nothing.

    `folder`: the new folder for a backup that a person wants; what makes the backup impossible is then a
    blocker. None if no backup is wanted. Raises a `WireError` if the card cannot be asked.
    """
    expect("plan", plan, Plan)
    if folder is not None:
        plan = _with_blockers(plan, folder)
    return _with_lock(files, plan) if plan.profile.enabled else plan


def _with_blockers(plan: Plan, folder: Path) -> Plan:
    impossible = findings.backup_blockers(plan.profile, plan.others, plan.unreadable)
    return _with(plan, [*impossible, *blockers.folder_exists(folder)], instead_of="no-backup")


def _with_lock(files: UiccFiles, plan: Plan) -> Plan:
    """The plan with whether a PIN locks the enabled profile, if the card says so. Uses up no PIN try."""
    with contextlib.suppress(BadAnswer, Refused):
        refuse_unless_enabled(files, plan.profile.iccid)
        if files.locked():
            lock = findings.lock(_tries(files))
            return _with(plan, [lock], instead_of="" if lock.name == findings.PIN_NEEDED else "backup")
    return plan


def _tries(files: UiccFiles) -> int | None:
    with contextlib.suppress(BadAnswer, Refused):
        return files.pin_tries_left()
    return None


def _with(plan: Plan, found: list[Finding], *, instead_of: str) -> Plan:
    """The plan with what was found, which replaces the finding called `instead_of`."""
    kept = [finding for finding in plan.findings if not found or finding.name != instead_of]
    return replace(plan, findings=(*kept, *found))
