"""Receive a JSON answer piece by piece, and decode the one large member while it arrives.

The text of that member, a profile package in base64, is not held: its bytes are stored as they come. What is
held is the answer without that text, for `strict_json` to judge as any other answer.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable

from lpa.rsp.limits import BODY_BYTES, PACKAGE_BODY_BYTES, PACKAGE_BYTES
from lpa.server.tls import TooMuch

MEMBER = "boundProfilePackage"

_OUTSIDE = re.compile(rb'[^"\[\]{}]*')  # between texts, objects and lists
_INSIDE = re.compile(rb'[^"\\]*(?:\\(?:u.{4}|[^u])[^"\\]*)*', re.DOTALL)  # of a text, whole escapes only
_NAMED = re.compile(rb'"%b"[ \t\r\n]*:[ \t\r\n]*\Z' % MEMBER.encode())
_BEFORE = 100  # bytes before a text in which its name is looked for
_DEEPER, _QUOTE = {b"{": 1, b"[": 1, b"}": -1, b"]": -1}, b'"'


class PackageReader:
    """Receives one answer: a `BodyReceiver`. `store`: called with the bytes of the package, in order.

    `problem`: what is wrong with the package; empty if nothing.

    `held`: the answer, with an empty text in place of the package. `left_out`: the characters of the package.
    """

    max_body = PACKAGE_BODY_BYTES

    def __init__(self, store: Callable[[bytes], object]) -> None:
        self.problem = ""
        self.left_out: dict[str, int] = {}
        self._held = bytearray()
        self._depth = 0
        self._in_text = self._in_package = False
        self._rest = b""  # the beginning of an escape whose end has not arrived
        self._package = _Base64(store)

    @property
    def held(self) -> bytes:  # noqa: D102  (see above)
        return bytes(self._held + self._rest)

    def add(self, piece: bytes) -> None:
        """Receive the next piece. Raises `TooMuch`, and what the storing raises."""
        data, at = self._rest + piece, 0
        self._rest = b""
        while at < len(data):
            at = self._text(data, at) if self._in_text else self._between(data, at)

    def _between(self, data: bytes, at: int) -> int:
        """Go on to the next text, object or list, or to where one ends."""
        end = _end(_OUTSIDE, data, at)
        mark = data[end : end + 1]
        self._hold(data[at:end])
        self._depth += _DEEPER.get(mark, 0)
        if mark == _QUOTE:
            self._in_text = True
            self._in_package = self._depth == 1 and bool(_NAMED.search(self._held[-_BEFORE:]))
        self._hold(mark)
        return end + 1

    def _text(self, data: bytes, at: int) -> int:
        """Go on to the end of the text, or to the end of what has arrived of it."""
        end = _end(_INSIDE, data, at)
        if self._in_package:
            self._decode(data[at:end])
        else:
            self._hold(data[at:end])
        if data[end : end + 1] != _QUOTE:
            self._rest = data[end:]
            return len(data)
        if self._in_package:
            self._decode(b"", last=True)
        self._in_text = self._in_package = False
        self._hold(_QUOTE)
        return end + 1

    def _hold(self, part: bytes) -> None:
        self._held += part
        if len(self._held) > BODY_BYTES:
            raise TooMuch

    def _decode(self, text: bytes, *, last: bool = False) -> None:
        self.left_out[MEMBER] = self.left_out.get(MEMBER, 0) + len(text)
        if self.problem:
            return
        try:
            self._package.add(json.loads(f'"{text.decode("ascii")}"'))
            if last:
                self._package.end()
        except ValueError:
            self.problem = "is not base64"
        if self._package.size > PACKAGE_BYTES:
            self.problem = f"has more than {PACKAGE_BYTES} bytes"


def _end(pattern: re.Pattern[bytes], data: bytes, at: int) -> int:
    """Where the longest match of `pattern` from `at` ends."""
    found = pattern.match(data, at)
    return found.end() if found else at


class _Base64:
    """Decodes base64 piece by piece, as `AnswerMembers.binary` does at once. Raises ValueError."""

    def __init__(self, store: Callable[[bytes], object]) -> None:
        self.size = 0
        self._store = store
        self._undecoded = ""  # fewer than four characters
        self._padded = False

    def add(self, text: str) -> None:
        text = "".join(text.split())
        characters = text.rstrip("=")
        if self._padded and characters:
            raise ValueError("something follows the padding")
        self._padded |= characters != text
        self._undecoded += characters
        whole = len(self._undecoded) // 4 * 4
        decodable, self._undecoded = self._undecoded[:whole], self._undecoded[whole:]
        self._decode(decodable)

    def end(self) -> None:
        self._decode(self._undecoded + "=" * (-len(self._undecoded) % 4))

    def _decode(self, text: str) -> None:
        content = base64.b64decode(text, validate=True)
        self.size += len(content)
        self._store(content)
