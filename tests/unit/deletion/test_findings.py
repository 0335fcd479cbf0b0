"""What speaks against a deletion, as it follows from what was read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lpa.deletion import findings
from lpa.errors import ConnectFailed, NotVerified
from lpa.profiles import blockers
from lpa.profiles.blockers import Finding
from lpa.rsp.names import Iccid
from lpa.rsp.records import NotificationConfiguration, NotificationMetadata, Profile

TOLD = (NotificationConfiguration(("delete",), "albion.example"),)
ALBION = Profile(Iccid.parse("8944994000000000017"), service_provider="Albion Mobile", notifications=TOLD)
NORDLICHT = Profile(Iccid.parse("8949985000000000025"), service_provider="Nordlicht")
SHILI = Profile(Iccid.parse("89869870000000000033"), service_provider="示例移动")
OWN = NotificationMetadata(1, ("enable",), "albion.example", ALBION.iccid)
FOREIGN = NotificationMetadata(2, ("disable",), "nordlicht.example", NORDLICHT.iccid)


def checks(profile: Profile, *others: Profile) -> list[tuple[str, str]]:
    found = findings.checks(profile, others, disable_first=True)
    return [(finding.level, finding.name) for finding in found]


def pending(
    listed: list[NotificationMetadata],
    unsent: list[NotificationMetadata],
    acknowledged: list[NotificationMetadata],
) -> list[Finding]:
    return [*findings.pending(ALBION, (NORDLICHT, SHILI), listed, unsent, acknowledged)]


@pytest.mark.parametrize("kind", ["test", "provisioning"])
def test_a_profile_that_is_no_operators_is_warned_of(kind: str) -> None:
    assert checks(replace(ALBION, profile_class=kind), NORDLICHT) == [("warning", "not-operational")]
    (found,) = findings.checks(replace(ALBION, profile_class=kind), (), disable_first=False)
    assert found.message == f"This is a {kind} profile, no operator's: card or device may need it."


def test_the_last_profile_that_connects_anywhere_is_warned_of() -> None:
    assert checks(ALBION) == [("warning", "last-profile")]
    assert checks(ALBION, replace(NORDLICHT, profile_class="test")) == [("warning", "last-profile")]
    assert checks(ALBION, NORDLICHT) == []


def test_a_profile_that_names_no_server_to_tell_is_warned_of() -> None:
    for told in ((), (NotificationConfiguration(("enable",), "albion.example"),)):
        assert checks(replace(ALBION, notifications=told), NORDLICHT) == [("warning", "nobody-told")]


def test_a_rule_against_disabling_stops_a_profile_in_use_and_is_a_note_of_another() -> None:
    bound = replace(ALBION, policy_rules=("ppr1",))
    assert checks(replace(bound, state="enabled"), NORDLICHT) == [("blocker", "disallowedByPolicy")]
    assert checks(bound, NORDLICHT) == [("note", "ppr1")]
    (found,) = findings.checks(bound, (NORDLICHT,), disable_first=False)
    assert "That does not prevent deleting it." in found.message


def test_a_warning_that_nobody_could_accept_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="'forgotten'"):
        Finding("warning", "forgotten", "Nobody listed this.")
    for name in (*blockers.WARNINGS, *blockers.RULES):
        assert Finding("warning", name, "It is listed.").name == name


@pytest.mark.parametrize(
    ("listed", "unsent", "acknowledged", "found"),
    [
        ([], [], [], []),
        ([OWN], [], [], [("warning", "undelivered")]),
        ([OWN], [OWN], [], [("warning", "undelivered")]),
        ([], [OWN], [], [("warning", "undelivered")]),
        ([OWN], [], [OWN], [("note", "still-on-card")]),
        ([], [], [OWN], []),
        ([FOREIGN], [], [], [("note", "undelivered-others")]),
        ([], [FOREIGN], [], [("note", "undelivered-others")]),
        ([FOREIGN], [], [FOREIGN], [("note", "still-on-card")]),
        ([OWN, FOREIGN], [OWN], [FOREIGN], [("warning", "undelivered"), ("note", "still-on-card")]),
        # Signed twice, as some cards do, and only one of the two was acknowledged.
        ([OWN], [OWN], [OWN], [("warning", "undelivered")]),
    ],
)
def test_what_servers_have_yet_to_hear_is_told_by_card_and_journal_together(
    listed: list[NotificationMetadata],
    unsent: list[NotificationMetadata],
    acknowledged: list[NotificationMetadata],
    found: list[tuple[str, str]],
) -> None:
    assert [(one.level, one.name) for one in pending(listed, unsent, acknowledged)] == found


def test_what_is_undelivered_is_named_with_its_event_and_server() -> None:
    (found,) = pending([OWN], [replace(OWN, sequence_number=3, events=("disable",))], [])
    assert found.message == (
        "Servers have not heard yet of earlier events of this profile: "
        "enable (albion.example), disable (albion.example)."
    )


def test_what_waits_of_others_is_named_shortly() -> None:
    (one,) = pending([FOREIGN], [FOREIGN], [])
    assert one.message == (
        "1 notification of other profiles waits for a server: Nordlicht (nordlicht.example: disable)."
    )
    gone = Iccid.parse("8949000000000000099")
    many = [replace(FOREIGN, sequence_number=number, iccid=gone) for number in range(3, 7)]
    (five,) = pending([FOREIGN, *many], [], [])
    assert five.message == (
        "5 notifications of other profiles wait for a server: Nordlicht (nordlicht.example: disable), "
        f"{gone} (nordlicht.example: disable), {gone} (nordlicht.example: disable), and 2 more."
    )
    (unknown,) = pending([replace(FOREIGN, iccid=None)], [], [])
    assert "server: an unknown profile (nordlicht.example: disable)." in unknown.message


def test_what_the_card_holds_though_servers_know_it_is_counted() -> None:
    (one,) = pending([OWN], [], [OWN])
    assert one.message == "The card still holds 1 notification that its server has acknowledged."
    (two,) = pending([OWN, FOREIGN], [], [OWN, FOREIGN])
    assert two.message == "The card still holds 2 notifications that their servers have acknowledged."


def test_what_was_not_finished_is_known_before_a_deletion() -> None:
    (found,) = findings.unfinished(["enable"])
    assert (found.level, found.name) == ("note", "unfinished")
    assert found.message == "An earlier 'enable' of this card was not finished."
    (found,) = findings.unfinished(["temporary-enable"])
    assert (found.level, found.name) == ("note", "unfinished")
    assert found.message == "An earlier switch for a moment was not finished."


def test_a_server_that_does_not_prove_who_it_is_is_a_warning_and_one_that_is_away_a_note() -> None:
    strange = findings.reachability("albion.example", NotVerified("Its certificate does not hold."))
    assert (strange.level, strange.name) == ("warning", "not-verified")
    assert strange.message.endswith(" Its certificate does not hold.")
    assert "Somebody may answer in the operator's name." in strange.advice
    away = findings.reachability("albion.example", ConnectFailed("It cannot be reached."))
    assert (away.level, away.name) == ("note", "unreachable")
    assert findings.reachability("albion.example", None).name == "reachable"


def test_all_that_no_card_can_know_is_asked_and_names_the_operator() -> None:
    found = {finding.name: finding.message for finding in findings.reminders(ALBION)}
    assert tuple(found) == findings.REMINDERS
    assert all("Albion Mobile" in message for message in found.values())
    for name, words in (
        ("bills", "bills"),
        ("term", "term of the contract"),
        ("balance", "balance left, or a deposit or refund"),
        ("accounts", "accounts, banks and services"),
        ("contact", "still reach"),
        ("contract", "does not end the contract"),
    ):
        assert words in found[name]
    nameless = findings.reminders(replace(ALBION, service_provider=""))
    assert all("the operator" in finding.message for finding in nameless)


def test_protected_profiles_are_named_and_how_to_lift_that() -> None:
    (one,) = blockers.protection([ALBION])
    assert one.message == "The profile Albion Mobile (8944994000000000017) is protected on this computer."
    assert one.advice == "'lpa unprotect 0017' lifts that."
    (two,) = blockers.protection([ALBION, SHILI], "EuiccMemoryReset")
    assert "Albion Mobile (8944994000000000017), 示例移动 (89869870000000000033)." in two.message
    assert two.advice == "'lpa unprotect 0017', 'lpa unprotect 0033' lift that."
    assert (two.refused.function, two.refused.reason) == ("EuiccMemoryReset", "protected")
    assert [*blockers.protection([])] == []


@pytest.mark.parametrize(
    ("target", "in_use", "why"),
    [
        (ALBION, replace(NORDLICHT, state="enabled"), ""),
        (ALBION, replace(NORDLICHT, policy_rules=("ppr1",)), ""),
        (
            ALBION,
            replace(NORDLICHT, state="enabled", policy_rules=("ppr1",)),
            "Nordlicht (8949985000000000025) is in use, and may not be disabled for that (PPR1).",
        ),
        (
            replace(ALBION, policy_rules=("ppr1",)),
            NORDLICHT,
            "Once it was put to use for that, it could not be taken out of use again (PPR1).",
        ),
        # A profile that is no operator's takes the place of one that is bound.
        (
            replace(ALBION, profile_class="test"),
            replace(NORDLICHT, state="enabled", policy_rules=("ppr1",)),
            "",
        ),
        (replace(ALBION, state="enabled", policy_rules=("ppr1",)), NORDLICHT, ""),
    ],
)
def test_a_plan_promises_no_backup_that_the_operators_forbid(
    target: Profile, in_use: Profile, why: str
) -> None:
    promise = findings.backup(target, [in_use])
    blockers = [*findings.against_backup(target, [in_use])]
    assert (promise.level, promise.name) == ("note", "no-backup" if why else "backup")
    assert [stop.message for stop in blockers] == (
        [f"Its contacts and messages cannot be saved. {why}"] if why else []
    )
    if why:
        assert promise.message == blockers[0].message


@pytest.mark.parametrize(
    ("tries", "name", "said"),
    [
        (3, "pin-needed", "Tries left: 3."),
        (2, "pin-needed", "Tries left: 2."),
        (None, "pin-needed", "locked with a PIN."),
        (1, "pin-last-try", "Only one try is left for it, and is not used up here. They cannot be saved."),
        (0, "pin-blocked", "it is blocked. They cannot be saved."),
    ],
)
def test_a_pin_is_told_with_the_tries_that_are_left(tries: int | None, name: str, said: str) -> None:
    found = findings.lock(tries)
    assert (found.level, found.name) == ("note", name)
    assert found.message.endswith(said)
