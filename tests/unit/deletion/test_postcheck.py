"""After a deletion all of the card is looked at, and what is not as it should be is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.card.es10 import Euicc
from lpa.errors import BadAnswer, NotVerified
from lpa.profiles import switching
from lpa.profiles.snapshot import differences, fingerprint, hidden
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.pki import chain
from lpa.rsp.records import Notification, NotificationConfiguration, Profile
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.simulated_profile import SimulatedProfile
from tests.support.disturbed import DisturbedCard

PROFILES, GET_EID, RETRIEVE = 0xBF2D, 0xBF3E, 0xBF2B
EID = Eid.parse("89049032000000000000000000000091")
ONE = Profile(Iccid.parse("8944994000000000017"), "enabled", nickname="Work", service_provider="Albion")
TWO = Profile(Iccid.parse("8949985000000000025"), service_provider="Nordlicht")


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ((ONE, TWO), []),
        ((TWO, ONE), []),
        ((ONE,), ["Nordlicht (8949985000000000025) is not there any more."]),
        (
            (replace(ONE, state="disabled"), TWO),
            ["Work (8944994000000000017): state is 'disabled' now, and was 'enabled'."],
        ),
        (
            (replace(ONE, nickname=""), TWO),
            ["Work (8944994000000000017): nickname is empty now, and was 'Work'."],
        ),
        (
            (ONE, replace(TWO, policy_rules=("ppr2",))),
            ["Nordlicht (8949985000000000025): rules is 'ppr2' now, and was empty."],
        ),
        (
            (ONE, replace(TWO, notifications=(NotificationConfiguration(("delete",), "a.example"),))),
            ["Nordlicht (8949985000000000025): servers told is 'delete: a.example' now, and was empty."],
        ),
        (
            (ONE, TWO, Profile(Iccid.parse("89869870000000000033"))),
            ["89869870000000000033 is there now, and was not."],
        ),
    ],
)
def test_what_is_different_between_two_looks_is_said_and_changes_the_fingerprint(
    after: tuple[Profile, ...], said: list[str]
) -> None:
    assert [*differences((ONE, TWO), after)] == said
    assert (fingerprint(EID, after) == fingerprint(EID, (ONE, TWO))) is (not said)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ([], [], []),
        ([b"1", b"2"], [b"2", b"1"], []),
        ([], [b"1", b"2"], ["It lists 2 profiles that cannot be read."]),
        ([b"1"], [b"2"], ["It lists 1 profile that cannot be read, and listed 1 profile."]),
        ([b"1"], [], ["It lists no profiles that cannot be read, and listed 1 profile."]),
    ],
)
def test_what_nobody_can_read_is_counted_if_it_is_different(
    before: list[bytes], after: list[bytes], said: list[str]
) -> None:
    assert [*hidden(before, after)] == said


def test_another_card_or_another_strange_item_has_another_fingerprint() -> None:
    looks = [
        fingerprint(EID, (ONE,)),
        fingerprint(Eid.parse("89049032000000000000000000000188"), (ONE,)),
        fingerprint(EID, (ONE,), [b"\xe3\x00"]),
    ]
    assert len({*looks}) == 3
    # SHA-256 of {"eid": …, "profiles": [[ICCID, state, nickname, operator, name, class, rules, servers]] …}
    assert looks[0] == "1444c0596dbc801d2b1ed07a20daf2c3ab65b16c344f8643a938916e5a80e03c"


def deleted(assistant: Assistant, euicc: SimulatedEuicc, *, reviewed: bool = False) -> switching.Outcome:
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    return assistant.delete(assistant.review_deletion(plan) if reviewed else plan)


def a_list_of(*items: str) -> str:
    """An answer to GetProfilesInfo with items of ProfileInfo, in hexadecimal."""
    content = b"".join(Tlv.build(0xE3, bytes.fromhex(item)) for item in items)
    return Tlv.build(0xBF2D, Tlv.build(0xA0, content)).hex() + "9000"


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([], "Albion Mobile (8944994000000000017) is not there any more."),
        (
            ["5A0A984499040000000010F7 9F700101 91054F74686572"],
            "operator is 'Other' now, and was 'Albion Mobile'",
        ),
        (["5A0A984499040000000010F7 9F700100"], "state is 'disabled' now, and was 'enabled'"),
        (["5A0401020304"], "It lists 1 profile that cannot be read."),
    ],
)
def test_what_the_last_look_finds_beside_the_deletion_is_told(
    items: list[str], said: str, assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    card.instead(PROFILES, *[a_list_of(*items)] * 2)  # Where the profile may hide it is read twice.
    outcome = assistant.delete(plan)
    assert isinstance(outcome.problem, BadAnswer)
    assert said in outcome.problem.message
    assert outcome.unacknowledged == ()


def test_untouched_others_are_no_problem(assistant: Assistant, euicc: SimulatedEuicc) -> None:
    assert deleted(assistant, euicc, reviewed=True).problem is None


def test_a_test_profile_that_gave_way_to_the_one_before_is_no_problem(tmp_path: Path) -> None:
    operator, test = SimulatedEuicc.create(None, profiles=2).profiles
    euicc = SimulatedEuicc.create(None, profiles=[operator, replace(test, profile_class="test")])
    with Assistant(euicc, state_dir=tmp_path) as assistant:
        assistant.enable(test.iccid)
        outcome = assistant.delete(assistant.plan_deletion(test.iccid, disable_first=True))
        assert [profile.state for profile in assistant.profiles()] == ["enabled"]
    assert outcome.problem is None


def test_a_card_that_signed_nothing_and_says_it_is_another_one_is_told(tmp_path: Path) -> None:
    silent = SimulatedProfile("8949985000000000025")  # It names no server, so nothing is signed about it.
    euicc = SimulatedEuicc.create(None, profiles=[silent])
    card = DisturbedCard(euicc)
    with Assistant(card, state_dir=tmp_path) as assistant:
        plan = assistant.review_deletion(assistant.plan_deletion(silent.iccid))
        card.instead(GET_EID, "BF3E125A1089049032000000000000000000000091 9000")
        outcome = assistant.delete(plan)
    assert isinstance(outcome.problem, BadAnswer)
    assert outcome.problem.message == f"The card says that it is {EID} now; it was {euicc.eid}."


def test_a_card_that_signs_as_another_one_is_told(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    plan = assistant.review_deletion(assistant.plan_deletion(euicc.profiles[1].iccid))
    other = SimulatedEuicc.create(None, authority=euicc.authority)
    with Euicc(other) as elsewhere:
        elsewhere.delete_profile(plan.profile.iccid)
        (signed,) = elsewhere.retrieve_notifications()
    card.instead(RETRIEVE, Tlv.build(0xBF2B, Tlv.build(0xA0, signed.raw)).hex() + "9000")
    outcome = assistant.delete(plan)
    assert isinstance(outcome.problem, BadAnswer)
    assert outcome.problem.message == f"The card says that it is {other.eid} now; it was {euicc.eid}."


def test_a_card_that_has_signed_who_it_is_is_not_asked_again(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    plan = assistant.review_deletion(assistant.plan_deletion(euicc.profiles[1].iccid))
    card.requests.clear()
    assert assistant.delete(plan).problem is None
    assert GET_EID not in card.requests


def test_a_card_whose_signature_says_nothing_of_it_is_asked(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(_notification: Notification) -> Eid:
        raise NotVerified("A certificate is not valid.")

    plan = assistant.review_deletion(assistant.plan_deletion(euicc.profiles[1].iccid))
    card.requests.clear()
    monkeypatch.setattr(chain, "claimed_card", unreadable)
    assert assistant.delete(plan).problem is None
    assert GET_EID in card.requests


def test_a_strange_item_that_was_there_before_is_no_problem(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    victim, strange = "5A0A989489050000000020F5", "5A0401020304"
    card.instead(PROFILES, a_list_of(victim, strange), a_list_of(strange))
    outcome = assistant.delete(assistant.plan_deletion(euicc.profiles[1].iccid))
    assert outcome.problem is None
