"""Compute how long procedures take with a real line and card, for `tests.bench`: the model of lpa.sim.wire.

The seconds are those of a T=0 card, without the time of reader, computer and network. They are the same on
any machine, except for the few bytes by which certificates differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lpa import Assistant
from lpa.rsp.activation import ActivationCode
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers import packages
from lpa.sim.wire.wire import Wire
from lpa.testing import simulated
from tests.bench import Measure
from tests.support.bench_downloads import USUAL

Procedure = Callable[[SimulatedEuicc], None]

WIRES: dict[str, Callable[[], Wire]] = {
    "9600 baud": lambda: Wire.at(9600),
    "512/32": lambda: Wire(fi=512, di=32),
    "512/64": lambda: Wire(fi=512, di=64),
}


def list_profiles(card: SimulatedEuicc) -> None:
    """`lpa list` of 3 profiles."""
    with Assistant(card) as assistant:
        assert len(assistant.profiles()) == 3


def delete(card: SimulatedEuicc) -> None:
    """A deletion with the delivery of its notification."""
    with simulated(card) as (assistant, _, smdp):
        assert not assistant.delete(assistant.plan_deletion(card.profiles[1].iccid)).unacknowledged
        assert len(smdp.received) == 1


def download(card: SimulatedEuicc) -> None:
    """A download of a profile of the usual size, with the delivery of its result."""
    with simulated(card) as (assistant, _, smdp):
        order = smdp.order(packages.sample(size=USUAL), "ABC-1")
        with assistant.download(ActivationCode.parse(order.activation_code)) as offer:
            offer.install()
        assert order.state == "installed"


# The budgets are seconds with each of WIRES.
PROCEDURES: dict[str, tuple[Procedure, tuple[float, ...]]] = {
    "list of 3": (list_profiles, (0.6, 0.08, 0.08)),
    "delete with delivery": (delete, (3.0, 0.6, 0.6)),
    "download of 10.6 kB": (download, (22, 3.5, 3.2)),
}


def seconds(name: str, speed: str) -> Measure:
    """One procedure on a new card with one of the wires, powered up for it."""
    procedure, budgets = PROCEDURES[name]
    card = SimulatedEuicc.create(None)
    card.wire = WIRES[speed]()
    card.reset()
    procedure(card)
    budget = budgets[list(WIRES).index(speed)]
    return Measure(f"{name}, {speed}", round(card.wire.seconds, 2), "s", budget)


def wire_seconds() -> Iterator[Measure]:
    """Each procedure with each wire."""
    for name in PROCEDURES:
        for speed in WIRES:
            yield seconds(name, speed)
