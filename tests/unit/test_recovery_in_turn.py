"""Recovery runs before the next change, completes operations in order, and reports all that they changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.errors import CardBusy, ConnectFailed, OutcomeUnknown
from lpa.host.locks import Holder, Locks
from lpa.journal import DELETING, DISABLING, Journal
from lpa.notifications.sender import NotificationReceiver, ServerFactory
from lpa.rsp.names import ServerAddress
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.disturbed import DisturbedCard
from tests.support.recovery import resume
from tests.support.unfinished import (
    DELETE,
    DISABLE,
    ENABLE,
    RESET,
    Interrupted,
    iccid,
    interrupt,
    outcomes,
    received,
    reported,
)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path / "state")) as journal:
        yield journal


@pytest.mark.parametrize("command", ["enable", "disable", "delete", "reset"])
def test_every_change_recovers_unfinished_operations_first(
    command: str, assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp, journal: Journal
) -> None:
    victim = iccid(euicc, 1)
    interrupt(assistant, "delete", DELETING, lambda: assistant.euicc.delete_profile(victim))
    commands: dict[str, Callable[[], object]] = {
        "enable": lambda: assistant.enable(iccid(euicc, 1)),
        "disable": lambda: assistant.disable(iccid(euicc, 0)),
        "delete": lambda: assistant.delete(assistant.plan_deletion(iccid(euicc, 1))),
        "reset": lambda: assistant.reset(["deleteOperationalProfiles"]),
    }
    commands[command]()
    assert reported(assistant) == [("delete", "delete", str(victim))]
    assert received(smdp)[0] == ("delete", str(victim))
    assert journal.unfinished() == ()
    assert [state for state, _ in outcomes(journal)] == ["CLOSED", "CLOSED"]


def test_reading_recovers_nothing(assistant: Assistant, journal: Journal) -> None:
    interrupt(assistant, "delete", DELETING)
    assistant.profiles()
    assistant.notifications()
    assert len(journal.unfinished()) == 1


def test_an_unreachable_server_does_not_keep_an_operation_unfinished(
    assistant: Assistant, euicc: SimulatedEuicc, journal: Journal
) -> None:
    def unreachable(_address: ServerAddress, *, ci_pkids: object) -> NotificationReceiver:
        raise ConnectFailed("no network")

    interrupt(assistant, "delete", DELETING, lambda: assistant.euicc.delete_profile(iccid(euicc, 1)))
    assistant._servers = unreachable
    (recovered,) = assistant.recover()
    (delivery,) = recovered.deliveries
    assert isinstance(delivery.problem, ConnectFailed)
    assert delivery.receipt
    assert journal.unfinished() == ()
    (entry,) = journal.outbox()
    assert (entry.attempts, entry.problem) == (1, "no network")


def test_several_unfinished_operations_are_completed_in_order(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    first, second = iccid(euicc, 0), iccid(euicc, 1)
    interrupt(assistant, "disable", DISABLING, lambda: assistant.euicc.disable_profile(first, refresh=False))
    interrupt(assistant, "delete", DELETING, lambda: assistant.euicc.delete_profile(second))
    resume(assistant)
    assert [recovered.function for recovered in assistant.recovered] == ["disable", "delete"]
    assert ("disable", "disable", str(first)) in reported(assistant)
    assert ("delete", "delete", str(second)) in reported(assistant)
    assert sorted(received(smdp)) == [("delete", str(second)), ("disable", str(first))]


@pytest.mark.parametrize("function", ["DeleteProfile", "GetProfilesInfo"])
def test_a_deletion_that_only_disabled_is_reported_and_not_continued(
    function: str,
    assistant: Assistant,
    euicc: SimulatedEuicc,
    smdp: SimulatedSmdp,
    servers: ServerFactory,
    tmp_path: Path,
) -> None:
    victim = iccid(euicc, 0)
    plan = assistant.plan_deletion(victim, disable_first=True)
    euicc.faults.add(f"before {function}: unplug")  # PROFILES: they are read after the profile was disabled
    with pytest.raises(OutcomeUnknown):
        assistant.delete(plan)
    euicc.insert()
    with Assistant(euicc, state_dir=tmp_path / "state", servers=servers) as later:
        (recovered,) = later.recover()
        assert reported(later) == [("delete", "disable", str(victim))]
        assert recovered.not_deleted
        assert [profile.state for profile in later.profiles()] == ["disabled"] * 3
        assert later.journal.unfinished() == ()
    assert received(smdp) == [("disable", str(victim))]


def test_a_deletion_of_the_enabled_profile_is_reported_with_the_disabling(
    assistant: Assistant,
    euicc: SimulatedEuicc,
    smdp: SimulatedSmdp,
    servers: ServerFactory,
    tmp_path: Path,
) -> None:
    victim = iccid(euicc, 0)
    plan = assistant.plan_deletion(victim, disable_first=True)
    euicc.faults.add("after DeleteProfile: unplug")
    with pytest.raises(OutcomeUnknown):
        assistant.delete(plan)
    euicc.insert()
    with Assistant(euicc, state_dir=tmp_path / "state", servers=servers) as later:
        (recovered,) = later.recover()
        assert reported(later) == [("delete", "disable", str(victim)), ("delete", "delete", str(victim))]
        assert not recovered.not_deleted
    assert received(smdp) == [("disable", str(victim)), ("delete", str(victim))]


def test_a_memory_reset_by_another_program_is_reported_as_deletions_only(
    assistant: Assistant, euicc: SimulatedEuicc
) -> None:
    interrupt(assistant, "delete", DELETING)  # of the second profile; the first is enabled
    assistant.euicc.memory_reset(["deleteOperationalProfiles"])
    assistant.recover()
    assert {event for _, event, _ in reported(assistant)} == {"delete"}


def test_nothing_is_recovered_while_another_process_holds_the_lock_of_the_card(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp, journal: Journal
) -> None:
    """The unfinished operation may be the one that this process carries out now."""
    victim = iccid(euicc, 1)
    interrupt(assistant, "delete", DELETING, lambda: assistant.euicc.delete_profile(victim))
    with journal.lock(assistant.eid), pytest.raises(CardBusy):
        assistant.recover()
    assert (card.resets, assistant.recovered, smdp.received) == (0, (), ())
    assert [left.state for left in journal.unfinished()] == [DELETING]
    assistant.recover()
    assert received(smdp) == [("delete", str(victim))]


def test_what_another_process_finished_before_it_released_the_lock_is_not_recovered_again(
    card: DisturbedCard, servers: ServerFactory, journal: Journal, tmp_path: Path
) -> None:
    with ExitStack() as held:

        def finish(_: Holder) -> None:
            (operation,) = journal.unfinished()
            operation.complete()
            held.close()

        locks = Locks(tmp_path / "state", on_wait=finish)
        with Assistant(card, state_dir=tmp_path / "state", servers=servers, locks=locks) as later:
            interrupt(later, "delete", DELETING)
            held.enter_context(journal.lock(later.eid))
            assert later.recover() == ()
    assert card.resets == 0


class FatalCard(DisturbedCard):
    """Ends the process when the card has carried out the next request with `tag`."""

    def __init__(self, card: SimulatedEuicc, tag: int) -> None:
        super().__init__(card)
        self._fatal = tag

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        answered = super().transmit(apdu)
        if self.requests and self.requests[-1] == self._fatal:
            self._fatal = 0
            raise Interrupted
        return answered


@pytest.mark.parametrize(
    ("tag", "change", "events"),
    [
        (ENABLE, lambda assistant: assistant.enable(assistant.find("0025")), ["disable", "enable"]),
        (DISABLE, lambda assistant: assistant.disable(assistant.find("0017")), ["disable"]),
        (
            DELETE,
            lambda assistant: assistant.delete(assistant.plan_deletion(assistant.find("0025"))),
            ["delete"],
        ),
        (RESET, lambda assistant: assistant.reset(["deleteOperationalProfiles"]), ["delete"] * 3),
        (
            DISABLE,
            lambda assistant: assistant.delete(
                assistant.plan_deletion(assistant.find("0017"), disable_first=True)
            ),
            ["disable"],
        ),
        (
            DELETE,
            lambda assistant: assistant.delete(
                assistant.plan_deletion(assistant.find("0017"), disable_first=True)
            ),
            ["disable", "delete"],
        ),
    ],
)
def test_what_the_card_did_when_the_process_was_killed_is_found_and_delivered(
    tag: int,
    change: Callable[[Assistant], object],
    events: list[str],
    euicc: SimulatedEuicc,
    smdp: SimulatedSmdp,
    servers: ServerFactory,
    tmp_path: Path,
) -> None:
    with Assistant(FatalCard(euicc, tag), state_dir=tmp_path, servers=servers) as killed:
        with pytest.raises(Interrupted):
            change(killed)
        assert smdp.received == ()
    with Assistant(euicc, state_dir=tmp_path, servers=servers) as later:
        later.recover()
        assert [event for _, event, _ in reported(later)] == events
        assert later.journal.unfinished() == ()
    assert sorted(event for event, _ in received(smdp)) == sorted(events)
