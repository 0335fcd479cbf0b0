"""A lost notification is recorded, listed and reported until the person has informed the operator."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.errors import Refused, StorageFailed
from lpa.journal import DELETING, DISABLING, Journal, LostNotification
from lpa.notifications import lost
from lpa.notifications.changes import ProfileChange
from lpa.notifications.sender import ServerFactory
from lpa.profiles import switching
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.records import CHANGE_TAGS, NotificationConfiguration, NotificationEvent, Profile
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support import command
from tests.support.disturbed import DisturbedCard
from tests.support.journals import EID, PROFILE, Clock
from tests.support.unfinished import outcomes

NORDLICHT = "8949985000000000025"


def leave(assistant: Assistant, function: str, number: int, state: str, *, gone: int) -> None:
    """Leave an operation unfinished, and delete the profile `gone` without a signed notification."""
    before = assistant.euicc.profiles(CHANGE_TAGS)
    assistant.journal.begin(assistant.eid, function, before, target=before[number].iccid).set_state(state)
    assistant.euicc.delete_profile(before[gone].iccid)
    for metadata in assistant.notifications():
        assistant.euicc.notification_sent(metadata.sequence_number)


def test_a_lost_notification_is_recorded_with_the_completion_of_its_operation_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise recovery would record it a second time."""
    lost = LostNotification(EID, PROFILE.iccid, "旅行", NotificationEvent.DELETE, "smdp.example", 1_000_007.0)
    monkeypatch.setattr("lpa.journal.operation.COMPLETE", "UPDATE nothing SET a = ?, b = ?, c = ?, d = ?")
    with closing(Journal(tmp_path)) as journal, journal.operation(EID, "delete", (PROFILE,)) as operation:
        with pytest.raises(StorageFailed):
            operation.complete("gone", [lost])
        assert journal.lost() == ()


def test_a_lost_notification_is_in_the_journal_until_it_is_marked_as_informed(tmp_path: Path) -> None:
    lost = LostNotification(EID, PROFILE.iccid, "旅行", NotificationEvent.DELETE, "smdp.example", 1_000_007.0)
    clock = Clock()
    with closing(Journal(tmp_path, clock=clock)) as journal:
        with journal.operation(EID, "delete", (PROFILE,)) as operation:
            operation.complete("gone", [lost])
        assert journal.lost() == (lost,)
    with closing(Journal(tmp_path, clock=clock)) as journal:
        assert journal.lost() == (lost,)
        assert [type(one.event) for one in journal.lost()] == [NotificationEvent]
        journal.mark_informed(Iccid.parse(NORDLICHT))
        assert journal.lost() == (lost,)
        journal.mark_informed(PROFILE.iccid)
        assert journal.lost() == ()
        assert journal._read("SELECT informed, operation FROM lost_notification", ()) == [
            (clock.now, operation.number)
        ]


def test_a_profile_without_a_lost_notification_cannot_be_marked_as_informed(tmp_path: Path) -> None:
    with closing(Journal(tmp_path)) as journal, pytest.raises(Refused) as caught:
        lost.mark_informed(journal, PROFILE.iccid)
    assert caught.value.reason == "nothingLost"


def test_a_notification_that_a_person_removed_unsent_is_not_lost(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    before = assistant.euicc.profiles(CHANGE_TAGS)
    assistant.journal.begin(assistant.eid, "delete", before, target=before[1].iccid).set_state(DELETING)
    assistant.euicc.delete_profile(before[1].iccid)
    (metadata,) = assistant.notifications()
    assistant.remove_notification(metadata.sequence_number)
    (recovered,) = assistant.recover()
    assert [change.event for change in recovered.changes] == ["delete"]
    assert recovered.deliveries == ()
    assert assistant.journal.lost() == ()
    assert not smdp.received


def test_a_deletion_without_a_signed_notification_is_recorded_as_lost(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    leave(assistant, "delete", 1, DELETING, gone=1)
    (recovered,) = assistant.recover()
    assert [change.external for change in recovered.changes] == [False]
    (lost,) = assistant.journal.lost()
    assert (lost.eid, str(lost.iccid), lost.title) == (Eid.parse(euicc.eid), NORDLICHT, "Nordlicht")
    assert (lost.event, lost.address) == ("delete", "nordlicht.smdp.example")
    assert assistant.recover() == ()
    assert assistant.journal.lost() == (lost,)


def test_a_deletion_by_another_program_is_external(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    leave(assistant, "disable", 0, DISABLING, gone=1)
    (recovered,) = assistant.recover()
    (change,) = recovered.changes
    assert (change.event, str(change.profile.iccid), change.external) == ("delete", NORDLICHT, True)
    assert [lost.event for lost in assistant.journal.lost()] == ["delete"]


def test_a_deletion_that_only_disabled_is_not_deleted_even_if_another_profile_is_gone(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    before = assistant.euicc.profiles(CHANGE_TAGS)
    assistant.journal.begin(assistant.eid, "delete", before, target=before[0].iccid).set_state(DISABLING)
    assistant.euicc.disable_profile(before[0].iccid, refresh=False)
    assistant.euicc.delete_profile(before[1].iccid)
    (recovered,) = assistant.recover()
    assert [(one.event, one.external) for one in recovered.changes] == [("disable", False), ("delete", True)]
    assert recovered.not_deleted


@pytest.mark.parametrize(
    ("function", "target", "event", "profile", "external"),
    [
        ("enable", 1, "enable", 1, False),
        ("enable", 1, "disable", 0, False),
        ("enable", 1, "enable", 2, True),
        ("enable", 1, "delete", 1, True),
        ("disable", 0, "disable", 0, False),
        ("disable", 0, "disable", 1, True),
        ("disable", 0, "delete", 0, True),
        ("delete", 0, "disable", 0, False),
        ("delete", 0, "delete", 0, False),
        ("delete", 0, "delete", 1, True),
        ("delete", 0, "enable", 0, True),
        ("delete", None, "delete", 1, False),
        ("reset", None, "delete", 1, False),
        ("reset", None, "enable", 1, True),
    ],
)
def test_a_change_is_external_if_it_was_not_asked_for(
    function: str, target: int | None, event: str, profile: int, external: bool, tmp_path: Path
) -> None:
    with SimulatedEuicc.create(None) as euicc, Assistant(euicc, state_dir=tmp_path) as assistant:
        profiles = assistant.profiles()
        operation = assistant.journal.begin(
            assistant.eid, function, profiles, target=None if target is None else profiles[target].iccid
        )
        assert (
            switching._attributed(operation, NotificationEvent(event), profiles[profile]).external is external
        )


@pytest.mark.parametrize(
    ("function", "target", "profile_class", "external"),
    [
        ("disable", 0, "test", False),
        ("delete", 0, "test", False),
        ("reset", None, "test", False),
        ("disable", 0, "operational", True),
        ("disable", 2, "test", True),
        ("enable", 2, "test", True),
    ],
)
def test_what_a_card_enables_again_after_a_test_profile_is_not_external(
    function: str, target: int | None, profile_class: str, external: bool, tmp_path: Path
) -> None:
    with SimulatedEuicc.create(None) as euicc, Assistant(euicc, state_dir=tmp_path) as assistant:
        first, second, third = assistant.profiles()
        before = (replace(first, profile_class=profile_class), second, third)
        operation = assistant.journal.begin(
            assistant.eid, function, before, target=None if target is None else before[target].iccid
        )
        assert switching._attributed(operation, NotificationEvent.ENABLE, second).external is external


def test_the_event_of_a_change_is_a_member_of_the_enum(
    euicc: SimulatedEuicc, servers: ServerFactory, tmp_path: Path
) -> None:
    with Assistant(euicc, state_dir=tmp_path, servers=servers) as assistant:
        enabled, disabled, _ = assistant.profiles()
        plan = assistant.plan_deletion(enabled, disable_first=True)
        outcomes = (assistant.delete(plan), assistant.enable(disabled), assistant.disable(disabled))
    events = [change.event for outcome in outcomes for change in outcome.changes]
    assert events == ["disable", "delete", "enable", "disable"]
    assert {type(event) for event in events} == {NotificationEvent}


def test_nothing_is_lost_of_a_test_profile_as_the_card_signs_nothing_about_it(
    euicc: SimulatedEuicc, servers: ServerFactory, smdp: SimulatedSmdp, tmp_path: Path
) -> None:
    operator, test, _ = euicc.profiles
    profiles = [operator, replace(test, profile_class="test")]
    assert test.notifications
    euicc = SimulatedEuicc.create(None, profiles=profiles, authority=euicc.authority)
    with Assistant(euicc, state_dir=tmp_path, servers=servers) as assistant:
        plan = assistant.plan_deletion(test.iccid, disable_first=True)
        assert plan.addresses == ()
        outcomes = [assistant.enable(test.iccid), assistant.disable(test.iccid)]
        assert [len(outcome.changes) for outcome in outcomes] == [2, 2]
        outcomes += [assistant.delete(assistant.plan_deletion(test.iccid))]
        assert [outcome.unacknowledged for outcome in outcomes] == [()] * 3
        assert assistant.journal.lost() == ()
    assert {str(received.iccid) for received in smdp.received} == {operator.iccid}


def test_only_the_installation_of_a_test_profile_is_notified() -> None:
    configured = (NotificationConfiguration(("install", "delete"), "smdp.example"),)
    test = Profile(PROFILE.iccid, profile_class="test", notifications=configured)
    assert ProfileChange(NotificationEvent.INSTALL, test).addresses == ("smdp.example",)
    assert ProfileChange(NotificationEvent.DELETE, test).addresses == ()


def test_a_notification_about_a_test_profile_is_delivered_if_the_card_signs_one(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    plan = assistant.plan_deletion(euicc.profiles[1].iccid)
    test = replace(plan, profile=replace(plan.profile, profile_class="test"))
    assistant._snapshot = test.snapshot_digest
    assert assistant.delete(test).unacknowledged == ()
    assert [received.event for received in smdp.received] == ["delete"]


def test_a_lost_notification_that_a_full_disk_could_not_record_is_found_again(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    leave(assistant, "delete", 1, DELETING, gone=1)
    database = assistant.journal._database.connection
    database.execute(
        "CREATE TEMP TRIGGER full BEFORE INSERT ON lost_notification BEGIN SELECT RAISE(ABORT, 'full'); END"
    )
    assistant.recover()
    assert [one.function for one in assistant.journal.unfinished()] == ["delete"]
    database.execute("DROP TRIGGER full")
    assistant.recover()
    assert [str(lost.iccid) for lost in assistant.journal.lost()] == [NORDLICHT]
    assert [state for state, _ in outcomes(assistant.journal)] == ["CLOSED"]


@pytest.fixture
def options(tmp_path: Path) -> tuple[str, ...]:
    """The options for a card from which another program deleted a profile during an operation."""
    folder = command.card(tmp_path / "card")
    with Assistant(SimulatedEuicc.load(folder), state_dir=tmp_path / "state") as assistant:
        leave(assistant, "disable", 0, DISABLING, gone=1)
    return ("--reader", f"sim:{folder}", "--state-dir", str(tmp_path / "state"))


LOST = [
    LostNotification(EID, Iccid.parse(number), "Nordlicht", event, "rsp.example", 1.0)
    for number, event in (
        (NORDLICHT, NotificationEvent.DISABLE),
        (NORDLICHT, NotificationEvent.DELETE),
        (f"{NORDLICHT[:5]}0{NORDLICHT[6:]}", NotificationEvent.DELETE),
    )
]


@pytest.mark.parametrize("digits", [NORDLICHT, "9985000000000025"])
def test_a_profile_with_a_lost_notification_is_named_by_its_last_digits(digits: str) -> None:
    assert str(lost.profile_named(digits, LOST)) == NORDLICHT


@pytest.mark.parametrize(
    ("digits", "reason", "message"),
    [
        (
            "0025",
            "ambiguous",
            "Several profiles with lost notifications have an ICCID that ends with 0025: "
            f"{NORDLICHT}, 8949905000000000025.",
        ),
        ("0017", "nothingLost", "There is no lost notification of a profile 0017."),
        ("9985", "nothingLost", "There is no lost notification of a profile 9985."),
    ],
)
def test_digits_of_several_profiles_or_none_are_refused(digits: str, reason: str, message: str) -> None:
    with pytest.raises(Refused) as caught:
        lost.profile_named(digits, LOST)
    assert (caught.value.reason, caught.value.message) == (reason, message)


def test_lpa_resume_reports_a_lost_notification_with_exit_code_4_until_it_is_marked(
    options: tuple[str, ...],
) -> None:
    first = command.run(*options, "resume")
    assert first.code == 4
    assert f"  Deleted by another program or the card itself: Nordlicht ({NORDLICHT}).\n" in first.out
    assert "Deleted Nordlicht" not in first.out
    advice = f"Inform the operator yourself; then run 'lpa notifications mark-informed {NORDLICHT}'.\n"
    assert "Lost: no signed notification remains for these servers.\n" in first.out
    assert first.out.count("o signed notification remains for") == 1
    assert first.out.endswith(advice)
    again = command.run(*options, "resume", "--json")
    assert again.code == 4
    assert again.document["error"]["message"] == (
        f"No signed notification remains for nordlicht.smdp.example: delete of Nordlicht ({NORDLICHT})."
    )
    marked = command.run("--state-dir", options[3], "notifications", "mark-informed", "0025")
    assert (marked.code, marked.out) == (
        0,
        f"The operator is informed: delete of Nordlicht ({NORDLICHT}), nordlicht.smdp.example.\n",
    )
    assert command.run(*options, "resume") == command.Ran(0, "", "Nothing to resume.\n")
    assert command.run(*options, "notifications", "mark-informed", NORDLICHT).code == 1


def test_a_lost_notification_that_is_found_now_is_in_the_document(options: tuple[str, ...]) -> None:
    ran = command.run(*options, "resume", "--json")
    assert ran.code == 4
    (recovered,) = ran.document["result"]["recovered"]
    assert [(one["acknowledged"], one["lost"]) for one in recovered["deliveries"]] == [(False, True)]
    assert [one["external"] for one in recovered["changes"]] == [True]
    assert ran.document["error"] == recovered["deliveries"][0]["problem"]
    assert len(ran.document["result"]["lost"]) == 1


def test_what_is_marked_as_informed_is_in_the_document(options: tuple[str, ...]) -> None:
    (lost,) = command.run(*options, "resume", "--json").document["result"]["lost"]
    marked = command.run(*options, "notifications", "mark-informed", "0025", "--json")
    assert (marked.code, marked.document["result"]) == (0, {"informed": [lost]})


@pytest.mark.parametrize("way", [(), ("--without-card",)])
def test_a_lost_notification_is_listed(way: tuple[str, ...], options: tuple[str, ...]) -> None:
    assert command.run(*options, "resume").code == 4
    ran = command.run(*options, "notifications", "list", *way)
    assert ran.code == 0
    assert "Lost: no signed notification remains for these servers.\n" in ran.out
    assert f"delete  {NORDLICHT}  Nordlicht  nordlicht.smdp.example  " in ran.out
    (lost,) = command.run(*options, "notifications", "list", *way, "--json").document["result"]["lost"]
    assert (lost["iccid"], lost["title"]) == (NORDLICHT, "Nordlicht")
    assert (lost["event"], lost["address"]) == ("delete", "nordlicht.smdp.example")
    assert datetime.fromisoformat(lost["noticed"]).tzinfo
