"""`lpa delete --backup` that ends after the backup has begun: what was done is reported."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from lpa.profiles import backup
from lpa.sim.crypto.pki import Authority
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support import command
from tests.support.disturbed import DisturbedCard

ENABLE, DELETE = 0xBF31, 0xBF33
REFUSED, CAT_BUSY = "BF3303 80017F 9000", "BF3103 800105 9000"
AS_BEFORE, TEMPORARY = ["enabled", "disabled", "disabled"], ["disabled", "enabled", "disabled"]


class Card(DisturbedCard):
    """A card that refuses the second request to enable, or at which Ctrl-C is pressed then."""

    def __init__(self, card: SimulatedEuicc, *, busy: bool = False, interrupted: bool = False) -> None:
        super().__init__(card)
        self._busy, self._interrupted = busy, interrupted

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        if apdu[1] == 0xE2 and apdu[5:7] == ENABLE.to_bytes(2, "big") and ENABLE in self.requests:
            if self._busy:
                self.instead(ENABLE, CAT_BUSY)
            if self._interrupted:
                self._interrupted = False
                signal.raise_signal(signal.SIGINT)
        return super().transmit(apdu)


@pytest.fixture
def place(tmp_path: Path) -> tuple[object, ...]:
    card = command.card(tmp_path / "card")
    return ("--reader", f"sim:{card}", "--state-dir", tmp_path / "state", "--connect-to", "::127.0.0.1:1")


@pytest.fixture
def listening() -> Iterator[None]:
    """Ctrl-C works as at a terminal, even if the process that runs the tests ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def deletes(place: tuple[object, ...], tmp_path: Path, *more: str) -> command.Ran:
    options = ("delete", "0025", "--backup", tmp_path / "saved", "--enable-first", "--yes", "--json")
    return command.run(*place, *options, *more)


def states(tmp_path: Path) -> list[str]:
    with SimulatedEuicc.load(tmp_path / "card") as euicc:
        return [profile.state for profile in euicc.profiles]


def test_the_backup_is_reported_if_the_card_refuses_the_deletion(
    place: tuple[object, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(folder: Path) -> DisturbedCard:
        card = DisturbedCard(SimulatedEuicc.load(folder))
        card.instead(DELETE, *[REFUSED] * 4)
        return card

    command.put_in(monkeypatch, refusing)
    ran = deletes(place, tmp_path)
    assert (ran.code, ran.document["error"]["kind"]) == (1, "EuiccRefused")
    made = ran.document["result"]["backup_first"]
    assert made["backup"]["folder"] == str(tmp_path / "saved")
    assert (len(made["switches"]), made["restored"]) == (2, True)
    assert [one["acknowledged"] for one in made["switches"][0]["deliveries"]] == [False, False]
    assert states(tmp_path) == AS_BEFORE


def test_nothing_is_deleted_if_the_previous_profile_cannot_be_restored(
    place: tuple[object, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command.put_in(monkeypatch, lambda folder: Card(SimulatedEuicc.load(folder), busy=True))
    ran = deletes(place, tmp_path, "--accept", "backup-failed")
    assert (ran.code, ran.document["error"]["reason"]) == (1, "catBusy")
    assert ran.document["error"]["advice"].startswith("'lpa enable 8944994000000000017' restores")
    made = ran.document["result"]["backup_first"]
    assert (len(made["switches"]), made["restored"]) == (1, False)
    assert made["backup"]["folder"] == str(tmp_path / "saved")
    assert "Nothing was deleted.\n" in ran.err
    assert states(tmp_path) == TEMPORARY


def test_ctrl_c_during_the_backup_restores_the_previous_profile(
    place: tuple[object, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listening: None
) -> None:
    def interrupted(*_arguments: object, **_options: object) -> None:
        signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(backup, "read", interrupted)
        ran = deletes(place, tmp_path)
    assert ran.code == 130
    assert ran.document["error"]["message"] == (
        "Interrupted. Nothing was deleted; the profiles are enabled and disabled as before."
    )
    made = ran.document["result"]["backup_first"]
    assert (made["backup"], len(made["switches"]), made["restored"]) == (None, 2, True)
    assert states(tmp_path) == AS_BEFORE
    assert sorted(path.name for path in tmp_path.iterdir()) == ["card", "state"]


def test_ctrl_c_during_the_restoration_reports_the_backup_and_recommends_resume(
    place: tuple[object, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listening: None
) -> None:
    with monkeypatch.context() as patch:
        command.put_in(patch, lambda folder: Card(SimulatedEuicc.load(folder), interrupted=True))
        ran = deletes(place, tmp_path)
    assert ran.code == 130
    assert "the outcome is unknown" in ran.document["error"]["message"]
    assert ran.document["error"]["advice"].startswith("'lpa resume' finds out what happened")
    made = ran.document["result"]["backup_first"]
    assert made["backup"]["folder"] == str(tmp_path / "saved")
    assert (len(made["switches"]), made["restored"]) == (1, False)
    assert states(tmp_path) == TEMPORARY
    assert "enabled again." in command.run(*place, "resume").out
    assert states(tmp_path) == AS_BEFORE


def test_pending_notifications_of_the_switches_are_counted_at_the_end(tmp_path: Path) -> None:
    card = command.card(tmp_path / "card")
    with SimulatedSmdp(Authority.load(card), host="*.smdp.example", any_address=True) as smdp:
        way = ("--connect-to", "albion.smdp.example::127.0.0.1:1", "--connect-to", smdp.connect_to)
        place = ("--reader", f"sim:{card}", "--state-dir", tmp_path / "state", *way)
        options = ("delete", "0025", "--backup", tmp_path / "saved", "--enable-first", "--yes")
        ran = command.run(*place, *options)
        assert [one.event for one in smdp.received] == ["enable", "disable", "delete"]
    assert ran.code == 4
    assert "All notifications were acknowledged." not in ran.out
    assert "\n2 notifications are pending; next try in " in ran.out
