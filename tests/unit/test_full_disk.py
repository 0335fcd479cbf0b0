"""A full disk: a small file system in a mount namespace, which ends with its process."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.errors import StorageFailed
from lpa.notifications.receipts import Receipts
from lpa.rsp.names import ServerAddress
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support import command
from tests.support.journals import EID, child
from tests.support.notified_servers import Servers
from tests.support.recovery import resume

_NEW_MOUNTS, _NEW_USERS = 0x00020000, 0x10000000  # CLONE_NEWNS, CLONE_NEWUSER
_PRIVATE = 0x40000 | 0x4000  # MS_PRIVATE | MS_REC
DELETE = bytes.fromhex("BF33")
NORDLICHT = "8949985000000000025"


def mount_small_disk(folder: Path, size: str = "256k") -> None:
    """Mount a file system of this size at `folder`, for this process only. May raise `OSError`."""
    library = ctypes.CDLL(None, use_errno=True)

    def check(result: int) -> None:
        if result:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    root = os.getuid() == 0
    uid = os.getuid()
    check(library.unshare(_NEW_MOUNTS if root else _NEW_MOUNTS | _NEW_USERS))
    if not root:
        Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
    check(library.mount(b"none", b"/", None, _PRIVATE, None))
    check(library.mount(b"none", bytes(folder), b"tmpfs", 0, f"size={size}".encode()))


def fill(folder: Path) -> Path:
    """Fill the disk. Returns the file that does."""
    path = folder / "full"
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(bytes(4096)) == 4096:
            pass
    return path


def in_small_disk(folder: Path, act: Callable[[], None]) -> None:
    """Run `act` in a process whose `folder` is on a small disk."""

    def begin() -> None:
        try:
            mount_small_disk(folder)
        except PermissionError:
            os._exit(77)
        act()

    with child(begin) as process:
        result = process.result()
    if result == 77:
        pytest.skip("no namespaces here; test_journal_file tests the same with a limit for the size of files")
    assert result == 0


def test_a_full_disk_stops_a_deletion_before_the_card_is_changed(tmp_path: Path) -> None:
    euicc = SimulatedEuicc.create(None)

    def act() -> None:
        with Assistant(euicc, state_dir=tmp_path / "state", servers=Servers()) as assistant:
            assistant.recover()  # the journal exists already
            fill(tmp_path)
            plan = assistant.plan_deletion(euicc.profiles[1].iccid)
            with pytest.raises(StorageFailed, match=r"No space left|disk is full") as caught:
                assistant.delete(plan)
            assert "disk space" in caught.value.advice
            assert len(assistant.profiles()) == 3

    in_small_disk(tmp_path, act)


def test_without_room_for_a_journal_the_card_is_not_changed(tmp_path: Path) -> None:
    euicc = SimulatedEuicc.create(None)

    def act() -> None:
        fill(tmp_path)
        with Assistant(euicc, state_dir=tmp_path / "state", servers=Servers()) as assistant:
            plan = assistant.plan_deletion(euicc.profiles[1].iccid)
            with pytest.raises(StorageFailed):
                assistant.delete(plan)
            assert len(assistant.profiles()) == 3

    in_small_disk(tmp_path, act)


class FillingCard:
    """A card that fills the disk before it deletes. Deleting the file `full` makes room again."""

    def __init__(self, card: SimulatedEuicc, folder: Path) -> None:
        self._card, self._folder = card, folder

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        if apdu[5:7] == DELETE:
            self.full = fill(self._folder)
        return self._card.transmit(apdu)

    def reset(self) -> None:
        self._card.reset()

    def close(self) -> None:
        """The card is used again."""


def test_a_disk_that_fills_while_the_card_deletes_loses_nothing(tmp_path: Path) -> None:
    euicc = SimulatedEuicc.create(None)
    servers = Servers()

    def act() -> None:
        card = FillingCard(euicc, tmp_path)
        with Assistant(card, state_dir=tmp_path / "state", servers=servers) as assistant:
            outcome = assistant.delete(assistant.plan_deletion(euicc.profiles[1].iccid))
            (delivery,) = outcome.deliveries
            assert isinstance(delivery.problem, StorageFailed)
            assert not delivery.acknowledged
            assert servers.asked == []
            assert len(assistant.notifications()) == 1
        card.full.unlink()
        with Assistant(euicc, state_dir=tmp_path / "state", servers=servers) as assistant:
            (recovered,) = assistant.recover()
            assert [change.event for change in recovered.changes] == ["delete"]
            assert [delivery.removed for delivery in recovered.deliveries] == [True]
            assert assistant.journal.unfinished() == ()
            assert len(assistant.receipts.of(assistant.eid)) == 1

    in_small_disk(tmp_path, act)


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_the_command_says_that_the_notification_is_still_on_the_card(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    card, small = command.card(tmp_path / "card"), tmp_path / "small"
    small.mkdir()
    place = ("--reader", f"sim:{card}", "--state-dir", small / "state")
    message = (
        f"The journal in {small / 'state'} cannot be used: database or disk is full. "
        "The notification is still on the card."
    )
    advice = (
        "Free some disk space, or choose another folder with --state-dir. "
        "'lpa notifications send' keeps the notification and sends it."
    )

    def act() -> None:
        assert command.run(*place, "protect", "0017").code == 0  # the journal exists already
        with pytest.MonkeyPatch.context() as patch:
            command.put_in(patch, lambda folder: FillingCard(SimulatedEuicc.load(folder), small))
            ran = command.run(*place, *options, "delete", "0025", "--yes")
        assert ran.code == 4
        if options:
            assert [change["event"] for change in ran.document["result"]["changes"]] == ["delete"]
            (delivery,) = ran.document["result"]["deliveries"]
            assert (delivery["address"], delivery["iccid"]) == ("nordlicht.smdp.example", NORDLICHT)
            assert (ran.document["error"]["message"], ran.document["error"]["advice"]) == (message, advice)
        else:
            assert ran.out.splitlines() == [
                f"Deleted Nordlicht ({NORDLICHT}).",
                "  nordlicht.smdp.example has not acknowledged yet.",
                f"  {message}",
                f"  {advice}",
                f"Nordlicht ({NORDLICHT}) was deleted permanently.",
                "1 notification is pending.",
            ]

    in_small_disk(small, act)


def test_a_disk_that_fills_while_a_notification_is_sent_loses_nothing(tmp_path: Path) -> None:
    euicc = SimulatedEuicc.create(None)

    class Filling(Servers):
        def __call__(self, address: ServerAddress, /, *, ci_pkids: object = ()) -> Servers.One:
            self.full = fill(tmp_path)
            return super().__call__(address)

    def act() -> None:
        servers = Filling()
        with Assistant(euicc, state_dir=tmp_path / "state", servers=servers) as assistant:
            (delivery,) = assistant.delete(assistant.plan_deletion(euicc.profiles[1].iccid)).deliveries
            assert delivery.acknowledged
            assert not delivery.removed, "not recorded as acknowledged, so it is sent twice"
            assert len(assistant.notifications()) == 1
        servers.full.unlink()
        with Assistant(euicc, state_dir=tmp_path / "state", servers=Servers()) as assistant:
            resume(assistant)
            assert list(assistant.notifications()) == []
            assert assistant.journal.outbox() == ()

    in_small_disk(tmp_path, act)


def test_without_room_for_a_receipt_none_is_promised(tmp_path: Path) -> None:
    def act() -> None:
        receipts = Receipts(tmp_path / "receipts")
        receipts.prepare(EID)
        fill(tmp_path)
        with pytest.raises(StorageFailed, match="No space left"):
            receipts.prepare(EID)

    in_small_disk(tmp_path, act)
