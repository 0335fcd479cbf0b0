"""A card whose answers contradict what it does, or that fails at any command: the result reported is true."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.card.channels import Channel
from lpa.errors import BadAnswer, CardRemoved, EuiccRefused, LpaError, Refused, WireError
from lpa.notifications.sender import ServerFactory
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.disturbed import DisturbedCard
from tests.support.scripted import ScriptedCard
from tests.support.sweeps import sample

DELETE, LIST, RETRIEVE = 0xBF33, 0xBF28, 0xBF2B
UNNAMED = "BF33038001 5A 9000"  # result 90


@pytest.mark.parametrize("answer", [UNNAMED, "6C05", "6700"])
def test_a_deletion_that_the_card_refuses_and_carries_out_is_reported_as_done(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp, answer: str
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    card.instead(DELETE, answer, carried_out=True)
    outcome = assistant.delete(plan)
    assert (outcome.problem, outcome.unacknowledged) == (None, ())
    assert [received.event for received in smdp.received] == ["delete"]


def test_a_refusal_without_a_name_is_reported_with_its_number(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    card.instead(DELETE, UNNAMED)
    with pytest.raises(EuiccRefused, match="90"):
        assistant.delete(plan)
    assert len(euicc.profiles) == 3


@pytest.mark.parametrize(("answer", "kind"), [("6F00", WireError), (UNNAMED, EuiccRefused)])
def test_a_deletion_that_fails_after_the_profile_was_disabled_says_so(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, answer: str, kind: type[LpaError]
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[0].iccid, disable_first=True)
    card.instead(DELETE, answer)
    with pytest.raises(kind) as raised:
        assistant.delete(plan)
    assert raised.value.message.endswith("The profile was disabled first, and was not enabled again.")
    assert "Nothing was changed" not in raised.value.advice
    assert euicc.profiles[0].enabled is False


def test_a_wrong_length_at_get_response_does_not_repeat_the_command() -> None:
    """At the command, a wrong length means that nothing was done; at GET RESPONSE it does not."""
    script = ScriptedCard(
        ("80AA00000A A9088100820101830107", "9000"),
        ("0070000001", "01 9000"),
        ("81E291000F BF330C5A0A98941700000000000010 00", "6106"),
        ("01C0000006", "6700"),
        ("00708001", "9000"),
    )
    with Channel(script) as channel, pytest.raises(BadAnswer, match="6700"):
        channel.exchange(bytes.fromhex("BF330C5A0A98941700000000000010"))
    assert script.finished()


def test_a_notification_that_cannot_be_read_is_reported(assistant: Assistant, card: DisturbedCard) -> None:
    card.instead(LIST, "BF280B A009 BF2F06800281FF0C00 9000")
    (delivery,) = assistant.send_notifications()
    assert isinstance(delivery.problem, BadAnswer)
    assert not delivery.acknowledged


def test_a_notification_of_another_profile_is_not_read_and_hides_nothing(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    older = assistant.plan_deletion(euicc.profiles[1].iccid)
    assistant.euicc.delete_profile(older.profile.iccid)
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    card.requests.clear()
    outcome = assistant.delete(plan)
    assert card.requests.count(RETRIEVE) == 1
    assert outcome.unacknowledged == ()
    assert [str(received.iccid) for received in smdp.received] == [str(plan.profile.iccid)]


# A fault at any single command of each operation, and what must be true after it.

Disturb = Callable[[SimulatedEuicc, bytes], tuple[bytes, int]]


def _pulled_before(card: SimulatedEuicc, _apdu: bytes) -> tuple[bytes, int]:
    card.reset()
    raise CardRemoved("The card was pulled.")


def _pulled_after(card: SimulatedEuicc, apdu: bytes) -> tuple[bytes, int]:
    card.transmit(apdu)
    return _pulled_before(card, apdu)


def _nonsense_after(card: SimulatedEuicc, apdu: bytes) -> tuple[bytes, int]:
    card.transmit(apdu)
    return b"", 0x6F00


class _OnceDisturbed:
    """A card with a fault at the command `at` (from 1); `repair` ends it."""

    def __init__(self, card: SimulatedEuicc, at: int, disturb: Disturb) -> None:
        self._card, self._at, self._disturb = card, at, disturb
        self.commands, self.away = 0, False

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        self.commands += 1
        self._check()
        if self.commands != self._at:
            return self._card.transmit(apdu)
        try:
            return self._disturb(self._card, apdu)
        except CardRemoved:
            self.away = True
            raise

    def reset(self) -> None:
        self._check()
        self._card.reset()

    def close(self) -> None:
        """The card stays in the reader."""

    def repair(self) -> None:
        """Insert the card again, without further faults."""
        self.away, self._at = False, 0

    def _check(self) -> None:
        if self.away:
            raise CardRemoved("The card was pulled.")


def _delete_enabled(assistant: Assistant) -> object:
    return assistant.delete(assistant.plan_deletion(assistant.find("0017"), disable_first=True))


def _enable(assistant: Assistant) -> object:
    return assistant.enable(assistant.find("0025"))


def _reset(assistant: Assistant) -> object:
    return assistant.reset(["deleteOperationalProfiles"])


@pytest.mark.parametrize("operation", [_delete_enabled, _enable, _reset])
@pytest.mark.parametrize("disturb", [_pulled_before, _pulled_after, _nonsense_after])
def test_a_fault_at_any_command_loses_no_notification_and_reports_the_truth(
    operation: Callable[[Assistant], object],
    disturb: Disturb,
    euicc: SimulatedEuicc,
    smdp: SimulatedSmdp,
    servers: ServerFactory,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lpa.card.isdr._RESTART_PAUSE", 0)
    for at in sample(range(1, 200), 3):
        card = SimulatedEuicc.create(None, authority=euicc.authority)
        wire = _OnceDisturbed(card, at, disturb)
        before, earlier = _state(card), len(smdp.received)
        untouched = partial(_is_untouched, card, before)
        _perform(operation, wire, servers, tmp_path / f"{at}", untouched=untouched)
        if wire.commands < at:
            break
        wire.repair()
        with Assistant(wire, state_dir=tmp_path / f"{at}", servers=servers) as later:
            assert all(delivery.removed for delivery in later.send_notifications())
        received = {(str(one.iccid), one.event) for one in smdp.received[earlier:]}
        assert _events(before, _state(card)) <= received, f"command {at}"
    else:
        pytest.fail("The operation does not end.")


def _is_untouched(card: SimulatedEuicc, before: dict[str, bool]) -> bool:
    return _state(card) == before


def _perform(
    operation: Callable[[Assistant], object],
    wire: _OnceDisturbed,
    servers: ServerFactory,
    folder: Path,
    untouched: Callable[[], bool],
) -> None:
    """Run it. If it succeeds, the card is changed; if it reports that nothing was done, it is not."""
    failed: LpaError | None = None
    try:
        with Assistant(wire, state_dir=folder, servers=servers) as assistant:
            operation(assistant)
    except LpaError as error:
        failed = error
    if failed is None:
        assert not untouched()
    elif isinstance(failed, WireError | Refused):
        assert untouched() or "is disabled now" in failed.message


def _state(card: SimulatedEuicc) -> dict[str, bool]:
    return {profile.iccid: profile.enabled for profile in card.profiles}


def _events(before: dict[str, bool], after: dict[str, bool]) -> set[tuple[str, str]]:
    gone = {(iccid, "delete") for iccid in before if iccid not in after}
    switched = {
        (iccid, "enable" if now else "disable") for iccid, now in after.items() if now != before[iccid]
    }
    return gone | switched
