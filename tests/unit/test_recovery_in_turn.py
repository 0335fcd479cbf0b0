"""When what was begun and not finished is settled: before the next change, in order, and told whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.errors import ConnectFailed, OutcomeUnknown
from lpa.journal import DELETING, DISABLING, Journal
from lpa.notifications.sender import NotificationReceiver, ServerFactory
from lpa.rsp.names import ServerAddress
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.disturbed import DisturbedCard
from tests.support.recovery import resume
from tests.support.unfinished import DELETE, PROFILES, iccid, outcomes, received, stop, told


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path / "state")) as journal:
        yield journal


@pytest.mark.parametrize("command", ["enable", "disable", "delete", "reset"])
def test_every_change_first_settles_what_was_begun(
    command: str, assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp, journal: Journal
) -> None:
    victim = iccid(euicc, 1)
    stop(assistant, "delete", DELETING, lambda: assistant.euicc.delete_profile(victim))
    commands: dict[str, Callable[[], object]] = {
        "enable": lambda: assistant.enable(iccid(euicc, 1)),
        "disable": lambda: assistant.disable(iccid(euicc, 0)),
        "delete": lambda: assistant.delete(assistant.plan_deletion(iccid(euicc, 1))),
        "reset": lambda: assistant.reset(["deleteOperationalProfiles"]),
    }
    commands[command]()
    assert told(assistant) == [("delete", "delete", str(victim))]
    assert received(smdp)[0] == ("delete", str(victim))
    assert journal.unfinished() == ()
    assert [state for state, _ in outcomes(journal)] == ["CLOSED", "CLOSED"]


def test_looking_settles_nothing(assistant: Assistant, journal: Journal) -> None:
    stop(assistant, "delete", DELETING)
    assistant.profiles()
    assistant.notifications()
    assert len(journal.unfinished()) == 1


def test_a_server_that_is_down_does_not_keep_an_operation_open(
    assistant: Assistant, euicc: SimulatedEuicc, journal: Journal
) -> None:
    def nobody(_address: ServerAddress, *, ci_pkids: object) -> NotificationReceiver:
        raise ConnectFailed("no network")

    stop(assistant, "delete", DELETING, lambda: assistant.euicc.delete_profile(iccid(euicc, 1)))
    assistant._servers = nobody
    (recovered,) = assistant.recover()
    (delivery,) = recovered.deliveries
    assert isinstance(delivery.problem, ConnectFailed)
    assert delivery.receipt
    assert journal.unfinished() == ()
    (entry,) = journal.outbox()
    assert (entry.attempts, entry.problem) == (1, "no network")


def test_several_unfinished_operations_are_settled_in_order(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    first, second = iccid(euicc, 0), iccid(euicc, 1)
    stop(assistant, "disable", DISABLING, lambda: assistant.euicc.disable_profile(first, refresh=False))
    stop(assistant, "delete", DELETING, lambda: assistant.euicc.delete_profile(second))
    resume(assistant)
    assert [recovered.function for recovered in assistant.recovered] == ["disable", "delete"]
    assert ("disable", "disable", str(first)) in told(assistant)
    assert ("delete", "delete", str(second)) in told(assistant)
    assert sorted(received(smdp)) == [("delete", str(second)), ("disable", str(first))]


@pytest.mark.parametrize("tag", [DELETE, PROFILES])
def test_a_deletion_that_ended_after_the_disabling_says_so_and_deletes_nothing(
    tag: int,
    assistant: Assistant,
    card: DisturbedCard,
    euicc: SimulatedEuicc,
    smdp: SimulatedSmdp,
    servers: ServerFactory,
    tmp_path: Path,
) -> None:
    victim = iccid(euicc, 0)
    plan = assistant.plan_deletion(victim, disable_first=True)
    card.drop(tag)  # the profiles are read to see what became of the disabling
    with pytest.raises(OutcomeUnknown):
        assistant.delete(plan)
    with Assistant(euicc, state_dir=tmp_path / "state", servers=servers) as later:
        (recovered,) = later.recover()
        assert told(later) == [("delete", "disable", str(victim))]
        assert recovered.left_undone
        assert [profile.state for profile in later.profiles()] == ["disabled"] * 3
        assert later.journal.unfinished() == ()
    assert received(smdp) == [("disable", str(victim))]


def test_a_deletion_of_the_profile_in_use_that_was_done_is_told_whole(
    assistant: Assistant,
    card: DisturbedCard,
    euicc: SimulatedEuicc,
    smdp: SimulatedSmdp,
    servers: ServerFactory,
    tmp_path: Path,
) -> None:
    victim = iccid(euicc, 0)
    plan = assistant.plan_deletion(victim, disable_first=True)
    card.lose(DELETE)
    with pytest.raises(OutcomeUnknown):
        assistant.delete(plan)
    with Assistant(euicc, state_dir=tmp_path / "state", servers=servers) as later:
        (recovered,) = later.recover()
        assert told(later) == [("delete", "disable", str(victim)), ("delete", "delete", str(victim))]
        assert not recovered.left_undone
    assert received(smdp) == [("disable", str(victim)), ("delete", str(victim))]


def test_a_reset_by_another_program_is_not_told_as_a_disabling(
    assistant: Assistant, euicc: SimulatedEuicc
) -> None:
    stop(assistant, "delete", DELETING)  # of the second profile; the first is in use
    assistant.euicc.memory_reset(["deleteOperationalProfiles"])
    assistant.recover()
    assert {event for _, event, _ in told(assistant)} == {"delete"}
