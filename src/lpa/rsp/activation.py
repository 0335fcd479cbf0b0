"""Activation codes: what an operator gives to a subscriber, on paper or as a QR code (SGP.22 §4.1).

```
LPA:1$rsp.example.com$ABC-123            server and matching id
LPA:1$rsp.example.com$ABC-123$1.3.6$1    also the server's OID, and that a confirmation code is required
```
Anyone who knows the matching id can download the profile, so no message and no `repr` shows it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

from lpa.rsp.names import ServerAddress

LONGEST = 255  # characters, without "LPA:"

_PREFIX = re.compile(r"lpa:", re.IGNORECASE)
_LINK = re.compile(r"https?://", re.IGNORECASE)
_LINK_PARAMETER = "carddata"  # of the links that open the settings of phones
_MATCHING_ID = re.compile(r"[0-9A-Za-z-]*", re.ASCII)
_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+", re.ASCII)
_QUOTE = "perhaps removed by the shell; put the code in single quotes: lpa download 'LPA:1$...'"


@dataclass(frozen=True)
class ActivationCode:
    """The server to download a profile from, and the matching id to ask for it by.

    `matching_id`: empty if the server finds the order by the EID alone. `oid`: the server's object
    identifier, as "1.3.6"; empty if the code has none. `confirmation_code_required`: a hint; the server
    decides.
    """

    address: ServerAddress
    matching_id: str = field(default="", repr=False)
    oid: str = ""
    confirmation_code_required: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """The code that a person typed, scanned or got in a link. Raises ValueError if it is not one."""
        code = _without_link(text.strip().strip("\0"))
        if any(not character.isprintable() for character in code):
            raise ValueError("an activation code is one line; this one contains invisible characters")
        code = _PREFIX.sub("", code, count=1) if _PREFIX.match(code) else code
        if len(code) > LONGEST:
            raise ValueError(f"an activation code has at most {LONGEST} characters; this one has {len(code)}")
        return cls._of(*_fields(code))

    @classmethod
    def _of(cls, address: str, matching_id: str, oid: str = "", confirmation: str = "", *_later: str) -> Self:
        if not _MATCHING_ID.fullmatch(matching_id):
            raise ValueError(
                "the matching id, after the second '$', may contain only letters, digits and '-'"
            )
        if oid and not _OID.fullmatch(oid):
            raise ValueError(f"{oid!r}, after the third '$', is not an object identifier such as 1.3.6.1")
        if confirmation not in ("", "0", "1"):
            raise ValueError(f"{confirmation!r}, after the fourth '$', should be 1 or empty")
        try:
            server = ServerAddress.parse(address)
        except ValueError as error:
            raise ValueError(f"a server name should follow the first '$': {error}") from error
        return cls(server, matching_id, oid, confirmation == "1")

    @property
    def text(self) -> str:
        """The code to pass on. It contains the matching id: never log it."""
        parts = ["LPA:1", str(self.address), self.matching_id]
        if self.oid or self.confirmation_code_required:
            parts.append(self.oid)
        return "$".join([*parts, "1"] if self.confirmation_code_required else parts)


def _without_link(text: str) -> str:
    """The code in a link that phones open, without the escapes that links need (%24)."""
    if _LINK.match(text):
        values = parse_qs(urlsplit(text).query).get(_LINK_PARAMETER)
        if not values:
            raise ValueError(f"this link contains no activation code: it has no '{_LINK_PARAMETER}='")
        return values[0].strip()
    return unquote(text) if "$" not in text and "%24" in text else text


def _fields(code: str) -> list[str]:
    """What follows the version. Raises ValueError for another version, or if the shell removed a part."""
    version, *fields = code.split("$")
    if not code:
        raise ValueError("the activation code is empty")
    # The shell removes every '$name', but leaves a '$' at the very end.
    removed = version != "1" and version.startswith("1") and not any(fields)
    if fields and version.isdecimal() and version != "1" and not removed:
        raise ValueError(f"this activation code has version {version}; only version 1 is supported")
    if version != "1" and not removed:
        raise ValueError("an activation code begins with LPA:1$; this one does not")
    if removed or not fields:
        raise ValueError(f"the '$' signs are missing, {_QUOTE}")
    if len(fields) == 1:
        raise ValueError(f"the second '$' is missing, {_QUOTE}")
    return fields
