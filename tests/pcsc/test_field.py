"""Cards and people as they are, over real PC/SC: moody cards, a pulled card, a dead server, a bare Enter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.errors import BadAnswer
from lpa.notifications.sender import ServerFactory
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers import packages
from lpa.sim.servers.orders import Order
from lpa.sim.servers.smdp import SimulatedSmdp
from lpa.testing.pcscd import VirtualReader
from tests.support import command
from tests.support.orders import holds

from .conftest import PlugIn

ALBION, NORDLICHT, SHILI = "8944994000000000017", "8949985000000000025", "89869870000000000033"


@pytest.mark.parametrize("channels", [0, 3])
@pytest.mark.parametrize("protocol", ["T=0", "T=1"])
def test_a_deletion_is_delivered_from_a_card_that_lists_no_notifications(
    euicc: SimulatedEuicc,
    smdp: SimulatedSmdp,
    servers: ServerFactory,
    virtual_reader: PlugIn,
    tmp_path: Path,
    protocol: str,
    channels: int,
) -> None:
    behaviour = Behaviour.from_json(
        Behaviour(channels=channels, gives_all_notifications_or_none=True).to_json() | {"protocol": protocol}
    )
    card = SimulatedEuicc.create(None, authority=euicc.authority, behaviour=behaviour)
    with virtual_reader(card), Assistant.open(state_dir=tmp_path, servers=servers) as assistant:
        outcome = assistant.delete(assistant.plan_deletion(ALBION, disable_first=True))
    assert [(one.event, one.removed) for one in outcome.deliveries] == [("disable", True), ("delete", True)]
    assert [one.event for one in smdp.received] == ["disable", "delete"]


def test_a_card_that_falls_back_is_asked_once_and_names_its_choice(
    euicc: SimulatedEuicc, smdp: SimulatedSmdp, servers: ServerFactory, virtual_reader: PlugIn, tmp_path: Path
) -> None:
    behaviour = Behaviour(fallbacks=((NORDLICHT, SHILI),))
    card = SimulatedEuicc.create(None, authority=euicc.authority, behaviour=behaviour)
    with virtual_reader(card), Assistant.open(state_dir=tmp_path, servers=servers) as assistant:
        with pytest.raises(BadAnswer, match=rf"\({SHILI}\) is enabled: the card chose this itself") as raised:
            assistant.enable(NORDLICHT)
        assert not assistant.notifications()
    assert raised.value.reason == "changedAtReset"
    assert [one.event for one in smdp.received].count("enable") == 2  # of both profiles, each once


# A download, while a person is asked


@pytest.fixture
def server(euicc: SimulatedEuicc) -> Iterator[tuple[SimulatedSmdp, ExitStack]]:
    """A server, and what ends it."""
    with ExitStack() as running:
        smdp = SimulatedSmdp(euicc.authority, host="smdp.example")
        yield running.enter_context(smdp), running


@pytest.fixture
def order(server: tuple[SimulatedSmdp, ExitStack]) -> Order:
    return server[0].order(packages.sample(), "ABC-1")


@pytest.fixture
def line(euicc: SimulatedEuicc, server: tuple[SimulatedSmdp, ExitStack], tmp_path: Path) -> tuple[str, ...]:
    """The options that lead to the server."""
    euicc.authority.save(tmp_path)
    options = ("--ca-bundle", tmp_path / "ci.pem", "--state-dir", tmp_path)
    return (*map(str, options), "--connect-to", server[0].connect_to, "download")


def test_enter_and_no_keep_the_order(
    euicc: SimulatedEuicc, order: Order, line: tuple[str, ...], virtual_reader: PlugIn
) -> None:
    with virtual_reader(euicc):
        ran = command.dialogue(*line, order.activation_code, answers=("", "rejct", "no"))
        assert (ran.code, order.state) == (1, "released")
        assert "The order was not rejected." in ran.err
        ran = command.dialogue(*line, order.activation_code, answers=("yes", ""))
    assert (ran.code, order.state) == (0, "installed")


def test_a_server_that_dies_before_the_answer_confirms_no_rejection(
    euicc: SimulatedEuicc,
    server: tuple[SimulatedSmdp, ExitStack],
    order: Order,
    line: tuple[str, ...],
    virtual_reader: PlugIn,
) -> None:
    def answers() -> Iterator[str]:
        yield ""
        server[1].close()
        yield "reject"

    with virtual_reader(euicc):
        ran = command.dialogue(*line, order.activation_code, answers=answers())
    assert (ran.code, order.state) == (3, "released")
    assert "so the order may still be valid" in ran.err
    assert "has confirmed" not in ran.err


@pytest.mark.parametrize("answer", ["yes", "reject"])
def test_a_card_pulled_while_a_person_is_asked_costs_no_order(
    euicc: SimulatedEuicc, order: Order, line: tuple[str, ...], virtual_reader: PlugIn, answer: str
) -> None:
    def answers(reader: VirtualReader) -> Iterator[str]:
        yield ""
        reader.pull()
        yield answer

    with virtual_reader(euicc) as reader:
        ran = command.dialogue(*line, order.activation_code, answers=answers(reader))
    assert (ran.code, order.state) == (3, "released")
    assert "The card was removed" in ran.err
    assert not holds(euicc)
