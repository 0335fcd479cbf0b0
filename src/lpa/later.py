"""Modules that are imported when something of them is used, for a file whose callers need few of them each.

The same file imports them under `TYPE_CHECKING`, so types and import-linter see what it depends on.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


def later(package: str, *names: str) -> tuple[Later, ...]:
    """What stands for these modules of `package`, in their order."""
    return tuple(Later(f"{package}.{name}") for name in names)


class Later:
    """Stands for the module `name`. It keeps nothing: `import_module` finds a loaded module fast."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self._name), name)
