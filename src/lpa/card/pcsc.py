"""Card readers over PC/SC: list them, and hold the card in one of them exclusively.

The only import of pyscard, and only of its thin layer over the C functions. Every function of a context
is called in the context's thread, because it may never return.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self

from smartcard import scard

from lpa.advice.cards import REINSERT_OR_REPLUG
from lpa.card import timeouts
from lpa.card.call_thread import Abandoned, CallThread
from lpa.card.pcsc_codes import failure, number
from lpa.errors import CardBusy, TimedOut
from lpa.host.locks import Locks
from lpa.rsp.facts import Fact, fact

_CANNOT_REACH = (0x0000045D, 0x8010002F)  # Windows, while another program releases the card
_NOT_TRANSACTED = 0x80100016
_WRONG_PROTOCOL, _UNRESPONSIVE = 0x8010000F, 0x80100066
_NO_ANSWER = (_NOT_TRANSACTED, 0x80100013, 0x0000045D, 0x8010002F, 0xC000002B)
_UNKNOWN_READER, _NO_READERS, _TIMEOUT = 0x80100009, 0x8010002E, 0x8010000A
_SHARING_VIOLATION, _REMOVED = 0x8010000B, 0x80100069
_SERVICE = "PCSCLITE_CSOCK_NAME"  # environment variable that selects another service, with other readers
_RELEASE_TRIES, _RELEASE_PAUSE = 10, 0.05  # seconds
_REMOVAL_TIMEOUT = 1000  # milliseconds; pcscd polls a reader every 400

# What was not done in time, up to the number of seconds.
_SERVICE_LATE = "The smart card service did not answer"
_LIST_LATE = "The smart card service did not list the card readers"
_STATE_LATE = "The smart card service did not report the state of the reader {!r}"
_CONNECT_LATE = "The smart card service did not connect to the card in {!r}"
_STATUS_LATE = "The smart card service did not report the status of the card in {!r}"
_RESET_LATE = "The card in {!r} was not reset"
_GIVEN_UP = "The connection was given up, because the call before was not answered."
_SILENCE = (
    "The card in {reader!r} has not answered for {waited} s. "
    "It gets up to {most} s (--card-timeout); Ctrl-C ends the wait."
)


@fact
class Reader(Fact):
    """A card reader and its card. `atr` is empty if there is no card, or it sent none."""

    name: str
    present: bool
    atr: bytes
    busy: bool
    mute: bool


def readers() -> tuple[Reader, ...]:
    """The card readers in the order of the smart card service; empty if there is none.

    `busy`: another program is using the card. `mute`: the card does not answer.
    Raises `NoService` if the service cannot be reached, and `TimedOut` if it does not answer.
    """
    with _Context() as context:
        code, names = context.call(_LIST_LATE, scard.SCardListReaders, context.handle, [])
        if number(code) == _NO_READERS:
            return ()
        _check(code)
        found = (_reader(context, name) for name in names)
        return tuple(reader for reader in found if reader is not None)


class PcscTransport:
    """The card in a PC/SC reader, held exclusively (`lpa.card.apdu.Transport`); `with` releases it."""

    def __init__(self, context: _Context, handle: Any, reader: str) -> None:
        """Use `open`."""
        self._context = context
        self._handle = handle
        self._held = ExitStack()
        self.reader = reader
        self._read_status()

    @classmethod
    def open(cls, reader: str, locks: Locks | None = None) -> Self:
        """Connect to the card in the reader with the name `reader`.

        The service gives a card to one process at a time, but does not report which. `locks`: with which to
        wait for another lpa, or to name it. Raises `NoService`, `NoReader`, `NoCard`, `CardBusy`,
        `CardUnpowered`, `TimedOut` or another `WireError`. How long each step may take is that of
        `lpa.card.timeouts` now.
        """
        with ExitStack() as held:
            if locks:
                held.enter_context(locks.lock(f"reader {os.environ.get(_SERVICE, '')} {reader}"))
            context = held.enter_context(_Context())
            connect = _connect_after_release if locks else _connect
            handle = connect(context, reader)
            held.callback(context.disconnect, handle)
            transport = cls(context, handle, reader)
            transport._held = held.pop_all()
            return transport

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """The data and status word that answer a command.

        Raises `CardRemoved`, `NoReader`, `NoService`, `TimedOut` or another `WireError`. The card may have
        acted on the command even then. After `TimedOut` nothing more is sent to it.
        """
        header = scard.SCARD_PCI_T0 if self.protocol == "T=0" else scard.SCARD_PCI_T1
        command = without_le(apdu) if self.protocol == "T=0" else apdu
        code, answer = self._context.transmit(self.reader, self._handle, header, list(command))
        if number(code) or len(answer) < 2:
            raise failure(self._context.explained(self.reader, code or _NOT_TRANSACTED), self.reader)
        return bytes(answer[:-2]), int.from_bytes(bytes(answer[-2:]), "big")

    def reset(self) -> None:
        """Power the card off and on, which ends its channels and sessions. It stays held exclusively.

        Raises what `open` raises.
        """
        code, _ = self._context.call(
            _RESET_LATE.format(self.reader),
            scard.SCardReconnect,
            self._handle,
            scard.SCARD_SHARE_EXCLUSIVE,
            scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1,
            scard.SCARD_UNPOWER_CARD,
        )
        _check(self._context.explained(self.reader, code), self.reader)
        self._read_status()

    def limit_time(self, limits: timeouts.Timeouts) -> None:
        """Have these timeouts from now on."""
        self._context.timeouts = limits

    def close(self) -> None:
        """Release the card; never raises. It stays powered, which saves the next command its start-up."""
        self._held.close()

    def _read_status(self) -> None:
        late = _STATUS_LATE.format(self.reader)
        code, _, _, protocol, atr = self._context.call(late, scard.SCardStatus, self._handle)
        _check(code, self.reader)
        self.atr = bytes(atr)
        self.protocol = "T=0" if protocol == scard.SCARD_PROTOCOL_T0 else "T=1"


class _Context:
    """A connection to the smart card service, and the thread that calls it; `with` ends both."""

    def __init__(self) -> None:
        self.timeouts = timeouts.current()
        self._thread = CallThread()
        self.handle: Any = None
        self._last: list[Callable[[], Any]] = []  # if the thread is left behind and returns later
        try:
            code, self.handle = self.call(_SERVICE_LATE, scard.SCardEstablishContext, scard.SCARD_SCOPE_USER)
            _check(code)
        except BaseException:
            self._thread.end()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_ending: object) -> None:
        self._end(scard.SCardReleaseContext, self.handle)
        self._thread.end(*self._last)

    def disconnect(self, card: Any) -> None:
        """Release the card; never raises. It stays powered, which saves the next command its start-up."""
        self._end(scard.SCardDisconnect, card, scard.SCARD_LEAVE_CARD)

    def call(self, late: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """What a function of PC/SC returns. Raises `TimedOut`; `late`: why, up to the seconds."""
        seconds = self.timeouts.service
        try:
            return self._thread.call(partial(function, *arguments), seconds, self.timeouts)
        except Abandoned:
            raise TimedOut(_GIVEN_UP) from None
        except TimeoutError:
            self._cancel()
            raise TimedOut(f"{late} within {seconds:g} s.") from None

    def states(self, reader: str, known: int, milliseconds: int) -> Any:
        """The state of a reader, at once if it is not the one that is known."""
        late = _STATE_LATE.format(reader)
        known_states = [(reader, known)]
        return self.call(late, scard.SCardGetStatusChange, self.handle, milliseconds, known_states)

    def explained(self, reader: str, code: int) -> int:
        """`code`, or the code of a removed or silent card if that is the reason.

        pcscd finds no protocol if a card does not answer to a reset, or leaves at that moment.
        """
        if number(code) not in (*_NO_ANSWER, _WRONG_PROTOCOL):
            return code
        _, states = self.states(reader, scard.SCARD_STATE_PRESENT, _REMOVAL_TIMEOUT)
        for _, state, atr in states:
            if state & scard.SCARD_STATE_EMPTY:
                return _REMOVED
            if number(code) == _WRONG_PROTOCOL and not atr:
                return _UNRESPONSIVE
        return code

    def transmit(self, reader: str, *arguments: Any) -> Any:
        """What the card answers to a command. Raises `TimedOut` if it does not, or did not before."""
        seconds = self.timeouts.card

        def silence(waited: float) -> str:
            return _SILENCE.format(reader=reader, waited=f"{waited:g}", most=f"{seconds:g}")

        try:
            call = partial(scard.SCardTransmit, *arguments)
            return self._thread.call(call, seconds, self.timeouts, silence)
        except Abandoned:
            raise TimedOut(_GIVEN_UP, advice=REINSERT_OR_REPLUG) from None
        except TimeoutError:
            self._cancel()
            late = f"The card in {reader!r} did not answer a command within {seconds:g} s."
            raise TimedOut(late, advice=REINSERT_OR_REPLUG) from None

    def _end(self, function: Callable[..., Any], argument: Any, *more: Any) -> None:
        """Call it if that is possible now, and else when the call returns that was given up."""
        call = partial(function, argument, *more)
        try:
            self._thread.call(call, self.timeouts.service, self.timeouts.changed(stop=Event()))
        except TimeoutError:
            self._last.append(call)

    def _cancel(self) -> None:
        """Ask the service to end the call. That may hang as well, and computers may be out of threads."""
        if self.handle is not None:
            with suppress(RuntimeError):
                Thread(target=scard.SCardCancel, args=(self.handle,), daemon=True).start()


def without_le(apdu: bytes) -> bytes:
    """The command for T=0: a short case 4 command loses its Le, others stay (ISO 7816-3 §12.2)."""
    with_data_and_le = len(apdu) > 5 and len(apdu) == 5 + apdu[4] + 1
    return apdu[:-1] if with_data_and_le else apdu


def _check(code: int, reader: str = "") -> None:
    if number(code):
        raise failure(code, reader)


def _reader(context: _Context, name: str) -> Reader | None:
    """The reader and its card; None if it was unplugged since it was listed."""
    code, states = context.states(name, scard.SCARD_STATE_UNAWARE, 0)
    if number(code) == _UNKNOWN_READER:
        return None
    _check(0 if number(code) == _TIMEOUT else code, name)
    _, state, atr = states[0]
    return Reader(
        name=name,
        present=bool(state & scard.SCARD_STATE_PRESENT),
        atr=bytes(atr),
        busy=bool(state & (scard.SCARD_STATE_EXCLUSIVE | scard.SCARD_STATE_INUSE)),
        mute=bool(state & scard.SCARD_STATE_MUTE),
    )


def _connect_after_release(context: _Context, reader: str) -> Any:
    """As `_connect`, while this process has the lock: the service releases the card of a killed lpa late."""
    for _ in range(_RELEASE_TRIES):
        try:
            return _connect(context, reader)
        except CardBusy:
            time.sleep(_RELEASE_PAUSE)
    return _connect(context, reader)


def _connect(context: _Context, reader: str) -> Any:
    """An exclusive handle to the card. Windows gets a second try while another program releases it."""
    found = _reader(context, reader)
    if found and found.busy:  # SCardConnect would wait until the other program has ended its transaction.
        raise failure(_SHARING_VIOLATION, reader)
    for retried in (_CANNOT_REACH, ()):
        code, handle, _ = context.call(
            _CONNECT_LATE.format(reader),
            scard.SCardConnect,
            context.handle,
            reader,
            scard.SCARD_SHARE_EXCLUSIVE,
            scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1,
        )
        if number(code) not in retried:
            break
    _check(context.explained(reader, code) if number(code) == _WRONG_PROTOCOL else code, reader)
    return handle
