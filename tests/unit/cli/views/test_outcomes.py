"""What is printed about outcomes that a well-behaved card and server do not give."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lpa.cli.commands.outcomes import report
from lpa.cli.screen import Screen
from lpa.errors import BadAnswer, CardRemoved, ConnectFailed
from lpa.notifications.changes import ProfileChange
from lpa.notifications.delivery import Delivery
from lpa.profiles.switching import Outcome
from lpa.rsp.names import Iccid
from lpa.rsp.records import NotificationEvent, Profile

ICCID = Iccid.parse("8949985000000000025")
PROFILE = Profile(ICCID, service_provider="Nordlicht")
DELETED = (ProfileChange(NotificationEvent.DELETE, PROFILE),)


def _printed(outcome: Outcome, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    result = report(Screen(json=False), outcome, "It was deleted.")
    return result.code, capsys.readouterr().out.splitlines()


def test_a_failed_check_after_the_change_is_exit_code_3(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = Outcome(PROFILE, DELETED, problem=BadAnswer("The card still lists it.", advice="Check again."))
    code, lines = _printed(outcome, capsys)
    assert code == 3
    assert lines[-2:] == ["Problem: The card still lists it.", "Check again."]


def test_an_acknowledged_notification_that_is_still_on_the_card_is_no_failure(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pulled = CardRemoved("The card was taken out.", advice="Insert it again.")
    delivery = Delivery(("delete",), "rsp.example", ICCID, 7, acknowledged=True, problem=pulled)
    code, lines = _printed(Outcome(PROFILE, DELETED, (delivery,)), capsys)
    assert code == 0
    assert lines[1:4] == [
        "  rsp.example acknowledged; notification 7 is still on the card.",
        "  The card was taken out.",
        "  Insert it again.",
    ]


def test_a_notification_that_the_card_did_not_sign_is_lost(
    capsys: pytest.CaptureFixture[str],
) -> None:
    missing = BadAnswer("the card signed no notification", advice="Inform the operator yourself.")
    lost = Delivery(("delete",), "rsp.example", ICCID, problem=missing, lost=True)
    code, lines = _printed(Outcome(PROFILE, DELETED, (lost,)), capsys)
    assert code == 4
    assert lines[1:] == [
        "  rsp.example was not notified from here: no signed notification remains.",
        "  Inform the operator yourself.",
        "It was deleted.",
        "1 notification is lost; 'lpa notifications list' lists it.",
    ]


def test_only_lost_notifications_are_counted_as_lost(capsys: pytest.CaptureFixture[str]) -> None:
    missing = BadAnswer("the card signed no notification")
    waits = Delivery(("delete",), "one.example", ICCID, 7, problem=BadAnswer("500"))
    lost = Delivery(("delete",), "two.example", ICCID, problem=missing, lost=True)
    code, lines = _printed(Outcome(PROFILE, DELETED, (waits, lost)), capsys)
    assert code == 4
    assert lines[-1] == "1 notification is lost; 'lpa notifications list' lists it."
    two = replace(lost, address="three.example")
    _, lines = _printed(Outcome(PROFILE, DELETED, (waits, lost, two)), capsys)
    assert lines[-1] == "2 notifications are lost; 'lpa notifications list' lists them."


def test_an_older_notification_of_the_same_event_is_not_listed_below_the_change(
    capsys: pytest.CaptureFixture[str],
) -> None:
    deliveries = (
        Delivery(("delete",), "rsp.example", ICCID, 3, acknowledged=True, removed=True),
        Delivery(("delete",), "rsp.example", ICCID, 7, acknowledged=True, removed=True),
        Delivery(("delete",), "two.example", ICCID, 5, acknowledged=True, removed=True),
        Delivery(("delete",), "two.example", ICCID, problem=BadAnswer("None is signed.", advice="")),
    )
    _, lines = _printed(Outcome(PROFILE, DELETED, deliveries), capsys)
    assert [line for line in lines if line.strip()][:9] == [
        "Deleted Nordlicht (8949985000000000025).",
        "  rsp.example acknowledged; notification 7 removed from the card.",
        "  two.example has not acknowledged yet.",
        "  None is signed.",
        "Notification 3: delete of 8949985000000000025",
        "  rsp.example acknowledged; notification 3 removed from the card.",
        "Notification 5: delete of 8949985000000000025",
        "  two.example acknowledged; notification 5 removed from the card.",
        "It was deleted.",
    ]


def test_deliveries_of_an_earlier_step_count_and_of_two_tries_the_last() -> None:
    acknowledged = Delivery(("delete",), "rsp.example", ICCID, 7, acknowledged=True, removed=True)
    away = ConnectFailed("It cannot be reached.", advice="")
    earlier = Delivery(("enable",), "albion.example", ICCID, 5, problem=away)
    outcome = Outcome(PROFILE, DELETED, (acknowledged,))
    result = report(Screen(json=False), outcome, "It was deleted.", [earlier])
    assert (result.code, result.problem) == (4, away)
    later = replace(outcome, deliveries=(replace(earlier, acknowledged=True, problem=None), acknowledged))
    assert report(Screen(json=False), later, "It was deleted.", [earlier]).code == 0


def test_a_delivery_about_another_profile_is_listed_after_the_changes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = Delivery(("enable",), "rsp.example", None, 9, acknowledged=True, removed=True)
    _, lines = _printed(Outcome(PROFILE, DELETED, (other,)), capsys)
    assert lines[:3] == [
        "Deleted Nordlicht (8949985000000000025).",
        "Notification 9: enable of an unknown profile",
        "  rsp.example acknowledged; notification 9 removed from the card.",
    ]
