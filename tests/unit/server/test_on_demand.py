"""Servers over HTTPS whose libraries are loaded with the first one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from lpa.rsp.names import ServerAddress
from lpa.server.network import Network
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc


def test_all_servers_share_connections_that_are_closed_at_the_end() -> None:
    servers = Network().servers()
    one, two = (servers(ServerAddress.parse(name), ci_pkids=()) for name in ("a.example", "b.example"))
    assert (str(one.address), str(two.address)) == ("a.example", "b.example")
    assert one._https is two._https
    servers.close()


def test_nothing_is_loaded_before_a_server_is_made() -> None:
    code = (
        "import sys; from lpa import Network; Network(connect_to='a:1:b:2').servers().close(); "
        "print(*sorted({'urllib3', 'OpenSSL', 'lpa.server.https', 'lpa.server.es9'} & {*sys.modules}))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "\n"


def test_a_command_that_asks_no_server_loads_nothing_for_it(tmp_path: Path) -> None:
    """Enabling the enabled profile sends nothing."""
    with SimulatedEuicc.create(tmp_path / "card") as card:
        iccid = card.profiles[0].iccid
    # The simulated card uses cryptography itself.
    code = (
        "import sys\nfrom lpa.cli.main import main\ntry:\n    main()\nfinally:\n    print(*sorted("
        "{'urllib3', 'OpenSSL', 'ecdsa', 'lpa.server.https', 'lpa.server.es9'} & {*sys.modules}))"
    )
    options = ("--reader", f"sim:{tmp_path / 'card'}", "--state-dir", str(tmp_path / "state"))
    for line in (("enable", iccid), ("notifications", "send"), ("list",)):
        ran = subprocess.run(
            [sys.executable, "-c", code, *options, *line], capture_output=True, text=True, check=True
        )
        assert ran.stdout.splitlines()[-1] == "", (line, ran.stdout)
