"""A download that is left without an installation: the card and the server hear why, and the order stays.

Nothing but a person's no ends an order: what was not refused is put off.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.download import WRONG_CODE
from lpa.errors import Declined, EuiccRefused, OutcomeUnknown, Refused, ServerRefused
from lpa.sim import packages
from lpa.sim.card import SimulatedEuicc
from lpa.sim.smdp import SimulatedSmdp
from tests.interfering import InterferedHttps
from tests.unit.ordering import assistant_with, code_of, holds, way_to

HOST = "smdp.example"


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


def has_no_session(card: SimulatedEuicc, https: InterferedHttps, folder: Path) -> bool:
    """Whether the card has ended every session that the server knows of."""
    with assistant_with(card, https, folder) as assistant:
        for transaction in https.transactions:
            with suppress(EuiccRefused):  # It knows no such session.
                assistant.euicc.cancel_session(transaction, "postponed")
                return False
    return True


@pytest.mark.parametrize(
    ("leaving", "reason", "goes_on"),
    [
        (None, "endUserRejection", False),
        (Declined("No."), "endUserRejection", False),
        (KeyboardInterrupt(), "postponed", True),
        (SystemExit(), "postponed", True),
        (TimeoutError(), "timeout", True),
        (OutcomeUnknown("The server is silent."), "timeout", True),
        (ZeroDivisionError(), "postponed", True),
        (Refused("PrepareDownload", "", "The card does not want it."), "postponed", True),
    ],
)
def test_leaving_without_an_installation_cancels_with_the_reason_that_is_true(
    leaving: BaseException | None,
    reason: str,
    goes_on: bool,
    euicc: SimulatedEuicc,
    smdp: SimulatedSmdp,
    https: InterferedHttps,
    tmp_path: Path,
) -> None:
    order = smdp.order(packages.sample(), "ABC-1")
    with (
        suppress(*([type(leaving)] if leaving else [])),
        assistant_with(euicc, https, tmp_path / "state") as assistant,
        assistant.download(code_of(order)),
    ):
        if leaving:
            raise leaving
    assert https.called[-1] == "cancelSession"
    assert https.reasons == [reason]
    assert order.state == ("released" if goes_on else "error")
    assert has_no_session(euicc, https, tmp_path / "state")


def test_what_is_postponed_stays_ordered(assistant: Assistant, smdp: SimulatedSmdp) -> None:
    order = smdp.order(packages.sample(), "ABC-1")
    with assistant.download(code_of(order)) as offer:
        offer.postpone()
    assert order.state == "released"
    with assistant.download(code_of(order)) as offer:
        offer.install()
    assert order.state == "installed"


def test_a_wrong_code_after_a_lost_package_leaves_the_package_to_be_had(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp, https: InterferedHttps
) -> None:
    order = smdp.order(packages.sample(), "ABC-1", confirmation_code="4Y8TBX", binds_once=True)
    https.dies_after["getBoundProfilePackage"] = OutcomeUnknown("No answer came.")
    with pytest.raises(OutcomeUnknown), assistant.download(code_of(order)) as offer:
        offer.install(confirmation_code="4Y8TBX")
    with assistant.download(code_of(order)) as offer:
        with pytest.raises(ServerRefused) as wrong:
            offer.install(confirmation_code="WRONG")
        assert wrong.value.reason == WRONG_CODE
        offer.install(confirmation_code="4Y8TBX")
    assert order.state == "installed"
    assert holds(euicc)
