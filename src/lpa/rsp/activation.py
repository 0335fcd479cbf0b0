"""Activation codes: what an operator gives to a subscriber, on paper or as a QR code (SGP.22 §4.1).

```
LPA:1$rsp.example.com$ABC-123            server and matching id
LPA:1$rsp.example.com$ABC-123$1.3.6$1    also the server's OID, and that a confirmation code is required
```
Anyone who knows the matching id can download the profile, so no message and no `repr` shows it. Codes are
read as people have them, and sent as they are written: `lpa.rsp.written_code` finds one in a text.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Self

from lpa.rsp.names import ServerAddress
from lpa.rsp.written_code import SHELL, WrittenCode, find

NO_MATCHING_ID = (
    "The activation code has no second '$', so the server is asked for any profile for this card. "
    "If you were given more, put the code in single quotes."
)
SCHEME_IGNORED = "'https://' or 'http://' before the server name was ignored."
NO_OID = (
    "What follows the third '$' is not an object identifier and was ignored. "
    "If it is the confirmation code, give it when you are asked for it, or with --confirmation-code-file."
)
NO_FLAG = (
    "What follows the fourth '$' should be 1 or empty and was ignored. "
    "If it is the confirmation code, give it when you are asked for it, or with --confirmation-code-file."
)
MORE_FIELDS = "What follows the fifth '$' was ignored."

_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_MATCHING_ID = re.compile(r"[0-9A-Za-z_,-]*", re.ASCII)
_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+", re.ASCII)


@dataclass(frozen=True)
class ActivationCode:
    """The server to download a profile from, and the matching id to ask for it by.

    `matching_id`: empty if the server finds the order by the EID alone. `oid`: the server's object
    identifier, as "1.3.6"; empty if the code has none. `confirmation_code_required`: a hint; the server
    decides. `notes`: sentences about what `parse` left out or guessed; they contain no secret.
    """

    address: ServerAddress
    matching_id: str = field(default="", repr=False)
    oid: str = ""
    confirmation_code_required: bool = False
    notes: tuple[str, ...] = field(default=(), repr=False, compare=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The one code in what a person typed, scanned, pasted or got in a link.

        Raises ValueError with a sentence if there is none, if it is wrong, or if there are two.
        """
        first, *others = [cls._of(written) for written in find(text)]
        if any(other != first for other in others):
            raise ValueError("this text contains different activation codes; give one of them")
        return first

    @classmethod
    def _of(cls, written: WrittenCode) -> Self:
        fields = written.fields
        address, matching_id, oid, flag, *more = (*fields, *[""] * (4 - len(fields)))
        host = _SCHEME.sub("", address, count=1) if _SCHEME.match(address) else address
        if any(unicodedata.category(one) == "Pd" and one != "-" for one in matching_id):
            raise ValueError("a dash in the matching id, after the second '$', is not '-': type it again")
        if not _MATCHING_ID.fullmatch(matching_id):
            raise ValueError(
                "the matching id, after the second '$', may contain only letters, digits, '-', '_' and ','"
            )
        applicable = (
            (SCHEME_IGNORED, host != address),
            (NO_MATCHING_ID, len(fields) == 1),
            (NO_OID, bool(oid and not _OID.fullmatch(oid))),
            (NO_FLAG, flag not in ("", "0", "1")),
            (MORE_FIELDS, any(more)),
        )
        notes = tuple(note for note, applies in applicable if applies)
        if NO_OID in notes:
            oid = ""
        server = _server(host.removesuffix("/"), last=len(fields) == 1)
        return cls(server, matching_id, oid, flag == "1", (*written.notes, *notes))

    @property
    def text(self) -> str:
        """The code to pass on. It contains the matching id: never log it."""
        parts = ["LPA:1", str(self.address), self.matching_id]
        if self.oid or self.confirmation_code_required:
            parts.append(self.oid)
        return "$".join([*parts, "1"] if self.confirmation_code_required else parts)


def _server(host: str, *, last: bool) -> ServerAddress:
    """The server that a code names. `last`: no further field follows.

    If a '$' was mistyped, the matching id is in this field: so no error shows it.
    """
    if not host:
        raise ValueError("a server name should follow the first '$', and there is none")
    top = host.rpartition(".")[2]
    if last and "-" in top and not top.lower().startswith("xn--"):
        raise ValueError(f"the second '$' is missing, {SHELL}")
    try:
        return ServerAddress.parse(host)
    except ValueError:
        raise ValueError(
            "a server name should follow the first '$'; what follows the first '$' is not a server name"
        ) from None
