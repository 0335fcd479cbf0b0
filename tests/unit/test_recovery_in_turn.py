"""Recovery runs before the next change, completes operations in order, and reports all that they changed."""

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
from tests.support.unfinished import DELETE, PROFILES, iccid, interrupt, outcomes, received, reported


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


@pytest.mark.parametrize("tag", [DELETE, PROFILES])
def test_a_deletion_that_only_disabled_is_reported_and_not_continued(
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
    card.drop(tag)  # PROFILES: they are read after the profile was disabled
    with pytest.raises(OutcomeUnknown):
        assistant.delete(plan)
    with Assistant(euicc, state_dir=tmp_path / "state", servers=servers) as later:
        (recovered,) = later.recover()
        assert reported(later) == [("delete", "disable", str(victim))]
        assert recovered.left_undone
        assert [profile.state for profile in later.profiles()] == ["disabled"] * 3
        assert later.journal.unfinished() == ()
    assert received(smdp) == [("disable", str(victim))]


def test_a_deletion_of_the_enabled_profile_is_reported_with_the_disabling(
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
        assert reported(later) == [("delete", "disable", str(victim)), ("delete", "delete", str(victim))]
        assert not recovered.left_undone
    assert received(smdp) == [("disable", str(victim)), ("delete", str(victim))]


def test_a_memory_reset_by_another_program_is_reported_as_deletions_only(
    assistant: Assistant, euicc: SimulatedEuicc
) -> None:
    interrupt(assistant, "delete", DELETING)  # of the second profile; the first is enabled
    assistant.euicc.memory_reset(["deleteOperationalProfiles"])
    assistant.recover()
    assert {event for _, event, _ in reported(assistant)} == {"delete"}
