"""Signed notifications from files, sent by a computer that never had the card."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.errors import ConnectFailed, NotVerified, StorageFailed
from lpa.journal import Journal
from lpa.notifications.delivery import Delivery
from lpa.notifications.from_files import read, send_files
from lpa.notifications.receipts import Receipt, Receipts
from lpa.notifications.send_queue import SendQueue
from lpa.rsp.names import Eid, ServerAddress
from lpa.sim.crypto.pki import Authority
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support import command
from tests.support.journals import EID, signed
from tests.support.notified_servers import Servers, card_with
from tests.support.pipes import pipe

DOWN = ConnectFailed("down")

# An installation result without a signature, for the server "a.b"; it names no card.
INSTALLED = bytes.fromhex("BF371C BF2719 80080123456789ABCDEF BF2F0C 800101 81020780 0C03612E62")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path / "state")) as journal:
        yield journal


@pytest.fixture
def folder(tmp_path: Path) -> Receipts:
    return Receipts(tmp_path / "state" / "receipts")


def given(tmp_path: Path, name: str, content: bytes, eid: Eid = EID) -> Path:
    """A file in a folder that is named after its card, as receipts are kept."""
    path = tmp_path / "given" / str(eid) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def numbers(deliveries: tuple[Delivery, ...]) -> list[tuple[int | None, bool]]:
    return [(delivery.sequence_number, delivery.acknowledged) for delivery in deliveries]


def test_receipts_in_files_and_folders_are_found_and_other_files_are_reported(tmp_path: Path) -> None:
    good = given(tmp_path, "good.der", signed("01").raw)
    bad = given(tmp_path, "bad.der", b"garbage")
    given(tmp_path, "notes.txt", b"ignored")
    empty = tmp_path / "empty"
    empty.mkdir()
    found, unusable = read([tmp_path / "given", empty, tmp_path / "missing.der"])
    assert [receipt.path for receipt in found] == [good]
    assert [(one.path, type(one.problem)) for one in unusable] == [
        (bad, NotVerified),
        (empty, NotVerified),
        (tmp_path / "missing.der", StorageFailed),
    ]
    assert all(one.problem.advice for one in unusable)


def test_a_pipe_in_a_folder_is_reported_and_the_receipts_are_found(tmp_path: Path) -> None:
    good = given(tmp_path, "good.der", signed("01").raw)
    with pipe(good.parent / "pipe.der") as path:
        found, unusable = read([tmp_path / "given"])
    assert [receipt.path for receipt in found] == [good]
    assert [(one.path, type(one.problem)) for one in unusable] == [(path, StorageFailed)]


def test_they_are_kept_before_they_are_sent_in_order(
    tmp_path: Path, journal: Journal, folder: Receipts
) -> None:
    names = [("a", "03"), ("b", "01"), ("c", "02")]
    found, _ = read([given(tmp_path, f"{name}.der", signed(number).raw) for name, number in names])

    class Watching(Servers):
        def __call__(self, address: ServerAddress, /, *, ci_pkids: object = ()) -> Servers.One:
            assert all(journal.find(receipt.notification) for receipt in found), "sent before all were kept"
            return super().__call__(address)

    deliveries = send_files(SendQueue(journal, Watching()), folder, found)
    assert numbers(deliveries) == [(1, True), (2, True), (3, True)]
    assert [delivery.receipt for delivery in deliveries] == [found[1], found[2], found[0]]
    assert all(entry and entry.sent for entry in (journal.find(one.notification) for one in found))


def test_an_acknowledged_notification_is_not_sent_again(
    tmp_path: Path, journal: Journal, folder: Receipts
) -> None:
    found, _ = read([given(tmp_path, "a.der", signed().raw)])
    servers = Servers()
    for _ in range(2):
        assert numbers(send_files(SendQueue(journal, servers), folder, found)) == [(7, True)]
    assert len(servers.asked) == 1


def test_an_abandoned_notification_is_sent_if_its_file_is_named(
    tmp_path: Path, journal: Journal, folder: Receipts
) -> None:
    journal.keep(EID, signed())
    journal.abandon(EID, signed())
    found, _ = read([given(tmp_path, "a.der", signed().raw)])
    down = SendQueue(journal, Servers(a_b=DOWN))
    assert numbers(send_files(down, folder, found)) == [(7, False)]
    assert [entry.notification for entry in journal.outbox()] == [signed()]
    assert numbers(send_files(SendQueue(journal, Servers()), folder, found)) == [(7, True)]
    assert journal.outbox() == ()


def test_an_earlier_pending_one_for_the_same_server_is_sent_first(
    tmp_path: Path, journal: Journal, folder: Receipts
) -> None:
    journal.keep(EID, signed("01"), signed("05"), signed("09"))
    journal.failed(EID, signed("01"), DOWN)
    found, _ = read([given(tmp_path, "a.der", signed("05").raw)])
    assert numbers(send_files(SendQueue(journal, Servers()), folder, found)) == [(1, True), (5, True)]
    assert [entry.sent is None for entry in journal.outbox()] == [False, False, True]
    assert len(folder.of(EID)) == 1


def test_one_that_cannot_be_sent_is_pending_with_a_next_try(
    tmp_path: Path, journal: Journal, folder: Receipts
) -> None:
    found, _ = read([given(tmp_path, "a.der", signed().raw)])
    (delivery,) = send_files(SendQueue(journal, Servers(a_b=DOWN)), folder, found)
    assert not delivery.acknowledged
    assert delivery.next_try
    assert [entry.attempts for entry in journal.outbox()] == [1]


def test_a_receipt_that_cannot_be_kept_is_not_sent(
    tmp_path: Path, journal: Journal, folder: Receipts
) -> None:
    found, _ = read([given(tmp_path, "a.der", signed().raw)])
    journal._database.connection.execute("PRAGMA query_only = ON")
    servers = Servers()
    with pytest.raises(StorageFailed):
        send_files(SendQueue(journal, servers), folder, found)
    assert servers.asked == []


def test_an_installation_result_without_a_card_belongs_to_the_card_that_gives_it_later(
    tmp_path: Path, journal: Journal, folder: Receipts
) -> None:
    path = tmp_path / "install.der"
    path.write_bytes(INSTALLED)
    found, _ = read([path])
    servers = Servers()
    assert numbers(send_files(SendQueue(journal, servers), folder, found)) == [(1, True)]
    assert servers.asked == [("a.b", len(INSTALLED))]
    notification = found[0].notification
    entry = journal.entry(None, notification)
    assert entry
    assert entry.sent
    assert journal.outbox() == ()  # without a card there is nothing to remove
    journal.keep(EID, notification)
    assert journal.entry(None, notification) is None
    adopted = journal.entry(EID, notification)
    assert adopted
    assert adopted.sent == entry.sent


def test_a_receipt_in_the_own_folder_belongs_to_its_card_even_if_the_journal_is_lost(
    journal: Journal, folder: Receipts
) -> None:
    kept = folder.keep(EID, signed())
    found, _ = read([kept.path])
    send_files(SendQueue(journal, Servers()), folder, found)
    assert [(entry.eid, entry.sent is None) for entry in journal.outbox()] == [(EID, False)]


def test_the_name_of_another_folder_does_not_decide_the_card(
    tmp_path: Path, journal: Journal, folder: Receipts
) -> None:
    found, _ = read([given(tmp_path, "a.der", signed().raw)])
    send_files(SendQueue(journal, Servers(a_b=DOWN)), folder, found)
    assert [entry.eid for entry in journal.outbox()] == [None]
    assert folder.eids() == ()


def _forged(euicc: SimulatedEuicc, folder: Path) -> Receipt:
    """A receipt of another card with the EID of `euicc`, for the forger's server."""
    configured = ((("enable", "disable", "delete"), "evil.example"),)
    profiles = [replace(profile, notifications=configured) for profile in euicc.profiles]
    forged = SimulatedEuicc.create(None, profiles=profiles, eid=str(euicc.eid))
    down = Servers(evil_example=DOWN)
    with Assistant(forged, state_dir=folder, servers=down) as forger:
        forger.delete(forger.plan_deletion(forged.profiles[1].iccid))
        (receipt,) = forger.receipts.of(forger.eid)
    return receipt


def test_a_forged_receipt_removes_nothing_from_the_card_that_it_names(tmp_path: Path) -> None:
    """Its server acknowledged it; the card's own notification with that number was never sent."""
    euicc = card_with("good.example")
    forged = _forged(euicc, tmp_path / "forger")
    with Assistant(euicc, state_dir=tmp_path / "phone", servers=Servers(good_example=DOWN)) as phone:
        phone.delete(phone.plan_deletion(euicc.profiles[1].iccid))
    servers = Servers()
    with Assistant(euicc, state_dir=tmp_path / "here", servers=servers) as assistant:
        send_queue = SendQueue(assistant.journal, servers)
        assert numbers(send_files(send_queue, assistant.receipts, [forged])) == [(1, True)]
        assistant.send_due_notifications()
        assert [metadata.address for metadata in assistant.notifications()] == ["good.example"]
        assert [delivery.removed for delivery in assistant.send_notifications()] == [True]
        assert list(assistant.notifications()) == []
    assert [host for host, _ in servers.asked] == ["evil.example", "good.example"]


def test_a_forged_receipt_does_not_replace_what_the_card_signs_later(tmp_path: Path) -> None:
    """Number, event and profile are easy to guess."""
    euicc = card_with("good.example")
    forged, servers = _forged(euicc, tmp_path / "forger"), Servers()
    with Assistant(euicc, state_dir=tmp_path / "here", servers=servers) as assistant:
        send_files(SendQueue(assistant.journal, servers), assistant.receipts, [forged])
        outcome = assistant.delete(assistant.plan_deletion(euicc.profiles[1].iccid))
        assert [(one.address, one.removed) for one in outcome.deliveries] == [("good.example", True)]
        assert assistant.journal.lost() == ()


# The command

NO_SERVER = ("--connect-to", "::127.0.0.1:1")  # nothing listens on port 1


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """A folder with two receipts of a card, copied to another computer."""
    card = command.card(tmp_path / "card")
    here = (
        "--reader",
        f"sim:{card}",
        "--state-dir",
        tmp_path / "here",
        *NO_SERVER,
    )
    assert command.run(*here, "delete", "0017", "--disable-first", "--yes").code == 4
    shutil.copytree(tmp_path / "here" / "receipts", tmp_path / "stick")
    return tmp_path / "stick"


def _there(tmp_path: Path) -> tuple[object, ...]:
    return (
        "--reader",
        "none",
        "--state-dir",
        tmp_path / "there",
    )


def test_another_computer_sends_the_notifications_from_their_bytes(exported: Path, tmp_path: Path) -> None:
    with SimulatedSmdp(Authority.load(tmp_path / "card"), host="*.smdp.example", any_address=True) as smdp:
        there = (*_there(tmp_path), "--connect-to", smdp.connect_to)
        ran = command.run(*there, "notifications", "send", exported)
        assert (ran.code, ran.err) == (0, "")
        assert [received.event for received in smdp.received] == ["disable", "delete"]
        assert ran.out.splitlines()[-2:] == [
            "All notifications were acknowledged.",
            "'lpa notifications send' with the card removes them from the card.",
        ]
        listed = command.run(*there, "notifications", "list", "--without-card")
        assert listed.err == "No pending notifications on this computer.\n"
        back = ("--reader", f"sim:{tmp_path / 'card'}", *there[2:])
        assert command.run(*back, "notifications", "send").code == 0
        assert command.run(*back, "notifications", "list").err == "No notifications on the card.\n"
        assert len(smdp.received) == 2
    assert len(list((tmp_path / "there" / "receipts").rglob("*.der"))) == 2


def test_a_file_without_a_receipt_is_reported_and_the_others_are_sent(exported: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.der"
    bad.write_bytes(b"\x30\x03garbage")
    first, second = sorted(exported.rglob("*.der"))
    with SimulatedSmdp(Authority.load(tmp_path / "card"), host="*.smdp.example", any_address=True) as smdp:
        there = (*_there(tmp_path), "--connect-to", smdp.connect_to)
        ran = command.run(*there, "notifications", "send", first, bad, second, "--json")
        assert (ran.code, ran.document["error"]["kind"]) == (1, "NotVerified")
        assert len(smdp.received) == 2
    (unusable,) = ran.document["result"]["unusable"]
    assert unusable["path"] == str(bad)
    assert [delivery["acknowledged"] for delivery in ran.document["result"]["deliveries"]] == [True, True]
    ran = command.run(*_there(tmp_path), "notifications", "send", bad)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"Not sent: There is no receipt in {bad}: ")


def test_an_unreachable_server_is_exit_code_4_and_the_notification_is_pending_here(
    exported: Path, tmp_path: Path
) -> None:
    ran = command.run(*_there(tmp_path), *NO_SERVER, "notifications", "send", exported)
    assert ran.code == 4
    assert "\n2 notifications are pending; next try in " in ran.out
    assert f"  Receipt: {exported}" in ran.out
    listed = command.run(*_there(tmp_path), "notifications", "list", "--without-card", "--json").document
    assert [entry["attempts"] for entry in listed["result"]["pending"]] == [1, 0]


def test_a_changed_receipt_is_refused_by_the_server(exported: Path, tmp_path: Path) -> None:
    first, _ = sorted(exported.rglob("*.der"))
    content = bytearray(first.read_bytes())
    content[content.index(bytes.fromhex("5F3740")) + 5] ^= 1  # in the signature
    first.write_bytes(content)
    with SimulatedSmdp(Authority.load(tmp_path / "card"), host="*.smdp.example", any_address=True) as smdp:
        there = (*_there(tmp_path), "--connect-to", smdp.connect_to)
        ran = command.run(*there, "notifications", "send", first, "--json")
        assert (ran.code, ran.document["error"]["kind"]) == (4, "ServerRefused")
        assert smdp.received == ()


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    assert command.run("--state-dir", tmp_path, "notifications", "send", tmp_path / "no.der").code == 2
