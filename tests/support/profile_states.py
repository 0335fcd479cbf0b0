"""The profiles on a new simulated card, and the states of those on any."""

from __future__ import annotations

from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.simulated_profile import SimulatedProfile


def states(euicc: SimulatedEuicc) -> list[str]:
    return [profile.state for profile in euicc.profiles]


def samples() -> tuple[SimulatedProfile, ...]:
    return SimulatedEuicc.create(None).profiles
