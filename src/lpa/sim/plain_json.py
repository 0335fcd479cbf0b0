"""Restores dataclasses from JSON values, with every type checked: the file may be damaged or edited."""

from __future__ import annotations

from dataclasses import MISSING, Field, fields
from typing import Any, ClassVar, Protocol, TypeVar


class AnyDataclass(Protocol):
    """An instance of a dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


D = TypeVar("D", bound=AnyDataclass)


def restored(cls: type[D], value: dict[str, Any]) -> D:
    """The dataclass `cls` from exactly its members, each of the type of its default (None: or a text).

    Raises KeyError or TypeError if they are not, and ValueError as `cls` itself does.
    """
    for field in fields(cls):
        given = value[field.name]
        kinds = (type(field.default),) if field.default is not None else (type(None), str)
        if field.default is not MISSING and type(given) not in kinds:
            raise TypeError(f"{field.name} is {given!r}")
    return cls(**value)
