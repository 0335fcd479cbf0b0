"""What is said about outcomes that a well-behaved card and server do not give."""

from __future__ import annotations

import os
import pty
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from lpa.cli.commands.switch_commands import told
from lpa.cli.screen import Screen
from lpa.cli.views.sentences import moment
from lpa.errors import BadAnswer, CardRemoved, ConnectFailed
from lpa.notifications.changes import ProfileChange
from lpa.notifications.delivery import Delivery
from lpa.profiles.switching import Outcome
from lpa.rsp.names import Iccid
from lpa.rsp.records import Profile

ICCID = Iccid.parse("8949985000000000025")
PROFILE = Profile(ICCID, service_provider="Nordlicht")
DELETED = (ProfileChange("delete", PROFILE),)


def _said(outcome: Outcome, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    answer = told(Screen(json=False), outcome, "{} is gone for good.", "idle")
    return answer.code, capsys.readouterr().out.splitlines()


def test_a_last_look_that_finds_something_wrong_is_exit_code_3(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = Outcome(PROFILE, DELETED, problem=BadAnswer("The card still lists it.", advice="Look again."))
    code, lines = _said(outcome, capsys)
    assert code == 3
    assert lines[-2:] == ["But: The card still lists it.", "Look again."]


def test_what_the_card_still_holds_after_an_acknowledgement_is_said_and_no_failure(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pulled = CardRemoved("The card was removed.", advice="Put it back.")
    delivery = Delivery(("delete",), "rsp.example", ICCID, 7, acknowledged=True, problem=pulled)
    code, lines = _said(Outcome(PROFILE, DELETED, (delivery,)), capsys)
    assert code == 0
    assert lines[1:4] == [
        "  rsp.example acknowledged; the card still holds notification 7.",
        "  The card was removed.",
        "  Put it back.",
    ]


def test_a_notification_that_the_card_did_not_sign_cannot_be_sent_later(
    capsys: pytest.CaptureFixture[str],
) -> None:
    missing = BadAnswer("the card signed no notification", advice="Tell the operator yourself.")
    lost = Delivery(("delete",), "rsp.example", ICCID, problem=missing, lost=True)
    code, lines = _said(Outcome(PROFILE, DELETED, (lost,)), capsys)
    assert code == 4
    assert lines[1:4] == [
        "  rsp.example will not hear of it from the card.",
        "  the card signed no notification",
        "  Tell the operator yourself.",
    ]
    assert lines[-2:] == [
        "Nothing signed is left that tells rsp.example.",
        f"Tell the operator yourself; then say so with 'lpa notifications told {ICCID}'.",
    ]
    assert "Not told yet" not in "".join(lines)


def test_what_waits_and_what_is_lost_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    missing = BadAnswer("the card signed no notification")
    waits = Delivery(("delete",), "one.example", ICCID, 7, problem=BadAnswer("500"))
    lost = Delivery(("delete",), "two.example", ICCID, problem=missing, lost=True)
    code, lines = _said(Outcome(PROFILE, DELETED, (waits, lost)), capsys)
    assert code == 4
    assert lines[-4:-1] == [
        "Not told yet: one.example.",
        "What the card signed waits on the card. 'lpa notifications send' delivers it.",
        "Nothing signed is left that tells two.example.",
    ]


def test_an_older_one_of_the_same_event_stands_under_no_step_of_now(
    capsys: pytest.CaptureFixture[str],
) -> None:
    deliveries = (
        Delivery(("delete",), "rsp.example", ICCID, 3, acknowledged=True, removed=True),
        Delivery(("delete",), "rsp.example", ICCID, 7, acknowledged=True, removed=True),
        Delivery(("delete",), "two.example", ICCID, 5, acknowledged=True, removed=True),
        Delivery(("delete",), "two.example", ICCID, problem=BadAnswer("None is signed.", advice="")),
    )
    _, lines = _said(Outcome(PROFILE, DELETED, deliveries), capsys)
    assert [line for line in lines if line.strip()][:9] == [
        "Deleted Nordlicht (8949985000000000025).",
        "  rsp.example acknowledged; the card has forgotten notification 7.",
        "  two.example does not know yet.",
        "  None is signed.",
        "Notification 3: delete of 8949985000000000025",
        "  rsp.example acknowledged; the card has forgotten notification 3.",
        "Notification 5: delete of 8949985000000000025",
        "  two.example acknowledged; the card has forgotten notification 5.",
        "Nordlicht (8949985000000000025) is gone for good.",
    ]


def test_who_has_to_hear_of_a_step_before_counts_and_of_two_tries_the_last(
    capsys: pytest.CaptureFixture[str],
) -> None:
    heard = Delivery(("delete",), "rsp.example", ICCID, 7, acknowledged=True, removed=True)
    away = ConnectFailed("It cannot be reached.", advice="")
    before = Delivery(("enable",), "albion.example", ICCID, 5, problem=away)
    outcome = Outcome(PROFILE, DELETED, (heard,))
    answer = told(Screen(json=False), outcome, "{} is gone.", "idle", [before])
    assert (answer.code, answer.problem) == (4, away)
    assert "Not told yet: albion.example." in capsys.readouterr().out
    later = replace(outcome, deliveries=(replace(before, acknowledged=True, problem=None), heard))
    assert told(Screen(json=False), later, "{} is gone.", "idle", [before]).code == 0
    assert capsys.readouterr().out.endswith("Every server that had to be told has acknowledged it.\n")


def test_a_delivery_about_something_else_is_told_after_the_steps(capsys: pytest.CaptureFixture[str]) -> None:
    other = Delivery(("enable",), "rsp.example", None, 9, acknowledged=True, removed=True)
    _, lines = _said(Outcome(PROFILE, DELETED, (other,)), capsys)
    assert lines[:3] == [
        "Deleted Nordlicht (8949985000000000025).",
        "Notification 9: enable of an unknown profile",
        "  rsp.example acknowledged; the card has forgotten notification 9.",
    ]


def test_a_narrow_terminal_breaks_names_and_never_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "44")
    monkeypatch.delenv("NO_COLOR", raising=False)
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr("sys.stdout", terminal)
        row = (("8949985000000000025", "bold"), ("enabled", "green"), "Nordlicht Prepaid 示例移动")
        Screen(json=False).table(("ICCID", "State", "Profile"), [row])
        monkeypatch.undo()
        shown = os.read(ours, 4096).decode()
    os.close(ours)
    assert "\x1b[1m8949985000000000025" in shown
    assert "\x1b[32menabled" in shown
    assert [line.rsplit("  ", 1)[-1].strip() for line in shown.splitlines()[1:]] == [
        "Nordlicht",
        "Prepaid",
        "示例移动",
    ]


def test_a_terminal_that_is_too_narrow_cuts_off_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "20")
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr("sys.stdout", terminal)
        rows = [("8949985000000000025", "disabled"), ("8944994000000000017", "enabled")]
        Screen(json=False).table(("ICCID", "State"), rows)
        monkeypatch.undo()
        shown = os.read(ours, 4096).decode()
    os.close(ours)
    assert shown.splitlines() == [
        "ICCID  8949985000000000025",
        "State  disabled",
        "",
        "ICCID  8944994000000000017",
        "State  enabled",
    ]


def test_a_terminal_breaks_lines_between_words_and_goes_on_below(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "36")
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr("sys.stdout", terminal)
        screen = Screen(json=False)
        screen.line("  It is in use, and will be taken out of use first.")
        screen.facts([("Servers told", ["示例移动 示例移动 示例移动", "albion.smdp.example"])])
        monkeypatch.undo()
        shown = b""
        while shown.count(b"\n") < 5:
            shown += os.read(ours, 4096)
    os.close(ours)
    assert shown.decode().splitlines() == [
        "  It is in use, and will be taken",
        "  out of use first.",
        "Servers told  示例移动 示例移动",
        "              示例移动",
        "              albion.smdp.example",
    ]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-1, "now"),
        (0, "now"),
        (0.2, "in 1 minute (12:00)"),
        (60, "in 1 minute (12:01)"),
        (61, "in 2 minutes (12:01)"),
        (90 * 60, "in 90 minutes (13:30)"),
        (91 * 60, "in 2 hours (13:31)"),
        (13 * 3600, "in 13 hours (2026-11-26 01:00)"),
    ],
)
def test_a_time_to_come_is_told_as_a_wait_and_a_time(seconds: float, said: str) -> None:
    now = datetime(2026, 11, 25, 12).astimezone()
    assert moment(now + timedelta(seconds=seconds), now) == said
