"""Enable and disable profiles of a simulated card, also one that accepts some request variants only."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.errors import BadAnswer, EuiccRefused, OutcomeUnknown, Refused, WireError
from lpa.notifications.sender import ServerFactory
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.disturbed import DisturbedCard
from tests.support.profile_states import samples, states
from tests.support.unfinished import received
from tests.support.unreadable_profile import UnreadableProfileCard

ENABLE, DISABLE, PROFILES = 0xBF31, 0xBF32, 0xBF2D


def test_enable_replaces_the_enabled_profile_and_notifies_both_servers(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    first, second, _ = euicc.profiles
    outcome = assistant.enable(second.iccid)
    assert states(euicc) == ["disabled", "enabled", "disabled"]
    assert received(smdp) == [("disable", first.iccid), ("enable", second.iccid)]
    assert outcome.unacknowledged == ()
    assert list(assistant.notifications()) == []


def test_disable_notifies_the_server(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    assistant.disable(assistant.find(euicc.profiles[0].iccid[-6:]))
    assert states(euicc) == ["disabled"] * 3
    assert received(smdp) == [("disable", euicc.profiles[0].iccid)]


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
    assert received(smdp) == [("enable", euicc.profiles[1].iccid)]
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
    assert len(received(smdp)) == 3
    assert card.requests.count(ENABLE) <= 4


@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.parametrize("kind", ["iccid", "isdpAid"])
def test_a_caller_may_choose_the_refresh_flag(wanted: bool, kind: str, tmp_path: Path) -> None:
    picky = SimulatedEuicc.create(None, behaviour=Behaviour(accepted=((kind, wanted),)))
    card = DisturbedCard(picky)
    with Assistant(card, state_dir=tmp_path) as assistant:
        with pytest.raises(EuiccRefused):
            assistant.enable(picky.profiles[1].iccid, refresh=not wanted, deliver="later")
        assert card.requests.count(ENABLE) == 2  # by ICCID and by AID
        assistant.enable(picky.profiles[1].iccid, refresh=wanted, deliver="later")
        with pytest.raises(EuiccRefused):
            assistant.disable(picky.profiles[1].iccid, refresh=not wanted, deliver="later")
        assistant.disable(picky.profiles[1].iccid, refresh=wanted, deliver="later")
    assert states(picky) == ["disabled"] * 3


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


@pytest.mark.parametrize("channels", [0, 3])
@pytest.mark.parametrize("loses_isdr", [True, False])
def test_a_card_may_keep_or_lose_the_isdr_at_a_switch(
    channels: int, loses_isdr: bool, servers: ServerFactory, tmp_path: Path, euicc: SimulatedEuicc
) -> None:
    behaviour = Behaviour(channels=channels, loses_isdr_at_switch=loses_isdr)
    other = SimulatedEuicc.create(None, behaviour=behaviour, authority=euicc.authority)
    with Assistant(other, state_dir=tmp_path, servers=servers) as assistant:
        assistant.enable(other.profiles[1].iccid)
        assistant.disable(other.profiles[1].iccid)
        assistant.enable(other.profiles[2].iccid)
        assistant.delete(assistant.plan_deletion(other.profiles[2].iccid, disable_first=True))
    assert states(other) == ["disabled"] * 2


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
    assistant: Assistant, euicc: SimulatedEuicc
) -> None:
    euicc.faults.add("after DisableProfile: unplug")
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


# Whether it is the same card after the reset


class Swapped:
    """A reader in which another card answers once the first was reset."""

    def __init__(self, first: SimulatedEuicc, other: SimulatedEuicc) -> None:
        self._now, self._other = first, other
        self.asked: list[int] = []

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        if self._now is self._other and apdu[1] == 0xE2:
            self.asked.append(int.from_bytes(apdu[5:7], "big"))
        return self._now.transmit(apdu)

    def reset(self) -> None:
        self._now = self._other
        self._now.reset()

    def close(self) -> None:
        """Both are in memory."""


def enabled_elsewhere(*, listed: bool) -> SimulatedEuicc:
    """Another card with the same profiles, on which the second was enabled. `listed`: and signed so."""
    other = SimulatedEuicc.create(None)
    with Assistant(other) as assistant:
        assistant.euicc.enable_profile(assistant.profiles()[1].iccid, refresh=False)
        for one in () if listed else assistant.notifications():
            assistant.euicc.notification_sent(one.sequence_number)
    return other


@pytest.mark.parametrize("signed", [True, False])
def test_a_card_with_the_same_profiles_is_not_taken_for_the_one_that_was_asked(
    signed: bool, euicc: SimulatedEuicc, servers: ServerFactory, smdp: SimulatedSmdp, tmp_path: Path
) -> None:
    """Its certificate, or else its EID, says which card it is. Nothing of it is kept or changed."""
    reader = Swapped(euicc, enabled_elsewhere(listed=signed))
    with Assistant(reader, state_dir=tmp_path, servers=servers) as assistant:
        with pytest.raises(OutcomeUnknown, match="Another card is in the reader now"):
            assistant.enable(euicc.profiles[1].iccid)
        assert len(assistant.journal.unfinished()) == 1
        assert assistant.journal.outbox() == ()
    assert smdp.received == ()
    assert not {ENABLE, DISABLE, 0xBF30} & set(reader.asked)


def test_the_certificate_in_a_notification_is_enough_to_know_the_card(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    assistant.enable(euicc.profiles[1].iccid)
    assert card.requests.count(0xBF3E) == 1  # GetEID, when the session was opened
    assert card.requests.count(0xBF28) == 1  # ListNotification, before
    assert card.requests.count(0xBF2B) == 1  # RetrieveNotificationsList, of both


def test_a_profile_without_servers_has_the_card_asked_for_its_eid(tmp_path: Path) -> None:
    first, second = samples()[:2]
    profiles = [replace(first, notifications=()), replace(second, notifications=())]
    card = DisturbedCard(SimulatedEuicc.create(None, profiles=profiles))
    with Assistant(card, state_dir=tmp_path) as assistant:
        assert assistant.enable(second.iccid).deliveries == ()
    assert card.requests.count(0xBF3E) == 2
