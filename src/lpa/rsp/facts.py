"""Frozen dataclasses that are made fast: their methods are shared, not generated and compiled for each class.

`dataclass(frozen=True)` takes three million instructions for a class, and a start needs dozens of classes.
These take a sixth of it. All else is as there: `fields`, `replace`, `asdict`, patterns, comparison, `repr`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import Any, NoReturn, Self, TypeVar, dataclass_transform

T = TypeVar("T")


class Fact:
    """A value that becomes JSON and is read back: by the names of `--json`, with plain types."""

    def as_json(self) -> dict[str, Any]:
        """Its fields as plain JSON types; see `lpa.rsp.fact_json`."""
        from lpa.rsp import fact_json

        return fact_json.members(self)

    @classmethod
    def from_json(cls, value: object) -> Self:
        """The fact that `as_json` made this of. Members that it does not have are ignored.

        Raises ValueError, which says what is wrong, and where.
        """
        from lpa.rsp import facts_read

        return facts_read.fact_of(cls, value)

    def _in_json(self, _name: str, _value: object) -> bool:
        """Whether its JSON has this field."""
        return True


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def fact(kind: type[T]) -> type[T]:
    """Make `kind` a frozen dataclass. What it defines itself stays, and `__post_init__` is called."""
    made: Any = dataclass(init=False, repr=False, eq=False)(kind)
    compared = [one.name for one in fields(made) if one.compare]
    made.__compared__ = staticmethod(attrgetter(*compared))
    for name, method in _METHODS.items():
        if name not in vars(made):
            setattr(made, name, method)
    if not hasattr(made, "__post_init__"):
        made.__post_init__ = _post_init
    made.__signature__ = _Signature()
    return kind


@dataclass_transform(frozen_default=True, order_default=True, field_specifiers=(field,))
def ordered_fact(kind: type[T]) -> type[T]:
    """As `fact`, and with `<` between two of one class, by their fields in order."""
    made: Any = fact(kind)
    made.__lt__, made.__le__, made.__gt__, made.__ge__ = _lt, _le, _gt, _ge
    return kind


def _init(self: Any, /, *values: object, **named: object) -> None:
    names = self.__match_args__
    whole = len(values) == len(names) and not named
    self.__dict__.update(zip(names, values, strict=True) if whole else _complete(self, values, named))
    self.__post_init__()


def _post_init(_self: object) -> None:
    """For a class without one."""


def _complete(self: Any, values: tuple[object, ...], named: dict[str, object]) -> dict[str, object]:
    """The values in the order of the fields, with the defaults of those that are not given."""
    names: tuple[str, ...] = self.__match_args__
    form: dict[str, Field[Any]] = self.__dataclass_fields__
    given = dict(zip(names, values, strict=False))
    wrong = [name for name in named if name in given or name not in names]
    given |= named
    complete = {name: given[name] if name in given else _default(form[name]) for name in names}
    missing = [name for name, value in complete.items() if value is MISSING]
    if wrong or missing or len(values) > len(names):
        raise TypeError(f"{type(self).__name__}() takes {', '.join(names)}, each once")
    return complete


def _default(one: Field[Any]) -> object:
    return one.default if one.default_factory is MISSING else one.default_factory()


def _repr(self: Any) -> str:
    shown = (f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _eq(self: Any, other: Any) -> Any:
    same = type(self) is type(other)
    return self.__compared__(self) == other.__compared__(other) if same else NotImplemented


def _hash(self: Any) -> int:
    return hash(self.__compared__(self))


def _lt(self: Any, other: Any) -> Any:
    same = type(self) is type(other)
    return self.__compared__(self) < other.__compared__(other) if same else NotImplemented


def _le(self: Any, other: Any) -> Any:
    same = type(self) is type(other)
    return self.__compared__(self) <= other.__compared__(other) if same else NotImplemented


def _gt(self: Any, other: Any) -> Any:
    return _lt(other, self)


def _ge(self: Any, other: Any) -> Any:
    return _le(other, self)


def _setattr(self: object, name: str, value: object) -> NoReturn:  # noqa: ARG001  (Python's signature)
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(self: object, name: str) -> NoReturn:  # noqa: ARG001  (Python's signature)
    raise FrozenInstanceError(f"cannot delete field {name!r}")


_METHODS: dict[str, Callable[..., Any]] = {
    "__init__": _init,
    "__repr__": _repr,
    "__eq__": _eq,
    "__hash__": _hash,
    "__setattr__": _setattr,
    "__delattr__": _delattr,
}


class _Signature:
    """What `inspect.signature` and `help` show, computed for whoever asks."""

    def __get__(self, _instance: object, owner: Any) -> inspect.Signature:
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        parameters = [
            inspect.Parameter(one.name, kind, default=_shown_default(one), annotation=one.type)
            for one in fields(owner)
        ]
        return inspect.Signature(parameters, return_annotation=None)


def _shown_default(one: Field[Any]) -> object:
    if one.default_factory is not MISSING:
        return _Factory()
    return inspect.Parameter.empty if one.default is MISSING else one.default


class _Factory:
    """Stands for a default that is made anew each time."""

    def __repr__(self) -> str:
        return "<factory>"
