"""What `--json` prints: the library's values, by the names of their fields; see `lpa.rsp.fact_json`.

The files in `schemas` describe each document: what is added here is added there.
"""

from __future__ import annotations

from typing import Any

from lpa.errors import LpaError
from lpa.rsp.facts import fact


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
    from lpa.rsp import fact_json

    return fact_json.plain(value)


def error_members(error: LpaError) -> dict[str, Any]:
    """An error as a document shows it, without secrets: a server may have echoed one in its message."""
    return error.to_json()
