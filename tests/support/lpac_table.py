"""What lpac has to print for each of its commands: the form of the tables in tests/others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lpa.sim.crypto.pki import CurveName
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from lpa.sim.servers.smds import SimulatedSmds
from tests.support.lpac import Lpac, Ran

SUCCEEDED, FAILED, ABORTED = 0, 255, -6  # exit codes of lpac; -6 is SIGABRT


@dataclass(frozen=True)
class Configuration:
    """A kind of card."""

    curve: CurveName
    behaviour: Behaviour

    def __str__(self) -> str:
        return f"{self.curve}-{self.behaviour.block_size}"


@dataclass(frozen=True)
class Parties:
    """lpac, a card in a reader, and its servers."""

    lpac: Lpac
    card: SimulatedEuicc
    smdp: SimulatedSmdp
    smds: SimulatedSmds

    @property
    def received(self) -> list[str]:
        """The events of the notifications that the SM-DP+ accepted."""
        return [str(item.event) for item in self.smdp.received]


Data = Any | Callable[[Parties], Any]


@dataclass(frozen=True)
class Step:
    """A command of lpac, and what has to come of it.

    `words`: the command; a tuple if a word has spaces. `result`: code, message and data of its last line; the
    data may be a function. `text`: what it prints instead. `then`: what has to be true afterwards.
    """

    words: str | tuple[str, ...]
    exit_code: int
    result: tuple[int, str, Data] | None = None
    text: str | None = None
    typed: str = field(default="", kw_only=True)
    then: Callable[[Parties], bool] | None = field(default=None, kw_only=True)

    def take(self, parties: Parties) -> None:
        """Run it and compare."""
        words = self.words if isinstance(self.words, tuple) else tuple(self.words.split())
        ran = parties.lpac(*words, typed=self.typed)
        assert (words, *self._seen(ran)) == (words, *self._expected(parties)), (words, ran)
        assert self.then is None or self.then(parties), (words, ran)

    def _expected(self, parties: Parties) -> tuple[object, ...]:
        if self.result is None:
            return self.exit_code, self.text
        code, message, data = self.result
        return self.exit_code, {
            "code": code,
            "message": message,
            "data": data(parties) if callable(data) else data,
        }

    def _seen(self, ran: Ran) -> tuple[object, ...]:
        return ran.exit_code, (ran.result if self.result is not None else (ran.out + ran.err).strip())


def done(words: str | tuple[str, ...], data: Data = None, **more: Any) -> Step:
    """A command that succeeds and answers with `data`."""
    return Step(words, SUCCEEDED, (0, "success", data), **more)


def refused(words: str | tuple[str, ...], message: str, data: Data = "", **more: Any) -> Step:
    """A command that fails. `message`: the function of lpac that failed. `data`: the reason it shows."""
    return Step(words, FAILED, (-1, message, data), **more)


def explained(words: str, text: str) -> Step:
    """A command that is incomplete: lpac explains it."""
    return Step(words, FAILED, text=text)


def pending(number: int, event: str, address: str, iccid: str) -> dict[str, Any]:
    """A notification as lpac lists it."""
    where = {"notificationAddress": address, "iccid": iccid}
    return {"seqNumber": number, "profileManagementOperation": event} | where
