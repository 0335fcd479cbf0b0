"""The findings before a deletion, as they follow from what was read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lpa.deletion import findings
from lpa.errors import ConnectFailed, NotVerified
from lpa.profiles import blockers
from lpa.profiles.blockers import Finding
from lpa.rsp.euicc_info import EuiccInfo2
from lpa.rsp.names import Iccid
from lpa.rsp.records import NotificationConfiguration, NotificationMetadata, Profile
from tests.support.der import tlv

NOTIFIED = (NotificationConfiguration(("delete",), "albion.example"),)
ALBION = Profile(Iccid.parse("8944994000000000017"), service_provider="Albion Mobile", notifications=NOTIFIED)
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
def test_a_profile_that_is_not_operational_is_a_warning(kind: str) -> None:
    assert checks(replace(ALBION, profile_class=kind), NORDLICHT) == [("warning", "not-operational")]
    (found,) = findings.checks(replace(ALBION, profile_class=kind), (), disable_first=False)
    assert found.message == f"This is a {kind} profile, not an operator's. The card or a device may need it."


def test_the_last_operational_profile_is_a_warning() -> None:
    assert checks(ALBION) == [("warning", "last-profile")]
    assert checks(ALBION, replace(NORDLICHT, profile_class="test")) == [("warning", "last-profile")]
    assert checks(ALBION, NORDLICHT) == []


def test_the_fallback_profile_is_a_warning() -> None:
    assert checks(replace(ALBION, fallback=True), NORDLICHT) == [("warning", "fallback-profile")]
    assert checks(replace(ALBION, fallback_allowed=True), NORDLICHT) == []


def test_an_iot_card_is_a_note() -> None:
    def noted(members: str) -> list[str]:
        info = EuiccInfo2.from_tlv(tlv("BF22", bytes.fromhex(members)))
        return [finding.name for finding in findings.managed_remotely(info)]

    assert noted("8203020202 900100 B400") == noted("B400") == ["managed-remotely"]
    assert noted("8203020202 900100") == []
    assert [*findings.managed_remotely(None)] == []


def test_a_profile_without_a_server_to_notify_is_a_warning() -> None:
    for configured in ((), (NotificationConfiguration(("enable",), "albion.example"),)):
        assert checks(replace(ALBION, notifications=configured), NORDLICHT) == [
            ("warning", "operator-not-notified")
        ]


def test_ppr1_is_a_blocker_for_an_enabled_profile_and_a_note_for_another() -> None:
    bound = replace(ALBION, policy_rules=("ppr1",))
    assert checks(replace(bound, state="enabled"), NORDLICHT) == [("blocker", "disallowedByPolicy")]
    assert checks(bound, NORDLICHT) == [("note", "ppr1")]
    (found,) = findings.checks(bound, (NORDLICHT,), disable_first=False)
    assert "As long as it is disabled, it can be deleted." in found.message


def test_a_warning_with_an_unknown_name_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="'unlisted'"):
        Finding("warning", "unlisted", "It is not listed.")
    for name in (*blockers.WARNINGS, *blockers.RULES):
        assert Finding("warning", name, "It is listed.").name == name


@pytest.mark.parametrize(
    ("listed", "unsent", "acknowledged", "found"),
    [
        ([], [], [], []),
        ([OWN], [], [], [("warning", "notifications-pending")]),
        ([OWN], [OWN], [], [("warning", "notifications-pending")]),
        ([], [OWN], [], [("warning", "notifications-pending")]),
        ([OWN], [], [OWN], [("note", "still-on-card")]),
        ([], [], [OWN], []),
        ([FOREIGN], [], [], [("note", "notifications-pending-others")]),
        ([], [FOREIGN], [], [("note", "notifications-pending-others")]),
        ([FOREIGN], [], [FOREIGN], [("note", "still-on-card")]),
        ([OWN, FOREIGN], [OWN], [FOREIGN], [("warning", "notifications-pending"), ("note", "still-on-card")]),
        # Signed twice, as by some cards, and only one of the two was acknowledged.
        ([OWN], [OWN], [OWN], [("warning", "notifications-pending")]),
    ],
)
def test_pending_notifications_are_found_on_the_card_and_in_the_journal(
    listed: list[NotificationMetadata],
    unsent: list[NotificationMetadata],
    acknowledged: list[NotificationMetadata],
    found: list[tuple[str, str]],
) -> None:
    assert [(one.level, one.name) for one in pending(listed, unsent, acknowledged)] == found


def test_pending_notifications_are_named_with_event_and_server() -> None:
    (found,) = pending([OWN], [replace(OWN, sequence_number=3, events=("disable",))], [])
    assert found.message == (
        "This profile has pending notifications, not acknowledged by a server: "
        "enable (albion.example), disable (albion.example)."
    )


def test_pending_notifications_of_others_are_summarised() -> None:
    (one,) = pending([FOREIGN], [FOREIGN], [])
    assert one.message == (
        "Other profiles have 1 notification pending: Nordlicht (nordlicht.example: disable)."
    )
    gone = Iccid.parse("8949000000000000099")
    many = [replace(FOREIGN, sequence_number=number, iccid=gone) for number in range(3, 7)]
    (five,) = pending([FOREIGN, *many], [], [])
    assert five.message == (
        "Other profiles have 5 notifications pending: Nordlicht (nordlicht.example: disable), "
        f"{gone} (nordlicht.example: disable), {gone} (nordlicht.example: disable), and 2 more."
    )
    (unknown,) = pending([replace(FOREIGN, iccid=None)], [], [])
    assert "pending: an unknown profile (nordlicht.example: disable)." in unknown.message


def test_acknowledged_notifications_on_the_card_are_counted() -> None:
    (one,) = pending([OWN], [], [OWN])
    assert one.message == "The card still holds 1 notification that its server has acknowledged."
    (two,) = pending([OWN, FOREIGN], [], [OWN, FOREIGN])
    assert two.message == "The card still holds 2 notifications that their servers have acknowledged."


def test_an_interrupted_operation_is_a_note() -> None:
    (found,) = findings.unfinished(["enable"])
    assert (found.level, found.name) == ("note", "unfinished")
    assert found.message == "An earlier 'enable' of this card was not finished."
    (found,) = findings.unfinished(["temporary-enable"])
    assert (found.level, found.name) == ("note", "unfinished")
    assert found.message == "An earlier temporary enable was not finished."


def test_an_unverified_server_is_a_warning_and_an_unreachable_one_a_note() -> None:
    strange = findings.reachability("albion.example", NotVerified("Its certificate does not hold."))
    assert (strange.level, strange.name) == ("warning", "not-verified")
    assert strange.message.endswith(" Its certificate does not hold.")
    assert "It may not be the operator's server" in strange.advice
    away = findings.reachability("albion.example", ConnectFailed("It cannot be reached."))
    assert (away.level, away.name) == ("note", "unreachable")
    assert findings.reachability("albion.example", None).name == "reachable"


def test_the_reminders_name_the_operator() -> None:
    found = {finding.name: finding.message for finding in findings.reminders(ALBION)}
    assert tuple(found) == findings.REMINDERS
    assert all("Albion Mobile" in message for message in found.values())
    for name, text in (
        ("bills", "bills"),
        ("term", "term of the contract"),
        ("balance", "balance, a deposit or a refund"),
        ("accounts", "accounts, banks and services"),
        ("contact", "without this number"),
        ("contract", "does not end the contract"),
    ):
        assert text in found[name]
    nameless = findings.reminders(replace(ALBION, service_provider=""))
    assert all("the operator" in finding.message for finding in nameless)


def test_protected_profiles_are_named_with_the_commands_to_unprotect_them() -> None:
    (one,) = blockers.protection([ALBION])
    assert one.message == "The profile Albion Mobile (8944994000000000017) is protected on this computer."
    assert one.advice == "'lpa unprotect 0017' lifts the protection."
    (two,) = blockers.protection([ALBION, SHILI], "EuiccMemoryReset")
    assert "Albion Mobile (8944994000000000017), 示例移动 (89869870000000000033)." in two.message
    assert two.advice == "'lpa unprotect 0017', 'lpa unprotect 0033' lift the protection."
    assert (two.refused.function, two.refused.reason) == ("EuiccMemoryReset", "protected")
    assert [*blockers.protection([])] == []


@pytest.mark.parametrize(
    ("target", "other", "why"),
    [
        (ALBION, replace(NORDLICHT, state="enabled"), ""),
        (ALBION, replace(NORDLICHT, policy_rules=("ppr1",)), ""),
        (
            ALBION,
            replace(NORDLICHT, state="enabled", policy_rules=("ppr1",)),
            "Nordlicht (8949985000000000025) is enabled, "
            "and its operator does not allow disabling it (PPR1).",
        ),
        (
            replace(ALBION, policy_rules=("ppr1",)),
            NORDLICHT,
            "Once enabled for that, it could not be disabled again (PPR1).",
        ),
        # PPR1 of the enabled profile does not bind a test profile.
        (
            replace(ALBION, profile_class="test"),
            replace(NORDLICHT, state="enabled", policy_rules=("ppr1",)),
            "",
        ),
        (replace(ALBION, state="enabled", policy_rules=("ppr1",)), NORDLICHT, ""),
    ],
)
def test_a_backup_that_an_operator_forbids_is_not_offered(target: Profile, other: Profile, why: str) -> None:
    offered = findings.backup(target, [other])
    blockers = [*findings.backup_blockers(target, [other])]
    assert (offered.level, offered.name) == ("note", "no-backup" if why else "backup")
    assert [blocker.message for blocker in blockers] == (
        [f"Its contacts and messages cannot be saved. {why}"] if why else []
    )
    if why:
        assert offered.message == blockers[0].message


@pytest.mark.parametrize(
    ("tries", "name", "message"),
    [
        (3, "pin-needed", "Tries left: 3."),
        (2, "pin-needed", "Tries left: 2."),
        (None, "pin-needed", "locked with a PIN."),
        (1, "pin-last-try", "One try is left, and lpa does not use it: they cannot be saved."),
        (0, "pin-blocked", "the PIN is blocked: they cannot be saved."),
    ],
)
def test_a_pin_lock_is_reported_with_the_remaining_tries(tries: int | None, name: str, message: str) -> None:
    found = findings.lock(tries)
    assert (found.level, found.name) == ("note", name)
    assert found.message.endswith(message)
