"""Downloads that end without an installation: the session is cancelled with the true reason.

Of what a person does, only a rejection ends the order; anything else postpones it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.card.apdu import Transport
from lpa.download.offer import WRONG_CODE
from lpa.errors import (
    BadAnswer,
    ConnectFailed,
    Declined,
    EuiccRefused,
    LpaError,
    OutcomeUnknown,
    Refused,
    ServerRefused,
    WireError,
)
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers import packages
from lpa.sim.servers.orders import Order
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.disturbed import DisturbedCard
from tests.support.interfering import InterferedHttps
from tests.support.orders import assistant_with, code_of, holds, way_to

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
    """Whether the card has ended every session that the server has opened."""
    with assistant_with(card, https, folder) as assistant:
        for transaction in https.transactions:
            with suppress(EuiccRefused):  # It has no such session.
                assistant.euicc.cancel_session(transaction, "postponed")
                return False
    return True


@pytest.mark.parametrize(
    ("leaving", "reason", "stays_valid"),
    [
        (None, "postponed", True),
        (Declined("No."), "postponed", True),
        (KeyboardInterrupt(), "postponed", True),
        (SystemExit(), "postponed", True),
        (TimeoutError(), "timeout", True),
        (OutcomeUnknown("The server is silent."), "timeout", True),
        (ZeroDivisionError(), "postponed", True),
        (Refused("PrepareDownload", "", "The card does not want it."), "postponed", True),
    ],
)
def test_leaving_without_an_installation_cancels_with_the_true_reason(
    leaving: BaseException | None,
    reason: str,
    stays_valid: bool,
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
    assert order.state == ("released" if stays_valid else "error")
    assert has_no_session(euicc, https, tmp_path / "state")


def test_a_postponed_order_stays_valid(assistant: Assistant, smdp: SimulatedSmdp) -> None:
    order = smdp.order(packages.sample(), "ABC-1")
    with assistant.download(code_of(order)):
        pass
    assert order.state == "released"
    with assistant.download(code_of(order)) as offer:
        offer.install()
    assert order.state == "installed"


def test_only_a_rejection_ends_an_order(
    assistant: Assistant, smdp: SimulatedSmdp, https: InterferedHttps
) -> None:
    order = smdp.order(packages.sample(), "ABC-1")
    with suppress(KeyboardInterrupt), assistant.download(code_of(order)) as offer:
        offer.reject()
        raise KeyboardInterrupt
    assert (https.reasons, order.state) == (["endUserRejection"], "error")


@pytest.mark.parametrize(
    ("when", "error"),
    [
        ("dies_before", ConnectFailed("The server does not answer.")),
        ("dies_after", OutcomeUnknown("No answer came.")),
        ("dies_before", ServerRefused("CancelSession", "8.10.1", "3.9", "The server refused.")),
    ],
)
def test_a_rejection_that_is_not_confirmed_says_so(
    assistant: Assistant, smdp: SimulatedSmdp, https: InterferedHttps, when: str, error: LpaError
) -> None:
    order = smdp.order(packages.sample(), "ABC-1")
    getattr(https, when)["cancelSession"] = error
    with pytest.raises(type(error)) as raised, assistant.download(code_of(order)) as offer:
        offer.reject()
    assert raised.value.message.endswith(" The rejection was not confirmed, so the order may still be valid.")
    assert "Try again" not in raised.value.advice
    assert https.reasons == (["endUserRejection"] if when == "dies_after" else [])


def test_a_rejection_without_a_session_says_that_nothing_was_rejected(
    assistant: Assistant, smdp: SimulatedSmdp, https: InterferedHttps
) -> None:
    wrong = smdp.order(packages.sample(), "ABC-1", confirmation_code="1234")
    with assistant.download(code_of(wrong)) as offer:
        with pytest.raises(ServerRefused):
            offer.install(confirmation_code="4321")
        with pytest.raises(Refused, match="was not rejected: the session with its server has ended") as ended:
            offer.reject()
    assert ended.value.reason == "sessionEnded"
    assert wrong.state == "released"
    order = smdp.order(packages.sample(), "ABC-2")
    with assistant.download(code_of(order)) as offer:
        offer.install()
        with pytest.raises(Refused, match="was not rejected"):
            offer.reject()
    assert (https.reasons, order.state) == ([], "installed")


def test_a_rejected_order_may_be_rejected_again(assistant: Assistant, smdp: SimulatedSmdp) -> None:
    order = smdp.order(packages.sample(), "ABC-1")
    with assistant.download(code_of(order)) as offer:
        offer.reject()
        offer.reject()
    assert order.state == "error"


def test_a_rejection_that_the_card_refuses_is_not_sent(
    euicc: SimulatedEuicc, smdp: SimulatedSmdp, https: InterferedHttps, tmp_path: Path
) -> None:
    order = smdp.order(packages.sample(), "ABC-1")
    card = DisturbedCard(euicc)
    card.instead(0xBF41, "BF41038101 7F 9000")
    with (
        pytest.raises(EuiccRefused, match="The rejection was not confirmed"),
        assistant_with(card, https, tmp_path / "state") as assistant,
        assistant.download(code_of(order)) as offer,
    ):
        offer.reject()
    assert "cancelSession" not in https.called
    assert order.state == "released"


def test_a_lost_package_can_be_installed_after_a_wrong_code(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp, https: InterferedHttps
) -> None:
    order = smdp.order(packages.sample(), "ABC-1", confirmation_code="4Y8TBX", binds_once=True)
    https.dies_after["getBoundProfilePackage"] = OutcomeUnknown("No answer came.")
    with pytest.raises(OutcomeUnknown), assistant.download(code_of(order)) as offer:
        offer.install(confirmation_code="4Y8TBX")
    with assistant.download(code_of(order)) as offer:
        with pytest.raises(ServerRefused) as wrong:
            offer.install(confirmation_code="Geheim-77")
        assert wrong.value.reason == WRONG_CODE
        offer.install(confirmation_code="4Y8TBX")
    assert order.state == "installed"
    assert holds(euicc)


# Ctrl-C, and answers that cannot be read, at every command and every exchange


class Interrupting:
    """A card with Ctrl-C at its command `at` (from 1), before or after the card carried it out."""

    def __init__(self, card: SimulatedEuicc, at: int, *, after: bool) -> None:
        self._card, self._at, self._after = card, at, after
        self.reset = card.reset
        self.commands = 0

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        self.commands += 1
        if self.commands != self._at:
            return self._card.transmit(apdu)
        if self._after:
            self._card.transmit(apdu)
        raise KeyboardInterrupt

    def close(self) -> None:
        """It stays where it is."""


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_ctrl_c_at_any_command_leaves_no_session_and_loses_no_order(
    after: bool, euicc: SimulatedEuicc, smdp: SimulatedSmdp, https: InterferedHttps, tmp_path: Path
) -> None:
    for at in range(1, 200):
        card = SimulatedEuicc.create(None, authority=euicc.authority)
        order = smdp.order(packages.sample(size=2500), f"ABC-{at}")
        for noted in (https.called, https.reasons, https.transactions):
            del noted[:]
        wire = Interrupting(card, at, after=after)
        with suppress(KeyboardInterrupt):
            _install(wire, https, tmp_path / "state", order)
        if wire.commands < at:
            break
        assert has_no_session(card, https, tmp_path / "state"), at
        assert set(https.reasons) <= {"postponed"}, at
        if holds(card):  # `lpa resume` reports an installation that was interrupted at its end.
            assert order.state in ("downloaded", "installed"), at
        else:
            assert order.state in ("released", "downloaded"), at
            assert https.reasons or "authenticateClient" not in https.called, at
    else:
        pytest.fail("The download does not end.")


@pytest.mark.parametrize("when", ["dies_before", "dies_after"])
@pytest.mark.parametrize("call", ["initiateAuthentication", "authenticateClient", "getBoundProfilePackage"])
def test_ctrl_c_at_any_exchange_cancels_the_session(
    when: str, call: str, euicc: SimulatedEuicc, smdp: SimulatedSmdp, https: InterferedHttps, tmp_path: Path
) -> None:
    order = smdp.order(packages.sample(), "ABC-1")
    getattr(https, when)[call] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        _install(euicc, https, tmp_path / "state", order)
    assert https.reasons == ([] if call == "initiateAuthentication" else ["postponed"])
    assert order.state in ("released", "downloaded")
    assert has_no_session(euicc, https, tmp_path / "state")


def test_ctrl_c_during_a_rejection_postpones_the_order(
    euicc: SimulatedEuicc, smdp: SimulatedSmdp, https: InterferedHttps, tmp_path: Path
) -> None:
    order = smdp.order(packages.sample(), "ABC-1")
    card = AtCancelling(euicc)
    with (
        pytest.raises(KeyboardInterrupt),
        assistant_with(card, https, tmp_path / "state") as assistant,
        assistant.download(code_of(order)),
    ):
        pass
    assert https.reasons == ["postponed"]
    assert has_no_session(euicc, https, tmp_path / "state")


class AtCancelling(Interrupting):
    """A card with Ctrl-C before its first CancelSession."""

    def __init__(self, card: SimulatedEuicc) -> None:
        super().__init__(card, 0, after=False)

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        if apdu[5:7] == b"\xbf\x41" and not self.commands:
            self.commands = 1
            raise KeyboardInterrupt
        return self._card.transmit(apdu)


@pytest.mark.parametrize("function", ["BF38", "BF21"])
def test_an_unreadable_answer_of_the_card_ends_the_session_on_both_sides(
    function: str, euicc: SimulatedEuicc, smdp: SimulatedSmdp, https: InterferedHttps, tmp_path: Path
) -> None:
    class Garbled:
        """A card that carries out `function`, and answers with something else."""

        reset, close = euicc.reset, staticmethod(lambda: None)
        asked = False

        def transmit(self, apdu: bytes) -> tuple[bytes, int]:
            data, sw = euicc.transmit(apdu)
            if apdu[1] == 0xE2:
                self.asked = self.asked or apdu[5:7] == bytes.fromhex(function)
            elif self.asked and apdu[1] == 0xC0:
                self.asked = False
                return b"\x30\x00", 0x9000
            return data, sw

    order = smdp.order(packages.sample(), "ABC-1")
    with pytest.raises(BadAnswer):
        _install(Garbled(), https, tmp_path / "state", order)
    assert https.reasons == ["postponed"]
    assert order.state == "released"
    assert has_no_session(euicc, https, tmp_path / "state")


def _install(card: Transport, https: InterferedHttps, folder: Path, order: Order) -> None:
    with assistant_with(card, https, folder) as assistant, assistant.download(code_of(order)) as offer:
        offer.install()


class _StatusAtSegment(DisturbedCard):
    """A card that answers one kind of segment with a status word, and has no result of it."""

    def __init__(self, card: SimulatedEuicc, tag: str, sw: int) -> None:
        super().__init__(card)
        self._tag, self._sw = bytes.fromhex(tag), sw

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        first_block = apdu[1] == 0xE2 and apdu[3] == 0  # A later one may begin with any byte.
        if first_block and apdu[5:].startswith(self._tag):
            return b"", self._sw
        return super().transmit(apdu)


@pytest.mark.parametrize(("tag", "sw"), [("BF36", 0x6A80), ("86", 0x6985)])
def test_a_card_that_ends_a_package_without_a_result_promises_no_second_try(
    euicc: SimulatedEuicc, smdp: SimulatedSmdp, https: InterferedHttps, tmp_path: Path, tag: str, sw: int
) -> None:
    """The server of the simulator ends the order then, as many servers do (SGP.22 §5.7.5, reason 5)."""
    order = smdp.order(packages.sample(), "ABC-1")
    with (
        pytest.raises(WireError, match=f"{sw:04X}") as raised,
        assistant_with(_StatusAtSegment(euicc, tag, sw), https, tmp_path / "state") as assistant,
        assistant.download(code_of(order)) as offer,
    ):
        offer.install()
    assert (https.reasons, order.state) == (["loadBppExecutionError"], "error")
    assert raised.value.advice == (
        "Nothing was installed, and the server was informed. Many servers then end the order: if another "
        "try is refused, ask the operator for a new one."
    )
    assert not holds(euicc)


def test_a_package_whose_end_the_server_does_not_confirm_may_be_tried_again(
    euicc: SimulatedEuicc, smdp: SimulatedSmdp, https: InterferedHttps, tmp_path: Path
) -> None:
    order = smdp.order(packages.sample(), "ABC-1")
    https.dies_before["cancelSession"] = ConnectFailed("The server does not answer.")
    with (
        pytest.raises(WireError) as raised,
        assistant_with(_StatusAtSegment(euicc, "BF36", 0x6A80), https, tmp_path / "state") as assistant,
        assistant.download(code_of(order)) as offer,
    ):
        offer.install()
    assert raised.value.advice == (
        "Nothing was installed. Try again; if the server refuses, ask the operator for a new order."
    )
    assert order.state != "error"
