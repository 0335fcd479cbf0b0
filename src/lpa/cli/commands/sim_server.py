"""The command that runs a simulated server: sim server (with order add, list, release)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lpa.cli.commands import sim_control, sim_faults, sim_orders, sim_seed
from lpa.cli.commands.recording import RECORD, http_recorder, recording
from lpa.cli.commands.until_stopped import stop_on_signal
from lpa.cli.group import Group
from lpa.cli.json_output import CommandResult
from lpa.cli.parsing import FILE, SERVER_FAULT, SERVER_NAME

if TYPE_CHECKING:
    from lpa.cli.console import Console
    from lpa.cli.screen import Screen
    from lpa.sim.faults.language import Fault
    from lpa.sim.servers.acceptance import Received
    from lpa.sim.servers.orders import Facts
    from lpa.sim.servers.smdp import SimulatedSmdp

_PAUSE = 0.2  # seconds between two checks of what the server received


@click.group(cls=Group, invoke_without_command=True)
@sim_orders.PKI
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port to listen on; 0 for a free one.")
@click.option(
    "--host",
    "hosts",
    type=SERVER_NAME,
    metavar="NAME",
    multiple=True,
    default=("smdp.example", "*.smdp.example"),
    show_default=True,
    help="Host name of the server; may be repeated.",
)
@click.option("--store", type=FILE, help="Append accepted notifications to this file, one JSON line each.")
@click.option(
    "--discovery",
    type=SERVER_NAME,
    metavar="NAME",
    help="Also run a discovery server (SM-DS) with this name.",
)
@click.option(
    "--discovery-port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Port of the discovery server; 0 for a free one.",
)
@sim_faults.options(SERVER_FAULT, "HandleNotification: close after 200 bytes")
@sim_seed.option("transaction identifiers, challenges and keys")
@RECORD
@sim_control.CONTROL
@click.pass_context
def server(
    ctx: click.Context,
    *,
    pki: Path | None,
    port: int,
    hosts: tuple[str, ...],
    store: Path | None,
    discovery: str | None,
    discovery_port: int,
    faults: tuple[Fault, ...],
    storm: int | None,
    seed: int | None,
    record: Path | None,
    control: tuple[str, int] | None,
) -> CommandResult | None:
    """Run an SM-DP+ server until Ctrl-C, and show what it receives.

    Its orders are in the same folder: see 'lpa sim server order add --help'. A recording contains no codes,
    tokens or packages: they are placeholders, as in 'lpa --trace'.
    """
    ctx.meta[sim_orders.FOLDER_ABOVE] = pki
    if ctx.invoked_subcommand:
        return None
    pki = sim_orders.folder(ctx, pki)
    from lpa.sim.control import server_commands
    from lpa.sim.crypto.pki import Authority
    from lpa.sim.crypto.seeds import seeded
    from lpa.sim.servers.smdp import SimulatedSmdp

    console: Console = ctx.find_root().obj
    stop = stop_on_signal()
    authority = Authority.load(pki, randomness=seeded(seed, "server"))
    with ExitStack() as running:
        write = running.enter_context(recording(record, console.screen, whole=False)) if record else None
        with _listening_on(port):
            smdp = SimulatedSmdp(
                authority,
                host=hosts[0],
                also=hosts[1:],
                port=port,
                store=store,
                orders=sim_orders.file(pki),
                any_address=any("*" in host for host in hosts),
                lasting=seed is not None,
            )
        if storm is not None:
            faults += sim_faults.storm_of(storm).server
        sim_faults.begin(console.screen, smdp.faults, faults)
        watch = _Watch(console.screen, smdp)
        smdp.watch = http_recorder(write) if write else None
        running.enter_context(smdp)
        if control:
            running.enter_context(sim_control.opened(console.screen, server_commands(smdp), control))
        rows = [smdp.connect_to]
        if discovery:
            from lpa.sim.servers.smds import SimulatedSmds

            with _listening_on(discovery_port):
                smds = SimulatedSmds(
                    authority,
                    host=discovery,
                    port=discovery_port,
                    orders=sim_orders.file(pki),
                    lasting=seed is not None,
                )
            running.enter_context(smds)
            rows.insert(0, f"{discovery}:443:{smds.address}:{smds.port}")
        options = " ".join(f"--connect-to {row}" for row in rows)
        console.screen.say(f"The server is listening. To use it, run lpa with: {options}")
        while not stop.wait(_PAUSE):
            watch.show()
        watch.show()
        states = [sim_orders.members(order.facts) for order in smdp.orders]
    return CommandResult({"received": [_members(received) for received in smdp.received], "orders": states})


server.add_command(sim_orders.order)


@contextmanager
def _listening_on(port: int) -> Iterator[None]:
    """Raise a usage error if a server cannot be made in the `with` block because of its port."""
    try:
        yield
    except OSError as error:
        raise click.UsageError(f"The server cannot listen on port {port}: {error.strerror}.") from error


class _Watch:
    """Prints what happens at a server, each event once."""

    def __init__(self, screen: Screen, smdp: SimulatedSmdp) -> None:
        self._screen = screen
        self._smdp = smdp
        self._shown = len(smdp.received)
        self._states = self._orders()

    def show(self) -> None:
        """Print what is new."""
        states = self._orders()
        for number, facts in states.items():
            before = self._states.get(number)
            # A new order may have been downloaded already; that it was added is not printed.
            if facts.state != before.state if before else facts.state not in ("confirmed", "released"):
                card = f", card {facts.eid}" if facts.eid else ""
                self._screen.line(f"{_clock()}  order for {facts.iccid}: {sim_orders.headline(facts)}{card}")
        received = self._smdp.received
        for item in received[self._shown :]:
            what = f"{item.event} of {item.iccid or 'an unknown profile'}"
            which = f"notification {item.sequence_number} for {item.address}, card {item.eid}"
            self._screen.line(f"{_clock(item.when)}  {what}, {which}")
        self._states, self._shown = states, len(received)

    def _orders(self) -> dict[int, Facts]:
        return {order.number: order.facts for order in self._smdp.orders}


def _clock(when: datetime | None = None) -> str:
    return (when or datetime.now(UTC)).astimezone().strftime("%H:%M:%S")


def _members(received: Received) -> dict[str, object]:
    return {
        "sequence_number": received.sequence_number,
        "event": received.event,
        "address": received.address,
        "iccid": received.iccid,
        "eid": received.eid,
    }
