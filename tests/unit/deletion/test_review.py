"""The closer look before a deletion: what card, journal and servers say together."""

from __future__ import annotations

from pathlib import Path

import pytest

from lpa import Assistant
from lpa.deletion import findings
from lpa.deletion.plan import Plan
from lpa.errors import ConnectFailed, NotVerified, Refused
from lpa.profiles.blockers import Finding
from lpa.rsp.names import ServerAddress
from lpa.sim import samples
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from lpa.sim.simulated_profile import SimulatedProfile
from tests.support.disturbed import DisturbedCard
from tests.support.journals import everything

DELETE, SENT, LIST, INFO1 = 0xBF33, 0xBF30, 0xBF28, 0xBF20


class Nobody:
    """A server that is away, or that does not prove who it is."""

    def __init__(self, problem: ConnectFailed | NotVerified) -> None:
        self.problem = problem

    def __call__(self, _address: ServerAddress, *, ci_pkids: object) -> Nobody:
        return self

    def handshake(self) -> None:
        raise self.problem

    def handle_notification(self, pending: bytes) -> dict[str, str]:
        raise self.problem


AWAY = Nobody(ConnectFailed("It cannot be reached."))


def reviewed(assistant: Assistant, iccid: str, *, disable_first: bool = False) -> Plan:
    plan = assistant.plan_deletion(iccid, disable_first=disable_first)
    return assistant.review_deletion(plan)


def finding(plan: Plan, name: str) -> Finding | None:
    return next((finding for finding in plan.findings if finding.name == name), None)


def test_what_waits_on_the_card_and_nobody_kept_is_a_warning(
    assistant: Assistant, euicc: SimulatedEuicc
) -> None:
    iccid = assistant.profiles()[0].iccid
    assistant.euicc.disable_profile(iccid, refresh=False)
    assistant.euicc.restart()
    found = finding(reviewed(assistant, str(iccid)), "notifications-pending")
    assert found
    assert found.level == "warning"


def test_what_is_kept_and_unsent_is_a_warning_though_the_card_has_forgotten_it(
    assistant: Assistant, euicc: SimulatedEuicc
) -> None:
    iccid = euicc.profiles[0].iccid
    assistant._servers = AWAY
    (delivery,) = assistant.disable(iccid).deliveries
    assert delivery.sequence_number is not None
    assistant.euicc.notification_sent(delivery.sequence_number)
    assert not assistant.notifications()
    found = finding(reviewed(assistant, iccid), "notifications-pending")
    assert found
    assert found.message.endswith(f": disable ({delivery.address}).")


def test_what_is_acknowledged_and_not_cleared_is_no_warning(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    iccid = euicc.profiles[0].iccid
    card.instead(SENT, "BF3003800102 9000")
    (delivery,) = assistant.disable(iccid).deliveries
    assert (delivery.acknowledged, delivery.removed) == (True, False)
    plan = reviewed(assistant, iccid)
    assert plan.warnings == ()
    found = finding(plan, "still-on-card")
    assert found
    assert found.level == "note"
    assistant.send_notifications()
    assert finding(reviewed(assistant, iccid), "still-on-card") is None
    assert len(smdp.received) == 1


def test_what_waits_of_another_profile_is_a_note_and_names_it(
    assistant: Assistant, euicc: SimulatedEuicc
) -> None:
    assistant._servers = AWAY
    assistant.disable(euicc.profiles[0].iccid)
    plan = reviewed(assistant, euicc.profiles[1].iccid)
    found = finding(plan, "notifications-pending-others")
    assert found
    assert "Albion Mobile (albion.smdp.example: disable)" in found.message
    assert plan.warnings == ()


def test_a_card_that_does_not_list_what_waits_is_believed_by_the_journal_alone(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    iccid = euicc.profiles[0].iccid
    assistant._servers = AWAY
    assistant.disable(iccid)
    card.instead(LIST, "6A88")
    assert finding(reviewed(assistant, iccid), "notifications-pending")


def test_a_server_that_does_not_prove_who_it_is_wants_a_yes_of_its_own(
    assistant: Assistant, euicc: SimulatedEuicc
) -> None:
    assistant._servers = Nobody(NotVerified("Its certificate does not hold."))
    plan = reviewed(assistant, euicc.profiles[1].iccid)
    assert [warning.name for warning in plan.warnings] == ["not-verified"]
    assistant._servers = AWAY
    assert reviewed(assistant, euicc.profiles[1].iccid).warnings == ()


def test_what_was_protected_after_the_plan_is_not_deleted(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    plan = reviewed(assistant, euicc.profiles[1].iccid)
    assistant.protect(euicc.profiles[1].iccid)
    with pytest.raises(Refused) as caught:
        assistant.delete(plan)
    assert caught.value.reason == "protected"
    assert DELETE not in card.requests


def test_a_plan_says_whether_it_can_be_carried_out(assistant: Assistant, euicc: SimulatedEuicc) -> None:
    assert reviewed(assistant, euicc.profiles[1].iccid).deletable
    assert reviewed(assistant, euicc.profiles[0].iccid, disable_first=True).deletable
    assert not reviewed(assistant, euicc.profiles[0].iccid).deletable
    assistant.protect(euicc.profiles[1].iccid)
    assert not reviewed(assistant, euicc.profiles[1].iccid).deletable


def test_whom_the_card_believes_is_not_asked_for_twice(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    plan = reviewed(assistant, euicc.profiles[1].iccid)
    assert finding(plan, "reachable")
    assert assistant.delete(plan).unacknowledged == ()
    assert INFO1 not in card.requests
    (kept,) = everything(assistant.journal, assistant.eid)
    assert kept.ci_pkids == assistant.euicc.ci_pkids


def test_a_card_that_tells_it_in_one_place_only_is_asked_there(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    card.instead(0xBF22, "BF220B 8409 810100 820400060000 9000")
    plan = reviewed(assistant, euicc.profiles[1].iccid)
    assert finding(plan, "reachable")
    assert INFO1 in card.requests


def test_of_a_profile_that_is_no_operators_the_plan_warns(tmp_path: Path) -> None:
    test = SimulatedProfile("8949000000000000099", profile_class="test")
    card = SimulatedEuicc.create(None, profiles=[test, samples.profiles(2)[1]])
    with Assistant(card, state_dir=tmp_path, servers=AWAY) as assistant:
        plan = reviewed(assistant, "8949000000000000099")
    assert [warning.name for warning in plan.warnings] == ["not-operational"]
    assert not [finding for finding in plan.findings if finding.name in findings.REMINDERS]
    assert not plan.operator_not_notified
