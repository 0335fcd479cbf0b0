"""Reset a simulated card, also with protected profiles and with some that cannot be read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.errors import EuiccRefused, Refused
from lpa.notifications.sender import ServerFactory
from lpa.profiles import switching
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.listing import Listing
from lpa.rsp.names import Iccid
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.disturbed import DisturbedCard
from tests.support.profile_states import samples
from tests.support.unfinished import received
from tests.support.unreadable_profile import UnreadableProfileCard

RESET = 0xBF34
OPERATIONAL = ["deleteOperationalProfiles"]


def test_reset_deletes_all_profiles_and_notifies_every_server(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    before = [profile.iccid for profile in euicc.profiles]
    outcome = assistant.reset(["deleteOperationalProfiles"])
    assert euicc.profiles == ()
    assert sorted(received(smdp)) == sorted(("delete", iccid) for iccid in before)
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
    assert sorted(received(smdp)) == sorted(("delete", iccid) for iccid in (first, second, hidden))


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
    assert received(smdp) == [("delete", first.iccid)]


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
