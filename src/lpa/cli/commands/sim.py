"""Commands that simulate a card and a server: sim new, card, server (with order add, list, release)."""

from __future__ import annotations

import signal
from contextlib import ExitStack, closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import click

from lpa.cli.commands import sim_orders
from lpa.cli.commands.interruption import changing
from lpa.cli.console import Console
from lpa.cli.group import Group
from lpa.cli.json_output import CommandResult, plain
from lpa.cli.parsing import FILE, FOLDER, HOST_AND_PORT
from lpa.cli.screen import Screen

if TYPE_CHECKING:
    from lpa.sim.crypto.pki import Authority, CurveName
    from lpa.sim.servers.acceptance import Received
    from lpa.sim.servers.orders import Facts
    from lpa.sim.servers.smdp import SimulatedSmdp

_PAUSE = 0.2  # seconds between two checks of what the server received


@click.group(cls=Group)
def sim() -> None:
    """A simulated card and server, for trying things out."""


@sim.command()
@click.argument("path", type=FOLDER)
@click.option(
    "--profiles",
    default=3,
    type=click.IntRange(0, 100),
    show_default=True,
    help="Number of profiles on the card.",
)
@click.option(
    "--curve",
    default="P-256",
    type=click.Choice(["P-256", "brainpoolP256r1"]),
    show_default=True,
    help="Curve of the keys that are generated.",
)
@click.option(
    "--memory",
    default=400_000,
    type=click.IntRange(0, 2**31),
    show_default=True,
    help="Bytes that are free for downloads.",
)
@click.option(
    "--identity",
    type=FOLDER,
    metavar="DIR",
    help="A folder with the certificates (CI, EUM, eUICC) and the key of an existing eUICC.",
)
@click.pass_obj
def new(
    console: Console, path: Path, *, profiles: int, curve: CurveName, memory: int, identity: Path | None
) -> CommandResult:
    """Create a card in the new folder PATH. Use it with 'lpa --reader sim:PATH'.

    The folder also holds the certificate of the card's own CI (ci.pem) and its key, for 'lpa sim server'.
    With --identity the card has the certificates and key in DIR, in files of any name, and there is no CI
    key.
    """
    from lpa.sim.euicc.identity import CardIdentity
    from lpa.sim.euicc.simulated_euicc import SimulatedEuicc

    with suppress(OSError):  # If there is no such folder; or one that cannot be read, which `create` reports.
        if any(path.iterdir()):
            raise click.UsageError(f"{path} exists already and is not empty.")
    known = CardIdentity.load(identity) if identity else None
    shows = f"'lpa --reader sim:{path} list' shows whether the card is complete."
    with changing(console.screen, "Interrupted while creating the card.", shows):
        card = SimulatedEuicc.create(path, profiles=profiles, curve=curve, free_memory=memory, identity=known)
        data = {"eid": card.eid, "path": path}
        console.screen.did(f"Created a card with EID {card.eid} in {path}.", plain(data), advice="")
        card.close()
    if known and known.ends < datetime.now(UTC):
        console.screen.say(f"Its certificates expired on {known.ends:%Y-%m-%d}; servers may reject it.")
    console.screen.line(f"Created a card with EID {card.eid} in {path}.")
    return CommandResult(data)


@sim.command("card")
@click.argument("path", type=FOLDER)
@click.option(
    "--vpcd",
    type=HOST_AND_PORT,
    metavar="HOST:PORT",
    default="localhost:35963",
    show_default=True,
    help="Address of the virtual reader.",
)
@click.pass_obj
def card_(console: Console, path: Path, vpcd: tuple[str, int]) -> CommandResult:
    """Insert the card in PATH into a virtual reader (vpcd) until Ctrl-C."""
    from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
    from lpa.sim.euicc.vpcd import serve

    host, port = vpcd
    with closing(SimulatedEuicc.load(path)) as card:
        inserted = f"The card {card.eid} is in the reader at {host}:{port}. Ctrl-C removes it."
        console.screen.say(f"Waiting for the virtual reader at {host}:{port} ...")
        stop = _stop_on_signal()
        serve(card, host, port, stop=stop, on_inserted=lambda: console.screen.say(inserted))
    if not stop.is_set():
        console.screen.say(f"The virtual reader at {host}:{port} has disconnected.")
    return CommandResult({"eid": card.eid})


@sim.group(cls=Group, invoke_without_command=True)
@sim_orders.PKI
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port to listen on; 0 for a free one.")
@click.option(
    "--host",
    "hosts",
    multiple=True,
    default=("smdp.example", "*.smdp.example"),
    show_default=True,
    help="Host name of the server; may be repeated.",
)
@click.option("--store", type=FILE, help="Append accepted notifications to this file, one JSON line each.")
@click.option("--discovery", help="Also run a discovery server (SM-DS) with this name.")
@click.pass_context
def server(
    ctx: click.Context,
    *,
    pki: Path | None,
    port: int,
    hosts: tuple[str, ...],
    store: Path | None,
    discovery: str | None,
) -> CommandResult | None:
    """Run an SM-DP+ server until Ctrl-C, and show what it receives.

    Its orders are in the same folder: see 'lpa sim server order add --help'.
    """
    ctx.meta[sim_orders.FOLDER_ABOVE] = pki
    if ctx.invoked_subcommand:
        return None
    pki = sim_orders.folder(ctx, pki)
    from lpa.sim.crypto.pki import Authority
    from lpa.sim.servers.smdp import SimulatedSmdp

    console: Console = ctx.find_root().obj
    stop, authority = _stop_on_signal(), Authority.load(pki)
    try:
        smdp = SimulatedSmdp(
            authority,
            host=hosts[0],
            also=hosts[1:],
            port=port,
            store=store,
            orders=sim_orders.file(pki),
            any_address=any("*" in host for host in hosts),
        )
    except OSError as error:
        raise click.UsageError(f"The server cannot listen on port {port}: {error.strerror}.") from error
    watch = _Watch(console.screen, smdp)
    with ExitStack() as running:
        running.enter_context(smdp)
        rows = [*_discovery(discovery, authority, pki, running), smdp.connect_to]
        options = " ".join(f"--connect-to {row}" for row in rows)
        console.screen.say(f"The server is listening. To use it, run lpa with: {options}")
        while not stop.wait(_PAUSE):
            watch.show()
        watch.show()
        states = [sim_orders.members(order.facts) for order in smdp.orders]
    return CommandResult({"received": [_members(received) for received in smdp.received], "orders": states})


server.add_command(sim_orders.order)


def _discovery(host: str | None, authority: Authority, pki: Path, running: ExitStack) -> list[str]:
    """The value of --connect-to for a discovery server, if there is one."""
    if host is None:
        return []
    from lpa.sim.servers.smds import SimulatedSmds

    smds = running.enter_context(SimulatedSmds(authority, host=host, orders=sim_orders.file(pki)))
    return [f"{host}:443:{smds.address}:{smds.port}"]


def _stop_on_signal() -> Event:
    """An event that is set by Ctrl-C (SIGINT) and SIGTERM, which end these commands."""
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


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
