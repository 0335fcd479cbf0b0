"""After a wrong confirmation code a new session begins: what it offers is checked again."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from lpa.errors import Refused, ServerRefused
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers import packages
from lpa.sim.servers.orders import Order
from tests.support.orders import OrderedDownload, assistant_with, code_of, holds, made

RIGHT, WRONG = "4Y8TBX", "Geheim-77"


@pytest.fixture
def ordered(euicc: SimulatedEuicc, tmp_path: Path) -> Iterator[OrderedDownload]:
    yield from made(euicc, tmp_path)


@pytest.fixture
def order(ordered: OrderedDownload) -> Order:
    return ordered.smdp.order(packages.sample(), "ABC-1", confirmation_code=RIGHT)


def test_a_server_that_then_offers_another_profile_gets_no_code(
    ordered: OrderedDownload, order: Order
) -> None:
    other = base64.b64encode(packages.sample(name="Dear").metadata).decode()
    with (
        assistant_with(ordered.card, ordered.https, ordered.folder) as assistant,
        assistant.download(code_of(order)) as offer,
    ):
        with pytest.raises(ServerRefused):
            offer.install(confirmation_code=WRONG)
        ordered.https.change["authenticateClient"] = lambda members: members.update(profileMetadata=other)
        with pytest.raises(Refused) as caught:
            offer.install(confirmation_code=RIGHT)
    assert caught.value.reason == order.facts.result == "metadataMismatch"
    assert ordered.https.called.count("getBoundProfilePackage") == 1
    assert not holds(ordered.card)


def test_a_profile_installed_meanwhile_is_not_requested_again(ordered: OrderedDownload, order: Order) -> None:
    same = ordered.smdp.order(packages.sample(), "ABC-2")
    with (
        assistant_with(ordered.card, ordered.https, ordered.folder) as assistant,
        assistant.download(code_of(order)) as offer,
    ):
        with pytest.raises(ServerRefused):
            offer.install(confirmation_code=WRONG)
        with assistant.download(code_of(same)) as other:
            other.install()
        del ordered.https.called[:]
        with pytest.raises(Refused) as caught:
            offer.install(confirmation_code=RIGHT)
    assert caught.value.reason == "installFailedDueToIccidAlreadyExistsOnEuicc"
    assert "getBoundProfilePackage" not in ordered.https.called
    assert order.state == "released"
