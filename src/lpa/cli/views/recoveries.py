"""How an interrupted operation was completed, as lines and as JSON members."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from lpa.cli.json_output import plain
from lpa.cli.views.outcomes import change_lines
from lpa.profiles import temporary_enable

if TYPE_CHECKING:
    from lpa.cli.cells import Line
    from lpa.recovery import Recovery


def operation(function: str, begun: datetime) -> str:
    """Which interrupted operation is meant: what was asked for, and when."""
    what = "temporary enable" if function == temporary_enable.OPERATION else f"'{function}'"
    return f"An earlier {what} ({begun.astimezone():%Y-%m-%d %H:%M})"


def lines(recovery: Recovery) -> Iterator[Line]:
    """How it was completed, and what a person should do."""
    yield f"{operation(recovery.function, recovery.begun)} was interrupted.", "yellow"
    if not (recovery.changes or recovery.summary):
        yield "  It changed nothing on the card.", ""
    yield from ((f"  {text}", style) for text, style in change_lines(recovery))
    if recovery.summary:
        yield f"  {recovery.summary}", "red" if recovery.problem else "bold"
    if recovery.problem:
        yield f"  {recovery.problem.message}", ""
        yield f"  {recovery.problem.advice}", ""
    if recovery.not_deleted:
        yield "  The profile was not deleted; run 'lpa delete' to confirm again.", "yellow"


def members(recovery: Recovery) -> dict[str, object]:
    """For a document."""
    members = plain(recovery)
    return {"operation": members.pop("function"), **members, "not_deleted": recovery.not_deleted}
