"""Control a simulated card or server from another program: one line of JSON asks, one line answers.

with ControlSocket(card_commands(card)) as control:
    control.port            # connect to it, and write {"do": "remove"}: it answers {"ok": true}

Each connection has a thread of its own; the commands of one card or server are carried out one after the
other. docs/simulator/control.md lists them.
"""

from __future__ import annotations

import contextlib
import json
import socketserver
import threading
from collections.abc import Callable, Mapping
from typing import Any, Self

from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.faults.schedule import FaultSchedule
from lpa.sim.servers.smdp import SimulatedSmdp

LONGEST_LINE = 65_536  # bytes of a request

# A command takes the members of the request, and returns further members of the answer. It raises ValueError
# with a sentence if they are wrong.
Command = Callable[[dict[str, Any]], dict[str, Any]]


def card_commands(card: SimulatedEuicc) -> dict[str, Command]:
    """What a program can ask of a card."""
    return {
        "insert": _plain(card.insert),
        "remove": _plain(card.remove),
        "reset": _plain(card.reset),
        **_fault_commands(card.faults),
        "show": lambda _: _shown_card(card),
    }


def server_commands(server: SimulatedSmdp) -> dict[str, Command]:
    """What a program can ask of an SM-DP+."""
    return {**_fault_commands(server.faults), "show": lambda _: _shown_server(server)}


class ControlSocket:
    """Answers `commands` on `host`:`port` while the `with` block runs. `port` 0: a free one.

    `port` is then the attribute with the real one. Raises OSError if the port is taken.
    """

    def __init__(self, commands: Mapping[str, Command], host: str = "127.0.0.1", port: int = 0) -> None:
        self._server = _Server(host, port, commands)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="control")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _plain(action: Callable[[], object]) -> Command:
    def command(_: dict[str, Any]) -> dict[str, Any]:
        action()
        return {}

    return command


def _fault_commands(faults: FaultSchedule) -> dict[str, Command]:
    def add(request: dict[str, Any]) -> dict[str, Any]:
        faults.add(str(request.get("fault", "")))
        return {}

    return {"add_fault": add, "clear_faults": _plain(faults.clear)}


def _shown_faults(faults: FaultSchedule) -> dict[str, list[str]]:
    return {
        "planned": [str(one) for one in faults.planned],
        "happened": [str(one) for one in faults.happened],
    }


def _shown_card(card: SimulatedEuicc) -> dict[str, Any]:
    return {
        "eid": card.eid,
        "inserted": card.inserted,
        "apdus": card.apdus,
        "resets": card.resets,
        "profiles": [
            {"iccid": profile.iccid, "name": profile.name, "enabled": profile.enabled}
            for profile in card.profiles
        ],
        "notifications": [
            {"sequence_number": one.sequence_number, "event": one.event, "address": one.address}
            for one in card.notifications
        ],
        "faults": _shown_faults(card.faults),
        "wire": {
            "seconds": card.wire.seconds,
            "line_seconds": card.wire.line_seconds,
            "card_seconds": card.wire.card_seconds,
            "bytes_to_card": card.wire.bytes_to_card,
            "bytes_from_card": card.wire.bytes_from_card,
        },
    }


def _shown_server(server: SimulatedSmdp) -> dict[str, Any]:
    return {
        "received": [
            {
                "sequence_number": one.sequence_number,
                "event": one.event,
                "iccid": None if one.iccid is None else str(one.iccid),
                "eid": one.eid,
            }
            for one in server.received
        ],
        "orders": [
            {"activation_code": order.activation_code, "state": order.state} for order in server.orders
        ],
        "faults": _shown_faults(server.faults),
    }


class _Connection(socketserver.StreamRequestHandler):
    """One connection: answers line by line until it is closed, or sends something else than JSON."""

    server: _Server

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # the program has ended
            while line := self.rfile.readline(LONGEST_LINE + 1):
                request = _object(line)
                self.wfile.write(json.dumps(self.server.answer(request)).encode() + b"\n")
                if request is None:  # perhaps a browser, whose next line is not meant for us either
                    return


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False  # a program may keep its connection open
    allow_reuse_address = True

    def __init__(self, host: str, port: int, commands: Mapping[str, Command]) -> None:
        self._commands = commands
        self._one_at_a_time = threading.Lock()
        super().__init__((host, port), _Connection)

    def answer(self, request: dict[str, Any] | None) -> dict[str, Any]:
        """The answer to a request; None: to a line that is none."""
        try:
            return {"ok": True, **self._carried_out(request or {})}
        except ValueError as error:
            return {"ok": False, "error": str(error)}

    def _carried_out(self, request: dict[str, Any]) -> dict[str, Any]:
        command = self._commands.get(str(request.get("do")))
        if command is None:
            raise ValueError(f'write {{"do": COMMAND}}, where COMMAND is one of {", ".join(self._commands)}')
        with self._one_at_a_time:
            return command(request)


def _object(line: bytes) -> dict[str, Any] | None:
    """The JSON object in a line; None if there is none, or it is too long."""
    if len(line) > LONGEST_LINE:
        return None
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
