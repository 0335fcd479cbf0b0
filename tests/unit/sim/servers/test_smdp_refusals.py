"""Every rejection by the simulated SM-DP+ that an LPA can cause, with its status codes (SGP.22 §5.2.6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.minimal_server import BRAINPOOL, Clock, MinimalServer
from tests.support.refusals import AUTHENTICATION, Scene
from tests.support.refused_requests import DOWNLOADS
from tests.support.tls_faults import CI


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def minimal(clock: Clock) -> Iterator[MinimalServer]:
    with SimulatedSmdp(CI, clock=clock) as smdp:
        yield MinimalServer(smdp)


@pytest.mark.parametrize(("pair", "scene"), AUTHENTICATION)
def test_each_rejected_authentication_has_its_codes(minimal: MinimalServer, pair: str, scene: Scene) -> None:
    assert minimal.refusal(scene, minimal.client, minimal.card) == pair


@pytest.mark.parametrize(("pair", "scene"), DOWNLOADS)
def test_each_rejected_download_has_its_codes(
    minimal: MinimalServer, pair: str, scene: Callable[[MinimalServer], None]
) -> None:
    assert minimal.refusal(scene, minimal) == pair


def test_a_card_must_use_the_issuer_that_the_server_chose() -> None:
    with SimulatedSmdp(CI, BRAINPOOL) as smdp:
        minimal = MinimalServer(smdp)
        card = minimal.card
        card.signing = [BRAINPOOL.key_identifier]  # but its certificates are from the other one
        assert minimal.refusal(minimal.offered) == "8.11.1/3.9"
