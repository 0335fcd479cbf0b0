"""A card in a reader of a smart card service, with its servers at the addresses that lpac finds.

These tests run other people's programs, which .ci/lpac and .ci/asn1play install: see `make others`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lpa.sim.crypto.pki import CurveName
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.testing.pcscd import SOCKET_VARIABLE, private_pcscd
from tests.support.lpac import Lpac, installed_root, servers
from tests.support.lpac_table import Configuration, Parties

CURVES: tuple[CurveName, ...] = ("P-256", "brainpoolP256r1")
CARDS = (  # lpac loses count of an APDU that has more than 255 bytes in all
    Behaviour(block_size=250),
    Behaviour(block_size=120),
    Behaviour(block_size=60, announces_terminal_capability=True, channels=1),
)
CONFIGURATIONS = [Configuration(curve, card) for curve in CURVES for card in CARDS]


class Slot:
    """A card in a reader. Another one can take its place and the reader does not notice: that is quicker."""

    def __init__(self, card: SimulatedEuicc) -> None:
        self.card = card

    @property
    def atr(self) -> bytes:
        return self.card.atr

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        return self.card.transmit(apdu)

    def reset(self) -> None:
        self.card.reset()

    def power_off(self) -> None:
        self.card.power_off()


@pytest.fixture(scope="session")
def slot() -> Iterator[tuple[Slot, Path]]:
    """A reader, and the /run of its service. Its address stays set: libpcsclite reads it once per process."""
    slot = Slot(SimulatedEuicc.create(None))
    with private_pcscd() as service:
        os.environ[SOCKET_VARIABLE] = str(service.socket)
        with service.reader(slot):
            yield slot, service.folder / "run"


@pytest.fixture(params=CONFIGURATIONS, ids=str)
def configuration(request: pytest.FixtureRequest) -> Configuration:
    """Each kind of card."""
    chosen: Configuration = request.param
    return chosen


@pytest.fixture
def parties(configuration: Configuration, slot: tuple[Slot, Path], tmp_path: Path) -> Iterator[Parties]:
    """A new card in the reader, its servers, and lpac."""
    reader, run = slot
    card = SimulatedEuicc.create(None, curve=configuration.curve, behaviour=configuration.behaviour)
    program = Lpac(installed_root(), tmp_path, run, configuration.behaviour.block_size)
    with servers(card) as (smdp, smds):
        card.reset()
        reader.card = card
        yield Parties(program, card, smdp, smds)
