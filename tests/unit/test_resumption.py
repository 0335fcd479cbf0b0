"""What is said and done about operations that were begun and not finished."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.courier import Directory, Recipient
from lpa.errors import CardRemoved, ConnectFailed, OutcomeUnknown
from lpa.journal import DELETED, DELETING, DISABLING, ENABLED, ENABLING, PLANNED, PROOF_KEPT, UNKNOWN, Journal
from lpa.rsp.names import Eid, Iccid, ServerAddress
from lpa.rsp.records import CHANGE_TAGS
from lpa.sim.behaviour import Behaviour
from lpa.sim.card import SimulatedEuicc
from lpa.sim.smdp import SimulatedSmdp
from tests.disturbed import DisturbedCard

ENABLE, DISABLE, DELETE, RESET = 0xBF31, 0xBF32, 0xBF33, 0xBF34
EID, RETRIEVE, PROFILES, SENT = 0xBF3E, 0xBF2B, 0xBF2D, 0xBF30


class Stopped(BaseException):
    """The process ended here."""


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path / "state")) as journal:
        yield journal


def stop(assistant: Assistant, function: str, state: str, act: Callable[[], object] = lambda: None) -> None:
    """Begin an operation as a command does it, `act` on the card, and end in that state."""

    def begin() -> None:
        before = assistant.euicc.profiles(CHANGE_TAGS)
        with assistant.journal.operation(assistant.eid, function, before) as operation:
            if state != PLANNED:
                operation.enter(state)
            act()
            raise Stopped

    with pytest.raises(Stopped):
        begin()


def iccid(euicc: SimulatedEuicc, number: int) -> Iccid:
    return Iccid.parse(euicc.profiles[number].iccid)


def told(assistant: Assistant) -> list[tuple[str, str, str]]:
    return [
        (resumed.function, happening.event, str(happening.profile.iccid))
        for resumed in assistant.resumed
        for happening in resumed.happenings
    ]


def received(smdp: SimulatedSmdp) -> list[tuple[str, str]]:
    return [(one.event, str(one.iccid)) for one in smdp.received]


def outcomes(journal: Journal) -> list[tuple[str, str]]:
    return [(state, outcome) for state, outcome in journal._read("SELECT state, outcome FROM operation", ())]


def test_what_was_only_planned_is_closed_and_the_card_is_not_changed(
    assistant: Assistant, card: DisturbedCard, smdp: SimulatedSmdp, journal: Journal
) -> None:
    stop(assistant, "delete", PLANNED)
    card.requests.clear()
    assistant.settle()
    (resumed,) = assistant.resumed
    assert (resumed.function, resumed.happenings, resumed.deliveries) == ("delete", (), ())
    assert set(card.requests) == {EID, PROFILES}
    assert outcomes(journal) == [("CLOSED", "nothing was done")]
    assert smdp.received == ()


@pytest.mark.parametrize(
    ("function", "state"),
    [
        ("enable", ENABLING),
        ("disable", DISABLING),
        ("delete", DELETING),
        ("reset", DELETING),
        ("delete", UNKNOWN),
    ],
)
def test_what_was_not_done_is_said_and_not_made_up_for(
    function: str,
    state: str,
    assistant: Assistant,
    card: DisturbedCard,
    smdp: SimulatedSmdp,
    journal: Journal,
) -> None:
    stop(assistant, function, state)
    card.requests.clear()
    assistant.resume()
    (resumed,) = assistant.resumed
    assert (resumed.function, resumed.happenings) == (function, ())
    assert not {ENABLE, DISABLE, DELETE, RESET} & set(card.requests)
    assert outcomes(journal) == [("CLOSED", "")]
    assert smdp.received == ()


@pytest.mark.parametrize("state", [DELETING, DELETED, UNKNOWN])
def test_a_deletion_that_was_done_is_found_kept_and_delivered(
    state: str, assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp, journal: Journal
) -> None:
    victim = iccid(euicc, 1)
    stop(assistant, "delete", state, lambda: assistant.euicc.delete_profile(victim))
    (resumed,) = assistant.settle()
    assert told(assistant) == [("delete", "delete", str(victim))]
    (delivery,) = resumed.deliveries
    assert delivery.acknowledged
    assert delivery.cleared
    assert delivery.receipt
    assert received(smdp) == [("delete", str(victim))]
    assert outcomes(journal) == [("CLOSED", "")]


@pytest.mark.parametrize("state", [ENABLING, ENABLED, UNKNOWN])
def test_a_switch_that_was_done_is_found_with_what_it_replaced(
    state: str, assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    old, new = iccid(euicc, 0), iccid(euicc, 1)
    stop(assistant, "enable", state, lambda: assistant.euicc.enable_profile(new, refresh=False))
    assistant.settle()
    assert told(assistant) == [("enable", "disable", str(old)), ("enable", "enable", str(new))]
    assert sorted(received(smdp)) == [("disable", str(old)), ("enable", str(new))]


def test_a_switch_that_waits_for_a_refresh_is_carried_out_by_the_reset(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    new = iccid(euicc, 1)
    stop(assistant, "enable", ENABLING, lambda: assistant.euicc.enable_profile(new, refresh=True))
    assistant.settle()
    assert ("enable", "enable", str(new)) in told(assistant)
    assert len(smdp.received) == 2


def test_a_reset_that_was_done_is_found_for_every_profile(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    every = [profile.iccid for profile in euicc.profiles]
    stop(assistant, "reset", DELETING, lambda: assistant.euicc.memory_reset(["deleteOperationalProfiles"]))
    assistant.settle()
    assert told(assistant) == [("reset", "delete", one) for one in every]
    assert len(smdp.received) == 3


def test_what_was_kept_and_not_sent_is_sent_without_the_card_having_it_any_more(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp, journal: Journal
) -> None:
    victim = iccid(euicc, 1)

    def delete_and_keep() -> None:
        assistant.euicc.delete_profile(victim)
        (signed,) = assistant.euicc.retrieve_notifications()
        journal.keep(assistant.eid, signed)
        assistant.euicc.notification_sent(signed.metadata.sequence_number)

    stop(assistant, "delete", PROOF_KEPT, delete_and_keep)
    assert assistant.resume() == ()
    ((delivery,),) = (resumed.deliveries for resumed in assistant.resumed)
    assert told(assistant) == [("delete", "delete", str(victim))]
    assert delivery.acknowledged
    assert delivery.receipt
    assert delivery.receipt.path.read_bytes() == smdp.received[0].raw
    assert received(smdp) == [("delete", str(victim))]
    assert outcomes(journal) == [("CLOSED", "")]
    assert journal.outbox() == ()


def test_what_was_sent_is_not_sent_again_but_cleared(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp, journal: Journal
) -> None:
    def delete_and_send() -> None:
        assistant.euicc.delete_profile(iccid(euicc, 1))
        (signed,) = assistant.euicc.retrieve_notifications()
        assistant._outbox().keep([signed])
        journal.sent(assistant.eid, signed, {})

    stop(assistant, "delete", PROOF_KEPT, delete_and_send)
    assert assistant.resume() == ()
    ((delivery,),) = (resumed.deliveries for resumed in assistant.resumed)
    assert delivery.cleared
    assert smdp.received == ()
    assert euicc.notifications == ()


def test_a_receipt_without_its_line_in_the_outbox_is_of_an_earlier_operation(
    assistant: Assistant, euicc: SimulatedEuicc, journal: Journal
) -> None:
    victim = iccid(euicc, 1)
    assistant.euicc.delete_profile(victim)
    (older,) = assistant.euicc.retrieve_notifications()
    assistant.receipts.keep(assistant.eid, older)
    stop(assistant, "delete", DELETING)
    assistant.settle()
    assert told(assistant) == []


def test_a_notification_that_the_card_dropped_before_it_was_kept_is_lost_and_said_so(
    directory: Directory, euicc: SimulatedEuicc, smdp: SimulatedSmdp, tmp_path: Path, journal: Journal
) -> None:
    small = SimulatedEuicc.create(
        None, behaviour=Behaviour(notification_capacity=1), authority=euicc.authority
    )
    victim, other = iccid(small, 1), iccid(small, 2)
    with Assistant(small, state_dir=tmp_path / "state", directory=directory) as assistant:
        stop(assistant, "delete", DELETING, lambda: assistant.euicc.delete_profile(victim))
        assistant.euicc.enable_profile(
            other, refresh=False
        )  # another program, whose notifications push it out
        (resumed,) = assistant.settle()
    lost = next(delivery for delivery in resumed.deliveries if delivery.iccid == victim)
    assert (lost.sequence_number, lost.receipt, lost.acknowledged) == (None, None, False)
    assert lost.problem
    assert "signed no notification for nordlicht.smdp.example" in lost.problem.message
    ((state, outcome),) = outcomes(journal)
    assert state == "CLOSED"
    assert "signed no notification for nordlicht.smdp.example" in outcome


def test_an_operation_on_another_card_waits_for_that_card(
    assistant: Assistant, directory: Directory, euicc: SimulatedEuicc, smdp: SimulatedSmdp, tmp_path: Path
) -> None:
    victim = iccid(euicc, 1)
    stop(assistant, "delete", DELETING, lambda: assistant.euicc.delete_profile(victim))
    other = DisturbedCard(SimulatedEuicc.create(None, authority=euicc.authority))
    with Assistant(other, state_dir=tmp_path / "state", directory=directory) as elsewhere:
        other.requests.clear()
        assert elsewhere.settle() == ()
        assert elsewhere.resume() == ()
        assert not {ENABLE, DISABLE, DELETE, RESET, RETRIEVE, SENT} & set(other.requests)
        (left,) = elsewhere.journal.unfinished()
    assert left.eid == Eid.parse(euicc.eid)
    assert smdp.received == ()
    assistant.settle()
    assert received(smdp) == [("delete", str(victim))]


def test_a_card_that_was_wiped_elsewhere_says_what_is_gone_and_what_it_did_not_sign(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp, journal: Journal
) -> None:
    def wipe_and_forget() -> None:
        assistant.euicc.memory_reset(["deleteOperationalProfiles"])
        for notification in assistant.notifications():
            assistant.euicc.notification_sent(notification.sequence_number)

    every = [profile.iccid for profile in euicc.profiles]
    stop(assistant, "disable", DISABLING)
    wipe_and_forget()
    (resumed,) = assistant.settle()
    assert told(assistant) == [("disable", "delete", one) for one in every]
    assert len(resumed.deliveries) == 3
    assert all("signed no notification" in str(delivery.problem) for delivery in resumed.deliveries)
    assert smdp.received == ()
    ((state, outcome),) = outcomes(journal)
    assert (state, outcome.count("signed no notification")) == ("CLOSED", 3)


def test_a_profile_that_cannot_be_read_leaves_the_outcome_open(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp, journal: Journal
) -> None:
    victim = iccid(euicc, 1)
    stop(assistant, "delete", DELETING, lambda: assistant.euicc.delete_profile(victim))
    card.instead(PROFILES, "BF2D06 A004 E302 9500 9000")
    with pytest.raises(OutcomeUnknown, match="'delete' was not finished"):
        assistant.settle()
    assert [left.state for left in journal.unfinished()] == [DELETING]
    assert assistant.resumed == ()
    assistant.settle()
    assert told(assistant) == [("delete", "delete", str(victim))]


def test_a_change_does_not_begin_while_an_outcome_is_open(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    stop(assistant, "delete", DELETING)
    card.instead(PROFILES, "BF2D06 A004 E302 9500 9000")
    card.requests.clear()
    with pytest.raises(OutcomeUnknown):
        assistant.enable(iccid(euicc, 1))
    assert ENABLE not in card.requests


def test_a_card_that_is_pulled_before_it_is_read_leaves_the_outcome_open(
    assistant: Assistant, card: DisturbedCard, journal: Journal
) -> None:
    stop(assistant, "delete", DELETING)
    card.drop(PROFILES)
    with pytest.raises(OutcomeUnknown, match="cannot be read again"):
        assistant.settle()
    assert [left.state for left in journal.unfinished()] == [DELETING]


def test_a_card_that_is_pulled_while_it_is_asked_leaves_the_operation_open(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, journal: Journal
) -> None:
    stop(assistant, "delete", DELETING, lambda: assistant.euicc.delete_profile(iccid(euicc, 1)))
    card.drop(RETRIEVE)
    (resumed,) = assistant.settle()
    (delivery,) = resumed.deliveries
    assert isinstance(delivery.problem, CardRemoved)
    assert [left.state for left in journal.unfinished()] == [DELETED]


@pytest.mark.parametrize("command", ["enable", "disable", "delete", "reset"])
def test_every_change_first_settles_what_was_begun(
    command: str, assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp, journal: Journal
) -> None:
    victim = iccid(euicc, 1)
    stop(assistant, "delete", DELETING, lambda: assistant.euicc.delete_profile(victim))
    commands: dict[str, Callable[[], object]] = {
        "enable": lambda: assistant.enable(iccid(euicc, 1)),
        "disable": lambda: assistant.disable(iccid(euicc, 0)),
        "delete": lambda: assistant.delete(assistant.plan_deletion(iccid(euicc, 1))),
        "reset": lambda: assistant.reset(["deleteOperationalProfiles"]),
    }
    commands[command]()
    assert told(assistant) == [("delete", "delete", str(victim))]
    assert received(smdp)[0] == ("delete", str(victim))
    assert journal.unfinished() == ()
    assert [state for state, _ in outcomes(journal)] == ["CLOSED", "CLOSED"]


def test_looking_settles_nothing(assistant: Assistant, journal: Journal) -> None:
    stop(assistant, "delete", DELETING)
    assistant.profiles()
    assistant.notifications()
    assert len(journal.unfinished()) == 1


def test_a_server_that_is_down_does_not_keep_an_operation_open(
    assistant: Assistant, euicc: SimulatedEuicc, journal: Journal
) -> None:
    def nobody(_address: ServerAddress, *, believed: object) -> Recipient:
        raise ConnectFailed("no network")

    stop(assistant, "delete", DELETING, lambda: assistant.euicc.delete_profile(iccid(euicc, 1)))
    assistant._directory = nobody
    (resumed,) = assistant.settle()
    (delivery,) = resumed.deliveries
    assert isinstance(delivery.problem, ConnectFailed)
    assert delivery.receipt
    assert journal.unfinished() == ()
    (entry,) = journal.outbox()
    assert (entry.attempts, entry.problem) == (1, "no network")


def test_several_unfinished_operations_are_settled_in_order(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    first, second = iccid(euicc, 0), iccid(euicc, 1)
    stop(assistant, "disable", DISABLING, lambda: assistant.euicc.disable_profile(first, refresh=False))
    stop(assistant, "delete", DELETING, lambda: assistant.euicc.delete_profile(second))
    assistant.resume()
    assert [resumed.function for resumed in assistant.resumed] == ["disable", "delete"]
    assert ("disable", "disable", str(first)) in told(assistant)
    assert ("delete", "delete", str(second)) in told(assistant)
    assert sorted(received(smdp)) == [("delete", str(second)), ("disable", str(first))]


@pytest.mark.parametrize("tag", [DELETE, PROFILES])
def test_a_deletion_that_ended_after_the_disabling_says_so_and_deletes_nothing(
    tag: int,
    assistant: Assistant,
    card: DisturbedCard,
    euicc: SimulatedEuicc,
    smdp: SimulatedSmdp,
    directory: Directory,
    tmp_path: Path,
) -> None:
    victim = iccid(euicc, 0)
    plan = assistant.plan_deletion(victim, disable_first=True)
    card.drop(tag)  # the profiles are read to see what became of the disabling
    with pytest.raises(OutcomeUnknown):
        assistant.delete(plan)
    with Assistant(euicc, state_dir=tmp_path / "state", directory=directory) as later:
        (resumed,) = later.settle()
        assert told(later) == [("delete", "disable", str(victim))]
        assert resumed.left_undone
        assert [profile.state for profile in later.profiles()] == ["disabled"] * 3
        assert later.journal.unfinished() == ()
    assert received(smdp) == [("disable", str(victim))]


def test_a_deletion_of_the_profile_in_use_that_was_done_is_told_whole(
    assistant: Assistant,
    card: DisturbedCard,
    euicc: SimulatedEuicc,
    smdp: SimulatedSmdp,
    directory: Directory,
    tmp_path: Path,
) -> None:
    victim = iccid(euicc, 0)
    plan = assistant.plan_deletion(victim, disable_first=True)
    card.lose(DELETE)
    with pytest.raises(OutcomeUnknown):
        assistant.delete(plan)
    with Assistant(euicc, state_dir=tmp_path / "state", directory=directory) as later:
        (resumed,) = later.settle()
        assert told(later) == [("delete", "disable", str(victim)), ("delete", "delete", str(victim))]
        assert not resumed.left_undone
    assert received(smdp) == [("disable", str(victim)), ("delete", str(victim))]


def test_a_reset_by_another_program_is_not_told_as_a_disabling(
    assistant: Assistant, euicc: SimulatedEuicc
) -> None:
    stop(assistant, "delete", DELETING)  # of the second profile; the first is in use
    assistant.euicc.memory_reset(["deleteOperationalProfiles"])
    assistant.settle()
    assert {event for _, event, _ in told(assistant)} == {"delete"}
