"""`--deliver later` and `never`, `notifications send --only` and `--keep`: what is sent, and what is said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import command
from tests.support.download_parties import DownloadParties
from tests.support.download_parties import made as made_for_downloads
from tests.support.switch_parties import SwitchParties, made

ALBION, NORDLICHT, SHILI = "8944994000000000017", "8949985000000000025", "89869870000000000033"


@pytest.fixture
def parties(tmp_path: Path) -> Iterator[SwitchParties]:
    yield from made(tmp_path)


@pytest.fixture
def downloads(tmp_path: Path) -> Iterator[DownloadParties]:
    yield from made_for_downloads(tmp_path)


def row_of(listed: command.Ran) -> list[str]:
    """The columns of the only pending notification behind its server: tries, next try."""
    assert listed.code == 0
    pending = listed.out.partition("Pending on this computer:\n")[2].splitlines()
    return pending[1].split(maxsplit=5)[4:]


def test_after_a_deletion_for_later_the_list_says_that_it_is_due(parties: SwitchParties) -> None:
    ran = command.run(*parties.found, "delete", "0025", "--yes", "--deliver", "later")
    assert ran.code == 0
    assert "  nordlicht.smdp.example is not notified now, as requested.\n" in ran.out
    assert ran.out.splitlines()[-3:] == [
        "1 notification is pending; due now.",
        "'lpa notifications send' sends it now.",
        "It is also sent by the next command that goes online once it is due.",
    ]
    assert parties.received == []
    assert row_of(command.run(*parties.found, "notifications", "list")) == ["0", "due now"]
    command.run(*parties.found, "disable", "0017")
    assert sorted(parties.received) == [("delete", NORDLICHT), ("disable", ALBION)]


def test_never_survives_every_command_that_goes_online_but_send(parties: SwitchParties) -> None:
    ran = command.run(*parties.found, "delete", "0025", "--yes", "--deliver", "never")
    assert ran.code == 0
    assert ran.out.splitlines()[-3:] == [
        "1 notification is pending.",
        "'lpa notifications send' sends it now.",
        "It is not sent without that.",
    ]
    for line in (("disable", "0017"), ("resume",), ("enable", "0033")):
        assert command.run(*parties.found, *line).code == 0
    assert NORDLICHT not in [iccid for _, iccid in parties.received]
    listed = command.run(*parties.found, "notifications", "list")
    assert row_of(listed) == ["0", "not by itself"]
    assert "1 of them is not sent by itself: only 'lpa notifications send' sends it.\n" in listed.out
    assert row_of(command.run(*parties.found, "notifications", "list", "--without-card"))
    shown = command.run(*parties.found, "receipts", "show", "1")
    assert "not yet; it is sent only by 'lpa notifications send'" in shown.out
    sent = command.run(*parties.found, "notifications", "send")
    assert "All notifications were acknowledged." in sent.out
    assert parties.received[-1] == ("delete", NORDLICHT)


def test_the_document_says_that_it_is_held(parties: SwitchParties) -> None:
    ran = command.run("--json", *parties.found, "enable", "0025", "--deliver", "never")
    assert (ran.code, ran.document["ok"], ran.document["result"]["due"]) == (0, True, [])
    assert [(one["held"], one["next_try"]) for one in ran.document["result"]["pending"]] == [
        (True, None),
        (True, None),
    ]
    assert {one["problem"]["reason"] for one in ran.document["result"]["deliveries"]} == {"deliverNever"}


def test_what_is_due_already_is_not_sent_by_a_command_that_delivers_later(parties: SwitchParties) -> None:
    command.run(*parties.found, "disable", "0017", "--deliver", "later")
    command.run(*parties.found, "enable", "0025", "--deliver", "later")
    assert parties.received == []


def test_a_reset_can_deliver_later(parties: SwitchParties) -> None:
    agreed = ("--yes-delete-everything", parties.eid)
    assert command.run(*parties.found, "reset", *agreed, "--deliver", "later").code == 0
    assert parties.received == []
    command.run(*parties.found, "notifications", "send")
    assert len(parties.received) == 3


def test_a_download_and_its_enable_can_deliver_later(downloads: DownloadParties) -> None:
    order = downloads.order()
    code = order.activation_code
    ran = downloads.run("download", code, "--yes", "--enable", "--deliver", "later")
    assert ran.code == 0
    assert downloads.installed
    assert downloads.smdp.received == ()
    assert "3 notifications are pending; due now." in ran.out


def test_another_word_is_a_usage_error() -> None:
    for name in ("delete", "enable", "disable", "reset", "download"):
        ran = command.run(name, "--deliver", "soon")
        assert ran.code == 2
        assert "'soon' is not one of 'now', 'later', 'never'" in ran.err


def test_only_one_is_sent_with_those_that_must_go_before_it(parties: SwitchParties) -> None:
    for line in (("enable", "0025"), ("disable", "0025"), ("delete", "0033", "--yes")):
        command.run(*parties.found, *line, "--deliver", "later")
    ran = command.run(*parties.found, "notifications", "send", "--only", "3")
    assert ran.code == 0
    assert parties.received == [("enable", NORDLICHT), ("disable", NORDLICHT)]
    assert "2 earlier notifications are pending; due now." in ran.out


def test_an_unknown_number_is_refused(parties: SwitchParties) -> None:
    command.run(*parties.found, "disable", "0017", "--deliver", "later")
    ran = command.run(*parties.found, "notifications", "send", "--only", "1", "--only", "7")
    assert ran.code == 1
    assert "There is no pending notification 7 on the card or on this computer." in ran.err
    assert parties.received == []


def test_what_is_kept_on_the_card_is_listed_so_and_removed_by_the_next_send(parties: SwitchParties) -> None:
    command.run(*parties.found, "disable", "0017", "--deliver", "later")
    assert command.run(*parties.found, "notifications", "send", "--keep").code == 0
    command.run(*parties.found, "enable", "0017", "--deliver", "now")
    listed = command.run("--json", *parties.found, "notifications", "list").document["result"]
    assert [one["sequence_number"] for one in listed["notifications"]] == [1]
    assert (listed["pending"], listed["still_on_card"], listed["left_on_card"]) == ([], 1, 1)
    assert "1 acknowledged, left on the card" in command.run(*parties.found, "notifications", "list").err
    command.run(*parties.found, "notifications", "send")
    assert "No notifications on the card." in command.run(*parties.found, "notifications", "list").err
    assert parties.received == [("disable", ALBION), ("enable", ALBION)]


def test_only_and_keep_are_about_the_card() -> None:
    for option in (("--only", "1"), ("--keep",)):
        for other in ("--without-card", "."):
            ran = command.run("notifications", "send", *option, other)
            assert ran.code == 2
            assert "--only and --keep are about the card in one reader" in ran.err
    assert command.run("notifications", "send", "--only", "-1").code == 2
