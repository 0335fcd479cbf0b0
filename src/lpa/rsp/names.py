"""Identifiers of profiles, cards, applications and servers, which are valid once they are parsed.

Each has a wire form (`coded`, bytes) and a human form (`str`). `parse` reads what a person typed and raises
ValueError with a sentence; `from_coded` reads what a card sent and raises `BadAnswer`.
"""

from __future__ import annotations

import re
from dataclasses import field
from typing import ClassVar, Self, TypeVar

from lpa.errors import BadAnswer
from lpa.rsp.display import brief
from lpa.rsp.facts import ordered_fact

T = TypeVar("T")

# The manufacturer of a card by the first eight digits of its EID, those of the issuer (SGP.29).
_MANUFACTURERS = {
    "89049032": "Giesecke+Devrient",
    "89049038": "Giesecke+Devrient",
    "89033023": "Thales",
    "89033024": "IDEMIA",
    "89043051": "NXP",
    "89043052": "NXP",
    "89044045": "Kigen",
    "89044047": "Truphone",
    "89041030": "STMicroelectronics",
    "89034011": "Valid",
    "35840574": "Watchdata",
    "89086030": "Eastcompeace",
    "89086001": "Hengbao",
    "89086029": "Tianyu",
    "35060000": "HED",
}
# Some programs take a host name for an IP address if its last label is a number (RFC 3986 §7.4).
_NUMBER = r"[0-9]+|0x[0-9a-f]*"
_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_PORT = r"[0-9]{1,5}"
_SHOWN = 100  # characters of an invalid text in an error


@ordered_fact
class _Coded:
    """What ICCID, EID and AID share: a coded form whose size is checked once."""

    coded: bytes
    _sizes: ClassVar[range]

    def __post_init__(self) -> None:
        if len(self.coded) not in self._sizes:
            low, high = self._sizes[0], self._sizes[-1]
            size = str(low) if low == high else f"{low} to {high}"
            name = type(self).__name__.upper()
            raise ValueError(f"an {name} has {size} bytes, not {len(self.coded)}")

    @classmethod
    def from_coded(cls, coded: bytes) -> Self:
        """The identifier that a card sent. Raises `BadAnswer` if it has the wrong size."""
        try:
            return cls(bytes(coded))
        except ValueError as error:
            raise BadAnswer(f"The card answered {coded.hex() or 'nothing'}: {error}.") from error

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The identifier whose `str` is `text`, whatever a card sent. Raises ValueError."""
        return _same(cls(bytes.fromhex(text)), text)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


class Iccid(_Coded):
    """The number of a profile: 10 bytes as in EF.ICCID, nibbles swapped, padded with F.

    Usually 19 or 20 decimal digits; 18 occur, and some cards have the digits A to E.
    """

    _sizes = range(10, 11)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The ICCID a person wrote: 18 to 20 digits; spaces and hyphens between them are ignored."""
        digits = re.sub(r"[\s-]", "", text).upper().rstrip("F")
        if not re.fullmatch(r"[0-9A-E]{18,20}", digits):
            raise ValueError(f"{_shown(text)} is not an ICCID (18 to 20 digits)")
        return cls(_swapped(bytes.fromhex(digits.ljust(20, "F"))))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The ICCID whose `str` is `text`, whatever a card sent. Raises ValueError."""
        return _same(cls(_swapped(bytes.fromhex(text.ljust(20, "F")))), text)

    def __str__(self) -> str:
        return _swapped(self.coded).hex().upper().rstrip("F")


class Eid(_Coded):
    """The number of a card: 32 decimal digits in 16 bytes, nibbles not swapped."""

    _sizes = range(16, 17)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The EID a person wrote: 32 digits; spaces and hyphens between them are ignored."""
        digits = re.sub(r"[\s-]", "", text)
        if not re.fullmatch(r"[0-9]{32}", digits, re.ASCII):
            raise ValueError(f"{_shown(text)} is not an EID (32 digits)")
        return cls(bytes.fromhex(digits))

    @property
    def plausible(self) -> bool:
        """Whether the two check digits are correct. Some genuine cards have wrong ones: only warn."""
        return str(self).isdecimal() and int(str(self)) % 97 == 1

    @property
    def manufacturer(self) -> str:
        """The manufacturer of the card (EUM), if its first eight digits are known; else empty."""
        return _MANUFACTURERS.get(str(self)[:8], "")

    def __str__(self) -> str:
        return self.coded.hex().upper()


class Aid(_Coded):
    """An application identifier, 5 to 16 bytes (ISO 7816-5): that of an ISD-R, or of a profile's ISD-P."""

    _sizes = range(5, 17)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The AID a person wrote: 10 to 32 hexadecimal digits; spaces between them are ignored."""
        try:
            return cls(bytes.fromhex(text))
        except ValueError:
            raise ValueError(f"{_shown(text)} is not an AID (10 to 32 hexadecimal digits)") from None

    def __str__(self) -> str:
        return self.coded.hex().upper()


@ordered_fact
class ServerAddress:
    """The address of an SM-DP+ or SM-DS: a host name and the HTTPS port (SGP.22 §5.6).

    `host`: in lower case, for the network. `written`: the host as it was written, if it has capitals; `str`
    shows it, and servers are sent it, because some compare it letter by letter. Two addresses that differ
    only in it are equal.
    """

    host: str
    port: int = 443
    written: str = field(default="", compare=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The address in a profile or an answer: `host` or `host:port`. Spaces around it are dropped.

        Raises ValueError for anything but a host name: a URL, a path, an IP address, an empty text.
        """
        shown = _shown(text)
        if not re.fullmatch(r"[^/@\[\]]*", text) or not text.isascii():
            raise ValueError(f"{shown} is not a server name")
        host, colon, port = text.strip(" \0").rpartition(":")
        if not colon:
            host, port = port, "443"
        written = host.removesuffix(".")
        host = written.lower()
        labels = host.split(".")
        if not host:
            raise ValueError("the server address is empty")
        if (
            not all(re.fullmatch(_LABEL, label) for label in labels)
            or len(host) > 253
            or re.fullmatch(_NUMBER, labels[-1])
        ):
            raise ValueError(f"{shown} is not a server name")
        if not (re.fullmatch(_PORT, port) and 0 < int(port) < 65536):
            raise ValueError(f"{shown} has no valid port")
        return cls(host, int(port), written if written != host else "")

    @property
    def host_header(self) -> str:
        """The header `Host` of a request: in lower case, without the default port."""
        return self._with_port(self.host)

    def __repr__(self) -> str:
        return f"ServerAddress({str(self)!r})"

    def __str__(self) -> str:
        return self._with_port(self.written or self.host)

    def _with_port(self, host: str) -> str:
        return host if self.port == 443 else f"{host}:{self.port}"


def _same(made: T, text: str) -> T:
    if str(made) != text:
        raise ValueError(f"{_shown(text)} is not written as it should be: {_shown(str(made))}")
    return made


def _swapped(coded: bytes) -> bytes:
    return bytes((octet & 0x0F) << 4 | octet >> 4 for octet in coded)


def _shown(text: str) -> str:
    return repr(brief(text, _SHOWN))
