"""The activation code: what an operator gives to a person, on paper or as a QR code (SGP.22 §4.1).

```
LPA:1$rsp.example.com$ABC-123            server and matching id
LPA:1$rsp.example.com$ABC-123$1.3.6$1    and the server's number, and that there is a confirmation code
```
Whoever knows the matching id can take the profile, so nothing here shows it: no message, no `repr`.
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
_CARRIED_IN = "carddata"  # the parameter of the links that open the settings of phones
_MATCHING_ID = re.compile(r"[0-9A-Za-z-]*", re.ASCII)
_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+", re.ASCII)
_QUOTE = "put the code into single quotes: lpa download 'LPA:1$...'"


@dataclass(frozen=True)
class ActivationCode:
    """Where a profile waits, and under which name.

    `matching_id`: empty if the server knows the card by its EID alone. `oid`: the server's number, as
    "1.3.6"; empty if the code does not say. `confirmation_code_required`: the server has the last word.
    """

    address: ServerAddress
    matching_id: str = field(default="", repr=False)
    oid: str = ""
    confirmation_code_required: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """The code that a person typed, scanned or was sent as a link. Raises ValueError if it is none."""
        code = _carried(text.strip().strip("\0"))
        if any(not character.isprintable() for character in code):
            raise ValueError(
                "an activation code is one line, and this has characters in it that cannot be seen"
            )
        code = _PREFIX.sub("", code, count=1) if _PREFIX.match(code) else code
        if len(code) > LONGEST:
            raise ValueError(f"an activation code has at most {LONGEST} characters, and this has {len(code)}")
        return cls._of(*_fields(code))

    @classmethod
    def _of(cls, address: str, matching_id: str, oid: str = "", confirmation: str = "", *_later: str) -> Self:
        if not _MATCHING_ID.fullmatch(matching_id):
            raise ValueError("the matching id, after the second '$', may only have letters, digits and '-'")
        if oid and not _OID.fullmatch(oid):
            raise ValueError(f"{oid!r}, after the third '$', is not the number of a server such as 1.3.6.1")
        if confirmation not in ("", "0", "1"):
            raise ValueError(f"{confirmation!r}, after the fourth '$', should be 1 or nothing")
        try:
            server = ServerAddress.parse(address)
        except ValueError as error:
            raise ValueError(f"after the first '$' should be the name of a server, but {error}") from error
        return cls(server, matching_id, oid, confirmation == "1")

    @property
    def text(self) -> str:
        """The code as it can be given on. It holds the matching id: not for a log."""
        parts = ["LPA:1", str(self.address), self.matching_id]
        if self.oid or self.confirmation_code_required:
            parts.append(self.oid)
        return "$".join([*parts, "1"] if self.confirmation_code_required else parts)


def _carried(text: str) -> str:
    """The code in a link that phones open, and without the escapes that links need (%24)."""
    if _LINK.match(text):
        values = parse_qs(urlsplit(text).query).get(_CARRIED_IN)
        if not values:
            raise ValueError(f"this link carries no activation code: it has no '{_CARRIED_IN}='")
        return values[0].strip()
    return unquote(text) if "$" not in text and "%24" in text else text


def _fields(code: str) -> list[str]:
    """What follows the version. Raises ValueError if the shell took something, or it is another version."""
    version, *fields = code.split("$")
    if not code:
        raise ValueError("the activation code is empty")
    # A '$' at the very end stays where the shell takes those before it.
    taken = version != "1" and version.startswith("1") and not any(fields)
    if fields and version.isdecimal() and version != "1" and not taken:
        raise ValueError(f"this is an activation code of version {version}, and only version 1 is known")
    if version != "1" and not taken:
        raise ValueError("an activation code begins with LPA:1$, and this does not")
    if taken or not fields:
        raise ValueError(f"the '$' signs are missing: the shell has taken them, so {_QUOTE}")
    if len(fields) == 1:
        raise ValueError(f"the second '$' is missing; if the shell has taken it, {_QUOTE}")
    return fields
