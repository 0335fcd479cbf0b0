"""When a command is the one that was recorded.

Le is never compared: a reader with T=0 removes it. Hidden bytes of the recorded command are any bytes.
"""

from __future__ import annotations

from lpa.rsp.masked import Masked

_STORE_DATA = 0xE2
_P2, _HEADER = 3, 5  # the offset of the block number; the number of bytes before a command's data
# The functions of a download: their messages depend on random numbers and on time. AuthenticateServer,
# PrepareDownload, CancelSession, and the segments of a bound profile package (SGP.22 §2.5.3, §5.7).
_VARYING = (0xBF38, 0xBF21, 0xBF41, 0xBF36, 0xBF23, *range(0xA0, 0xA4), *range(0x86, 0x89))
# MANAGE CHANNEL, SELECT, TERMINAL CAPABILITY, GET RESPONSE, READ BINARY, READ RECORD, STATUS
_SHOWN = [bytes([instruction]) for instruction in (0x70, 0xA4, 0xAA, 0xC0, 0xB0, 0xB2, 0xF2)]


def same(recorded: Masked, command: bytes) -> bool:
    """Whether all of the command is as recorded, but for Le."""
    return any(recorded.matches(form) for form in _with_and_without_le(command))


def same_on_another_channel(recorded: Masked, command: bytes) -> bool:
    """Whether all but the class byte is as recorded: the other channel was opened in its place."""
    first = recorded.filled()[:1]
    return same(recorded, first + command[1:])


def same_function(recorded: Masked, command: bytes) -> bool:
    """Whether it is the same block of the same function of a download, with other content."""
    header = recorded.filled()[: _P2 + 1]
    if command[1:2] != bytes([_STORE_DATA]) or header[1:] != command[1 : _P2 + 1]:
        return False
    if command[_P2]:
        return True  # a later block, of a request that began as recorded
    first, *_ = (*recorded.parts, b"")
    shown = first[_HEADER:] if isinstance(first, bytes) else b""
    return _tag(command[_HEADER:]) in _VARYING and (not shown or _tag(shown) == _tag(command[_HEADER:]))


def same_instruction(recorded: Masked, command: bytes) -> bool:
    """Whether the instruction is the one that was recorded."""
    return recorded.filled()[1:2] == command[1:2]


def without_secrets(command: bytes) -> str:
    """A command for a message: of one that may contain a PIN or a message of a download, only the header."""
    begins = command[1:2] == bytes([_STORE_DATA]) and command[_P2 : _P2 + 1] == b"\0"
    if command[1:2] in _SHOWN or (begins and _tag(command[_HEADER:]) not in _VARYING):
        return str(Masked.of(command))
    return str(Masked.of(command[:_HEADER], len(command[_HEADER:])))


def _with_and_without_le(command: bytes) -> tuple[bytes, ...]:
    """The command; of one with data (cases 3 and 4) also the other form."""
    length = _HEADER + command[4] if len(command) > _HEADER else 0
    if length and len(command) == length:
        return command, command + b"\0"
    return (command, command[:-1]) if length and len(command) == length + 1 else (command,)


def _tag(data: bytes) -> int:
    """The first tag: of two bytes if the first one says so."""
    return int.from_bytes(data[: 2 if data[:1] and data[0] & 0x1F == 0x1F else 1], "big")
