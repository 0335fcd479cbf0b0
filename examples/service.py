"""Serve the cards in several readers until SIGTERM, by requests on a Unix socket.

python examples/service.py SOCKET READER...

Each line is a request in JSON; ACCEPT has the names of all warnings of the plan:
{"card": READER, "do": "list"}, {"card": READER, "do": "plan", "iccid": ICCID},
{"card": READER, "do": "delete", "iccid": ICCID, "accept": ACCEPT}.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from typing import Any

import lpa

Cards = dict[str, lpa.aio.AsyncAssistant]
PLANS: dict[tuple[str, str], lpa.Plan] = {}  # what was shown, by reader and ICCID


async def answer(cards: Cards, request: dict[str, Any]) -> object:
    """Do what is requested."""
    what, card, key = request["do"], cards[request["card"]], (request["card"], request.get("iccid", ""))
    if what == "list":
        return [{"iccid": str(one.iccid), "state": one.state} for one in await card.profiles()]
    if what == "plan":
        PLANS[key] = await card.review_deletion(await card.plan_deletion(key[1], disable_first=True))
        return [[one.level, one.name, one.message] for one in PLANS[key].findings]
    if what != "delete" or {one.name for one in PLANS[key].warnings} - {*request["accept"]}:
        raise ValueError("Not understood, or a warning of the plan is not accepted. Nothing was done.")
    outcome = await card.delete(PLANS.pop(key), "asked for by a client of the service")
    return {"problem": str(outcome.problem or ""), "unacknowledged": len(outcome.unacknowledged)}


async def serve(cards: Cards, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the requests of a client, one after the other."""

    def write(**members: object) -> None:
        writer.write(json.dumps(members).encode() + b"\n")

    with (
        contextlib.suppress(ConnectionError, ValueError),
        contextlib.closing(writer),
    ):  # or a line is too long
        async for line in reader:
            try:
                write(answer=await answer(cards, json.loads(line)))
            except (lpa.LpaError, LookupError, RecursionError, TypeError, ValueError) as error:
                write(error=type(error).__name__, message=str(error))
            except asyncio.CancelledError as error:  # SIGTERM: the card is idle again
                write(error="Stopped", message=str(error.__cause__))
                raise
            await writer.drain()


async def retry(card: lpa.aio.AsyncAssistant) -> None:
    """Send each pending notification of a card when it is due."""
    while True:
        with contextlib.suppress(lpa.LpaError):
            await card.send_notifications(due_only=True)
        await asyncio.sleep(60)


async def main(path: str, *readers: str) -> None:
    """Open all cards, serve, and close them."""
    if sys.platform == "win32":
        sys.exit("This needs Unix sockets.")
    if task := asyncio.current_task():
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with contextlib.AsyncExitStack() as opened, asyncio.TaskGroup() as group:
        cards = {name: await opened.enter_async_context(lpa.aio.open(name)) for name in readers}
        for card in cards.values():
            group.create_task(retry(card))
        os.umask(0o077)  # nobody else may connect
        server = await asyncio.start_unix_server(
            lambda reader, writer: group.create_task(serve(cards, reader, writer)), path
        )
        with contextlib.closing(server):
            await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(main(*sys.argv[1:]))
