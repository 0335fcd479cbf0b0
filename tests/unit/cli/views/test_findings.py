"""How the findings of a plan are shown."""

from __future__ import annotations

from lpa.cli.views.findings import plan_findings
from lpa.deletion.plan import Plan
from lpa.profiles.blockers import Finding
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.records import Profile

PROFILE = Profile(Iccid.parse("8944994000000000017"))


def lines(*findings: Finding) -> list[str]:
    plan = Plan(Eid.parse("89049032000000000000000000000097"), PROFILE, (), False, findings)
    return [head + text for (head, _), (text, _) in plan_findings(plan)]


def test_blockers_come_first_and_reminders_last() -> None:
    assert lines(
        Finding("note", "bills", "Are all bills paid?"),
        Finding("note", "free-memory", "There is room.", "Good to know."),
        Finding("warning", "notifications-pending", "A notification is pending."),
        Finding("blocker", "protected", "It is protected.", "Lift that."),
    ) == [
        "",
        "Blocker: It is protected.",
        "         Lift that.",
        "",
        "Warning: A notification is pending. (notifications-pending)",
        "",
        "Note: There is room.",
        "      Good to know.",
        "",
        "Check these yourself first:",
        "  Are all bills paid?",
    ]
