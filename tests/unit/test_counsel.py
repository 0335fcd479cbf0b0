"""How a plan's findings are put before a person."""

from __future__ import annotations

from lpa.cli.counsel import counsel
from lpa.deletion import Plan
from lpa.findings import Finding, pending, unfinished
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.records import NotificationMetadata, Profile

PROFILE = Profile(Iccid.parse("8944994000000000017"))
OTHER = Iccid.parse("8949985000000000025")


def told(*findings: Finding) -> list[str]:
    plan = Plan(Eid.parse("89049032000000000000000000000097"), PROFILE, (), False, findings)
    return [head + text for (head, _), (text, _) in counsel(plan)]


def test_the_gravest_come_first_and_what_no_card_can_know_comes_last() -> None:
    assert told(
        Finding("note", "bills", "Are all bills paid?"),
        Finding("note", "free-memory", "There is room.", "Good to know."),
        Finding("warning", "undelivered", "Somebody waits."),
        Finding("stop", "protected", "It is protected.", "Lift that."),
    ) == [
        "",
        "Stop: It is protected.",
        "      Lift that.",
        "",
        "Warning: Somebody waits. (undelivered)",
        "",
        "Note: There is room.",
        "      Good to know.",
        "",
        "What no card can know:",
        "  Are all bills paid?",
    ]


def test_one_that_waits_is_one_and_two_are_many() -> None:
    waiting = [NotificationMetadata(number, "enable", "rsp.example", OTHER) for number in (1, 2)]
    (one,) = pending(PROFILE, waiting[:1])
    (two,) = pending(PROFILE, waiting)
    assert one.message == "1 notification of another profile waits on the card."
    assert two.message == "2 notifications of other profiles wait on the card."


def test_what_was_not_finished_is_known_before_a_deletion() -> None:
    (found,) = unfinished(["enable"])
    assert (found.level, found.name) == ("note", "unfinished")
    assert found.message == "An earlier 'enable' of this card was not finished."
