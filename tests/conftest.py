"""A simulated card and server with an assistant between them; the card can be disturbed on the way."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.courier import Directory
from lpa.server.connect_to import ConnectTo
from lpa.server.es9 import Server
from lpa.server.https import Https
from lpa.server.trust import Trust
from lpa.sim.card import SimulatedEuicc
from lpa.sim.smdp import SimulatedSmdp
from tests.disturbed import DisturbedCard


@pytest.fixture
def directory(euicc: SimulatedEuicc, smdp: SimulatedSmdp, tmp_path: Path) -> Iterator[Directory]:
    """The way to the simulated server, which is trusted by its own authority alone."""
    euicc.authority.save(tmp_path / "pki")
    trust = Trust.bundle(tmp_path / "pki" / "ci.pem")
    with Https(trust, connect_to=[ConnectTo.parse(smdp.connect_to)]) as https:
        yield partial(Server, https=https)


@pytest.fixture
def card(euicc: SimulatedEuicc) -> DisturbedCard:
    """The simulated card, with a hand on its wires."""
    return DisturbedCard(euicc)


@pytest.fixture
def assistant(card: DisturbedCard, directory: Directory, tmp_path: Path) -> Iterator[Assistant]:
    """An assistant that speaks with the card, and keeps its receipts in `tmp_path / "state"`."""
    with Assistant(card, state_dir=tmp_path / "state", directory=directory) as assistant:
        yield assistant
