"""How a plan's findings are put before a person."""

from __future__ import annotations

from lpa.cli.views.findings import counsel
from lpa.deletion.plan import Plan
from lpa.profiles.blockers import Finding
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.records import Profile

PROFILE = Profile(Iccid.parse("8944994000000000017"))


def told(*findings: Finding) -> list[str]:
    plan = Plan(Eid.parse("89049032000000000000000000000097"), PROFILE, (), False, findings)
    return [head + text for (head, _), (text, _) in counsel(plan)]


def test_the_gravest_come_first_and_what_no_card_can_know_comes_last() -> None:
    assert told(
        Finding("note", "bills", "Are all bills paid?"),
        Finding("note", "free-memory", "There is room.", "Good to know."),
        Finding("warning", "notifications-pending", "Somebody waits."),
        Finding("blocker", "protected", "It is protected.", "Lift that."),
    ) == [
        "",
        "Stop: It is protected.",
        "      Lift that.",
        "",
        "Warning: Somebody waits. (notifications-pending)",
        "",
        "Note: There is room.",
        "      Good to know.",
        "",
        "What no card can know:",
        "  Are all bills paid?",
    ]
