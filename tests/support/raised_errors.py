"""The places in the sources where errors are raised."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import lpa
from lpa import errors

SOURCES = Path(lpa.__file__).parent
KINDS = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.LpaError)
}


def raised() -> Iterator[tuple[str, ast.Call]]:
    """Every place where an error is constructed, and the call."""
    for path in sorted(SOURCES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS:
                yield f"{path.relative_to(SOURCES)}:{node.lineno}", node


def own_reasons() -> set[str]:
    """The reasons that the library itself gives, before any card or server is asked."""
    arguments = [call.args[1] for _, call in raised() if len(call.args) > 2]
    named = [word.value for _, call in raised() for word in call.keywords if word.arg == "reason"]
    return {str(found.value) for found in arguments + named if isinstance(found, ast.Constant)}
