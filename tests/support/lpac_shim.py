"""Runs `lpa lpac` with a simulated card and server, and holds what lpac 2.3.0 of Debian printed for the same.

What lpac printed was observed with the simulated card of the tests in tests/others, which compare the two
again.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import pytest

from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support import command
from tests.support.download_parties import DownloadParties
from tests.support.lpac import Ran

ALBION, NORDLICHT, SHILI = "8944994000000000017", "8949985000000000025", "89869870000000000033"
AID = "a0000005591010ffffffff8900001000"  # of ALBION
NONE, NO_AID = "8944994000000000993", "a0000005591010ffffffff8900009900"
SUCCESS = {"code": 0, "message": "success", "data": None}


@dataclass(frozen=True)
class Shim:
    """`lpa lpac`, with a card and its server."""

    parties: DownloadParties
    patch: pytest.MonkeyPatch

    def __call__(self, *words: str, typed: str = "", options: tuple[object, ...] = ()) -> Ran:
        """Run a command. `typed`: its standard input. `options`: of `lpa`, before its command."""
        self.patch.setattr("sys.stdin", io.StringIO(typed))
        ran = command.run(*self.parties.options, *options, "lpac", *words)
        return Ran(ran.code, ran.out, ran.err)

    def set(self, **variables: str) -> None:
        """Set environment variables."""
        for name, value in variables.items():
            self.patch.setenv(name, value)

    @property
    def received(self) -> list[tuple[str, str]]:
        """Event and ICCID of the notifications that the server accepted."""
        return [(str(one.event), str(one.iccid)) for one in self.parties.smdp.received]

    @property
    def states(self) -> dict[str, str]:
        """The states of the profiles on the card, by ICCID."""
        with SimulatedEuicc.load(self.parties.card) as card:
            return {profile.iccid: str(profile.state) for profile in card.profiles}

    @property
    def on_card(self) -> list[int]:
        """The numbers of the notifications on the card."""
        data = self("notification", "list").result["data"]
        return [one["seqNumber"] for one in data]


def failure(function: str, reason: str = "") -> dict[str, Any]:
    """The last line's payload of a command that fails."""
    return {"code": -1, "message": function, "data": reason}


def steps(ran: Ran) -> list[tuple[str, Any]]:
    """The progress lines: the message and data of each."""
    lines = [line["payload"] for line in ran.lines if line["type"] == "progress"]
    assert all(line["code"] == 0 for line in lines)
    return [(line["message"], line["data"]) for line in lines]
