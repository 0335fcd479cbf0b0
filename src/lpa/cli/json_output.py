"""What `--json` prints: the library's own facts under their own names.

A dataclass becomes an object with its fields; what names a thing (ICCID, EID, AID, key identifier, path) the
text that people write; bytes become hexadecimal digits; a time its ISO 8601 in UTC; an error its `kind`,
`reason`, `message`, `advice`. A receipt is its `path`, for its bytes are in that file. Of a profile, what the
card did not tell or was not asked for is left out, unless everything asks for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lpa.errors import LpaError
from lpa.notifications.receipts import Receipt
from lpa.redaction import without_secrets
from lpa.rsp.euicc_info import KeyIdentifier
from lpa.rsp.names import Aid, Eid, Iccid, ServerAddress
from lpa.rsp.records import Profile

_ALWAYS_ASKED = ("iccid", "state", "nickname", "service_provider", "name", "profile_class", "policy_rules")


@dataclass(frozen=True)
class Answer:
    """What a command found or did: the `result` as facts, the `problem` that remains, the exit code."""

    result: object
    problem: LpaError | None = None
    code: int = 0


def plain(value: object) -> Any:
    """`value` in the words of JSON."""
    for kinds, spell in _SPELLINGS:
        if isinstance(value, kinds):
            return spell(value)
    if isinstance(value, dict):
        return {str(name): plain(member) for name, member in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    return value


def _profile(profile: Profile) -> dict[str, Any]:
    members = {field.name: getattr(profile, field.name) for field in fields(profile)}
    return {name: plain(value) for name, value in members.items() if value or name in _ALWAYS_ASKED}


def _receipt(receipt: Receipt) -> dict[str, Any]:
    return {"path": str(receipt.path)}


def _time(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds")


def error_members(error: LpaError) -> dict[str, Any]:
    """An error as a document shows it. A server may have put into its words what only we should know."""
    said, advice = without_secrets(error.message), without_secrets(error.advice)
    return {"kind": error.kind, "reason": error.reason, "message": said, "advice": advice}


_SPELLINGS: tuple[tuple[tuple[type, ...], Callable[[Any], Any]], ...] = (
    ((Aid, Eid, Iccid, KeyIdentifier, ServerAddress, Path), str),
    ((bytes,), bytes.hex),
    ((datetime,), _time),
    ((LpaError,), error_members),
    ((Profile,), _profile),
    ((Receipt,), _receipt),
)
