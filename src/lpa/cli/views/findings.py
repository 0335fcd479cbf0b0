"""Findings before a deletion or a download, as lines: blockers first, then warnings, then notes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lpa.deletion.findings import REMINDERS

if TYPE_CHECKING:
    from lpa.cli.cells import Line
    from lpa.deletion.plan import Plan
    from lpa.download.offer import Offer
    from lpa.profiles.blockers import Finding

# How each level is called and shown.
_LEVELS = {"blocker": ("Blocker", "red"), "warning": ("Warning", "yellow"), "note": ("Note", "")}


def plan_findings(plan: Plan) -> Iterator[tuple[Line, Line]]:
    """The findings of a plan, each a head and a text beside it; an empty line parts the levels.

    The advice of a finding stands below it. What no card can check comes last.
    """
    ordered = sorted(plan.findings, key=_rank)
    for rank, group in itertools.groupby(ordered, key=_rank):
        reminders = rank == len(_LEVELS)
        yield ("", ""), ("", "")
        if reminders:
            yield ("", ""), ("Check these yourself first:", "")
        for finding in group:
            yield from _beside_head(finding, reminder=reminders)


def offer_findings(offer: Offer) -> Iterator[Line]:
    """The findings of a download, each with its advice below it."""
    for finding in offer.findings:
        head, style = _LEVELS[finding.level]
        name = f" ({finding.name})" if finding.level == "warning" else ""
        yield f"{head}{name}: {finding.message}", style
        if finding.advice:
            yield f"  {finding.advice}", "dim"


def _rank(finding: Finding) -> int:
    """Blockers, warnings, notes, reminders."""
    return len(_LEVELS) if finding.name in REMINDERS else [*_LEVELS].index(finding.level)


def _beside_head(finding: Finding, *, reminder: bool) -> Iterator[tuple[Line, Line]]:
    name, style = _LEVELS[finding.level]
    head = "  " if reminder else f"{name}: "
    message = f"{finding.message} ({finding.name})" if finding.level == "warning" else finding.message
    yield (head, style), (message, style)
    if finding.advice:
        yield (" " * len(head), ""), (finding.advice, "dim")
