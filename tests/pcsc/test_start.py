"""What reading a card loads."""

from __future__ import annotations

import pytest

from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support import loaded

from .conftest import PlugIn


@pytest.mark.parametrize("arguments", [("list",), ("--json", "list")])
def test_a_list_loads_nothing_that_changes_a_card_or_asks_a_server(
    virtual_reader: PlugIn, arguments: tuple[str, ...]
) -> None:
    with virtual_reader(SimulatedEuicc.create(None, profiles=3)):
        found = loaded.by(*arguments)
    assert "smartcard.scard" in found
    # rich.cells measures names that are not ASCII, without the rest of rich.
    assert found & loaded.HEAVY <= ({"rich"} if arguments == ("list",) else set())
    assert "rich.console" not in found
    ours = {name.split(".")[1] for name in found if name.startswith("lpa.")}
    assert ours.isdisjoint({"deletion", "download", "journal", "notifications", "profiles", "recovery"})
    servers = {"lpa.server.network", "lpa.server.on_demand"}
    assert {name for name in found if name.startswith("lpa.server.")} == servers
    assert found.isdisjoint(f"lpa.rsp.{name}" for name in ("session", "trace", "activation", "euicc_info"))
