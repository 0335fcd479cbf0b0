"""Facts with values from simulated cards, one or more of each class that becomes JSON."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import lpa
from lpa.card.pcsc import Reader
from lpa.card.probing import Probe
from lpa.card.secure_elements import SecureElement
from lpa.errors import NoCard
from lpa.profiles.temporary_enable import Restoration
from lpa.rsp.facts import Fact
from lpa.rsp.steps import Step
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.generations import Generation
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.testing import simulated

_NOW = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
_READER = Reader("ACS ACR39U 00 00", present=True, atr=bytes.fromhex("3B00"), busy=False, mute=False)
_GENERATIONS: tuple[Generation, ...] = ("v2", "v3", "sgp32")


def of_card(generation: Generation) -> Iterator[Any]:
    """What a card of this generation says about itself, and its profiles."""
    with simulated(SimulatedEuicc.create(None, behaviour=Behaviour(generation=generation))) as made:
        card = made.assistant
        yield card.info()
        yield card.euicc.euicc_info1()
        yield from card.profiles()
        yield card.profile(card.profiles()[0].iccid)


def of_deletion() -> Iterator[Any]:
    """A plan, what is pending while the server cannot be reached, and what was done."""
    with simulated() as made:
        card = made.assistant
        enabled, other, *_ = card.profiles()
        made.smdp.close()
        yield card.disable(enabled.iccid)
        plan = card.review_deletion(card.plan_deletion(other.iccid))
        yield plan
        yield from plan.findings
        outcome = card.delete(plan)
        yield outcome
        yield from outcome.changes
        yield from outcome.deliveries
        yield from card.pending_notifications()
        deliveries = card.send_own_notifications()
        yield deliveries
        yield lpa.Deliveries.of(deliveries, NoCard("There is none."))
        yield lpa.BackupFirst(switches=(outcome,), problem=NoCard("There is none."))
        yield Restoration("As before.", outcome)
        yield lpa.Recovery("delete", _NOW, outcome.changes, outcome.deliveries, other.iccid, "Done.")
        event = outcome.changes[0].event
        yield lpa.LostNotification(card.eid, other.iccid, "Work", event, "smdp.example", 1.5)
        yield Probe(_READER, card.eid, others=(SecureElement(2, card.eid),))


@functools.cache
def examples() -> tuple[Any, ...]:
    """All of them."""
    cards = [fact for generation in _GENERATIONS for fact in of_card(generation)]
    return (
        *cards,
        *of_deletion(),
        _READER,
        Probe(_READER, problem=NoCard("There is none.")),
        lpa.Event(lpa.ServerAddress.parse("Smds.example:8443"), "EVENT-1"),
        Step("LoadBoundProfilePackage", 3, 7),
        lpa.Backup(Path("/backup"), 3, 4, ("One cannot be read.",)),
        lpa.Subscriber(imsi="901700000000017", numbers=("+491",)),
        lpa.Diagnosis("EID", "There is none.", problem=NoCard("There is none.")),
    )


def classes(kind: type[Fact] = Fact) -> Iterator[type[Fact]]:
    """The classes that become JSON."""
    for below in kind.__subclasses__():
        yield below
        yield from classes(below)
