"""The card and the servers for a command of lpac, and what is said on stderr about them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from lpa.cli.exits import CHANGING, RESUME
from lpa.cli.lpac.answers import Answers, Failed
from lpa.cli.lpac.environment import IGNORED, INDEX, NAME, Variables
from lpa.cli.views import recoveries
from lpa.errors import Postponed
from lpa.profiles.selection import Selector
from lpa.rsp.deliver import LATER
from lpa.rsp.names import Aid, Iccid

if TYPE_CHECKING:
    from lpa.assistant import Assistant
    from lpa.cli.console import Console
    from lpa.cli.screen import Screen
    from lpa.notifications.sender import ServerFactory
    from lpa.profiles.switching import Outcome

_AID_DIGITS = 32  # what has as many is an AID to lpac, and an ICCID otherwise


@dataclass(frozen=True)
class LpacCommand:
    """One command of lpac: where it prints, and what it may use."""

    console: Console
    answers: Answers
    variables: Variables

    @property
    def screen(self) -> Screen:
        """For messages to people, on stderr."""
        return self.console.screen

    @contextmanager
    def card(self, function: str, first: bytes = b"") -> Iterator[Assistant]:
        """The card, for what `function` names and sends nothing. `first`: see `Assistant.open`."""
        with _configured(self.console, self.variables).assistant(first) as assistant:
            self.answers.function = function
            yield assistant

    @contextmanager
    def changing(self, function: str, *, discovery: bool = False) -> Iterator[Assistant]:
        """The card and its servers. What the card signs stays on it, and its receipt is kept here."""
        from lpa.cli.lpac.servers import ReportedServers

        reported = partial(ReportedServers, answers=self.answers, discovery=discovery)
        configured = _configured(self.console, self.variables)
        with configured.delivering_assistant(deliver=LATER, through=reported) as assistant:
            self.answers.function = function
            try:
                yield assistant
            finally:
                for recovery in assistant.recovered:
                    for line in recoveries.lines(recovery):
                        self.screen.stderr_line(line)

    @contextmanager
    def sending(self, function: str) -> Iterator[tuple[Assistant, ServerFactory]]:
        """The card, and the servers that notifications are sent to."""
        servers: list[ServerFactory] = []

        def noted(made: ServerFactory) -> ServerFactory:
            servers.append(made)
            return made

        with _configured(self.console, self.variables).delivering_assistant(through=noted) as assistant:
            self.answers.function = function
            yield assistant, servers[0]

    def changes(self) -> None:
        """Note that from here on an interruption may leave the card changed."""
        self.screen.may_change(CHANGING, RESUME)

    def changed(self, outcome: Outcome) -> None:
        """Print on stderr what is pending. Raises what was found wrong when the card was read at the end."""
        if not outcome.problem:
            self.screen.did("The card was changed as it was asked.")
        for delivery in outcome.deliveries:
            state = "acknowledged" if delivery.acknowledged else "lost" if delivery.lost else "pending"
            what = f"{delivery.event} of {delivery.iccid} for {delivery.address or 'its operator'}"
            self.screen.say(f"Notification {delivery.sequence_number or '(unknown)'}: {what}: {state}.")
            if delivery.receipt:
                self.screen.say(f"  Receipt: {delivery.receipt.path}")
            if delivery.problem and not isinstance(delivery.problem, Postponed):
                self.screen.problem(delivery.problem)
        if outcome.problem:
            raise outcome.problem


def named(text: str, function: str) -> Iccid | Selector:
    """The profile that lpac means by `text`. Raises `Failed` for a text that names none."""
    try:
        return Selector(Aid.parse(text)) if len(text) == _AID_DIGITS else Iccid.parse(text)
    except ValueError:
        raise Failed(function, "iccid or aid not found") from None


def _configured(console: Console, variables: Variables) -> Console:
    """The options of `lpa`, and what the variables of lpac say beside them."""
    if variables.aid:
        console = replace(console, aids=(variables.aid,))
    if variables.block_size:
        console = replace(console, block_size=variables.block_size)
    return console if console.reader else replace(console, reader=_reader(console, variables))


def _reader(console: Console, variables: Variables) -> str | None:
    """The name of the reader that is meant; None if it is to be looked for."""
    if variables.index is None and not variables.ignored:
        return variables.reader
    from lpa.card import pcsc, probing

    connected = pcsc.readers()
    if variables.index is not None:
        if variables.index < len(connected):
            return connected[variables.index].name
        raise Failed("euicc_init", f"{INDEX} is {variables.index}, and there are {len(connected)} readers.")
    fitting = [
        reader
        for reader in connected
        if (variables.reader or "") in reader.name
        and not any(part in reader.name for part in variables.ignored)
    ]
    if len(fitting) > 1:
        probes = probing.probe_all(fitting, console.aids, console.block_size)
        fitting = [probe.reader for probe in probes if probe.eid] or fitting
    if len(fitting) != 1:
        names = ", ".join(repr(reader.name) for reader in fitting) or "none"
        raise Failed("euicc_init", f"{IGNORED} leaves these readers: {names}. Name one with {NAME}.")
    return fitting[0].name
