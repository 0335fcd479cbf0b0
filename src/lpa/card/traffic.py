"""Redact the traffic with a card, for the log level that shows traffic.

Law: what is not known to be harmless is shown as header and length, so an unknown function never shows too
much. Hidden are PINs; the contents of a profile's files (subscriber, contacts, messages); and the messages of
a download in both directions: they contain matching ids, hashes of confirmation codes, tokens, and the
profile itself (SGP.22 §5.7.5, §5.7.6, §5.7.13).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lpa.redaction import without_secrets
from lpa.rsp.codec import schema
from lpa.rsp.masked import Masked
from lpa.rsp.trace import CardExchange

_STORE_DATA, _GET_RESPONSE = 0xE2, 0xC0
_P2, _HEADER = 3, 5  # the offset of the block number; the number of bytes before a command's data
# MANAGE CHANNEL, SELECT, TERMINAL CAPABILITY: names and properties of files and applications.
_HARMLESS_COMMANDS = (0x70, 0xA4, 0xAA)
# The functions of SGP.22 §5.7 without secrets. Many contain an EID or ICCID.
_HARMLESS_FUNCTIONS = (
    "GetEuiccInfo1",
    "GetEuiccInfo2",
    "ListNotification",
    "SetNickname",
    "RetrieveNotificationsList",
    "GetProfilesInfo",
    "GetEuiccChallenge",
    "NotificationSent",
    "EnableProfile",
    "DisableProfile",
    "DeleteProfile",
    "EuiccMemoryReset",
    "GetEuiccConfiguredAddresses",
    "GetEID",
    "SetDefaultDpAddress",
    "GetRAT",
)


class TrafficRedactor:
    """Redacts the commands on one channel, in their order."""

    def __init__(self) -> None:
        self._harmless = False

    def redacted(self, command: bytes, answer: bytes | None, sw: int = 0) -> CardExchange:
        """A command, the answer and the status word, without what may be secret. None: no answer came."""
        if not _continues(command):
            self._harmless = _is_harmless(command)
        if self._harmless and not _holds_secret(command, answer or b""):
            shown = None if answer is None else Masked.of(answer)
            return CardExchange(Masked.of(command), shown, sw)
        hidden = Masked.of(command[:_HEADER], len(command[_HEADER:]))
        return CardExchange(hidden, None if answer is None else Masked.of(len(answer)), sw)


def redacted_log(exchanges: Iterable[CardExchange]) -> Iterator[CardExchange]:
    """The exchanges in the log of another program, redacted; what is hidden already stays hidden.

    Of a command without an answer, the answer may follow behind the next command: so the next is hidden too.
    """
    channels: dict[int, TrafficRedactor] = {}
    lost = False
    for exchange in exchanges:
        command = exchange.command.filled()
        answer = None if exchange.data is None else exchange.data.filled()
        channel = channels.setdefault(_channel(command[0]), TrafficRedactor())
        found = channel.redacted(command, answer, exchange.sw)
        if lost or _is_masked(exchange):
            command_length, length = max(exchange.command.size - _HEADER, 0), len(answer or b"")
            shown = Masked.of(command[:_HEADER], command_length)
            found = CardExchange(shown, None if answer is None else Masked.of(length), exchange.sw)
        lost = answer is None
        yield found


def _continues(command: bytes) -> bool:
    """Whether a command belongs to the one before: a later block of a request, or the rest of an answer."""
    return command[1] == _GET_RESPONSE or (command[1] == _STORE_DATA and command[_P2] != 0)


def _is_harmless(command: bytes) -> bool:
    if command[1] == _STORE_DATA:
        tag = int.from_bytes(command[_HEADER : _HEADER + 2], "big")
        return schema.functions().get(tag) in _HARMLESS_FUNCTIONS
    return command[1] in _HARMLESS_COMMANDS


def _holds_secret(command: bytes, answer: bytes) -> bool:
    """Whether a registered secret occurs in the digits, as it can in a number that is all digits."""
    return any(without_secrets(digits) != digits for digits in (command.hex(), answer.hex()))


def _channel(cla: int) -> int:
    """The logical channel of a class byte (ISO 7816-4 §5.4.1)."""
    return 4 + (cla & 0x0F) if cla & 0x40 else cla & 0x03


def _is_masked(exchange: CardExchange) -> bool:
    parts = (*exchange.command.parts, *(exchange.data.parts if exchange.data else ()))
    return any(not isinstance(part, bytes) for part in parts)
