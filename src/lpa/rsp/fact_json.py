"""Facts as plain JSON, by their fields.

A fact becomes an object with its fields; an identifier (ICCID, EID, address, key identifier, path) the text
that people write; bytes and AIDs hexadecimal digits in lower case; a time ISO 8601 in UTC, to the second; an
error what `LpaError.to_json` says. A notification and its delivery also have their `event`. A class whose
`as_json` is its own decides by itself. `--json` prints this, and `facts_read` reads it back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from lpa.errors import LpaError
from lpa.rsp.facts import Fact
from lpa.rsp.names import Aid, Eid, Iccid, ServerAddress


def plain(value: object) -> Any:
    """`value` as the types of JSON."""
    if value is None or type(value) in (str, int, bool, float):
        return value
    for kinds, convert in _CONVERSIONS:
        if isinstance(value, kinds):
            return convert(value)
    if hasattr(value, "from_text"):  # a key identifier
        return str(value)
    return members(value) if is_dataclass(value) else value


def members(fact: Any) -> dict[str, Any]:
    """The fields of a fact that its JSON has."""
    found = {one.name: getattr(fact, one.name) for one in fields(fact)}
    shown = getattr(fact, "_in_json", None)
    shown_ones = {name: value for name, value in found.items() if shown is None or shown(name, value)}
    if "events" in shown_ones and hasattr(fact, "event"):
        shown_ones["event"] = fact.event
    return {name: plain(value) for name, value in shown_ones.items()}


def _time(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds")


_CONVERSIONS: tuple[tuple[tuple[type, ...], Callable[[Any], Any]], ...] = (
    ((Eid, Iccid, Path, ServerAddress), str),
    ((Aid,), lambda aid: aid.coded.hex()),
    ((Enum,), lambda identifier: identifier.value),
    ((str,), str),  # of advice, its text alone
    ((LpaError,), lambda error: error.to_json()),
    ((bytes,), bytes.hex),
    ((datetime,), _time),
    ((dict,), lambda value: {str(name): plain(member) for name, member in value.items()}),
    ((list, tuple), lambda value: [plain(item) for item in value]),
    ((Fact,), lambda value: value.as_json()),
)
