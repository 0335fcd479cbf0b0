"""Check the whole card after a deletion, and report what is not as it should be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.card.es10 import Euicc
from lpa.errors import BadAnswer, NotVerified
from lpa.profiles import switching
from lpa.profiles.snapshot import differences, fingerprint, unreadable_differences
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.pki import chain
from lpa.rsp.records import Notification, NotificationConfiguration, Profile
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.simulated_profile import SimulatedProfile
from tests.support.disturbed import DisturbedCard

PROFILES, GET_EID, RETRIEVE = 0xBF2D, 0xBF3E, 0xBF2B
EID = Eid.parse("89049032000000000000000000000091")
OTHER = "89049032000000000000000000000066"
ONE = Profile(Iccid.parse("8944994000000000017"), "enabled", nickname="Work", service_provider="Albion")
TWO = Profile(Iccid.parse("8949985000000000025"), service_provider="Nordlicht")


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ((ONE, TWO), []),
        ((TWO, ONE), []),
        ((ONE,), ["Nordlicht (8949985000000000025) is no longer on the card."]),
        (
            (replace(ONE, state="disabled"), TWO),
            ["Work (8944994000000000017): state changed from 'enabled' to 'disabled'."],
        ),
        (
            (replace(ONE, nickname=""), TWO),
            ["Work (8944994000000000017): nickname changed from 'Work' to none."],
        ),
        (
            (ONE, replace(TWO, policy_rules=("ppr2",))),
            ["Nordlicht (8949985000000000025): rules changed from none to 'ppr2'."],
        ),
        (
            (ONE, replace(TWO, notifications=(NotificationConfiguration(("delete",), "a.example"),))),
            ["Nordlicht (8949985000000000025): notified servers changed from none to 'delete: a.example'."],
        ),
        (
            (ONE, TWO, Profile(Iccid.parse("89869870000000000033"))),
            ["89869870000000000033 was not on the card before."],
        ),
    ],
)
def test_each_difference_is_a_sentence_and_changes_the_fingerprint(
    after: tuple[Profile, ...], expected: list[str]
) -> None:
    assert [*differences((ONE, TWO), after)] == expected
    assert (fingerprint(EID, after) == fingerprint(EID, (ONE, TWO))) is (not expected)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([], [], []),
        ([b"1", b"2"], [b"2", b"1"], []),
        ([], [b"1", b"2"], ["The card lists 2 unreadable profiles; before, it listed none."]),
        ([b"1"], [b"2"], ["The card lists 1 unreadable profile; before, it listed another."]),
        ([b"1"], [], ["The card lists no unreadable profiles; before, it listed 1."]),
    ],
)
def test_unreadable_items_are_counted_if_they_differ(
    before: list[bytes], after: list[bytes], expected: list[str]
) -> None:
    assert [*unreadable_differences(before, after)] == expected


def test_another_card_or_unreadable_item_changes_the_fingerprint() -> None:
    fingerprints = [
        fingerprint(EID, (ONE,)),
        fingerprint(Eid.parse("89049032000000000000000000000188"), (ONE,)),
        fingerprint(EID, (ONE,), [b"\xe3\x00"]),
    ]
    assert len({*fingerprints}) == 3
    # SHA-256 of {"eid": …, "profiles": [[ICCID, state, nickname, operator, name, class, rules, servers]] …}
    assert fingerprints[0] == "1444c0596dbc801d2b1ed07a20daf2c3ab65b16c344f8643a938916e5a80e03c"


def deleted(assistant: Assistant, euicc: SimulatedEuicc, *, reviewed: bool = False) -> switching.Outcome:
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    return assistant.delete(assistant.review_deletion(plan) if reviewed else plan)


def a_list_of(*items: str) -> str:
    """An answer to GetProfilesInfo with items of ProfileInfo, in hexadecimal."""
    content = b"".join(Tlv.build(0xE3, bytes.fromhex(item)) for item in items)
    return Tlv.build(0xBF2D, Tlv.build(0xA0, content)).hex() + "9000"


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([], "Albion Mobile (8944994000000000017) is no longer on the card."),
        (
            ["5A0A984499040000000010F7 9F700101 91054F74686572"],
            "operator changed from 'Albion Mobile' to 'Other'",
        ),
        (["5A0A984499040000000010F7 9F700100"], "state changed from 'enabled' to 'disabled'"),
        (["5A0401020304"], "The card lists 1 unreadable profile; before, it listed none."),
    ],
)
def test_other_differences_after_a_deletion_are_reported(
    items: list[str], expected: str, assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    card.instead(PROFILES, *[a_list_of(*items)] * 2)  # Read twice if the profile may be an unreadable item.
    outcome = assistant.delete(plan)
    assert isinstance(outcome.problem, BadAnswer)
    assert expected in outcome.problem.message
    assert outcome.unacknowledged == ()


def test_unchanged_others_are_no_problem(assistant: Assistant, euicc: SimulatedEuicc) -> None:
    assert deleted(assistant, euicc, reviewed=True).problem is None


def test_a_profile_enabled_again_after_a_test_profile_is_no_problem(tmp_path: Path) -> None:
    operator, test = SimulatedEuicc.create(None, profiles=2).profiles
    euicc = SimulatedEuicc.create(None, profiles=[operator, replace(test, profile_class="test")])
    with Assistant(euicc, state_dir=tmp_path) as assistant:
        assistant.enable(test.iccid)
        outcome = assistant.delete(assistant.plan_deletion(test.iccid, disable_first=True))
        assert [profile.state for profile in assistant.profiles()] == ["enabled"]
    assert outcome.problem is None


def test_another_eid_after_a_deletion_is_reported(tmp_path: Path) -> None:
    silent = SimulatedProfile("8949985000000000025")  # It names no server, so nothing is signed about it.
    euicc = SimulatedEuicc.create(None, profiles=[silent])
    card = DisturbedCard(euicc)
    with Assistant(card, state_dir=tmp_path) as assistant:
        plan = assistant.review_deletion(assistant.plan_deletion(silent.iccid))
        card.instead(GET_EID, f"BF3E125A10{OTHER} 9000")
        outcome = assistant.delete(plan)
    assert isinstance(outcome.problem, BadAnswer)
    assert outcome.problem.message == f"The EID of the card is {OTHER} now; it was {euicc.eid} before."


def test_a_notification_signed_by_another_card_is_reported(
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
    assert outcome.problem.message == f"The EID of the card is {other.eid} now; it was {euicc.eid} before."


def test_the_eid_is_not_read_again_if_the_card_has_signed(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    plan = assistant.review_deletion(assistant.plan_deletion(euicc.profiles[1].iccid))
    card.requests.clear()
    assert assistant.delete(plan).problem is None
    assert GET_EID not in card.requests


def test_the_eid_is_read_again_if_the_certificate_cannot_be_read(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(_notification: Notification) -> Eid:
        raise NotVerified("A certificate is not valid.")

    plan = assistant.review_deletion(assistant.plan_deletion(euicc.profiles[1].iccid))
    card.requests.clear()
    monkeypatch.setattr(chain, "claimed_card", unreadable)
    assert assistant.delete(plan).problem is None
    assert GET_EID in card.requests


def test_an_unreadable_item_that_was_listed_before_is_no_problem(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    victim, strange = "5A0A989489050000000020F5", "5A0401020304"
    card.instead(PROFILES, a_list_of(victim, strange), a_list_of(strange))
    outcome = assistant.delete(assistant.plan_deletion(euicc.profiles[1].iccid))
    assert outcome.problem is None
