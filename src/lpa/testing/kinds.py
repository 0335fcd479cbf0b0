"""Cards of a kind, for the marks `like` and `behaviour` of the pytest plugin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lpa.sim import profile_sets
from lpa.sim.euicc import manners
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.euicc.state import SPARE_MEMORY


def checked(names: tuple[str, ...]) -> tuple[str, ...]:
    """The same names of kinds, or all names if there are none. Raises ValueError for one that is unknown."""
    for name in names:
        Behaviour.like(name)
    return names or manners.names()


def card(kind: str | None, settings: Mapping[str, Any]) -> SimulatedEuicc:
    """A fresh card in memory: of this kind, or a conforming one; with some settings of `Behaviour` changed.

    It has the profiles of its kind, or three of which the first is enabled. Raises ValueError for an unknown
    kind or setting.
    """
    behaviour = Behaviour() if kind is None else Behaviour.like(kind)
    behaviour = Behaviour.from_json(behaviour.to_json() | dict(settings))
    template = "" if kind is None else manners.find(kind).template
    if not template:
        return SimulatedEuicc.create(None, behaviour=behaviour)
    chosen = profile_sets.template(template)
    memory = SPARE_MEMORY if chosen.free_memory is None else chosen.free_memory
    return SimulatedEuicc.create(None, profiles=chosen.profiles, behaviour=behaviour, free_memory=memory)
