"""Recover a temporary enable whose process died before it restored the previous profile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.errors import CardBusy, EuiccRefused, OutcomeUnknown, Refused, WireError
from lpa.journal import Journal
from lpa.notifications.sender import ServerFactory
from lpa.profiles import switching
from lpa.rsp.records import CHANGE_TAGS
from lpa.server.connect_to import ConnectTo
from lpa.server.es9 import Server
from lpa.server.https import Https
from lpa.server.trust import Trust
from lpa.sim.crypto.pki import Authority
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support import command
from tests.support.disturbed import DisturbedCard
from tests.support.profile_states import states
from tests.support.unfinished import DELETE, DISABLE, ENABLE, iccid, outcomes, received
from tests.support.unreadable_profile import UnreadableProfileCard

CAT_BUSY = "BF3103 800105 9000"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path / "state")) as journal:
        yield journal


def leave(assistant: Assistant, number: int) -> None:
    """Enable the profile with this number temporarily, and end like a process that dies meanwhile."""
    before = assistant.euicc.profiles(CHANGE_TAGS)
    target = before[number].iccid
    assistant.journal.begin(assistant.eid, "temporary-enable", before, target=target)
    switching.enable(assistant._card, assistant._outbox(), target)


def test_the_previous_profile_is_restored_and_its_servers_notified(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp, journal: Journal
) -> None:
    leave(assistant, 1)
    old, new = iccid(euicc, 0), iccid(euicc, 1)
    assert states(euicc) == ["disabled", "enabled", "disabled"]
    (recovered,) = assistant.recover()
    assert states(euicc) == ["enabled", "disabled", "disabled"]
    assert (recovered.function, recovered.summary, recovered.problem) == (
        "temporary-enable",
        f"Albion Mobile ({old}) is enabled again.",
        None,
    )
    assert all(delivery.acknowledged for delivery in recovered.deliveries)
    assert received(smdp)[2:] == [("disable", str(new)), ("enable", str(old))]
    assert journal.unfinished() == ()
    assert assistant.recover() == ()


def test_no_profile_is_enabled_again_if_none_was(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    assistant.disable(iccid(euicc, 0))
    leave(assistant, 1)
    (recovered,) = assistant.recover()
    assert states(euicc) == ["disabled", "disabled", "disabled"]
    assert recovered.summary == "No profile is enabled again."


def test_every_change_restores_first(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    leave(assistant, 1)
    assistant.enable(iccid(euicc, 2))
    assert states(euicc) == ["disabled", "disabled", "enabled"]
    (recovered,) = assistant.recovered
    assert recovered.function == "temporary-enable"


def test_a_plan_made_before_the_restoration_is_refused(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    leave(assistant, 1)
    plan = assistant.plan_deletion(iccid(euicc, 1), disable_first=True)
    with pytest.raises(Refused) as caught:
        assistant.delete(plan)
    assert caught.value.reason == "cardChanged"
    assert DELETE not in card.requests


def test_a_backup_is_refused_if_the_restoration_outdates_its_plan(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp, tmp_path: Path
) -> None:
    leave(assistant, 1)
    plan = assistant.plan_deletion(iccid(euicc, 1), disable_first=True)
    card.requests.clear()
    with pytest.raises(Refused) as caught:
        assistant.back_up_first(plan, tmp_path / "saved")
    assert caught.value.reason == "cardChanged"
    assert card.requests.count(ENABLE) == 1  # for the restoration
    assert states(euicc) == ["enabled", "disabled", "disabled"]
    assert not (tmp_path / "saved").exists()


def test_a_running_temporary_enable_is_not_recovered(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp, tmp_path: Path, servers: ServerFactory
) -> None:
    with assistant.temporarily_enabled(iccid(euicc, 1)):
        assert assistant.recover() == ()
        with Assistant(euicc, state_dir=tmp_path / "state", servers=servers) as other:
            assert other.recover() == ()
        assert states(euicc) == ["disabled", "enabled", "disabled"]
    assert states(euicc) == ["enabled", "disabled", "disabled"]
    assert assistant.recover() == ()


def test_only_one_temporary_enable_runs_at_a_time(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    with (
        assistant.temporarily_enabled(iccid(euicc, 1)),
        pytest.raises(CardBusy),
        assistant.temporarily_enabled(iccid(euicc, 2)),
    ):
        raise AssertionError
    assert states(euicc) == ["enabled", "disabled", "disabled"]


@pytest.mark.parametrize(
    ("meanwhile", "expected", "summary"),
    [
        (
            lambda card, euicc: card.enable_profile(iccid(euicc, 2), refresh=False),
            ["disabled", "disabled", "enabled"],
            "is enabled: another program, or the card itself, has switched since. That is kept.",
        ),
        (
            lambda card, euicc: card.disable_profile(iccid(euicc, 1), refresh=False),
            ["disabled", "disabled", "disabled"],
            "No profile is enabled: another program, or the card itself, has switched since. That is kept.",
        ),
        (
            lambda card, euicc: card.enable_profile(iccid(euicc, 0), refresh=False),
            ["enabled", "disabled", "disabled"],
            "Albion Mobile (8944994000000000017) is enabled, as before.",
        ),
        (
            lambda card, euicc: card.delete_profile(iccid(euicc, 0)),
            ["enabled", "disabled"],
            "is still enabled; Albion Mobile (8944994000000000017) is no longer on the card.",
        ),
    ],
)
def test_a_change_by_another_program_is_kept_and_reported(
    meanwhile: Callable[..., object],
    expected: list[str],
    summary: str,
    assistant: Assistant,
    card: DisturbedCard,
    euicc: SimulatedEuicc,
    smdp: SimulatedSmdp,
) -> None:
    leave(assistant, 1)
    meanwhile(assistant.euicc, euicc)
    assistant.euicc.restart()
    card.requests.clear()
    (recovered,) = assistant.recover()
    assert recovered.summary.endswith(summary)
    assert (recovered.changes, recovered.problem) == ((), None)
    assert not {ENABLE, DISABLE} & set(card.requests)
    assert states(euicc) == expected
    assert assistant.recover() == ()


def test_a_temporary_enable_that_has_not_switched_changes_nothing(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    before = assistant.euicc.profiles(CHANGE_TAGS)
    assistant.journal.begin(assistant.eid, "temporary-enable", before, target=before[1].iccid)
    (recovered,) = assistant.recover()
    assert (recovered.changes, recovered.summary) == (
        (),
        "Albion Mobile (8944994000000000017) is enabled, as before.",
    )


def test_a_refused_restoration_is_reported_with_a_command_and_closed(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    leave(assistant, 1)
    card.instead(ENABLE, *[CAT_BUSY] * 4)
    (recovered,) = assistant.recover()
    assert isinstance(recovered.problem, EuiccRefused)
    assert recovered.problem.reason == "catBusy"
    assert recovered.problem.advice.startswith(
        "'lpa enable 8944994000000000017' restores the previous state."
    )
    assert recovered.summary == (
        f"Nordlicht ({iccid(euicc, 1)}) is still enabled; "
        "Albion Mobile (8944994000000000017) was enabled before."
    )
    assert states(euicc) == ["disabled", "enabled", "disabled"]
    assert assistant.recover() == ()
    assistant.enable(iccid(euicc, 0))
    assert states(euicc) == ["enabled", "disabled", "disabled"]


def test_a_policy_rule_added_meanwhile_is_reported(tmp_path: Path, servers: ServerFactory) -> None:
    profiles = list(SimulatedEuicc.create(None).profiles)
    bound = replace(profiles[1], policy_rules=("ppr1",), state="enabled")
    euicc = SimulatedEuicc.create(None, profiles=[replace(profiles[0], state="disabled"), bound])
    with Assistant(euicc, state_dir=tmp_path, servers=servers) as assistant:
        now = assistant.euicc.profiles(CHANGE_TAGS)
        before = [replace(now[0], state="enabled"), replace(now[1], state="disabled", policy_rules=())]
        assistant.journal.begin(assistant.eid, "temporary-enable", tuple(before), target=now[1].iccid)
        (recovered,) = assistant.recover()
        assert recovered.problem
        assert recovered.problem.reason == "disallowedByPolicy"
        assert assistant.recover() == ()


def test_a_card_pulled_during_the_restoration_is_restored_next_time(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp, journal: Journal
) -> None:
    with pytest.raises(OutcomeUnknown) as caught, assistant.temporarily_enabled(iccid(euicc, 1)):
        euicc.faults.add("before EnableProfile: unplug")
    assert "'lpa resume' restores the previous state" in caught.value.advice
    euicc.insert()
    euicc.faults.add("before EnableProfile: unplug")
    with pytest.raises(OutcomeUnknown):
        assistant.recover()
    euicc.insert()
    assert [one.function for one in assistant.recover()] == ["enable", "temporary-enable"]
    assert states(euicc) == ["enabled", "disabled", "disabled"]
    assert {state for state, _ in outcomes(journal)} == {"CLOSED"}


@pytest.mark.parametrize("hidden", [0, 1])
def test_an_unreadable_profile_leaves_the_restoration_open(
    hidden: int, euicc: SimulatedEuicc, smdp: SimulatedSmdp, servers: ServerFactory, tmp_path: Path
) -> None:
    open_assistant = partial(Assistant, state_dir=tmp_path / "state", servers=servers)
    with open_assistant(euicc) as assistant:
        leave(assistant, 1)
    with open_assistant(UnreadableProfileCard(euicc, euicc.profiles[hidden].iccid)) as assistant:
        with pytest.raises(OutcomeUnknown, match="which profile is enabled now is unknown"):
            assistant.recover()
        assert states(euicc) == ["disabled", "enabled", "disabled"]
    with open_assistant(euicc) as assistant:
        (recovered,) = assistant.recover()
    assert recovered.summary.endswith("is enabled again.")
    assert states(euicc) == ["enabled", "disabled", "disabled"]


def test_another_unreadable_profile_does_not_prevent_the_restoration(
    euicc: SimulatedEuicc, smdp: SimulatedSmdp, servers: ServerFactory, tmp_path: Path
) -> None:
    card = UnreadableProfileCard(euicc, euicc.profiles[2].iccid)
    with Assistant(card, state_dir=tmp_path / "state", servers=servers) as assistant:
        leave(assistant, 1)
        assistant.recover()
    assert states(euicc) == ["enabled", "disabled", "disabled"]


@pytest.fixture
def left(tmp_path: Path) -> tuple[str, ...]:
    """The options for a card whose second profile is still enabled by a dead process."""
    folder = command.card(tmp_path / "card")
    card = SimulatedEuicc.load(folder)
    with (
        SimulatedSmdp(card.authority, host="*.smdp.example", any_address=True) as smdp,
        Https(Trust.system(), connect_to=[ConnectTo.parse(smdp.connect_to)]) as https,
        Assistant(card, state_dir=tmp_path / "state", servers=partial(Server, https=https)) as assistant,
    ):
        leave(assistant, 1)
    return ("--reader", f"sim:{folder}", "--state-dir", str(tmp_path / "state"))


def test_lpa_resume_reports_the_restoration(left: tuple[str, ...], tmp_path: Path) -> None:
    with SimulatedSmdp(Authority.load(tmp_path / "card"), host="*.smdp.example", any_address=True) as smdp:
        ran = command.run(*left, "--connect-to", smdp.connect_to, "resume")
    assert ran.code == 0
    assert "An earlier temporary enable (" in ran.out
    assert "  Albion Mobile (8944994000000000017) is enabled again.\n" in ran.out
    assert "Nothing to resume" not in ran.err


@pytest.mark.parametrize("name", ["0025", "0033"])
@pytest.mark.parametrize(
    "more", [(), ("--disable-first",), ("--disable-first", "--enable-first", "--backup")]
)
def test_delete_is_refused_before_the_restoration_with_advice(
    name: str, more: tuple[str, ...], left: tuple[str, ...], tmp_path: Path
) -> None:
    saved = [tmp_path / "saved"] if "--backup" in more else []
    ran = command.run(*left, "delete", name, "--yes", "--json", *more, *saved)
    assert (ran.code, ran.document["error"]["reason"]) == (1, "temporarilyEnabled")
    assert ran.document["error"]["advice"] == "Restore it with 'lpa resume', then delete."
    assert "Blocker: The profile Nordlicht (8949985000000000025) was enabled temporarily, and" in ran.err
    assert ran.err.count("Blocker: ") == 1
    assert "lpa disable" not in ran.err
    with SimulatedEuicc.load(tmp_path / "card") as card:
        assert states(card) == ["disabled", "enabled", "disabled"]


def test_a_temporary_enable_ended_by_another_program_allows_a_deletion(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    leave(assistant, 1)
    assistant.euicc.enable_profile(iccid(euicc, 0), refresh=False)
    assistant.euicc.restart()
    plan = assistant.review_deletion(assistant.plan_deletion(iccid(euicc, 1)))
    assert plan.deletable
    assert "unfinished" in [finding.name for finding in plan.findings]
    assistant.delete(plan)
    assert states(euicc) == ["enabled", "disabled"]


def test_lpa_resume_fails_if_the_card_refuses(tmp_path: Path) -> None:
    profiles = list(SimulatedEuicc.create(None).profiles)
    folder = tmp_path / "card"
    SimulatedEuicc.create(folder, profiles=profiles, behaviour=Behaviour(accepted=())).close()
    place = ("--reader", f"sim:{folder}", "--state-dir", str(tmp_path / "state"))
    with Assistant(SimulatedEuicc.load(folder), state_dir=tmp_path / "state") as assistant:
        now = assistant.euicc.profiles(CHANGE_TAGS)
        before = [replace(now[0], state="disabled"), replace(now[1], state="enabled"), now[2]]
        assistant.journal.begin(assistant.eid, "temporary-enable", tuple(before), target=now[0].iccid)
    ran = command.run(*place, "resume", "--json")
    assert ran.code != 0
    (recovered,) = ran.document["result"]["recovered"]
    assert recovered["summary"].startswith("Albion Mobile (8944994000000000017) is still enabled; ")
    assert ran.document["error"] == recovered["problem"]
    assert f"'lpa enable {now[1].iccid}' restores" in ran.document["error"]["advice"]
    again = command.run(*place, "resume")
    assert (again.code, again.err) == (0, "Nothing to resume.\n")


def test_a_lost_restoration_is_left_to_the_next_recovery(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, journal: Journal
) -> None:
    leave(assistant, 1)
    card.instead(ENABLE, "6F00")
    with pytest.raises(WireError, match="the change was not made"):
        assistant.recover()
    assert [left.function for left in journal.unfinished()] == ["temporary-enable"]
    assistant.recover()
    assert states(euicc) == ["enabled", "disabled", "disabled"]
