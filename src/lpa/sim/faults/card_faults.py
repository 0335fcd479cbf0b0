"""Carries out the faults of a card, between its reader and its card session.

`transmit` has the faults of command APDUs, of parts of requests, and those before a function. `carry_out` has
those instead of and after a function, whose request is complete and whose answer is not in parts yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from lpa.advice.simulator import LIST_STATE
from lpa.errors import WireError
from lpa.rsp.codec.ber import Tlv
from lpa.sim.faults import refusals
from lpa.sim.faults.calls import CallReader, ReceivedCommand, call_of, ends_call
from lpa.sim.faults.command_conditions import Conditions
from lpa.sim.faults.language import Fault
from lpa.sim.faults.schedule import FaultSchedule
from lpa.sim.faults.vocabulary import ANY, card_words, seconds

Answer = tuple[bytes, int]  # data and status word
_OK, _PROACTIVE, _NO_DIAGNOSIS = 0x9000, 0x9100, 0x6F00
_FETCH, _TERMINAL_RESPONSE = 0x12, 0x14
# Command 1, MORE TIME (02), from the UICC (81) to the terminal (82); TS 102 223 §6.6.4
_MORE_TIME = Tlv.build(0xD0, bytes.fromhex("8103 010200"), bytes.fromhex("8202 8182"))
_CONDITIONS = ("memory full", "notification store full")


class FaultyCard(Protocol):
    """What faults do to a card besides changing its answers."""

    def remove(self, *, commands: int | None = None) -> None:
        """Remove the card from its reader."""
        ...

    def demand_presence(self) -> None:
        """Raise `CardRemoved` if it was removed."""
        ...

    def restart(self) -> None:
        """Begin a new card session."""
        ...


class CardFaults(FaultSchedule):
    """The faults of a simulated card. `functions`: the ES10 functions that it received, in order."""

    def __init__(self, card: FaultyCard) -> None:
        super().__init__(card_words())
        self.functions: list[str] = []
        self.conditions = Conditions()
        self._card = card
        self._calls = CallReader()
        self._last_answer: Answer = b"", _NO_DIAGNOSIS
        self._last_result: Answer = b"", _NO_DIAGNOSIS
        self._proactive = False

    def transmit(self, apdu: bytes, perform: Callable[[bytes], Answer]) -> Answer:
        """The answer to one APDU, which `perform` gives unless a fault does.

        Raises `CardRemoved` or another `WireError` if no answer arrives.
        """
        received = self._calls.read(apdu)
        if received.block == 1:
            self.conditions.take_loading_refusal()  # one of a package that was not completed
        due = self._due(lambda fault: _reached_by(fault, received))
        try:
            self._before(due)
            answer = self._instead(due, b"", self._last_answer)
            if answer is None:
                answer = self._proactive_session(apdu) or perform(apdu)
                answer = self._after(due, answer, self._last_answer)
        finally:
            self.conditions.end_command()
        self._last_answer = answer
        return answer

    def carry_out(self, request: bytes, perform: Callable[[bytes], Answer]) -> Answer:
        """The answer to one whole ES10 request, which `perform` gives unless a fault does."""
        function, begins = call_of(request)
        answer = None
        if begins:
            self.functions.append(function)
            due = self._due(lambda fault: _is_of(fault, function) and _within(fault))
            self._before(due)
            answer = self._instead(due, request, self._last_result)
        carried_out = answer is None
        answer = answer or perform(request)
        if ends_call(function, answer):
            due = self._due(lambda fault: _is_of(fault, function) and fault.when == "after")
            answer = self._after(due, answer, self._last_result) if carried_out else answer
        self._last_result = answer
        return answer

    def reset(self, perform: Callable[[], None]) -> None:
        """Reset the card by `perform`. Raises `CardRemoved` if a fault removes it."""
        due = self._due(lambda fault: fault.point.kind == "reset")
        self._proactive = False
        self._before(due)
        perform()
        self._after(due, (b"", _OK), (b"", _OK))

    def _proactive_session(self, apdu: bytes) -> Answer | None:
        """The answer to FETCH and TERMINAL RESPONSE while a proactive command of a fault is pending."""
        if not self._proactive or apdu[1:2] not in (bytes([_FETCH]), bytes([_TERMINAL_RESPONSE])):
            return None
        fetched = apdu[1] == _FETCH
        self._proactive = fetched
        return (_MORE_TIME if fetched else b""), _OK

    def _before(self, due: Iterable[Fault]) -> None:
        for fault in self._happening(due, "before"):
            if fault.action == "reset":
                self._card.restart()
            elif fault.action == "memory full":
                self.conditions.memory_full = not fault.argument
                self.conditions.loading_refusal = fault.argument
            elif fault.action == "notification store full":
                self.conditions.notifications_full = True
            else:
                self._interrupt(fault)

    def _instead(self, due: Iterable[Fault], request: bytes, last: Answer) -> Answer | None:
        """The answer of the first fault that gives one."""
        for fault in self._happening(due, "instead of"):
            if fault.point.name == refusals.LOAD and fault.action == "refuse":
                self.conditions.loading_refusal = fault.argument
            elif fault.action in ("refuse", "busy"):
                return refusals.answer(fault.point.name, fault.argument, request), _OK
            elif fault.action == "lose answer":
                raise _lost("The command did not reach the simulated card, and no answer came.")
            else:
                return _changed(fault, (b"", _OK), last)
        return None

    def _after(self, due: Iterable[Fault], answer: Answer, last: Answer) -> Answer:
        for fault in self._happening(due, "after"):
            if fault.action == "reset":
                self._card.restart()
                raise _lost("The simulated card reset itself before it answered.")
            if fault.action == "lose answer":
                raise _lost("The answer of the simulated card was lost.")
            if fault.action == "proactive command":
                answer = self._with_proactive(answer)
            elif fault.action in ("unplug", "delay"):
                self._interrupt(fault)
            else:
                answer = _changed(fault, answer, last)
        return answer

    def _interrupt(self, fault: Fault) -> None:
        """Wait, or remove the card."""
        if fault.action == "delay":
            self.sleep(seconds(fault.argument))
        else:
            self._card.remove(commands=int(fault.argument) if fault.argument else None)
            self._card.demand_presence()

    def _with_proactive(self, answer: Answer) -> Answer:
        data, sw = answer
        if sw != _OK:
            return answer
        self._proactive = True
        return data, _PROACTIVE | len(_MORE_TIME)


def _reached_by(fault: Fault, received: ReceivedCommand) -> bool:
    """Whether an APDU is the point of a fault that `transmit` has."""
    point = fault.point
    if point.kind == "command":
        return point.name in (ANY, received.name)
    if point.name != received.function:
        return False
    if point.unit == "byte":
        return received.begins < point.number <= received.ends
    first = fault.when == "before" and not _within(fault)
    return received.block == (point.number if point.unit else 1) and (bool(point.unit) or first)


def _is_of(fault: Fault, function: str) -> bool:
    return fault.point.kind == "function" and fault.point.name == function


def _within(fault: Fault) -> bool:
    """Whether a fault stands between the request and its execution."""
    return fault.when == "instead of" or fault.action in _CONDITIONS


def _changed(fault: Fault, answer: Answer, last: Answer) -> Answer:
    data, sw = answer
    if fault.action == "sw":
        return b"", int(fault.argument, 16)
    if fault.action == "replay":
        return last
    if fault.action == "truncate":
        return data[: int(fault.argument)], sw
    place = min(int(fault.argument), len(data)) - 1
    inverted = bytes([data[place] ^ 0xFF]) if data else b""
    return data[: max(place, 0)] + inverted + data[place + 1 :], sw


def _lost(sentence: str) -> WireError:
    return WireError(sentence, advice=LIST_STATE)
