"""Fixtures for tests against a simulated eUICC and its servers, in every pytest that has `lpa`.

```python
def test_my_code_lists_profiles(euicc):
    with lpa.Assistant(euicc) as assistant:
        assert len(assistant.profiles()) == 3
```
Nothing of the simulator is imported before a test asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
    from lpa.sim.servers.smdp import SimulatedSmdp
    from lpa.sim.servers.smds import SimulatedSmds


@pytest.fixture
def euicc() -> SimulatedEuicc:
    """A fresh simulated card, in memory, with three profiles of which the first is enabled."""
    from lpa.sim.euicc.simulated_euicc import SimulatedEuicc

    return SimulatedEuicc.create(None)


@pytest.fixture
def smdp(euicc: SimulatedEuicc) -> Iterator[SimulatedSmdp]:
    """A running simulated SM-DP+ that trusts the card's certificate authority and serves its profiles.

    It listens on loopback: reach it by `--connect-to` with `smdp.connect_to`, under the names of the
    servers in the profiles; its certificate comes from `euicc.authority`.
    """
    from lpa.sim.servers.smdp import SimulatedSmdp

    names = sorted({address for profile in euicc.profiles for address in profile.addresses("delete")})
    with SimulatedSmdp(euicc.authority, host=names[0], also=names[1:]) as server:
        yield server


@pytest.fixture
def smds(euicc: SimulatedEuicc) -> Iterator[SimulatedSmds]:
    """A running simulated SM-DS, with the name of the card's own root, that trusts the card's authority."""
    from lpa.sim.servers.smds import SimulatedSmds

    with SimulatedSmds(euicc.authority) as server:
        yield server
