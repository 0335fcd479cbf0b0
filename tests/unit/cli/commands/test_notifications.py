"""`lpa notifications`: list, send and remove pending notifications."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest

from lpa.journal import Journal
from lpa.rsp.names import Eid
from lpa.sim.crypto.pki import Authority
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.https_server import HttpsServer, tls_context
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support import command
from tests.support.journals import everything

ALBION = "8944994000000000017"
UNREACHABLE = ("--connect-to", "::127.0.0.1:1")  # nothing listens on port 1 of this computer


@pytest.fixture
def options(tmp_path: Path) -> tuple[str, ...]:
    """The options for a card with one pending notification."""
    folder = command.card(tmp_path / "card")
    place = ("--reader", f"sim:{folder}", "--state-dir", str(tmp_path / "state"))
    assert command.run(*place, *UNREACHABLE, "disable", "0017").code == 4
    return place


def _on_card(tmp_path: Path) -> int:
    card = SimulatedEuicc.load(tmp_path / "card")
    card.close()
    return len(card.notifications)


def test_pending_notifications_are_listed(options: tuple[str, ...]) -> None:
    lines = command.run(*options, "notifications", "list").out.splitlines()
    assert lines[:3] == [
        "Number  Event    ICCID                Server",
        f"1       disable  {ALBION}  albion.smdp.example",
        "Pending on this computer:",
    ]
    assert lines[3].split() == [
        "Number",
        "Event",
        "ICCID",
        "Server",
        "Tries",
        "Next",
        "try",
        "Last",
        "problem",
    ]
    assert re.fullmatch(
        rf"1 +disable +{ALBION} +albion\.smdp\.example +1 +in [12] minutes? \([-\d ]*\d\d:\d\d\) +"
        r"Cannot reach albion\.smdp\.example at 127\.0\.0\.1:1: connection refused\.",
        lines[4],
    )
    document = command.run(*options, "notifications", "list", "--json").document
    assert document["command"] == "notifications list"
    assert document["result"]["notifications"] == [
        {
            "sequence_number": 1,
            "events": ["disable"],
            "address": "albion.smdp.example",
            "iccid": ALBION,
            "event": "disable",
        }
    ]


def test_an_acknowledged_notification_is_no_longer_pending(options: tuple[str, ...], tmp_path: Path) -> None:
    with SimulatedSmdp(Authority.load(tmp_path / "card"), host="albion.smdp.example") as smdp:
        ran = command.run(*options, "--connect-to", smdp.connect_to, "notifications", "send")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[:2] == [
        f"Notification 1: disable of {ALBION}",
        "  albion.smdp.example acknowledged; notification 1 removed from the card.",
    ]
    assert lines[-1] == "All notifications were acknowledged."
    assert _on_card(tmp_path) == 0
    assert command.run(*options, "notifications", "send") == command.Ran(0, "", "No pending notifications.\n")
    assert command.run(*options, "notifications", "list") == command.Ran(
        0, "", "No notifications on the card.\n"
    )


def test_an_unsent_notification_stays_pending_and_is_exit_code_4(
    options: tuple[str, ...], tmp_path: Path
) -> None:
    ran = command.run(*options, *UNREACHABLE, "notifications", "send", "--json")
    assert ran.code == 4
    assert ran.document["error"]["kind"] == "ConnectFailed"
    assert ran.document["result"]["deliveries"][0]["acknowledged"] is False
    assert _on_card(tmp_path) == 1


def test_an_unacknowledged_notification_is_not_removed_without_unsent(
    options: tuple[str, ...], tmp_path: Path
) -> None:
    ran = command.run(*options, "notifications", "remove", "1")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        f"lpa: albion.smdp.example has not acknowledged notification 1 (disable of {ALBION}). "
        "If it is removed unsent, the server is not notified.\n"
        "'lpa notifications send' sends it. To remove it anyway, add --unsent.\n"
    )
    assert _on_card(tmp_path) == 1


def test_a_notification_removed_unsent_is_kept_on_this_computer(
    options: tuple[str, ...], tmp_path: Path
) -> None:
    ran = command.run(*options, "notifications", "remove", "1", "--unsent")
    assert ran.code == 0
    gone, unacknowledged, receipt = ran.out.splitlines()
    assert gone == "Notification 1 removed from the card."
    assert unacknowledged == f"It was not sent to albion.smdp.example: disable of {ALBION}."
    assert Path(receipt.removeprefix("Receipt: ")).read_bytes()[:1] == b"\x30"
    assert _on_card(tmp_path) == 0


def test_a_notification_that_another_program_removed_is_abandoned(
    options: tuple[str, ...], tmp_path: Path
) -> None:
    remove = ("notifications", "remove", "1", "--unsent")
    assert command.run(*options[:2], "--state-dir", tmp_path / "another", *remove).code == 0
    ran = command.run(*options, *remove)
    assert ran.code == 0
    assert ran.out.startswith(
        "Notification 1 was not on the card; this computer does not send it any more.\n"
    )
    assert "No pending notifications" in command.run(*options, "notifications", "send").err


@pytest.mark.parametrize("consent", [(), ("--unsent",)])
def test_a_notification_that_does_not_exist_cannot_be_removed(
    options: tuple[str, ...], consent: tuple[str, ...]
) -> None:
    ran = command.run(*options, "notifications", "remove", "7", *consent)
    assert ran.code == 1
    assert ran.err == (
        "lpa: There is no notification 7 on the card or on this computer.\n"
        "'lpa notifications list' lists them.\n"
    )
    error = command.run("--json", *options, "notifications", "remove", "7", *consent).document["error"]
    assert (error["kind"], error["reason"], error["function"], error["sequence_number"]) == (
        "NoSuchNotification",
        "nothingToDelete",
        "NotificationSent",
        7,
    )


def test_a_notification_is_sent_without_its_card_and_removed_from_it_later(tmp_path: Path) -> None:
    folder = command.card(tmp_path / "card")
    place = ("--reader", f"sim:{folder}", "--state-dir", tmp_path / "state")
    assert command.run(*place, "--connect-to", "::127.0.0.1:1", "disable", "0017").code == 4
    elsewhere = ("--reader", "no such reader", *place[2:])
    with SimulatedSmdp(Authority.load(folder), host="*.smdp.example", any_address=True) as smdp:
        ran = command.run(
            *elsewhere, "--connect-to", smdp.connect_to, "notifications", "send", "--without-card"
        )
        assert ran.code == 0
        assert "acknowledged; notification 1 may still be on the card." in ran.out
        assert len(smdp.received) == 1
        again = command.run(
            *elsewhere, "--connect-to", smdp.connect_to, "notifications", "send", "--without-card"
        )
        assert (again.code, again.out) == (0, "")
        back = command.run(*place, "--connect-to", smdp.connect_to, "notifications", "send")
        assert "acknowledged; notification 1 removed from the card." in back.out
        assert len(smdp.received) == 1


def test_an_acknowledged_notification_is_not_called_unsent_when_it_is_removed(
    options: tuple[str, ...], tmp_path: Path
) -> None:
    folder = tmp_path / "card"
    with SimulatedSmdp(Authority.load(folder), host="*.smdp.example", any_address=True) as smdp:
        send = ("--connect-to", smdp.connect_to, "notifications", "send", "--without-card")
        assert command.run(*options, *send).code == 0
    declined = command.run(*options, "notifications", "remove", "1")
    assert declined.code == 1
    assert declined.err == (
        "lpa: albion.smdp.example has acknowledged notification 1.\n"
        "'lpa notifications send' removes it from the card.\n"
    )
    removed = command.run(*options, "notifications", "remove", "1", "--unsent")
    assert "Notification 1 removed from the card." in removed.out
    assert "not sent" not in removed.out
    assert _on_card(tmp_path) == 0


def test_pending_notifications_are_listed_without_the_card(options: tuple[str, ...]) -> None:
    elsewhere = ("--reader", "no such reader", *options[2:])
    ran = command.run(*elsewhere, "notifications", "list", "--without-card")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[0] == "Pending on this computer:"
    document = command.run(*elsewhere, "notifications", "list", "--without-card", "--json").document
    (entry,) = document["result"]["pending"]
    assert entry["notification"] == {
        "sequence_number": 1,
        "events": ["disable"],
        "address": "albion.smdp.example",
        "iccid": ALBION,
        "event": "disable",
    }
    assert (entry["attempts"], entry["last_problem"]) == (
        1,
        "Cannot reach albion.smdp.example at 127.0.0.1:1: connection refused.",
    )
    wait = datetime.fromisoformat(entry["next_try"]) - datetime.now(UTC)
    assert timedelta(0) < wait < timedelta(seconds=67)


def test_without_pending_notifications_the_list_says_so(tmp_path: Path) -> None:
    ran = command.run("--state-dir", tmp_path, "notifications", "list", "--without-card")
    assert ran == command.Ran(0, "", "No pending notifications on this computer.\n")


def test_a_notification_that_is_not_due_is_mentioned_by_the_next_command(
    options: tuple[str, ...], tmp_path: Path
) -> None:
    with SimulatedSmdp(Authority.load(tmp_path / "card"), host="*.smdp.example", any_address=True) as smdp:
        ran = command.run(*options, "--connect-to", smdp.connect_to, "delete", "0025", "--yes")
        assert ran.code == 0
        assert [one.event for one in smdp.received] == ["delete"]
        assert re.search(
            r"1 earlier notification is pending; next try in [12] minutes? \(",
            ran.out,
        )
        assert "All notifications were acknowledged." not in ran.out


def test_a_due_notification_is_sent_by_the_next_command(options: tuple[str, ...], tmp_path: Path) -> None:
    _let_time_pass(tmp_path)
    with SimulatedSmdp(Authority.load(tmp_path / "card"), host="*.smdp.example", any_address=True) as smdp:
        ran = command.run(*options, "--connect-to", smdp.connect_to, "enable", "0025", "--json")
        assert ran.code == 0
        assert [(one.event, one.sequence_number) for one in smdp.received] == [
            ("enable", 2),
            ("disable", 1),
        ]
    (due,) = ran.document["result"]["due"]
    assert (due["events"], due["acknowledged"], due["removed"]) == (["disable"], True, True)
    assert ran.document["result"]["pending"] == []
    assert _on_card(tmp_path) == 0


def test_resume_sends_only_what_is_due_and_send_sends_all(options: tuple[str, ...], tmp_path: Path) -> None:
    with SimulatedSmdp(Authority.load(tmp_path / "card"), host="*.smdp.example", any_address=True) as smdp:
        found = (*options, "--connect-to", smdp.connect_to)
        ran = command.run(*found, "resume", "--json")
        assert (ran.code, ran.document["error"]["kind"]) == (4, "Postponed")
        assert smdp.received == ()
        text = command.run(*found, "resume").out
        assert "  An earlier attempt to notify albion.smdp.example failed.\n" in text
        assert "\n1 notification is pending; next try in " in text
        assert command.run(*found, "notifications", "send").code == 0
        assert len(smdp.received) == 1


def test_a_due_notification_of_another_card_is_sent(options: tuple[str, ...], tmp_path: Path) -> None:
    _let_time_pass(tmp_path)
    authority = Authority.load(tmp_path / "card")
    with SimulatedEuicc.create(tmp_path / "other", authority=authority):
        """Create another card."""
    with SimulatedSmdp(authority, host="*.smdp.example", any_address=True) as smdp:
        elsewhere = ("--reader", f"sim:{tmp_path / 'other'}", *options[2:], "--connect-to", smdp.connect_to)
        ran = command.run(*elsewhere, "disable", "0017")
        assert ran.code == 0
        assert [one.event for one in smdp.received] == ["disable", "disable"]
    assert "Retried earlier notifications:\n" in ran.err
    assert _on_card(tmp_path) == 1  # the other card was not in the reader
    assert command.run(*options, "resume").code == 0
    assert _on_card(tmp_path) == 0


def _let_time_pass(tmp_path: Path) -> None:
    """Make every pending notification due."""
    with closing(Journal(tmp_path / "state")) as journal:
        journal._write("UPDATE notification SET next_try = ?", (journal.clock() - 1,))


@contextmanager
def foreign_server(folder: Path, certified_by: Authority) -> Iterator[tuple[SimulatedSmdp, str]]:
    """A server that trusts the card in `folder`, with a certificate that the card does not trust."""
    credentials = certified_by.issue_server("*.smdp.example", now=datetime.now(UTC))
    with SimulatedSmdp(Authority.load(folder), host="*.smdp.example", any_address=True) as smdp:
        front = HttpsServer(("127.0.0.1", 0), tls_context(credentials), smdp.answer)
        thread = Thread(target=front.serve_forever)
        thread.start()
        yield smdp, f"::127.0.0.1:{front.port}"
        front.shutdown()
        thread.join()
        front.server_close()


def test_a_ca_bundle_makes_an_unknown_server_trusted(tmp_path: Path) -> None:
    folder, authority = command.card(tmp_path / "card"), Authority.mint(now=datetime.now(UTC))
    authority.save(tmp_path / "external")
    place = ("--reader", f"sim:{folder}", "--state-dir", tmp_path / "state")
    bundle = ("--ca-bundle", tmp_path / "external" / "ci.pem")
    with foreign_server(folder, authority) as (smdp, way):
        refused = command.run(*place, "--connect-to", way, "disable", "0017")
        assert refused.code == 4
        assert "neither the card nor this computer trusts" in refused.out + refused.err
        assert smdp.received == ()
        ran = command.run(*place, "--connect-to", way, *bundle, "-v", "notifications", "send")
        assert ran.code == 0
        assert "was verified by O=Sim CI, from the --ca-bundle" in ran.err


def test_the_evidence_names_the_trust_anchor_and_v_logs_it(tmp_path: Path) -> None:
    folder = command.card(tmp_path / "card")
    place = ("--reader", f"sim:{folder}", "--state-dir", tmp_path / "state")
    ci = Authority.load(folder).key_identifier.hex()
    with SimulatedSmdp(Authority.load(folder), host="*.smdp.example", any_address=True) as smdp:
        ran = command.run(*place, "--connect-to", smdp.connect_to, "-v", "disable", "0017")
    assert f"albion.smdp.example was verified by the card's issuer {ci}" in ran.err
    with SimulatedEuicc.load(folder) as card, closing(Journal(tmp_path / "state")) as journal:
        (entry,) = everything(journal, Eid.parse(card.eid))
    assert entry.evidence["trust_anchor"] == "card"
    assert entry.evidence["issuer_key"] == ci
