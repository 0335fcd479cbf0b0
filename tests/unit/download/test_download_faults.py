"""Downloads with faults: each field of each answer, a server that fails, a card that is pulled.

Each ends in an `LpaError`; the card has the whole profile or nothing, and the server is notified of that;
and nothing prevents a later download.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lpa import Step
from lpa.errors import (
    BadAnswer,
    CardRemoved,
    ConnectFailed,
    LpaError,
    OutcomeUnknown,
    Refused,
    WireError,
)
from lpa.rsp.codec.ber import Tlv
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.orders import OrderedDownload, assistant_with, code_of, made
from tests.support.sweeps import sample

FIELDS = {
    "initiateAuthentication": [
        "transactionId",
        "serverSigned1",
        "serverSignature1",
        "euiccCiPKIdToBeUsed",
        "serverCertificate",
    ],
    "authenticateClient": [
        "transactionId",
        "profileMetadata",
        "smdpSigned2",
        "smdpSignature2",
        "smdpCertificate",
    ],
    "getBoundProfilePackage": ["transactionId", "boundProfilePackage"],
}
ALL = [(function, field) for function, fields in FIELDS.items() for field in fields]


def _missing(members: dict[str, Any], field: str) -> None:
    del members[field]


def _a_number(members: dict[str, Any], field: str) -> None:
    members[field] = 7


def _nothing(members: dict[str, Any], field: str) -> None:
    members[field] = None


def _empty(members: dict[str, Any], field: str) -> None:
    members[field] = ""


def _no_base64(members: dict[str, Any], field: str) -> None:
    members[field] = "M*A"


def _another_object(members: dict[str, Any], field: str) -> None:
    members[field] = base64.b64encode(bytes.fromhex("0500")).decode()


def _cut_short(members: dict[str, Any], field: str) -> None:
    members[field] = members[field][: len(members[field]) // 2 // 4 * 4]


def _flipped(members: dict[str, Any], field: str) -> None:
    """One bit of the last byte: of a signature, a certificate, a challenge, an encrypted profile."""
    if field == "transactionId":
        members[field] = f"{int(members[field], 16) ^ 1:0{len(members[field])}X}"
        return
    raw = bytearray(base64.b64decode(members[field]))
    raw[-1] ^= 1
    members[field] = base64.b64encode(raw).decode()


def _too_large(members: dict[str, Any], field: str) -> None:
    """More than any card takes in one command."""
    if field == "transactionId":
        members[field] = 70_000 * "AB"
        return
    tag = Tlv(base64.b64decode(members[field])).tag
    members[field] = base64.b64encode(Tlv.build(tag, bytes(70_000))).decode()


MUTATIONS = [
    _missing,
    _a_number,
    _nothing,
    _empty,
    _no_base64,
    _another_object,
    _cut_short,
    _flipped,
    _too_large,
]


@pytest.fixture
def ordered(euicc: SimulatedEuicc, tmp_path: Path) -> Iterator[OrderedDownload]:
    yield from made(euicc, tmp_path)


@pytest.mark.parametrize(
    ("function", "field", "mutation"), sample([(*one, mutation) for one in ALL for mutation in MUTATIONS], 2)
)
def test_a_wrong_field_in_any_answer_installs_nothing(
    function: str, field: str, mutation: Callable[[dict[str, Any], str], None], ordered: OrderedDownload
) -> None:
    ordered.https.change[function] = lambda members: mutation(members, field)
    error = ordered.fails()
    assert not isinstance(error, OutcomeUnknown)
    assert ordered.has_nothing()
    if mutation in (_missing, _a_number, _nothing) or (mutation is _no_base64 and field != "transactionId"):
        assert isinstance(error, BadAnswer)
        assert f"'{field}'" in error.message
    if mutation is _too_large and field != "boundProfilePackage":
        assert re.search(f"'{field}' has 700[0-9]+ bytes", error.message)
    ordered.check_that_it_works_again()


# A server that fails

CALLS = ["initiateAuthentication", "authenticateClient", "getBoundProfilePackage", "handleNotification"]


DEATHS = [
    ("dies_before", ConnectFailed("The server does not answer.")),
    ("dies_after", OutcomeUnknown("The request was sent, and no answer came.")),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(("when", "error"), DEATHS)
def test_a_server_may_fail_at_any_call(
    call: str, when: str, error: LpaError, ordered: OrderedDownload
) -> None:
    getattr(ordered.https, when)[call] = error
    if call == "handleNotification":
        ordered.download()
        assert not ordered.has_nothing()
        with assistant_with(ordered.card, ordered.https, ordered.folder) as assistant:
            assert [delivery.acknowledged for delivery in assistant.send_notifications()] == [True]
            assert not assistant.notifications()
    else:
        raised = ordered.fails()
        assert type(raised) is type(error)
        if when == "dies_after":  # Unknown is what the server did; the card has nothing of it.
            assert raised.message.endswith("Nothing was installed.")
            assert raised.advice == "Begin the download again."
        assert ordered.has_nothing()
        assert "boundProfilePackage" not in ordered.https.called[-1]
        ordered.download()
    assert ordered.order.state == "installed"
    ordered.check_that_it_works_again()


@pytest.mark.parametrize(("when", "error"), DEATHS)
def test_a_server_may_fail_at_a_cancellation(when: str, error: LpaError, ordered: OrderedDownload) -> None:
    getattr(ordered.https, when)["cancelSession"] = error
    with (
        assistant_with(ordered.card, ordered.https, ordered.folder) as assistant,
        assistant.download(code_of(ordered.order)),
    ):
        pass
    assert ordered.https.called[-1] == "cancelSession"
    assert ordered.has_nothing()
    assert ordered.order.state == "released"
    ordered.check_that_it_works_again()


def test_a_package_is_requested_once_in_a_session(ordered: OrderedDownload) -> None:
    ordered.https.dies_after["getBoundProfilePackage"] = OutcomeUnknown("No answer came.")
    ordered.fails()
    assert ordered.https.called.count("getBoundProfilePackage") == 1
    assert ordered.https.called[-1] == "cancelSession"


# A card that is pulled


class _Pulled:
    """A card that is pulled at the command `at` (from 1), before or after it was carried out.

    `comes_back`: it is inserted again before it is reset.
    """

    def __init__(self, card: SimulatedEuicc, at: int, *, after: bool, comes_back: bool) -> None:
        self._card, self._at, self._after, self._comes_back = card, at, after, comes_back
        self.commands, self.pulled = 0, False

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        self._check()
        self.commands += 1
        if self.commands != self._at:
            return self._card.transmit(apdu)
        if self._after:
            self._card.transmit(apdu)
        self._card.reset()
        self.pulled = True
        raise CardRemoved("The card was pulled.")

    def reset(self) -> None:
        if self._comes_back:
            self.insert()
        self._check()
        self._card.reset()

    def close(self) -> None:
        """It stays where it is."""

    def insert(self) -> None:
        self.pulled, self._at = False, 0

    def _check(self) -> None:
        if self.pulled:
            raise CardRemoved("The card was pulled.")


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("comes_back", [False, True])
def test_the_card_may_be_pulled_at_every_command(
    after: bool, comes_back: bool, ordered: OrderedDownload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lpa.card.isdr._RESTART_PAUSE", 0)
    for at in range(1, 200):
        ordered.card = SimulatedEuicc.create(None, authority=ordered.card.authority)
        ordered.order, before = ordered.ordered(), len(ordered.smdp.received)
        wire = _Pulled(ordered.card, at, after=after, comes_back=comes_back)
        error = _one_download(ordered, wire)
        if wire.commands < at:
            break
        wire.insert()
        with assistant_with(wire, ordered.https, ordered.folder) as assistant:
            recovered = [delivery for one in assistant.recover() for delivery in one.deliveries]
            assistant.send_notifications()
            assert not assistant.journal.unfinished(assistant.eid), at
            assert not assistant.notifications(), at
        installs = [one for one in ordered.smdp.received[before:] if one.event == "install"]
        assert len(installs) == (not ordered.has_nothing()), (at, recovered)
        assert (ordered.order.state == "installed") == (not ordered.has_nothing()), at
        if error is None:
            assert not ordered.has_nothing()
        elif isinstance(error, WireError | Refused):
            assert ordered.has_nothing(), (at, error)
    else:
        pytest.fail("The download does not end.")


def _one_download(ordered: OrderedDownload, wire: _Pulled) -> LpaError | None:
    try:
        with (
            assistant_with(wire, ordered.https, ordered.folder) as assistant,
            assistant.download(code_of(ordered.order)) as offer,
        ):
            offer.install()
    except LpaError as error:
        return error
    return None


def test_ctrl_c_in_the_middle_of_the_package_cancels_on_both_sides(ordered: OrderedDownload) -> None:
    def interrupt(step: Step) -> None:
        if step.name == "LoadBoundProfilePackage" and step.done * 2 > step.total:
            raise KeyboardInterrupt

    with assistant_with(ordered.card, ordered.https, ordered.folder) as assistant:
        with pytest.raises(KeyboardInterrupt), assistant.download(code_of(ordered.order)) as offer:
            offer.install(progress=interrupt)
        assert not offer.loading  # The card has signed that it discarded the package.
        assert not assistant.journal.unfinished()
        assert not assistant.notifications()
    assert ordered.https.called[-1] == "cancelSession"
    assert ordered.order.state in ("released", "downloaded")
    assert ordered.has_nothing()
    ordered.download()
    assert ordered.order.state == "installed"


def test_ctrl_c_after_the_last_byte_is_recovered_as_an_installation(ordered: OrderedDownload) -> None:
    def interrupt(step: Step) -> None:
        if step.name == "LoadBoundProfilePackage" and step.done == step.total:
            raise KeyboardInterrupt

    with assistant_with(ordered.card, ordered.https, ordered.folder) as assistant:
        with pytest.raises(KeyboardInterrupt), assistant.download(code_of(ordered.order)) as offer:
            offer.install(progress=interrupt)
        (recovered,) = assistant.recover()
        assert (recovered.function, len(recovered.changes)) == ("download", 1)
        assert [delivery.acknowledged for delivery in recovered.deliveries] == [True]
    assert ordered.order.state == "installed"
    assert not ordered.has_nothing()


def test_a_card_that_refuses_a_segment_is_read_again(ordered: OrderedDownload, tmp_path: Path) -> None:
    class Objecting:
        """Answers 6985 to the header of the profile elements."""

        reset, close = ordered.card.reset, staticmethod(lambda: None)

        def transmit(self, apdu: bytes) -> tuple[bytes, int]:
            if apdu[1:4:2] == b"\xe2\x00" and apdu[5] == 0xA3:  # the first block of a command
                return b"", 0x6985
            return ordered.card.transmit(apdu)

    with assistant_with(Objecting(), ordered.https, ordered.folder) as assistant:
        with (
            pytest.raises(WireError, match=r"6985.*the profile is not on it\."),
            assistant.download(code_of(ordered.order)) as offer,
        ):
            offer.install()
        assert not assistant.journal.unfinished()
    assert ordered.https.called[-1] == "cancelSession"
    assert ordered.order.facts.result == "loadBppExecutionError"
    ordered.check_that_it_works_again()
