"""Parse untrusted JSON: only within the limits of size and depth, and only if it is unambiguous.

The limits are `limits.JSON_VALUES` and `limits.JSON_DEPTH`.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from lpa.rsp.limits import JSON_DEPTH, JSON_VALUES


def loads(text: bytes) -> Any:
    """The value in `text` (UTF-8, with or without a byte order mark).

    Raises ValueError if it is invalid (RFC 8259), repeats a member, has an infinite number, or exceeds a
    limit.
    """
    # A value takes up to 50 times its bytes in `text`, so values are counted before any is made.
    if sum(map(text.count, (b",", b"[", b"{"))) >= JSON_VALUES:
        raise ValueError("it has too many values")
    try:
        value = json.loads(
            text.decode("utf-8-sig"),
            parse_constant=_refuse,
            parse_float=_finite,
            object_pairs_hook=_unique,
        )
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    level = [value]
    for _ in range(JSON_DEPTH):
        level = [inner for outer in level for inner in _inside(outer)]
    if any(isinstance(outer, dict | list) for outer in level):
        raise ValueError("it is nested too deeply")
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError("it contains a number that is too large")
    return number


def _unique(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """The members of an object, none of them twice: parsers differ in which of two they read."""
    found = dict(members)
    if len(found) != len(members):
        raise ValueError("it repeats a member")
    return found


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
