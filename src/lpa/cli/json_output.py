"""What `--json` prints: the library's values, under the names of their fields.

A dataclass becomes an object with its fields; identifiers (ICCID, EID, key identifier, path) become the text
that people write; bytes and AIDs become hexadecimal digits in lower case; a time becomes ISO 8601 in UTC; an
error becomes its `kind`, `reason`, `message` and `advice`; a receipt becomes the `path` of its file. An empty
member of a profile is left out, unless every list of profiles reads it from the card. A notification and its
delivery also have their `event`.

The files in `schemas` describe each document: what is added here is added there.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lpa.errors import LpaError
from lpa.redaction import without_secrets
from lpa.rsp.facts import fact

if TYPE_CHECKING:
    from lpa.rsp.records import Profile

_ALWAYS_READ = ("iccid", "state", "nickname", "service_provider", "name", "profile_class", "policy_rules")


@fact
class CommandResult:
    """What a command found or did: its `data`, the `problem` that remains, the exit code."""

    data: object
    problem: LpaError | None = None
    code: int = 0


def plain(value: object) -> Any:
    """`value` as the types of JSON."""
    if value is None or type(value) in (str, int, bool, float):
        return value
    for kinds, convert in _conversions():
        if isinstance(value, kinds):
            return convert(value)
    if isinstance(value, dict):
        return {str(name): plain(member) for name, member in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return _dataclass(value) if is_dataclass(value) else value


def _dataclass(value: Any) -> Any:
    from lpa.notifications.receipts import Receipt
    from lpa.rsp.pki.key_identifier import KeyIdentifier

    if isinstance(value, KeyIdentifier):
        return str(value)
    if isinstance(value, Receipt):
        return {"path": str(value.path)}
    members = {}
    for field in fields(value):
        members[field.name] = plain(getattr(value, field.name))
        if field.name == "events" and hasattr(value, "event"):
            members["event"] = plain(value.event)
    return members


def _profile(profile: Profile) -> dict[str, Any]:
    members = {field.name: getattr(profile, field.name) for field in fields(profile)}
    return {name: plain(value) for name, value in members.items() if _reported(value) or name in _ALWAYS_READ}


def _reported(value: object) -> bool:
    """Whether a member of a profile is there: a port may be 0."""
    return bool(value) or type(value) is int


def _time(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds")


def error_members(error: LpaError) -> dict[str, Any]:
    """An error as a document shows it, without secrets: a server may have echoed one in its message."""
    message, advice = without_secrets(error.message), without_secrets(error.advice)
    return {"kind": error.kind, "reason": error.reason, "message": message, "advice": advice}


@functools.cache
def _conversions() -> tuple[tuple[tuple[type, ...], Callable[[Any], Any]], ...]:
    """What is no dataclass, or not shown as one. It needs what reading a list of profiles has loaded."""
    from lpa.rsp.names import Aid, Eid, Iccid, ServerAddress
    from lpa.rsp.records import Profile

    return (
        ((Eid, Iccid, ServerAddress, Path), str),
        ((Aid,), lambda aid: aid.coded.hex()),
        ((bytes,), bytes.hex),
        ((datetime,), _time),
        ((LpaError,), error_members),
        ((Profile,), _profile),
    )
