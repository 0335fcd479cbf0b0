"""The outcome of an installation: only the result that the card signed in its session counts."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lpa import Step
from lpa.errors import EuiccRefused, OutcomeUnknown, WireError
from lpa.journal import PROOF_KEPT
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.orders import OrderedDownload, assistant_with, code_of, made
from tests.support.unreadable_profile import UnreadableProfileCard

_LOAD = 0xA3  # the header of the profile elements


@pytest.fixture
def ordered(euicc: SimulatedEuicc, tmp_path: Path) -> Iterator[OrderedDownload]:
    yield from made(euicc, tmp_path)


class Objecting:
    """A card that answers 6985 to the profile elements; from then on, it lists `hidden` as no ICCID."""

    def __init__(self, card: SimulatedEuicc, hidden: bytes = b"") -> None:
        self._card, self._hidden = card, hidden
        self._objected = False
        self.reset = card.reset

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        if apdu[1:4:2] == b"\xe2\x00" and apdu[5] == _LOAD:  # the first block of a command
            self._objected = True
            return b"", 0x6985
        data, sw = self._card.transmit(apdu)
        if self._objected and self._hidden:
            data = data.replace(b"\x5a\x0a" + self._hidden, b"\x5b\x0a" + self._hidden)
        return data, sw

    def close(self) -> None:
        """It stays where it is."""


def spoil_the_end(members: dict[str, Any]) -> None:
    raw = bytearray(base64.b64decode(members["boundProfilePackage"]))
    raw[-1] ^= 1
    members["boundProfilePackage"] = base64.b64encode(raw).decode()


def stop_at_the_end(step: Step) -> None:
    if step.name == "LoadBoundProfilePackage" and step.done == step.total:
        raise KeyboardInterrupt


def test_the_result_of_another_installation_is_ignored(ordered: OrderedDownload, tmp_path: Path) -> None:
    ordered.https.dies_before["handleNotification"] = WireError("The server does not answer.")
    with (
        assistant_with(ordered.card, ordered.https, tmp_path / "of another computer") as another,
        another.download(code_of(ordered.ordered())) as offer,
    ):
        offer.install()
        assert another.notifications()
    with assistant_with(Objecting(ordered.card), ordered.https, ordered.folder) as assistant:
        with (
            pytest.raises(WireError, match=r"the profile is not on it\."),
            assistant.download(code_of(ordered.order)) as offer,
        ):
            offer.install()
        assert not assistant.receipts.of(assistant.eid)


def test_the_outcome_is_unknown_if_the_card_lists_an_unreadable_profile(ordered: OrderedDownload) -> None:
    hidden = bytes.fromhex("98688907000000000033")
    with (
        assistant_with(Objecting(ordered.card, hidden), ordered.https, ordered.folder) as assistant,
        pytest.raises(
            OutcomeUnknown, match="it lists a profile that cannot be read, but has signed no result"
        ),
        assistant.download(code_of(ordered.order)) as offer,
    ):
        offer.install()


def test_a_profile_installed_after_a_failure_is_not_attributed_to_that_download(
    ordered: OrderedDownload, tmp_path: Path
) -> None:
    ordered.https.change["getBoundProfilePackage"] = spoil_the_end
    with assistant_with(ordered.card, ordered.https, ordered.folder) as assistant:
        with pytest.raises(KeyboardInterrupt), assistant.download(code_of(ordered.order)) as offer:
            offer.install(progress=stop_at_the_end)
        assert offer.loading
    with (
        assistant_with(ordered.card, ordered.https, tmp_path / "of another computer") as another,
        another.download(code_of(ordered.order)) as offer,
    ):
        offer.install()
    with assistant_with(ordered.card, ordered.https, ordered.folder) as assistant:
        (recovered,) = assistant.recover()
        assert (recovered.function, recovered.changes) == ("download", ())
        assert [delivery.event for delivery in recovered.deliveries] == ["install"]
    assert not ordered.has_nothing()


def test_a_signed_result_is_found_beside_an_unreadable_profile(ordered: OrderedDownload) -> None:
    ordered.https.change["getBoundProfilePackage"] = spoil_the_end
    hiding = UnreadableProfileCard(ordered.card, ordered.card.profiles[2].iccid)
    with assistant_with(hiding, ordered.https, ordered.folder) as assistant:
        with pytest.raises(KeyboardInterrupt), assistant.download(code_of(ordered.order)) as offer:
            offer.install(progress=stop_at_the_end)
        (recovered,) = assistant.recover()
        assert (recovered.function, recovered.changes) == ("download", ())
        assert assistant.journal.unfinished() == ()


def test_a_failed_installation_stays_at_proof_kept_until_its_server_acknowledged(
    ordered: OrderedDownload,
) -> None:
    ordered.https.change["getBoundProfilePackage"] = spoil_the_end
    ordered.https.dies_before["handleNotification"] = WireError("The server does not answer.")
    with assistant_with(ordered.card, ordered.https, ordered.folder) as assistant:
        with pytest.raises(EuiccRefused), assistant.download(code_of(ordered.order)) as offer:
            offer.install()
        (receipt,) = assistant.receipts.of(assistant.eid)
        record = assistant.journal.record_of(assistant.eid, receipt.notification)
        assert record
        assert (record.function, record.state) == ("download", PROOF_KEPT)
