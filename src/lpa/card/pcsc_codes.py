"""The return codes of PC/SC: one table translates each to an error."""

from __future__ import annotations

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


def failure(code: int, reader: str = "") -> LpaError:
    """The error for the PC/SC return code `code`; unknown ones keep their number."""
    kind, sentence = _FAILURES.get(
        number(code), (WireError, f"The smart card service failed with code {number(code):08X}.")
    )
    return kind(sentence.format(reader=reader))


def number(code: int) -> int:
    """The return code as an unsigned number; some systems have negative ones."""
    return code & 0xFFFFFFFF
