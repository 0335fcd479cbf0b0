"""Review a plan: the findings from the card, the journal and the servers."""

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


class Failing:
    """A server that cannot be reached, or cannot be verified."""

    def __init__(self, problem: ConnectFailed | NotVerified) -> None:
        self.problem = problem

    def __call__(self, _address: ServerAddress, *, ci_pkids: object) -> Failing:
        return self

    def handshake(self) -> None:
        raise self.problem

    def handle_notification(self, pending: bytes) -> dict[str, str]:
        raise self.problem


UNREACHABLE = Failing(ConnectFailed("It cannot be reached."))


def reviewed(assistant: Assistant, iccid: str, *, disable_first: bool = False) -> Plan:
    plan = assistant.plan_deletion(iccid, disable_first=disable_first)
    return assistant.review_deletion(plan)


def finding(plan: Plan, name: str) -> Finding | None:
    return next((finding for finding in plan.findings if finding.name == name), None)


def test_a_pending_notification_on_the_card_is_a_warning(assistant: Assistant, euicc: SimulatedEuicc) -> None:
    iccid = assistant.profiles()[0].iccid
    assistant.euicc.disable_profile(iccid, refresh=False)
    assistant.euicc.restart()
    found = finding(reviewed(assistant, str(iccid)), "notifications-pending")
    assert found
    assert found.level == "warning"


def test_a_pending_notification_on_this_computer_is_a_warning(
    assistant: Assistant, euicc: SimulatedEuicc
) -> None:
    iccid = euicc.profiles[0].iccid
    assistant._servers = UNREACHABLE
    (delivery,) = assistant.disable(iccid).deliveries
    assert delivery.sequence_number is not None
    assistant.euicc.notification_sent(delivery.sequence_number)
    assert not assistant.notifications()
    found = finding(reviewed(assistant, iccid), "notifications-pending")
    assert found
    assert found.message.endswith(f": disable ({delivery.address}).")


def test_an_acknowledged_notification_on_the_card_is_a_note(
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


def test_a_pending_notification_of_another_profile_is_a_note(
    assistant: Assistant, euicc: SimulatedEuicc
) -> None:
    assistant._servers = UNREACHABLE
    assistant.disable(euicc.profiles[0].iccid)
    plan = reviewed(assistant, euicc.profiles[1].iccid)
    found = finding(plan, "notifications-pending-others")
    assert found
    assert "Albion Mobile (albion.smdp.example: disable)" in found.message
    assert plan.warnings == ()


def test_pending_notifications_are_found_without_the_list_of_the_card(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    iccid = euicc.profiles[0].iccid
    assistant._servers = UNREACHABLE
    assistant.disable(iccid)
    card.instead(LIST, "6A88")
    assert finding(reviewed(assistant, iccid), "notifications-pending")


def test_an_unverified_server_is_a_warning(assistant: Assistant, euicc: SimulatedEuicc) -> None:
    assistant._servers = Failing(NotVerified("Its certificate does not hold."))
    plan = reviewed(assistant, euicc.profiles[1].iccid)
    assert [warning.name for warning in plan.warnings] == ["not-verified"]
    assistant._servers = UNREACHABLE
    assert reviewed(assistant, euicc.profiles[1].iccid).warnings == ()


def test_a_profile_protected_after_the_plan_is_not_deleted(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc
) -> None:
    plan = reviewed(assistant, euicc.profiles[1].iccid)
    assistant.protect(euicc.profiles[1].iccid)
    with pytest.raises(Refused) as caught:
        assistant.delete(plan)
    assert caught.value.reason == "protected"
    assert DELETE not in card.requests


def test_a_plan_without_blockers_is_deletable(assistant: Assistant, euicc: SimulatedEuicc) -> None:
    assert reviewed(assistant, euicc.profiles[1].iccid).deletable
    assert reviewed(assistant, euicc.profiles[0].iccid, disable_first=True).deletable
    assert not reviewed(assistant, euicc.profiles[0].iccid).deletable
    assistant.protect(euicc.profiles[1].iccid)
    assert not reviewed(assistant, euicc.profiles[1].iccid).deletable


def test_the_trusted_ci_keys_are_read_once(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    plan = reviewed(assistant, euicc.profiles[1].iccid)
    assert finding(plan, "reachable")
    assert assistant.delete(plan).unacknowledged == ()
    assert INFO1 not in card.requests
    (kept,) = everything(assistant.journal, assistant.eid)
    assert kept.ci_pkids == assistant.euicc.ci_pkids


def test_the_trusted_ci_keys_are_read_from_euicc_info1_if_info2_has_none(
    assistant: Assistant, card: DisturbedCard, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    card.instead(0xBF22, "BF220B 8409 810100 820400060000 9000")
    plan = reviewed(assistant, euicc.profiles[1].iccid)
    assert finding(plan, "reachable")
    assert INFO1 in card.requests


def test_a_test_profile_is_a_warning_without_reminders(tmp_path: Path) -> None:
    test = SimulatedProfile("8949000000000000099", profile_class="test")
    card = SimulatedEuicc.create(None, profiles=[test, samples.profiles(2)[1]])
    with Assistant(card, state_dir=tmp_path, servers=UNREACHABLE) as assistant:
        plan = reviewed(assistant, "8949000000000000099")
    assert [warning.name for warning in plan.warnings] == ["not-operational"]
    assert not [finding for finding in plan.findings if finding.name in findings.REMINDERS]
    assert not plan.operator_not_notified
