"""A function decides about an offer: only its word "reject" costs the order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lpa import Assistant, Offer
from lpa.download.decided import Decision
from lpa.errors import Refused
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers import packages
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.interfering import InterferedHttps
from tests.support.orders import HOST, assistant_with, code_of, holds, way_to


@pytest.fixture
def smdp(euicc: SimulatedEuicc) -> Iterator[SimulatedSmdp]:
    with SimulatedSmdp(euicc.authority, host=HOST) as smdp:
        yield smdp


@pytest.fixture
def https(euicc: SimulatedEuicc, smdp: SimulatedSmdp, tmp_path: Path) -> Iterator[InterferedHttps]:
    with way_to(smdp, euicc, tmp_path / "pki") as https:
        yield https


@pytest.fixture
def assistant(euicc: SimulatedEuicc, https: InterferedHttps, tmp_path: Path) -> Iterator[Assistant]:
    with assistant_with(euicc, https, tmp_path / "state") as assistant:
        yield assistant


def deciding(word: Decision) -> Any:
    return lambda _offer: word


def test_what_is_wanted_is_installed(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    order = smdp.order(packages.sample(name="Nordlicht"), "ABC-1")
    seen: list[str] = []

    def decide(offer: Offer) -> Decision:
        seen.append(offer.profile.name)
        return "postpone" if offer.blockers else "install"

    outcome = assistant.install(code_of(order), decide=decide)
    outcome.raise_for_pending()
    assert [change.event for change in outcome.changes] == ["install"]
    assert (seen, order.state, holds(euicc)) == (["Nordlicht"], "installed", True)


def test_what_is_postponed_can_be_installed_afterwards(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp, https: InterferedHttps
) -> None:
    order = smdp.order(packages.sample(), "ABC-1")
    outcome = assistant.install(code_of(order), decide=deciding("postpone"))
    assert (outcome.changes, holds(euicc)) == ((), False)
    assert https.reasons[-1] == "postponed"
    assert assistant.install(code_of(order), decide=deciding("install")).changes


def test_the_word_reject_refuses_the_order(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp, https: InterferedHttps
) -> None:
    order = smdp.order(packages.sample(), "ABC-1")
    outcome = assistant.install(code_of(order), decide=deciding("reject"))
    assert (outcome.changes, holds(euicc)) == ((), False)
    assert (https.reasons[-1], order.state) == ("endUserRejection", "error")


@pytest.mark.parametrize("wrong", [None, True, "Reject"])
def test_anything_else_postpones_and_is_an_error(
    wrong: Any, assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp, https: InterferedHttps
) -> None:
    order = smdp.order(packages.sample(), "ABC-1")
    with pytest.raises(ValueError, match="which is not 'install', 'postpone' or 'reject'"):
        assistant.install(code_of(order), decide=deciding(wrong))
    assert https.reasons[-1] == "postponed"
    assert not holds(euicc)


@pytest.mark.parametrize("error", [TimeoutError, KeyboardInterrupt])
def test_an_exception_postpones_and_is_raised(
    error: type[BaseException], assistant: Assistant, smdp: SimulatedSmdp, https: InterferedHttps
) -> None:
    order = smdp.order(packages.sample(), "ABC-1")

    def decide(_offer: Offer) -> Decision:
        raise error

    with pytest.raises(error):
        assistant.install(code_of(order), decide=decide)
    assert https.reasons[-1] == "postponed"
    assert assistant.install(code_of(order), decide=deciding("install")).changes


def test_a_code_is_asked_for_only_if_one_is_required(assistant: Assistant, smdp: SimulatedSmdp) -> None:
    asked: list[str] = []

    def ask() -> str:
        asked.append("code")
        return "1234"

    free = smdp.order(packages.sample(iccid="8949985000000099018"), "ABC-1")
    assistant.install(code_of(free), decide=deciding("install"), confirmation_code=ask)
    assert asked == []
    locked = smdp.order(packages.sample(iccid="8949985000000099026"), "ABC-2", confirmation_code="1234")
    assert assistant.install(code_of(locked), decide=deciding("install"), confirmation_code=ask).changes
    assert asked == ["code"]


def test_without_the_required_code_nothing_is_lost(
    assistant: Assistant, smdp: SimulatedSmdp, https: InterferedHttps
) -> None:
    order = smdp.order(packages.sample(), "ABC-1", confirmation_code="1234")
    with pytest.raises(Refused, match="requires a confirmation code"):
        assistant.install(code_of(order), decide=deciding("install"), confirmation_code=lambda: "")
    assert https.reasons[-1] == "postponed"
    assert assistant.install(code_of(order), decide=deciding("install"), confirmation_code="1234").changes


def test_its_notification_is_sent_when_that_is_wanted(assistant: Assistant, smdp: SimulatedSmdp) -> None:
    order = smdp.order(packages.sample(), "ABC-1")
    outcome = assistant.install(code_of(order), decide=deciding("install"), deliver="later")
    (delivery,) = outcome.deliveries
    assert (delivery.event, delivery.withheld) == ("install", True)
    assert smdp.received == ()
    (sent,) = assistant.send_due_notifications()
    assert sent.acknowledged


def test_one_installation_of_an_offer_may_deliver_otherwise_than_the_assistant(
    assistant: Assistant, smdp: SimulatedSmdp
) -> None:
    order = smdp.order(packages.sample(), "ABC-1")
    assistant.deliver = "never"
    with assistant.download(code_of(order)) as offer:
        offer.install(deliver="now").raise_for_pending()
