"""Redact the traffic with a card, for the log level that shows traffic.

Law: what is not known to be harmless is shown as header and length, so an unknown function never shows too
much. Hidden are PINs; the contents of a profile's files (subscriber, contacts, messages); and the messages of
a download in both directions: they contain matching ids, hashes of confirmation codes, tokens, and the
profile itself (SGP.22 §5.7.5, §5.7.6, §5.7.13).
"""

from __future__ import annotations

from lpa.rsp.codec import schema

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

    def shown(self, command: bytes, answer: bytes, sw: int) -> str:
        """A command, the answer and the status word, as a redacted line of the log."""
        if not _continues(command):
            self._harmless = _is_harmless(command)
        if self._harmless:
            return f"{command.hex()} -> {answer.hex()} {sw:04X}"
        return f"{_redacted(command)} -> {_length(answer)} {sw:04X}"


def _continues(command: bytes) -> bool:
    """Whether a command belongs to the one before: a later block of a request, or the rest of an answer."""
    return command[1] == _GET_RESPONSE or (command[1] == _STORE_DATA and command[_P2] != 0)


def _is_harmless(command: bytes) -> bool:
    if command[1] == _STORE_DATA:
        tag = int.from_bytes(command[_HEADER : _HEADER + 2], "big")
        return schema.functions().get(tag) in _HARMLESS_FUNCTIONS
    return command[1] in _HARMLESS_COMMANDS


def _redacted(command: bytes) -> str:
    return f"{command[:_HEADER].hex()} {_length(command[_HEADER:])}".rstrip()


def _length(content: bytes) -> str:
    return f"<{len(content)} bytes>" if content else ""
