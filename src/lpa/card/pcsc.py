"""Card readers over PC/SC: list them, and hold the card in one of them exclusively.

The only import of pyscard, and only of its thin layer over the C functions. One table translates every return
code to an error.
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from smartcard import scard

from lpa.errors import (
    CardBusy,
    CardRemoved,
    CardUnpowered,
    LpaError,
    NoCard,
    NoReader,
    NoService,
    NotAnEuicc,
    WireError,
)
from lpa.host.locks import Locks
from lpa.rsp.facts import fact

# By number, not by pyscard's name: names differ between systems, and Windows has numbers of its own.
_FAILURES: dict[int, tuple[type[LpaError], str]] = {
    0x8010001D: (NoService, "The smart card service is not running."),
    0x8010001E: (NoService, "The smart card service has stopped."),
    0x80100018: (NoService, "The smart card service is shutting down."),
    0x80100003: (NoService, "The smart card service has restarted."),
    0x80100031: (NoService, "The smart card service is overloaded."),
    0x8010006A: (NoService, "The smart card service denies access to this user (see its polkit rules)."),
    0x80100027: (NoService, "The smart card service denies access to this user."),
    0x8010002E: (NoReader, "There is no card reader."),
    0x80100009: (NoReader, "There is no card reader {reader!r}."),
    0x80100017: (NoReader, "The card reader {reader!r} was unplugged."),
    0x0000001F: (NoReader, "The card reader {reader!r} does not work (a device attached to it failed)."),
    0x00000016: (NoReader, "The card reader {reader!r} was unplugged."),
    0x8010000C: (NoCard, "There is no card in {reader!r}."),
    0x80100069: (CardRemoved, "The card was removed from {reader!r}."),
    0x8010000B: (CardBusy, "Another program is using the card in {reader!r}."),
    0x0000045D: (CardBusy, "The card in {reader!r} cannot be reached; another program may be using it."),
    0x8010002F: (CardBusy, "The card in {reader!r} cannot be reached; another program may be using it."),
    0x80100068: (WireError, "Another program has reset the card in {reader!r}."),
    0x80100066: (CardUnpowered, "The card in {reader!r} does not answer."),
    0x80100067: (CardUnpowered, "The card in {reader!r} has no power."),
    0x80100015: (CardUnpowered, "The card in {reader!r} answers power-on with an invalid ATR."),
    0x80100065: (NotAnEuicc, "The reader does not support the card in {reader!r}."),
    0x8010000F: (NotAnEuicc, "The card in {reader!r} supports neither T=0 nor T=1."),
    0x80100016: (WireError, "The card in {reader!r} did not answer a command."),
    0x80100013: (WireError, "The connection to the smart card service broke."),
    0x8010000A: (WireError, "The card in {reader!r} did not answer in time."),
    # STATUS_PARITY_ERROR of Windows, which some drivers pass on
    0xC000002B: (WireError, "The reader {reader!r} reports a parity error in the answer of its card."),
    0x80100010: (WireError, "The card reader {reader!r} is not ready."),
}
_CANNOT_REACH = (0x0000045D, 0x8010002F)  # Windows, while another program releases the card
_NOT_TRANSACTED = 0x80100016
_WRONG_PROTOCOL, _UNRESPONSIVE = 0x8010000F, 0x80100066
_NO_ANSWER = (_NOT_TRANSACTED, 0x80100013, 0x0000045D, 0x8010002F, 0xC000002B)
_UNKNOWN_READER, _NO_READERS, _TIMEOUT = 0x80100009, 0x8010002E, 0x8010000A
_SHARING_VIOLATION, _REMOVED = 0x8010000B, 0x80100069
_SERVICE = "PCSCLITE_CSOCK_NAME"  # environment variable that selects another service, with other readers
_RELEASE_TRIES, _RELEASE_PAUSE = 10, 0.05  # seconds
_REMOVAL_TIMEOUT = 1000  # milliseconds; pcscd polls a reader every 400


@fact
class Reader:
    """A card reader and its card. `atr` is empty if there is no card, or it sent none."""

    name: str
    present: bool
    atr: bytes
    busy: bool
    mute: bool


def readers() -> tuple[Reader, ...]:
    """The card readers in the order of the smart card service; empty if there is none.

    `busy`: another program is using the card. `mute`: the card does not answer.
    Raises `NoService` if the service cannot be reached.
    """
    context = _establish()
    try:
        code, names = scard.SCardListReaders(context, [])
        if _number(code) == _NO_READERS:
            return ()
        _check(code)
        found = (_reader(context, name) for name in names)
        return tuple(reader for reader in found if reader is not None)
    finally:
        scard.SCardReleaseContext(context)


class PcscTransport:
    """The card in a PC/SC reader, held exclusively (`lpa.card.apdu.Transport`); `with` releases it."""

    def __init__(self, context: Any, handle: Any, reader: str) -> None:
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
        `CardUnpowered` or another `WireError`.
        """
        with ExitStack() as held:
            if locks:
                held.enter_context(locks.lock(f"reader {os.environ.get(_SERVICE, '')} {reader}"))
            context = _establish()
            try:
                connect = _connect_after_release if locks else _connect
                transport = cls(context, connect(context, reader), reader)
            except BaseException:
                scard.SCardReleaseContext(context)
                raise
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

        Raises `CardRemoved`, `NoReader`, `NoService` or another `WireError`. The card may have acted on the
        command even then.
        """
        header = scard.SCARD_PCI_T0 if self.protocol == "T=0" else scard.SCARD_PCI_T1
        command = without_le(apdu) if self.protocol == "T=0" else apdu
        code, answer = scard.SCardTransmit(self._handle, header, list(command))
        if _number(code) or len(answer) < 2:
            raise failure(_explained(self._context, self.reader, code or _NOT_TRANSACTED), self.reader)
        return bytes(answer[:-2]), int.from_bytes(bytes(answer[-2:]), "big")

    def reset(self) -> None:
        """Power the card off and on, which ends its channels and sessions. It stays held exclusively.

        Raises what `open` raises.
        """
        code, _ = scard.SCardReconnect(
            self._handle,
            scard.SCARD_SHARE_EXCLUSIVE,
            scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1,
            scard.SCARD_UNPOWER_CARD,
        )
        _check(_explained(self._context, self.reader, code), self.reader)
        self._read_status()

    def close(self) -> None:
        """Release the card; never raises. It stays powered, which saves the next command its start-up."""
        scard.SCardDisconnect(self._handle, scard.SCARD_LEAVE_CARD)
        scard.SCardReleaseContext(self._context)
        self._held.close()

    def _read_status(self) -> None:
        code, _, _, protocol, atr = scard.SCardStatus(self._handle)
        _check(code, self.reader)
        self.atr = bytes(atr)
        self.protocol = "T=0" if protocol == scard.SCARD_PROTOCOL_T0 else "T=1"


def without_le(apdu: bytes) -> bytes:
    """The command for T=0: a short case 4 command loses its Le, others stay (ISO 7816-3 §12.2)."""
    with_data_and_le = len(apdu) > 5 and len(apdu) == 5 + apdu[4] + 1
    return apdu[:-1] if with_data_and_le else apdu


def failure(code: int, reader: str = "") -> LpaError:
    """The error for the PC/SC return code `code`; unknown ones keep their number."""
    kind, sentence = _FAILURES.get(
        _number(code), (WireError, f"The smart card service failed with code {_number(code):08X}.")
    )
    return kind(sentence.format(reader=reader))


def _check(code: int, reader: str = "") -> None:
    if _number(code):
        raise failure(code, reader)


def _explained(context: Any, reader: str, code: int) -> int:
    """`code`, or the code of a removed or silent card if that is the reason.

    pcscd finds no protocol if a card does not answer to a reset, or leaves at that moment.
    """
    if _number(code) not in (*_NO_ANSWER, _WRONG_PROTOCOL):
        return code
    _, states = scard.SCardGetStatusChange(context, _REMOVAL_TIMEOUT, [(reader, scard.SCARD_STATE_PRESENT)])
    for _, state, atr in states:
        if state & scard.SCARD_STATE_EMPTY:
            return _REMOVED
        if _number(code) == _WRONG_PROTOCOL and not atr:
            return _UNRESPONSIVE
    return code


def _number(code: int) -> int:
    """The return code as an unsigned number; some systems have negative ones."""
    return code & 0xFFFFFFFF


def _establish() -> Any:
    """A context, the connection to the service. The caller must release it."""
    code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    _check(code)
    return context


def _reader(context: Any, name: str) -> Reader | None:
    """The reader and its card; None if it was unplugged since it was listed."""
    code, states = scard.SCardGetStatusChange(context, 0, [(name, scard.SCARD_STATE_UNAWARE)])
    if _number(code) == _UNKNOWN_READER:
        return None
    _check(0 if _number(code) == _TIMEOUT else code, name)
    _, state, atr = states[0]
    return Reader(
        name=name,
        present=bool(state & scard.SCARD_STATE_PRESENT),
        atr=bytes(atr),
        busy=bool(state & (scard.SCARD_STATE_EXCLUSIVE | scard.SCARD_STATE_INUSE)),
        mute=bool(state & scard.SCARD_STATE_MUTE),
    )


def _connect_after_release(context: Any, reader: str) -> Any:
    """As `_connect`, while this process has the lock: the service releases the card of a killed lpa late."""
    for _ in range(_RELEASE_TRIES):
        try:
            return _connect(context, reader)
        except CardBusy:
            time.sleep(_RELEASE_PAUSE)
    return _connect(context, reader)


def _connect(context: Any, reader: str) -> Any:
    """An exclusive handle to the card. Windows gets a second try while another program releases it."""
    found = _reader(context, reader)
    if found and found.busy:  # SCardConnect would wait until the other program has ended its transaction.
        raise failure(_SHARING_VIOLATION, reader)
    for retried in (_CANNOT_REACH, ()):
        code, handle, _ = scard.SCardConnect(
            context,
            reader,
            scard.SCARD_SHARE_EXCLUSIVE,
            scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1,
        )
        if _number(code) not in retried:
            break
    _check(_explained(context, reader, code) if _number(code) == _WRONG_PROTOCOL else code, reader)
    return handle
