"""What speaks against a deletion, as a person reads it: the gravest first, at last what only they know."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from lpa.cli.views.sentences import LEVELS, Line
from lpa.deletion.findings import REMINDERS
from lpa.deletion.plan import Plan
from lpa.profiles.blockers import Finding


def counsel(plan: Plan) -> Iterator[tuple[Line, Line]]:
    """The findings of a plan, each a head and a text beside it; an empty line parts the levels.

    What to do about a finding stands below it.
    """
    ordered = sorted(plan.findings, key=_rank)
    for rank, group in itertools.groupby(ordered, key=_rank):
        yield ("", ""), ("", "")
        if rank == len(LEVELS):
            yield ("", ""), ("What no card can know:", "")
        for finding in group:
            yield from _told(finding, remind=rank == len(LEVELS))


def _rank(finding: Finding) -> int:
    """Stops, warnings, notes, reminders."""
    return len(LEVELS) if finding.name in REMINDERS else [*LEVELS].index(finding.level)


def _told(finding: Finding, *, remind: bool) -> Iterator[tuple[Line, Line]]:
    name, style = LEVELS[finding.level]
    head = "  " if remind else f"{name}: "
    message = f"{finding.message} ({finding.name})" if finding.level == "warning" else finding.message
    yield (head, style), (message, style)
    if finding.advice:
        yield (" " * len(head), ""), (finding.advice, "dim")
