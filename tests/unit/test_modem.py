"""Every procedure of an assistant with a card in a modem, and what is said when the modem fails."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lpa import (
    Assistant,
    OutcomeUnknown,
    Refused,
    ServerFactory,
    WireError,
)
from lpa.testing import SimulatedEuicc, SimulatedModem, SimulatedSmdp, packages
from tests.support.orders import code_of, holds
from tests.support.sweeps import sample

FIRST, SECOND, THIRD = "8944994000000000017", "8949985000000000025", "89869870000000000033"


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lpa.card.refresh._REFRESH_PAUSE", 0)


class FailingModem(SimulatedModem):
    """A modem that fails once, at a call: before the card gets it, or after the card has answered."""

    def __init__(self, card: SimulatedEuicc, *, after: bool = False, restarts: bool = False) -> None:
        super().__init__(card)
        self.calls = 0
        self.fails_at = -1
        self._after, self._restarts = after, restarts

    def transmit(self, channel: int, apdu: bytes) -> tuple[bytes, int]:
        self.calls += 1
        if self.calls - 1 != self.fails_at:
            return super().transmit(channel, apdu)
        if self._after:
            super().transmit(channel, apdu)
        if self._restarts:
            self.restart()
        raise RuntimeError("the modem failed")


@pytest.fixture
def modem(euicc: SimulatedEuicc) -> SimulatedModem:
    return SimulatedModem(euicc)


@pytest.fixture
def assistant(modem: SimulatedModem, servers: ServerFactory, tmp_path: Path) -> Iterator[Assistant]:
    with Assistant(modem, state_dir=tmp_path / "state", servers=servers) as assistant:
        yield assistant


def enabled(card: SimulatedEuicc) -> list[str]:
    return [profile.iccid for profile in card.profiles if profile.state == "enabled"]


def test_profiles_are_listed_enabled_disabled_renamed_and_deleted(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp, modem: SimulatedModem
) -> None:
    assert [str(profile.iccid) for profile in assistant.profiles()] == [FIRST, SECOND, THIRD]
    resets = euicc.resets
    outcome = assistant.enable(SECOND)
    assert [change.event for change in outcome.changes] == ["disable", "enable"]
    assert (enabled(euicc), euicc.resets) == ([SECOND], resets + 1)
    assistant.disable(SECOND)
    assert enabled(euicc) == []
    assistant.rename(THIRD, "Work")
    assert assistant.delete(assistant.plan_deletion(THIRD)).unacknowledged == ()
    assert [profile.iccid for profile in euicc.profiles] == [FIRST, SECOND]
    assert [one.event for one in smdp.received] == ["disable", "enable", "disable", "delete"]
    assert len(modem.channels) == 1


def test_a_profile_is_downloaded(assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp) -> None:
    order = smdp.order(packages.sample(), "ABC-1")
    with assistant.download(code_of(order)) as offer:
        outcome = offer.install()
    assert outcome.unacknowledged == ()
    assert holds(euicc)


def test_a_profile_is_enabled_temporarily(assistant: Assistant, euicc: SimulatedEuicc) -> None:
    with assistant.temporarily_enabled(SECOND):
        assert enabled(euicc) == [SECOND]
    assert enabled(euicc) == [FIRST]


def test_all_operational_profiles_are_deleted_at_once(assistant: Assistant, euicc: SimulatedEuicc) -> None:
    assistant.reset(["deleteOperationalProfiles"])
    assert euicc.profiles == ()


@pytest.mark.parametrize("in_class", [True, False])
def test_a_channel_is_the_only_one_in_use_and_closed_at_the_end(
    euicc: SimulatedEuicc, tmp_path: Path, *, in_class: bool
) -> None:
    modem = SimulatedModem(euicc, channel_in_class=in_class)
    with Assistant(modem, state_dir=tmp_path) as assistant:
        assistant.enable(SECOND)
        assert len(modem.channels) == 1
    assert not modem.channels


# Files of the enabled profile


def test_a_backup_is_refused_before_anything_is_switched(
    assistant: Assistant, euicc: SimulatedEuicc, tmp_path: Path
) -> None:
    plan = assistant.review_deletion(assistant.plan_deletion(SECOND))
    assert assistant.review_backup(plan) == plan
    assert [note.message for note in plan.findings if "saved" in note.message] == [
        "Its contacts and messages cannot be saved: a modem or phone gives no access to them."
    ]
    calls: tuple[Callable[[], object], ...] = (
        lambda: assistant.back_up(tmp_path / "backup"),
        lambda: assistant.review_backup(plan, tmp_path / "backup"),
        lambda: assistant.back_up_first(plan, tmp_path / "backup"),
    )
    for call in calls:
        with pytest.raises(Refused, match="modem or phone gives no access") as caught:
            call()
        assert caught.value.reason == "noBasicChannel"
    assert enabled(euicc) == [FIRST]
    assert not (tmp_path / "backup").exists()
    assert assistant.subscriber(assistant.find(FIRST)).reason == "noBasicChannel"


# A modem that does not restart the card


def test_a_refresh_that_does_not_come_is_told_and_recovered_after_a_restart(
    assistant: Assistant, euicc: SimulatedEuicc, modem: SimulatedModem, smdp: SimulatedSmdp
) -> None:
    modem.refreshes = False
    with pytest.raises(OutcomeUnknown) as caught:
        assistant.enable(SECOND)
    assert "Restart the modem or phone" in f"{caught.value.message} {caught.value.advice}"
    assert enabled(euicc) == [FIRST]
    modem.restart()
    (recovery,) = assistant.recover()
    assert [change.event for change in recovery.changes] == ["disable", "enable"]
    assert enabled(euicc) == [SECOND]
    assert [one.event for one in smdp.received] == ["disable", "enable"]


class SlowModem(SimulatedModem):
    """A modem that carries out REFRESH only after some attempts to open a channel."""

    waits = 0

    def open(self, aid: bytes) -> int | None:
        if self.waits:
            self.waits -= 1
            if not self.waits:
                self.restart()
            raise OSError("SIM busy")
        return super().open(aid)

    def transmit(self, channel: int, apdu: bytes) -> tuple[bytes, int]:
        data, sw = super().transmit(channel, apdu)
        if sw >> 8 == 0x91:
            self.waits = 5
            self.channels.clear()
        return data, sw


def test_a_modem_is_given_time_to_restart_the_card(
    euicc: SimulatedEuicc, servers: ServerFactory, tmp_path: Path
) -> None:
    modem = SlowModem(euicc, refreshes=False)
    with Assistant(modem, state_dir=tmp_path, servers=servers) as assistant:
        outcome = assistant.enable(SECOND)
    assert [change.event for change in outcome.changes] == ["disable", "enable"]


@pytest.mark.behaviour(accepted=[("iccid", False)])
def test_a_switch_without_refresh_says_that_the_modem_must_be_restarted(
    assistant: Assistant, euicc: SimulatedEuicc, caplog: pytest.LogCaptureFixture
) -> None:
    assistant.enable(SECOND)
    assert enabled(euicc) == [SECOND]
    assert "restart the modem or phone" in caplog.text


# Failures


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("restarts", [False, True])
def test_wherever_a_modem_fails_in_a_change_it_is_recovered(
    euicc: SimulatedEuicc, servers: ServerFactory, tmp_path: Path, *, after: bool, restarts: bool
) -> None:
    def changed(assistant: Assistant) -> None:
        assistant.enable(SECOND)
        assistant.delete(assistant.plan_deletion(FIRST))

    def run(fails_at: int) -> int:
        card, state = SimulatedEuicc.create(None, authority=euicc.authority), tmp_path / f"state{fails_at}"
        modem = FailingModem(card, after=after, restarts=restarts)
        with Assistant(modem, state_dir=state, servers=servers) as assistant:
            begun, modem.fails_at = modem.calls, modem.calls + fails_at
            with contextlib.ExitStack() as expected:
                if fails_at >= 0:
                    expected.enter_context(ends_truthfully())
                changed(assistant)
            calls = modem.calls - begun
            assistant.recover()
            assistant.send_notifications()
            assert (assistant.journal.unfinished(), assistant.journal.lost()) == ((), ())
        assert card.notifications == ()
        return calls

    for fails_at in sample(range(run(-1_000_000)), 11):
        run(fails_at)


@contextlib.contextmanager
def ends_truthfully() -> Iterator[None]:
    """What is done within ends well, or with an error that says that the modem failed."""
    try:
        yield
    except (WireError, OutcomeUnknown) as error:
        if "the modem failed" not in str(error):
            raise


@pytest.mark.parametrize("restarts", [False, True])
def test_a_download_that_a_modem_interrupts_is_ended_and_can_be_begun_again(
    euicc: SimulatedEuicc, smdp: SimulatedSmdp, servers: ServerFactory, tmp_path: Path, *, restarts: bool
) -> None:
    modem = FailingModem(euicc, restarts=restarts)
    with Assistant(modem, state_dir=tmp_path, servers=servers) as assistant:
        with assistant.download(code_of(smdp.order(packages.sample(), "ABC-1"))) as offer:
            modem.fails_at = modem.calls + 8
            with pytest.raises(WireError, match="the profile is not on it"):
                offer.install()
        with assistant.download(code_of(smdp.order(packages.sample(), "ABC-2"))) as offer:
            assert offer.install().unacknowledged == ()
    assert holds(euicc)
