"""Every function of the eUICC: the bytes that are sent, and the result of the bytes that come back."""

from collections.abc import Callable
from typing import Any

import pytest

from lpa.card import isdr
from lpa.card.es10 import ISDR_AIDS, Euicc
from lpa.errors import (
    BadAnswer,
    CardRemoved,
    EuiccRefused,
    LpaError,
    NotAnEuicc,
    OutcomeUnknown,
)
from lpa.rsp.names import Aid, Iccid
from lpa.rsp.records import Operator, ProfileClass
from tests.support.scripted import ScriptedCard

ICCID = Iccid.from_coded(bytes.fromhex("98989898989898989898"))
AID = Aid.parse("A0000005591010FFFFFFFF8900001100")
EID = "89049032123451234512345678901235"
ANNOUNCE = ("80AA00000A A9088100820101830107", "9000")
OPEN, CLOSE = ("0070000001", "019000"), ("00708001", "9000")
SELECT = ("01A4040010 A0000005591010FFFFFFFF8900000100 00", "6120")
GET_EID = ("81E2910006 BF3E035C015A 00", f"BF3E125A10{EID}9000")
OPENING = (ANNOUNCE, OPEN, SELECT, GET_EID)

NOTIFICATION = "3018 BF2F0C 800101 81020780 0C03612E62 5F37020102 3000 3000"


def exchanged(request: str, answer: str | LpaError, status: str = "9000") -> tuple[str, str | LpaError]:
    coded = bytes.fromhex(request)
    return (
        bytes([0x81, 0xE2, 0x91, 0x00, len(coded)]).hex() + coded.hex() + "00",
        answer + status if isinstance(answer, str) else answer,
    )


def call(function: Callable[[Euicc], Any], request: str, answer: str | LpaError, status: str = "9000") -> Any:
    card = ScriptedCard(*OPENING, exchanged(request, answer, status), CLOSE)
    with Euicc(card) as euicc:
        result = function(euicc)
    assert card.finished()
    return result


def refused(function: Callable[[Euicc], Any], request: str, answer: str) -> tuple[str, str, int]:
    with pytest.raises(EuiccRefused) as caught:
        call(function, request, answer)
    assert caught.value.message
    return caught.value.function, caught.value.reason, caught.value.code


def test_opening_reads_the_eid() -> None:
    card = ScriptedCard(*OPENING, CLOSE)
    with Euicc(card) as euicc:
        assert str(euicc.eid) == EID
        assert euicc.aid == ISDR_AIDS[0]
    assert card.finished()


def test_an_application_without_an_eid_is_skipped() -> None:
    card = ScriptedCard(
        ANNOUNCE,
        OPEN,
        ("01A4040010 A0000005591010FFFFFFFF8900000100 00", "9000"),
        ("81E2910006 BF3E035C015A 00", "6A88"),
        ("01A4040010 A0000005591010FFFFFFFF8900050500 00", "6120"),
        GET_EID,
        CLOSE,
    )
    with Euicc(card) as euicc:
        assert str(euicc.aid) == "A0000005591010FFFFFFFF8900050500"
    assert card.finished()


def test_the_aids_of_the_isdr_can_be_given() -> None:
    card = ScriptedCard(ANNOUNCE, OPEN, ("01A4040005 A000000001 00", "9000"), GET_EID, CLOSE)
    with Euicc(card, aids=[Aid.parse("A000000001")]) as euicc:
        assert str(euicc.aid) == "A000000001"


def test_a_card_without_an_isdr_is_not_an_euicc_and_its_channel_is_closed() -> None:
    card = ScriptedCard(ANNOUNCE, OPEN, ("01A4040005 A000000001 00", "6A82"), CLOSE)
    with pytest.raises(NotAnEuicc):
        Euicc(card, aids=[Aid.parse("A000000001")])
    assert card.finished()


def test_info1_has_the_trusted_ci_keys() -> None:
    key = "81370F5125D0B1D408D4C3B232E6D25E795BEBFB"
    info = call(Euicc.euicc_info1, "BF2000", f"BF2035 8203020202 A9160414{key} AA160414{key}")
    assert info.svn == "2.2.2"
    assert [str(item).upper() for item in info.ci_for_verification] == [key]


def test_info2_is_read() -> None:
    info = call(Euicc.euicc_info2, "BF2200", "BF2214 8203020202 840D 81010382040007A12083022000")
    assert info.svn == "2.2.2"
    assert info.resource.free_non_volatile == 500000


def test_the_configured_addresses_are_read() -> None:
    addresses = call(Euicc.configured_addresses, "BF3C00", "BF3C0A 8003612E62 8103632E64")
    assert (addresses.default_dp, addresses.root_ds) == ("a.b", "c.d")


def test_the_default_address_is_set() -> None:
    call(lambda euicc: euicc.set_default_dp_address("a.b"), "BF3F058003612E62", "BF3F03800100")
    call(lambda euicc: euicc.set_default_dp_address(""), "BF3F028000", "BF3F03800100")


def test_the_rules_authorisation_table_is_read() -> None:
    (rule,) = call(Euicc.rules, "BF4300", "BF4319 A017 3015 80020560 A10B 3009 8003EEEEEE 8100 8200 82020780")
    assert rule.policy_rules == ("ppr1", "ppr2")
    assert rule.operators == (Operator("EEE-EEE"),)
    assert rule.consent_required


@pytest.mark.parametrize("status", ["6A80", "6A88", "6D00"])
def test_a_card_older_than_the_rules_authorisation_table_has_no_rules(status: str) -> None:
    assert call(Euicc.rules, "BF4300", "", status) == ()


def test_a_failed_request_for_the_rules_is_not_an_empty_table() -> None:
    with pytest.raises(BadAnswer, match="6982"):
        call(Euicc.rules, "BF4300", "", "6982")


def test_the_challenge_has_16_bytes() -> None:
    answer = "BF2E12 8010 000102030405060708090A0B0C0D0E0F"
    assert call(Euicc.challenge, "BF2E00", answer) == bytes(range(16))
    with pytest.raises(BadAnswer):
        call(Euicc.challenge, "BF2E00", "BF2E02 8000")


def test_profiles_are_listed_without_their_icons() -> None:
    request = "BF2D13 5C11 5A4F9F7090919295999F249F269F679F7B"
    profiles = call(Euicc.profiles, request, "BF2D14 A012 E310 5A0A98989898989898989898 9F700101")
    assert [(profile.iccid, profile.enabled) for profile in profiles] == [(ICCID, True)]


def test_an_unreadable_profile_does_not_hide_the_others() -> None:
    good = "E310 5A0A98989898989898989898 9F700100"
    unreadable = "E304 5A02ABCD"
    profiles = call(
        Euicc.profiles, "BF2D13 5C11 5A4F9F7090919295999F249F269F679F7B", f"BF2D1A A018 {good} {unreadable}"
    )
    assert [profile.iccid for profile in profiles] == [ICCID]
    assert [item.hex() for item in profiles.unreadable] == ["e3045a02abcd"]


@pytest.mark.parametrize(("answer", "status"), [("BF2D03 810101", "9000"), ("", "6A80"), ("", "6A88")])
def test_a_card_that_refuses_newer_tags_is_asked_without_them(answer: str, status: str) -> None:
    newer = exchanged("BF2D13 5C11 5A4F9F7090919295999F249F269F679F7B", answer, status)
    older = exchanged("BF2D0B 5C09 5A4F9F709091929599", "BF2D14 A012 E310 5A0A98989898989898989898 9F700101")
    card = ScriptedCard(*OPENING, newer, older, older, CLOSE)
    with Euicc(card) as euicc:
        assert [profile.iccid for profile in euicc.profiles()] == [ICCID]
        assert [profile.iccid for profile in euicc.profiles()] == [ICCID]
    assert card.finished()


def test_a_card_that_refuses_older_tags_too_is_asked_no_further() -> None:
    newer = exchanged("BF2D13 5C11 5A4F9F7090919295999F249F269F679F7B", "BF2D03 810101")
    older = exchanged("BF2D0B 5C09 5A4F9F709091929599", "BF2D03 81017F")
    card = ScriptedCard(*OPENING, newer, older, CLOSE)
    with Euicc(card) as euicc, pytest.raises(EuiccRefused, match="no reason"):
        euicc.profiles()
    assert card.finished()


def test_another_refusal_of_the_list_is_final() -> None:
    newer = "BF2D13 5C11 5A4F9F7090919295999F249F269F679F7B"
    assert refused(Euicc.profiles, newer, "BF2D03 81010B") == ("GetProfilesInfo", "profileChangeOngoing", 11)


def test_the_remote_managers_of_an_iot_card_are_listed() -> None:
    found = call(Euicc.eims, "BF55 00", "BF55 0B A009 3005 8003612E62 3000")
    assert [eim.identifier for eim in found] == ["a.b"]
    assert [item.hex() for item in found.unreadable] == ["3000"]
    assert call(Euicc.eims, "BF55 00", "", "6A88") == ()
    with pytest.raises(BadAnswer):
        call(Euicc.eims, "BF55 00", "", "6F00")


@pytest.mark.parametrize(
    ("only", "criterion"),
    [
        ({"only": ICCID}, "A00C 5A0A98989898989898989898"),
        ({"only": AID}, "A012 4F10A0000005591010FFFFFFFF8900001100"),
        ({"profile_class": ProfileClass.OPERATIONAL}, "A003 950102"),
        ({"profile_class": ProfileClass.TEST}, "A003 950100"),
    ],
)
def test_profiles_can_be_searched(only: dict[str, Any], criterion: str) -> None:
    body = bytes.fromhex(criterion + "5C015A")
    request = bytes([0xBF, 0x2D, len(body)]).hex() + body.hex()
    assert call(lambda euicc: euicc.profiles(b"\x5a", **only), request, "BF2D02A000") == ()


def test_a_refused_list_raises_the_refusal() -> None:
    answer = refused(lambda euicc: euicc.profiles(b"\x5a"), "BF2D03 5C015A", "BF2D03810101")
    assert answer == ("GetProfilesInfo", "incorrectInputValues", 1)


CHANGES: list[tuple[Callable[[Euicc], Any], str, str, list[tuple[int, str]]]] = [
    (
        lambda euicc: euicc.enable_profile(ICCID, refresh=True),
        "BF3111 A00C 5A0A98989898989898989898 8101FF",
        "EnableProfile",
        [
            (1, "iccidOrAidNotFound"),
            (2, "profileNotInDisabledState"),
            (3, "disallowedByPolicy"),
            (4, "wrongProfileReenabling"),
            (5, "catBusy"),
            (127, "undefinedError"),
            (99, "99"),
        ],
    ),
    (
        lambda euicc: euicc.enable_profile(AID, refresh=False),
        "BF3117 A012 4F10A0000005591010FFFFFFFF8900001100 810100",
        "EnableProfile",
        [],
    ),
    (
        lambda euicc: euicc.disable_profile(ICCID, refresh=False),
        "BF3211 A00C 5A0A98989898989898989898 810100",
        "DisableProfile",
        [
            (1, "iccidOrAidNotFound"),
            (2, "profileNotInEnabledState"),
            (3, "disallowedByPolicy"),
            (5, "catBusy"),
            (127, "undefinedError"),
        ],
    ),
    (
        lambda euicc: euicc.delete_profile(ICCID),
        "BF330C 5A0A98989898989898989898",
        "DeleteProfile",
        [
            (1, "iccidOrAidNotFound"),
            (2, "profileNotInDisabledState"),
            (3, "disallowedByPolicy"),
            (127, "undefinedError"),
        ],
    ),
    (
        lambda euicc: euicc.delete_profile(AID),
        "BF3312 4F10A0000005591010FFFFFFFF8900001100",
        "DeleteProfile",
        [],
    ),
    (
        lambda euicc: euicc.set_nickname(ICCID, "卡"),
        "BF2911 5A0A98989898989898989898 9003E58DA1",
        "SetNickname",
        [(1, "iccidNotFound"), (127, "undefinedError")],
    ),
    (
        lambda euicc: euicc.set_nickname(ICCID, ""),
        "BF290E 5A0A98989898989898989898 9000",
        "SetNickname",
        [],
    ),
    (
        lambda euicc: euicc.memory_reset(
            ["deleteOperationalProfiles", "deleteFieldLoadedTestProfiles", "resetDefaultSmdpAddress"]
        ),
        "BF3404 820205E0",
        "EuiccMemoryReset",
        [(1, "nothingToDelete"), (5, "catBusy"), (127, "undefinedError")],
    ),
    (
        lambda euicc: euicc.memory_reset(["deleteOperationalProfiles"]),
        "BF3404 82020780",
        "EuiccMemoryReset",
        [],
    ),
    (
        lambda euicc: euicc.notification_sent(128),
        "BF3004 80020080",
        "NotificationSent",
        [(127, "undefinedError")],
    ),
]


@pytest.mark.parametrize(("change", "request_", "function", "refusals"), CHANGES)
def test_a_change_and_each_of_its_refusals(
    change: Callable[[Euicc], Any], request_: str, function: str, refusals: list[tuple[int, str]]
) -> None:
    tag = bytes.fromhex(request_)[:2].hex()
    call(change, request_, f"{tag}03800100")
    call(change, request_, f"{tag}03800100", status="910B")
    for code, reason in refusals:
        assert refused(change, request_, f"{tag}038001{code:02X}") == (function, reason, code)


@pytest.mark.parametrize(
    ("answer", "status"),
    [("", "6F00"), ("BF33", "9000"), ("BF330380010000", "9000"), ("BF3103800100", "9000"), ("", "9000")],
)
def test_a_change_with_an_unreadable_answer_has_an_unknown_outcome(answer: str, status: str) -> None:
    with pytest.raises(OutcomeUnknown, match="was sent to the card, but its outcome is unknown"):
        call(lambda euicc: euicc.delete_profile(ICCID), "BF330C 5A0A98989898989898989898", answer, status)


def test_a_change_without_an_answer_has_an_unknown_outcome() -> None:
    card = ScriptedCard(
        *OPENING,
        exchanged("BF330C 5A0A98989898989898989898", CardRemoved("pulled")),
        ("00708001", CardRemoved("pulled")),
    )
    with Euicc(card) as euicc, pytest.raises(OutcomeUnknown, match="pulled"):
        euicc.delete_profile(ICCID)


def test_a_nickname_of_too_many_bytes_is_not_sent_to_the_card() -> None:
    with (
        Euicc(ScriptedCard(*OPENING, CLOSE)) as euicc,
        pytest.raises(ValueError, match="64 bytes; this one has 66"),
    ):
        euicc.set_nickname(ICCID, "卡" * 22)
    request = "BF294E 5A0A98989898989898989898 9040" + "61" * 64
    call(lambda euicc: euicc.set_nickname(ICCID, "a" * 64), request, "BF2903800100")


def test_a_notification_that_the_card_no_longer_has_counts_as_removed() -> None:
    call(lambda euicc: euicc.notification_sent(0), "BF3003800100", "BF3003800101")


def test_pending_notifications_are_listed() -> None:
    item = "BF2F18 800102 81020410 0C03612E62 5A0A98989898989898989898"
    (metadata,) = call(Euicc.list_notifications, "BF2800", f"BF281D A01B {item}")
    assert (metadata.sequence_number, metadata.event, metadata.address, metadata.iccid) == (
        2,
        "delete",
        "a.b",
        ICCID,
    )
    assert call(lambda euicc: euicc.list_notifications(["delete"]), "BF2804 81020410", "BF2802A000") == ()


def test_a_negative_sequence_number_is_unreadable_and_hides_nothing() -> None:
    bad, good = "BF2F0C 8001FF 81020780 0C03612E62", "BF2F0C 800100 81020780 0C03612E62"
    listed = call(Euicc.list_notifications, "BF2800", f"BF2820 A01E {bad} {good}")
    assert [metadata.sequence_number for metadata in listed] == [0]
    assert len(listed.unreadable) == 1


def test_a_signed_notification_is_kept_as_the_bytes_that_came() -> None:
    answer = f"BF2B1C A01A {NOTIFICATION}"
    (signed,) = call(lambda euicc: euicc.retrieve_notifications(["install"]), "BF2B06 A004 81020780", answer)
    assert signed.raw == bytes.fromhex(NOTIFICATION)
    one = call(lambda euicc: euicc.retrieve_notification(1), "BF2B05 A003 800101", answer)
    assert one.raw == bytes.fromhex(NOTIFICATION)


@pytest.mark.parametrize("answer", ["BF2B02A000", "BF2B03810101"])
def test_every_answer_for_a_missing_notification_is_none(answer: str) -> None:
    assert call(lambda euicc: euicc.retrieve_notification(128), "BF2B06 A004 80020080", answer) is None
    assert call(Euicc.retrieve_notifications, "BF2B00", answer) == ()


def test_a_notification_with_another_number_is_ignored() -> None:
    answer = f"BF2B1C A01A {NOTIFICATION}"
    assert call(lambda euicc: euicc.retrieve_notification(2), "BF2B05 A003 800102", answer) is None


def test_an_unreadable_notification_is_a_bad_answer() -> None:
    with pytest.raises(BadAnswer, match="Notification 1 cannot be read"):
        call(lambda euicc: euicc.retrieve_notification(1), "BF2B05 A003 800101", "BF2B04 A002 3000")


def test_a_restart_waits_for_a_slow_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isdr, "_RESTART_PAUSE", 0)
    card = ScriptedCard(
        *OPENING,
        "reset",
        (ANNOUNCE[0], "6F00"),
        ("0070000001", "6F00"),
        (f"00A4040010 {ISDR_AIDS[0]} 00", "6F00"),
        "reset",
        *OPENING,
        CLOSE,
    )
    with Euicc(card) as euicc:
        euicc.restart()
    assert card.finished()


def test_a_restart_with_another_card_raises_card_removed() -> None:
    other = ("81E2910006 BF3E035C015A 00", "BF3E125A10 89049032000000000000000000000066 9000")
    card = ScriptedCard(*OPENING, "reset", ANNOUNCE, OPEN, SELECT, other, CLOSE)
    with Euicc(card) as euicc, pytest.raises(CardRemoved, match="Another card"):
        euicc.restart()
