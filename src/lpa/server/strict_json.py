"""JSON from a stranger: no deeper than any answer is (`bounds.JSON_DEPTH`)."""

from __future__ import annotations

import json
from typing import Any

from lpa.rsp.bounds import JSON_DEPTH


def loads(text: bytes) -> Any:
    """The value that `text` (UTF-8) is. Raises ValueError if it is none, or objects and lists go too deep."""
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise ValueError("it is too deep") from error
    level = [value]
    for _ in range(JSON_DEPTH):
        level = [inner for outer in level for inner in _inside(outer)]
    if any(isinstance(outer, dict | list) for outer in level):
        raise ValueError("it is too deep")
    return value


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
