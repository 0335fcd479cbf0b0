"""Enable, disable and reset a simulated card, also one that accepts some request variants only."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.errors import BadAnswer, EuiccRefused, OutcomeUnknown, Refused, WireError
from lpa.notifications.sender import ServerFactory
from lpa.profiles import switching
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.listing import Listing
from lpa.rsp.names import Iccid
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from lpa.sim.simulated_profile import SimulatedProfile
from tests.support.disturbed import DisturbedCard
from tests.support.unreadable_profile import UnreadableProfileCard

ENABLE, DISABLE, RESET, PROFILES, ADDRESS = 0xBF31, 0xBF32, 0xBF34, 0xBF2D, 0xBF3F


def states(euicc: SimulatedEuicc) -> list[str]:
    return [profile.state for profile in euicc.profiles]


def notified(smdp: SimulatedSmdp) -> list[tuple[str, str]]:
    return [(received.event, str(received.iccid)) for received in smdp.received]


def samples() -> tuple[SimulatedProfile, ...]:
    return SimulatedEuicc.create(None).profiles


def test_enable_replaces_the_enabled_profile_and_notifies_both_servers(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    first, second, _ = euicc.profiles
    outcome = assistant.enable(second.iccid)
    assert states(euicc) == ["disabled", "enabled", "disabled"]
    assert notified(smdp) == [("disable", first.iccid), ("enable", second.iccid)]
    assert outcome.unacknowledged == ()
    assert list(assistant.notifications()) == []


def test_disable_notifies_the_server(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    assistant.disable(assistant.find(euicc.profiles[0].iccid[-6:]))
    assert states(euicc) == ["disabled"] * 3
    assert notified(smdp) == [("disable", euicc.profiles[0].iccid)]


def test_a_switch_that_changes_nothing_sends_no_command(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    assert assistant.enable(euicc.profiles[0].iccid).changes == ()
    assert assistant.disable(euicc.profiles[1].iccid).changes == ()
    assert not {ENABLE, DISABLE} & set(card.requests)
    assert smdp.received == ()


def test_older_notifications_stay_on_the_card(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp, card: DisturbedCard
) -> None:
    assistant.euicc.disable_profile(assistant.profiles()[0].iccid, refresh=False)
    (older,) = assistant.notifications()
    assistant.enable(euicc.profiles[1].iccid)
    assert notified(smdp) == [("enable", euicc.profiles[1].iccid)]
    assert list(assistant.notifications()) == [older]


@pytest.mark.parametrize("kind", ["iccid", "isdpAid"])
@pytest.mark.parametrize("refresh", [True, False])
def test_request_variants_are_tried_until_the_card_accepts_one(
    kind: str,
    refresh: bool,
    servers: ServerFactory,
    tmp_path: Path,
    smdp: SimulatedSmdp,
    euicc: SimulatedEuicc,
) -> None:
    behaviour = Behaviour(accepted=((kind, refresh),))
    picky = SimulatedEuicc.create(None, behaviour=behaviour, authority=euicc.authority)
    card = DisturbedCard(picky)
    with Assistant(card, state_dir=tmp_path, servers=servers) as assistant:
        assistant.enable(picky.profiles[1].iccid)
        assistant.disable(picky.profiles[1].iccid)
    assert states(picky) == ["disabled"] * 3
    assert len(notified(smdp)) == 3
    assert card.requests.count(ENABLE) <= 4


def test_each_request_variant_is_tried_once(euicc: SimulatedEuicc, tmp_path: Path) -> None:
    stubborn = SimulatedEuicc.create(None, behaviour=Behaviour(accepted=()))
    card = DisturbedCard(stubborn)
    with Assistant(card, state_dir=tmp_path) as assistant, pytest.raises(EuiccRefused, match="no reason"):
        assistant.enable(stubborn.profiles[1].iccid)
    assert card.requests.count(ENABLE) == 4
    assert states(stubborn) == ["enabled", "disabled", "disabled"]


def test_the_card_is_read_between_two_request_variants(euicc: SimulatedEuicc, tmp_path: Path) -> None:
    card = DisturbedCard(SimulatedEuicc.create(None, behaviour=Behaviour(accepted=())))
    with Assistant(card, state_dir=tmp_path) as assistant, pytest.raises(EuiccRefused):
        assistant.enable(assistant.find("0025"))
    between = [tag for tag in card.requests if tag in (ENABLE, PROFILES)]
    assert (ENABLE, ENABLE) not in list(itertools.pairwise(between))


def test_a_busy_card_is_reset_and_asked_again(servers: ServerFactory, tmp_path: Path) -> None:
    busy = SimulatedEuicc.create(None, behaviour=Behaviour(cat_busy=True))
    with Assistant(busy, state_dir=tmp_path, servers=servers) as assistant:
        assistant.enable(busy.profiles[1].iccid)
    assert states(busy) == ["disabled", "enabled", "disabled"]


@pytest.mark.parametrize("status", ["6F00", "9000", "BF3103 9000"])
def test_a_switch_whose_answer_is_lost_is_verified_by_reading_the_card(
    status: str, assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    card.instead(ENABLE, status, carried_out=True)
    assistant.enable(euicc.profiles[1].iccid)
    assert states(euicc) == ["disabled", "enabled", "disabled"]
    assert card.requests.count(ENABLE) == 1
    assert len(smdp.received) == 2


def test_a_switch_whose_request_is_lost_is_not_repeated(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    card.instead(ENABLE, "6F00")
    with pytest.raises(WireError, match="the change was not made"):
        assistant.enable(euicc.profiles[1].iccid)
    assert card.requests.count(ENABLE) == 1


def test_a_card_pulled_during_a_switch_leaves_the_outcome_unknown(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    card.lose(DISABLE)
    with pytest.raises(OutcomeUnknown):
        assistant.disable(euicc.profiles[0].iccid)


def test_a_success_that_the_card_does_not_show_raises_bad_answer(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    card.instead(DISABLE, *["BF3203800100 9000"] * 9)
    with pytest.raises(BadAnswer, match="does not show the change"):
        assistant.disable(euicc.profiles[0].iccid)
    assert card.requests.count(DISABLE) == 4


@pytest.mark.parametrize("change", ["enable", "disable"])
def test_ppr1_is_refused_before_the_card_is_asked(change: str, tmp_path: Path) -> None:
    locked, other, _ = samples()
    euicc = SimulatedEuicc.create(None, profiles=[replace(locked, policy_rules=("ppr1",)), other])
    card = DisturbedCard(euicc)
    with Assistant(card, state_dir=tmp_path) as assistant, pytest.raises(Refused) as caught:
        assistant.enable(other.iccid) if change == "enable" else assistant.disable(locked.iccid)
    assert caught.value.reason == "disallowedByPolicy"
    assert not {ENABLE, DISABLE} & set(card.requests)


def test_a_test_profile_may_replace_a_profile_with_ppr1(servers: ServerFactory, tmp_path: Path) -> None:
    locked, other, _ = samples()
    profiles = [replace(locked, policy_rules=("ppr1",)), replace(other, profile_class="test")]
    euicc = SimulatedEuicc.create(None, profiles=profiles)
    with Assistant(euicc, state_dir=tmp_path, servers=servers) as assistant:
        assistant.enable(other.iccid)
    assert states(euicc) == ["disabled", "enabled"]


def test_reset_deletes_all_profiles_and_notifies_every_server(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    before = [profile.iccid for profile in euicc.profiles]
    outcome = assistant.reset(["deleteOperationalProfiles"])
    assert euicc.profiles == ()
    assert sorted(notified(smdp)) == sorted(("delete", iccid) for iccid in before)
    assert len(outcome.changes) == 3
    assert outcome.unacknowledged == ()


def test_reset_of_the_default_server_changes_no_profile(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    before = assistant.euicc.configured_addresses()
    assistant.euicc.set_default_dp_address("elsewhere.example")
    assistant.reset(["resetDefaultSmdpAddress"])
    assert assistant.euicc.configured_addresses() == before
    assert len(euicc.profiles) == 3


def test_a_reset_with_nothing_to_delete_is_refused(assistant: Assistant, euicc: SimulatedEuicc) -> None:
    with pytest.raises(EuiccRefused) as caught:
        assistant.reset(["deleteFieldLoadedTestProfiles"])
    assert caught.value.reason == "nothingToDelete"
    assert len(euicc.profiles) == 3


def test_a_reset_whose_answer_is_lost_is_verified_by_reading_the_card(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    card.instead(RESET, "6F00", carried_out=True)
    assistant.reset(["deleteOperationalProfiles"])
    assert euicc.profiles == ()
    assert card.requests.count(RESET) == 1
    assert len(smdp.received) == 3


def test_a_reset_that_would_delete_protected_profiles_is_refused_and_names_them(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    first, second, third = euicc.profiles
    for profile in (first, third):
        assistant.protect(profile.iccid)
    with pytest.raises(Refused) as caught:
        assistant.reset(["deleteOperationalProfiles"])
    assert (caught.value.function, caught.value.reason) == ("EuiccMemoryReset", "protected")
    assert first.iccid in caught.value.message
    assert third.iccid in caught.value.message
    assert second.iccid not in caught.value.message
    assert RESET not in card.requests
    for profile in (first, third):
        assistant.unprotect(profile.iccid)
    assistant.reset(["deleteOperationalProfiles"])
    assert euicc.profiles == ()


def test_reset_is_allowed_if_it_deletes_no_protected_profile(tmp_path: Path) -> None:
    operator, test, _ = samples()
    euicc = SimulatedEuicc.create(None, profiles=[operator, replace(test, profile_class="test")])
    with Assistant(euicc, state_dir=tmp_path) as assistant:
        assistant.protect(test.iccid)
        with pytest.raises(Refused):
            assistant.reset(["deleteFieldLoadedTestProfiles"])
        assistant.reset(["deleteOperationalProfiles"])
    assert [profile.iccid for profile in euicc.profiles] == [test.iccid]


OPERATIONAL = ["deleteOperationalProfiles"]


def test_reset_is_refused_if_an_unreadable_profile_may_be_protected(
    euicc: SimulatedEuicc, tmp_path: Path
) -> None:
    hidden = euicc.profiles[2].iccid
    with Assistant(euicc, state_dir=tmp_path) as assistant:
        assistant.protect(hidden)
    card = UnreadableProfileCard(euicc, hidden)
    with Assistant(card, state_dir=tmp_path) as assistant:
        with pytest.raises(Refused, match=f"protected on this computer: {hidden}") as caught:
            assistant.reset(OPERATIONAL)
        assert (caught.value.function, caught.value.reason) == ("EuiccMemoryReset", "protected")
        assistant.euicc.set_default_dp_address("elsewhere.example")
        assistant.reset(["resetDefaultSmdpAddress"])
    assert len(euicc.profiles) == 3


def test_reset_is_allowed_if_the_protected_profile_is_readable(euicc: SimulatedEuicc, tmp_path: Path) -> None:
    operator, test, hidden = samples()
    euicc = SimulatedEuicc.create(None, profiles=[operator, replace(test, profile_class="test"), hidden])
    with Assistant(UnreadableProfileCard(euicc, hidden.iccid), state_dir=tmp_path) as assistant:
        assistant.protect(test.iccid)
        assistant.reset(OPERATIONAL)
    assert [profile.iccid for profile in euicc.profiles] == [test.iccid]


def test_reset_notifies_the_server_of_an_unreadable_profile(
    euicc: SimulatedEuicc, smdp: SimulatedSmdp, servers: ServerFactory, tmp_path: Path
) -> None:
    first, second, hidden = (profile.iccid for profile in euicc.profiles)
    with Assistant(UnreadableProfileCard(euicc, hidden), state_dir=tmp_path, servers=servers) as assistant:
        outcome = assistant.reset(OPERATIONAL)
        assert list(assistant.notifications()) == []
    assert [str(change.profile.iccid) for change in outcome.changes] == [first, second, hidden]
    assert outcome.unacknowledged == ()
    assert sorted(notified(smdp)) == sorted(("delete", iccid) for iccid in (first, second, hidden))


def test_older_notifications_are_not_attributed_to_a_reset(
    euicc: SimulatedEuicc, smdp: SimulatedSmdp, servers: ServerFactory, tmp_path: Path
) -> None:
    first, earlier, hidden = (profile.iccid for profile in euicc.profiles)
    with Assistant(UnreadableProfileCard(euicc, hidden), state_dir=tmp_path, servers=servers) as assistant:
        assistant.euicc.delete_profile(Iccid.parse(earlier))
        (older,) = assistant.notifications()
        outcome = assistant.reset(OPERATIONAL)
        assert list(assistant.notifications()) == [older]
    assert [str(change.profile.iccid) for change in outcome.changes] == [first, hidden]


def test_an_unreadable_profile_that_stays_does_not_hide_a_deletion(
    smdp: SimulatedSmdp, servers: ServerFactory, tmp_path: Path, euicc: SimulatedEuicc
) -> None:
    first, second, _ = samples()
    spared = replace(second, profile_class="provisioning")
    euicc = SimulatedEuicc.create(None, profiles=[first, spared], authority=euicc.authority)
    with Assistant(
        UnreadableProfileCard(euicc, spared.iccid), state_dir=tmp_path, servers=servers
    ) as assistant:
        outcome = assistant.reset(OPERATIONAL)
    assert [str(change.profile.iccid) for change in outcome.changes] == [first.iccid]
    assert notified(smdp) == [("delete", first.iccid)]


def test_a_profile_that_may_be_unreadable_is_not_reported_as_deleted(tmp_path: Path) -> None:
    with SimulatedEuicc.create(None) as euicc, Assistant(euicc, state_dir=tmp_path) as assistant:
        profiles = assistant.profiles()
        operation = assistant.journal.begin(assistant.eid, "reset", profiles)
        after, strange = Listing(profiles[:2]), Tlv.build(0xE3, b"")
        (gone,) = switching.changes_since(operation, after)
        assert (gone.event, gone.profile) == ("delete", profiles[2])
        after.unreadable = (strange,)
        assert [*switching.changes_since(operation, after)] == []
        assert [*switching.changes_since(operation, after, [strange])] == [gone]


@pytest.mark.parametrize("reason", ["BF3103800103 9000", "BF3103800104 9000"])
def test_a_final_refusal_ends_the_attempts(
    reason: str, assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    card.instead(ENABLE, reason)
    with pytest.raises(EuiccRefused):
        assistant.enable(euicc.profiles[1].iccid)
    assert card.requests.count(ENABLE) == 1
    assert states(euicc) == ["enabled", "disabled", "disabled"]


def test_disable_reports_which_profile_is_enabled_afterwards(
    euicc: SimulatedEuicc, servers: ServerFactory, tmp_path: Path
) -> None:
    operator, other, _ = samples()
    test = replace(other, profile_class="test")
    euicc = SimulatedEuicc.create(None, profiles=[operator, test], authority=euicc.authority)
    with Assistant(euicc, state_dir=tmp_path, servers=servers) as assistant:
        assistant.enable(test.iccid)
        outcome = assistant.disable(test.iccid)
        assert [(one.event, one.external) for one in outcome.changes] == [
            ("enable", False),
            ("disable", False),
        ]
        assert [str(profile.iccid) for profile in outcome.enabled or ()] == [operator.iccid]
        assert assistant.disable(operator.iccid).enabled == ()


def test_enabled_is_none_if_a_profile_cannot_be_read(
    euicc: SimulatedEuicc, servers: ServerFactory, tmp_path: Path
) -> None:
    first, _, hidden = euicc.profiles
    card = UnreadableProfileCard(euicc, hidden.iccid)
    with Assistant(card, state_dir=tmp_path, servers=servers) as assistant:
        assert assistant.disable(first.iccid).enabled is None


def test_a_reset_is_tried_once_more_if_the_card_was_busy(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    card.instead(RESET, "BF3403800105 9000")
    assert len(assistant.reset(["deleteOperationalProfiles"]).changes) == 3
    assert (euicc.profiles, card.requests.count(RESET)) == ((), 2)


def test_a_reset_may_delete_only_an_unreadable_profile(
    euicc: SimulatedEuicc, smdp: SimulatedSmdp, servers: ServerFactory, tmp_path: Path
) -> None:
    spared, hidden = replace(samples()[0], profile_class="provisioning"), samples()[1]
    euicc = SimulatedEuicc.create(None, profiles=[spared, hidden], authority=euicc.authority)
    card = UnreadableProfileCard(euicc, hidden.iccid)
    with Assistant(card, state_dir=tmp_path, servers=servers) as assistant:
        outcome = assistant.reset(OPERATIONAL)
    assert [str(change.profile.iccid) for change in outcome.changes] == [hidden.iccid]
    assert card.requests.count(RESET) == 1


def test_an_unknown_option_of_a_reset_is_refused_before_an_operation_begins(assistant: Assistant) -> None:
    with pytest.raises(ValueError, match="'everything' is no option of a reset"):
        assistant.reset(["everything"])
    assert assistant.journal.unfinished() == ()
