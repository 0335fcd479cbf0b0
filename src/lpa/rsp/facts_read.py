"""Facts from plain JSON, by the types of their fields: the opposite of `fact_json`.

Hostile JSON is a ValueError, which says what is wrong, and where.
"""

from __future__ import annotations

import functools
import typing
from collections.abc import Callable, Iterable
from dataclasses import MISSING, fields
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar

from lpa.errors import LpaError
from lpa.rsp.facts import Fact
from lpa.rsp.listing import Listing
from lpa.rsp.names import Aid, Eid, Iccid, ServerAddress
from lpa.rsp.pki.key_identifier import KeyIdentifier

T = TypeVar("T")

_SHOWN = 60  # characters of a wrong value in an error


def fact_of(kind: type[T], value: object) -> T:
    """The fact of this class in an object of JSON. Raises ValueError, which says what is wrong, and where.

    Members that the class does not have are ignored: a later version may write them.
    """
    return _fact(kind, value, kind.__name__)


def _fact(kind: type[T], value: object, where: str) -> T:
    if not isinstance(value, dict):
        raise _wrong(where, value, "an object")
    types, found = _types(typing.cast(Any, kind)), {}
    for one in fields(typing.cast(Any, kind)):
        if one.name in value:
            found[one.name] = _read(types[one.name], value[one.name], f"{where}.{one.name}")
        elif one.default is MISSING and one.default_factory is MISSING:
            raise ValueError(f"{where}.{one.name} is missing")
    try:
        return kind(**found)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


@functools.cache
def _types(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _read(form: Any, value: object, where: str) -> Any:
    """The value of this type. Raises ValueError."""
    origin, inner = typing.get_origin(form), typing.get_args(form)
    if origin in (typing.Union, UnionType):
        return _one_of(inner, value, where)
    if origin is Literal:
        if not any(type(value) is type(one) and value == one for one in inner):
            raise _wrong(where, value, " or ".join(map(repr, inner)))
        return value
    if origin in (tuple, Listing):
        return origin(_items(inner, value, where))
    if origin is dict:
        return {
            _read(inner[0], name, where): _read(inner[1], one, f"{where}.{_brief(name)}")
            for name, one in _checked(dict, value, where).items()
        }
    return _single(form, value, where)


def _one_of(forms: Iterable[Any], value: object, where: str) -> Any:
    """The value of the first of these types that it fits. The last one says what is wrong."""
    forms = [form for form in forms if form is not NoneType] if value is not None else [*forms]
    if value is None and NoneType in forms:
        return None
    for form in forms[:-1]:
        try:
            return _read(form, value, where)
        except ValueError:
            continue
    return _read(forms[-1], value, where)


def _items(inner: tuple[Any, ...], value: object, where: str) -> list[Any]:
    items = _checked(list, value, where)
    form = inner[0]
    return [_read(form, item, f"{where}[{number}]") for number, item in enumerate(items)]


def _single(form: Any, value: object, where: str) -> Any:
    if form in (str, int, bool):
        return _checked(form, value, where)
    if form is float and type(value) in (int, float):
        return _reading(float, value, where, "a number")
    if issubclass(form, LpaError):
        return _reading(form.from_json, value, where, "an error")
    if issubclass(form, Fact) and "from_json" in vars(form):
        return _reading(form.from_json, value, where, f"a {form.__name__.lower()}")
    if issubclass(form, Fact):
        return _fact(form, value, where)
    text = _checked(str, value, where)
    for kinds, parse, what in _PARSERS:
        if issubclass(form, kinds):
            return _reading(functools.partial(parse, form), text, where, what)
    raise TypeError(f"{where} has a type that JSON has no form of: {form}")


def _reading(read: Callable[[Any], Any], value: object, where: str, what: str) -> Any:
    try:
        return read(value)
    except (OverflowError, ValueError) as error:
        raise ValueError(f"{where} is not {what}: {error}") from error


def _checked(form: type, value: object, where: str) -> Any:
    if type(value) is not form:
        raise _wrong(where, value, _WORDS[form])
    return value


def _wrong(where: str, value: object, expected: str) -> ValueError:
    return ValueError(f"{where} is {_brief(value)}, not {expected}")


def _brief(value: object) -> str:
    try:
        shown = repr(value)
    except RecursionError:
        shown = f"a deeply nested {type(value).__name__}"
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"


def _time_of(_form: type, text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"{text[:_SHOWN]!r} has no time zone")
    return time.astimezone(UTC)


_WORDS = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    float: "a number",
    list: "a list",
    dict: "an object",
}
_PARSERS: tuple[tuple[tuple[type, ...], Callable[[Any, str], Any], str], ...] = (
    ((Aid,), lambda kind, text: kind(bytes.fromhex(text)), "an AID"),
    ((Eid, Iccid, KeyIdentifier), lambda kind, text: kind.from_text(text), "an identifier"),
    ((ServerAddress,), lambda kind, text: kind.parse(text), "a server address"),
    ((bytes,), lambda kind, text: kind(bytes.fromhex(text)), "bytes"),
    ((datetime,), _time_of, "a time"),
    ((Enum,), lambda kind, text: kind(text), "one of the specification's identifiers"),
    ((Path,), lambda kind, text: kind(text), "a path"),
)
