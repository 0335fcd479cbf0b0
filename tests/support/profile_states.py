"""The states of the profiles on a simulated card."""

from __future__ import annotations

from lpa.sim.euicc.simulated_euicc import SimulatedEuicc


def states(euicc: SimulatedEuicc) -> list[str]:
    return [profile.state for profile in euicc.profiles]
