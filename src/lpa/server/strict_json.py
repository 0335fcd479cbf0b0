"""JSON from a stranger: no more and no deeper than any answer, and nothing that two could read differently.

The bounds are `bounds.JSON_VALUES` and `bounds.JSON_DEPTH`.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from lpa.rsp.limits import JSON_DEPTH, JSON_VALUES


def loads(text: bytes) -> Any:
    """The value that `text` (UTF-8, with or without a byte order mark) is.

    Raises ValueError if it is none (RFC 8259), has a member twice or a number without bounds, or is too much.
    """
    # A value costs 50 times the bytes it has on the way, so they are counted before any is made.
    if sum(map(text.count, (b",", b"[", b"{"))) >= JSON_VALUES:
        raise ValueError("it has too many values")
    try:
        value = json.loads(
            text.decode("utf-8-sig"),
            parse_constant=_refuse,
            parse_float=_finite,
            object_pairs_hook=_once_each,
        )
    except RecursionError as error:
        raise ValueError("it is too deep") from error
    level = [value]
    for _ in range(JSON_DEPTH):
        level = [inner for outer in level for inner in _inside(outer)]
    if any(isinstance(outer, dict | list) for outer in level):
        raise ValueError("it is too deep")
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError("it has a number that is too large")
    return number


def _once_each(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of a member that is there twice some read the first and some the last."""
    found = dict(members)
    if len(found) != len(members):
        raise ValueError("it has a member twice")
    return found


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
