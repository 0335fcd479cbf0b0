"""Commands that play the other side: sim new, card, server."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import click

from lpa.cli.desk import Desk
from lpa.cli.documents import Answer
from lpa.cli.parsing import FILE, FOLDER, HOST_AND_PORT, Group
from lpa.cli.screen import Screen

if TYPE_CHECKING:
    from lpa.sim.acceptance import Received
    from lpa.sim.pki import CurveName

_PAUSE = 0.2  # seconds between looks at what a server received


@click.group(cls=Group)
def sim() -> None:
    """A simulated card and server, to try things."""


@sim.command()
@click.argument("path", type=FOLDER)
@click.option("--profiles", default=3, type=click.IntRange(0, 100), show_default=True, help="On the card.")
@click.option(
    "--curve",
    default="P-256",
    type=click.Choice(["P-256", "brainpoolP256r1"]),
    show_default=True,
    help="Of all its keys, if they are made now.",
)
@click.option(
    "--memory", default=400_000, type=click.IntRange(0, 2**31), show_default=True, help="Free for downloads."
)
@click.option(
    "--identity",
    type=FOLDER,
    metavar="DIR",
    help="With the certificates (CI, EUM, eUICC) and the key of an eUICC that was certified elsewhere.",
)
@click.pass_obj
def new(
    desk: Desk, path: Path, *, profiles: int, curve: CurveName, memory: int, identity: Path | None
) -> Answer:
    """Make a card in the new folder PATH. Use it with 'lpa --reader sim:PATH'.

    Beside it is the certificate of its own authority (ci.pem) and that one's key, for 'lpa sim server'. With
    --identity the card is the one in DIR, whose files may have any name, and there is no such key.
    """
    from lpa.sim.card import SimulatedEuicc
    from lpa.sim.identity import Identity

    if path.exists() and any(path.iterdir()):
        raise click.UsageError(f"{path} is there already, and not empty.")
    known = Identity.load(identity) if identity else None
    card = SimulatedEuicc.create(path, profiles=profiles, curve=curve, free_memory=memory, identity=known)
    card.close()
    desk.screen.line(f"A card with the EID {card.eid} is in {path}.")
    return Answer({"eid": card.eid, "path": path})


@sim.command("card")
@click.argument("path", type=FOLDER)
@click.option(
    "--vpcd",
    type=HOST_AND_PORT,
    metavar="HOST:PORT",
    default="localhost:35963",
    show_default=True,
    help="The virtual reader.",
)
@click.pass_obj
def card_(desk: Desk, path: Path, vpcd: tuple[str, int]) -> Answer:
    """Put the card in PATH into a virtual reader (vpcd) until Ctrl-C."""
    from lpa.sim.card import SimulatedEuicc
    from lpa.sim.vpcd import serve

    host, port = vpcd
    with closing(SimulatedEuicc.load(path)) as card:
        desk.screen.say(f"The card {card.eid} is in the reader at {host}:{port}. Ctrl-C takes it out.")
        serve(card, host, port, stop=_stop_on_signal())
    return Answer({"eid": card.eid})


@sim.command()
@click.option("--pki", type=FOLDER, required=True, help="Where ci.pem and ci-key.pem are: a card's folder.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0 takes a free one.")
@click.option(
    "--host",
    "hosts",
    multiple=True,
    default=("smdp.example", "*.smdp.example"),
    show_default=True,
    help="Its name; may be given several times.",
)
@click.option("--store", type=FILE, help="A file for what it accepted: a line of JSON for each.")
@click.pass_obj
def server(desk: Desk, pki: Path, port: int, hosts: tuple[str, ...], store: Path | None) -> Answer:
    """Be the operators' server (SM-DP+) until Ctrl-C, and show what comes in."""
    from lpa.sim.pki import Authority
    from lpa.sim.smdp import SimulatedSmdp

    stop = _stop_on_signal()
    wild = any("*" in host for host in hosts)
    smdp = SimulatedSmdp(
        Authority.load(pki), host=hosts[0], also=hosts[1:], port=port, store=store, any_address=wild
    )
    shown = len(smdp.received)
    with smdp:
        way = f"--connect-to {smdp.connect_to} --ca-bundle {pki / 'ci.pem'}"
        desk.screen.say(f"The server listens; lpa reaches it with: {way}")
        while not stop.wait(_PAUSE):
            shown = _show_new(desk.screen, smdp.received, shown)
    _show_new(desk.screen, smdp.received, shown)
    return Answer({"received": [_members(received) for received in smdp.received]})


def _stop_on_signal() -> Event:
    """Set by Ctrl-C, which is how these commands end, and by the system's wish to end them."""
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _show_new(screen: Screen, received: Sequence[Received], shown: int) -> int:
    for item in received[shown:]:
        when = item.when.astimezone().strftime("%H:%M:%S")
        about = f"{item.event} of {item.iccid or 'an unknown profile'}"
        screen.line(
            f"{when}  {about}, notification {item.sequence_number} for {item.address}, card {item.eid}"
        )
    return len(received)


def _members(received: Received) -> dict[str, object]:
    return {
        "sequence_number": received.sequence_number,
        "event": received.event,
        "address": received.address,
        "iccid": received.iccid,
        "eid": received.eid,
    }
