"""`lpa notifications`: what servers have yet to hear."""

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
NOBODY = ("--connect-to", "::127.0.0.1:1")  # nobody listens on port 1 of this computer


@pytest.fixture
def options(tmp_path: Path) -> tuple[str, ...]:
    """The way to a card with one notification that no server has heard yet."""
    folder = command.card(tmp_path / "card")
    place = ("--reader", f"sim:{folder}", "--state-dir", str(tmp_path / "state"))
    assert command.run(*place, *NOBODY, "disable", "0017").code == 4
    return place


def _waiting(tmp_path: Path) -> int:
    card = SimulatedEuicc.load(tmp_path / "card")
    card.close()
    return len(card.notifications)


def test_what_waits_is_listed(options: tuple[str, ...]) -> None:
    lines = command.run(*options, "notifications", "list").out.splitlines()
    assert lines[:3] == [
        "Number  Event    ICCID                Server",
        f"1       disable  {ALBION}  albion.smdp.example",
        "Kept on this computer, and not acknowledged yet:",
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
        {"sequence_number": 1, "events": ["disable"], "address": "albion.smdp.example", "iccid": ALBION}
    ]


def test_what_is_sent_and_acknowledged_waits_no_more(options: tuple[str, ...], tmp_path: Path) -> None:
    with SimulatedSmdp(Authority.load(tmp_path / "card"), host="albion.smdp.example") as smdp:
        ran = command.run(*options, "--connect-to", smdp.connect_to, "notifications", "send")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[:2] == [
        f"Notification 1: disable of {ALBION}",
        "  albion.smdp.example acknowledged; the card has forgotten notification 1.",
    ]
    assert lines[-1] == "Every server that had to be told has acknowledged it."
    assert _waiting(tmp_path) == 0
    assert command.run(*options, "notifications", "send") == command.Ran(
        0, "", "Nothing waits for a server.\n"
    )
    assert command.run(*options, "notifications", "list") == command.Ran(
        0, "", "Nothing waits on the card.\n"
    )


def test_what_cannot_be_sent_still_waits_and_is_exit_code_4(options: tuple[str, ...], tmp_path: Path) -> None:
    ran = command.run(*options, *NOBODY, "notifications", "send", "--json")
    assert ran.code == 4
    assert ran.document["error"]["kind"] == "ConnectFailed"
    assert ran.document["result"]["deliveries"][0]["acknowledged"] is False
    assert _waiting(tmp_path) == 1


def test_what_no_server_acknowledged_is_not_removed_without_a_word(
    options: tuple[str, ...], tmp_path: Path
) -> None:
    ran = command.run(*options, "notifications", "remove", "1")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        f"lpa: The server albion.smdp.example has not acknowledged notification 1 (disable of {ALBION}), "
        "and would never hear of it.\n"
        "'lpa notifications send' delivers it. To remove it all the same, add --unsent.\n"
    )
    assert _waiting(tmp_path) == 1


def test_what_is_removed_unsent_is_kept_here(options: tuple[str, ...], tmp_path: Path) -> None:
    ran = command.run(*options, "notifications", "remove", "1", "--unsent")
    assert ran.code == 0
    gone, unacknowledged, receipt = ran.out.splitlines()
    assert gone == "Notification 1 is no longer on the card."
    assert unacknowledged == f"albion.smdp.example will not hear of it from the card: disable of {ALBION}."
    assert Path(receipt.removeprefix("Receipt: ")).read_bytes()[:1] == b"\x30"
    assert _waiting(tmp_path) == 0


@pytest.mark.parametrize("consent", [(), ("--unsent",)])
def test_a_notification_that_is_not_there_cannot_be_removed(
    options: tuple[str, ...], consent: tuple[str, ...]
) -> None:
    ran = command.run(*options, "notifications", "remove", "7", *consent)
    assert ran.code == 1
    assert ran.err == (
        "lpa: The card has no notification 7, and none is kept here.\n"
        "'lpa notifications list' shows what it has.\n"
    )


def test_what_is_kept_here_is_sent_without_the_card_and_cleared_when_it_is_back(tmp_path: Path) -> None:
    folder = command.card(tmp_path / "card")
    place = ("--reader", f"sim:{folder}", "--state-dir", tmp_path / "state")
    assert command.run(*place, "--connect-to", "::127.0.0.1:1", "disable", "0017").code == 4
    elsewhere = ("--reader", "no such reader", *place[2:])
    with SimulatedSmdp(Authority.load(folder), host="*.smdp.example", any_address=True) as smdp:
        ran = command.run(
            *elsewhere, "--connect-to", smdp.connect_to, "notifications", "send", "--without-card"
        )
        assert ran.code == 0
        assert "acknowledged; the card was not here to forget notification 1." in ran.out
        assert len(smdp.received) == 1
        again = command.run(
            *elsewhere, "--connect-to", smdp.connect_to, "notifications", "send", "--without-card"
        )
        assert (again.code, again.out) == (0, "")
        back = command.run(*place, "--connect-to", smdp.connect_to, "notifications", "send")
        assert "acknowledged; the card has forgotten notification 1." in back.out
        assert len(smdp.received) == 1


def test_the_outbox_is_shown_without_the_card(options: tuple[str, ...]) -> None:
    elsewhere = ("--reader", "no such reader", *options[2:])
    ran = command.run(*elsewhere, "notifications", "list", "--without-card")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[0] == "Kept on this computer, and not acknowledged yet:"
    document = command.run(*elsewhere, "notifications", "list", "--without-card", "--json").document
    (entry,) = document["result"]["outbox"]
    assert entry["notification"] == {
        "sequence_number": 1,
        "events": ["disable"],
        "address": "albion.smdp.example",
        "iccid": ALBION,
    }
    assert (entry["attempts"], entry["problem"]) == (
        1,
        "Cannot reach albion.smdp.example at 127.0.0.1:1: connection refused.",
    )
    wait = datetime.fromisoformat(entry["next_try"]) - datetime.now(UTC)
    assert timedelta(0) < wait < timedelta(seconds=67)


def test_an_empty_outbox_says_so(tmp_path: Path) -> None:
    ran = command.run("--state-dir", tmp_path, "notifications", "list", "--without-card")
    assert ran == command.Ran(0, "", "Nothing kept on this computer waits for a server.\n")


def test_what_is_not_due_is_left_and_said_by_the_next_command(
    options: tuple[str, ...], tmp_path: Path
) -> None:
    with SimulatedSmdp(Authority.load(tmp_path / "card"), host="*.smdp.example", any_address=True) as smdp:
        ran = command.run(*options, "--connect-to", smdp.connect_to, "delete", "0025", "--yes")
        assert ran.code == 0
        assert [told.event for told in smdp.received] == ["delete"]
        assert re.search(
            r"1 notification is kept here that a server has yet to acknowledge; next try in [12] minutes? \(",
            ran.err,
        )


def test_what_is_due_is_sent_at_the_end_of_the_next_command(options: tuple[str, ...], tmp_path: Path) -> None:
    _let_time_pass(tmp_path)
    with SimulatedSmdp(Authority.load(tmp_path / "card"), host="*.smdp.example", any_address=True) as smdp:
        ran = command.run(*options, "--connect-to", smdp.connect_to, "enable", "0025", "--json")
        assert ran.code == 0
        assert [(told.event, told.sequence_number) for told in smdp.received] == [
            ("enable", 2),
            ("disable", 1),
        ]
    (due,) = ran.document["result"]["due"]
    assert (due["events"], due["acknowledged"], due["removed"]) == (["disable"], True, True)
    assert ran.document["result"]["outbox"] == []
    assert _waiting(tmp_path) == 0


def test_resuming_leaves_what_is_not_due_and_sending_does_not(
    options: tuple[str, ...], tmp_path: Path
) -> None:
    with SimulatedSmdp(Authority.load(tmp_path / "card"), host="*.smdp.example", any_address=True) as smdp:
        found = (*options, "--connect-to", smdp.connect_to)
        ran = command.run(*found, "resume", "--json")
        assert (ran.code, ran.document["error"]["kind"]) == (4, "Postponed")
        assert smdp.received == ()
        text = command.run(*found, "resume").out
        assert "albion.smdp.example could not be told before, and is tried again later: not before " in text
        assert "  1 try so far; next try in " in text
        assert command.run(*found, "notifications", "send").code == 0
        assert len(smdp.received) == 1


def test_what_is_due_of_another_card_is_sent_from_its_bytes(options: tuple[str, ...], tmp_path: Path) -> None:
    _let_time_pass(tmp_path)
    authority = Authority.load(tmp_path / "card")
    with SimulatedEuicc.create(tmp_path / "other", authority=authority):
        """Another card of the same person."""
    with SimulatedSmdp(authority, host="*.smdp.example", any_address=True) as smdp:
        elsewhere = ("--reader", f"sim:{tmp_path / 'other'}", *options[2:], "--connect-to", smdp.connect_to)
        ran = command.run(*elsewhere, "disable", "0017")
        assert ran.code == 0
        assert [told.event for told in smdp.received] == ["disable", "disable"]
    assert "These were still on their way:\n" in ran.err
    assert _waiting(tmp_path) == 1  # that card has to hear of it
    assert command.run(*options, "resume").code == 0
    assert _waiting(tmp_path) == 0


def _let_time_pass(tmp_path: Path) -> None:
    """Have everything in the outbox due."""
    with closing(Journal(tmp_path / "state")) as journal:
        journal._write("UPDATE notification SET next_try = ?", (journal.clock() - 1,))


@contextmanager
def foreign_server(folder: Path, certified_by: Authority) -> Iterator[tuple[SimulatedSmdp, str]]:
    """A server that knows the card in `folder`, under an authority that the card does not know."""
    credentials = certified_by.issue_server("*.smdp.example", now=datetime.now(UTC))
    with SimulatedSmdp(Authority.load(folder), host="*.smdp.example", any_address=True) as smdp:
        front = HttpsServer(("127.0.0.1", 0), tls_context(credentials), smdp.answer)
        thread = Thread(target=front.serve_forever)
        thread.start()
        yield smdp, f"::127.0.0.1:{front.port}"
        front.shutdown()
        thread.join()
        front.server_close()


def test_a_bundle_vouches_for_a_server_that_the_card_does_not_know(tmp_path: Path) -> None:
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


def test_the_evidence_says_who_vouched_and_v_shows_it(tmp_path: Path) -> None:
    folder = command.card(tmp_path / "card")
    place = ("--reader", f"sim:{folder}", "--state-dir", tmp_path / "state")
    ci = Authority.load(folder).key_identifier.hex()
    with SimulatedSmdp(Authority.load(folder), host="*.smdp.example", any_address=True) as smdp:
        ran = command.run(*place, "--connect-to", smdp.connect_to, "-v", "disable", "0017")
    assert f"albion.smdp.example was verified by the card's issuer {ci}" in ran.err
    with closing(Journal(tmp_path / "state")) as journal:
        (entry,) = everything(journal, Eid.parse(SimulatedEuicc.load(folder).eid))
    assert entry.evidence["trust_anchor"] == "card"
    assert entry.evidence["issuer_key"] == ci
