"""Checks values of TOML and JSON files, and of options, against the types of a dataclass.

A value that does not fit raises ValueError with a sentence: its key, what it is, and what is expected.
"""

from __future__ import annotations

import json
import tomllib
import types
import typing
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal

from lpa.rsp.display import brief
from lpa.sim.plain_json import AnyDataclass, D

_LARGEST = 1 << 24  # bytes of a file: it is read as a whole
_LONGEST = 60  # characters of a value in a sentence
_PLAIN = {bool: "true or false", int: "a whole number", str: "a text"}
_UNIONS = (typing.Union, types.UnionType)


def read_file(path: Path) -> dict[str, Any]:
    """The table in a TOML file. Raises ValueError if it cannot be read, or is not TOML."""
    return parse_file(path, read_text(path))


def read_text(path: Path) -> str:
    """The text in a TOML file. Raises ValueError if it cannot be read, is too large or is not UTF-8."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
        if len(content) <= _LARGEST:
            return content.decode()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not a TOML file: {error}") from error
    raise ValueError(f"{path} is larger than {_LARGEST >> 20} MiB")


def parse_file(path: Path, text: str) -> dict[str, Any]:
    """The table in the text of the TOML file `path`. Raises ValueError."""
    try:
        return parse(text)
    except ValueError as error:  # its sentence names the line
        raise ValueError(f"{path} is not a TOML file: {error}") from error


def parse(text: str) -> dict[str, Any]:
    """The table in a TOML text. Raises ValueError."""
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def from_table(cls: type[D], table: dict[str, Any], where: str = "") -> D:
    """The dataclass `cls` from a table whose keys are its fields; one without a default must be there.

    A field `class_` has the key `class`. `where`: the key of the table itself, for the sentences.
    """
    kinds = key_types(cls)
    for key in table:
        if key not in kinds:
            raise ValueError(f"{_joined(where, key)} is unknown; expected one of {', '.join(kinds)}")
    needed = [field.name.rstrip("_") for field in fields(cls) if field.default is MISSING]
    for key in needed:
        if key not in table:
            raise ValueError(f"{_joined(where, key)} is missing; expected {described(kinds[key])}")
    names = {field.name.rstrip("_"): field.name for field in fields(cls)}
    values = {names[key]: fitted(value, kinds[key], _joined(where, key)) for key, value in table.items()}
    try:
        return cls(**values)
    except ValueError as error:
        raise ValueError(f"{where}: {error}" if where else f"{error}") from error


def key_types(cls: type[AnyDataclass]) -> dict[str, Any]:
    """The type of each field of a dataclass, by its key in a table."""
    hints = typing.get_type_hints(cls)
    return {field.name.rstrip("_"): hints[field.name] for field in fields(cls)}


def fitted(value: Any, kind: Any, where: str) -> Any:
    """`value` as the type `kind`: lists become tuples, and tables dataclasses. `where`: its key."""
    if isinstance(value, dict) and is_dataclass(kind) and isinstance(kind, type):
        return from_table(kind, value, where)
    if typing.get_origin(kind) is tuple and isinstance(value, list | tuple):
        return _fitted_list(value, kind, where)
    if _is_plain(value, kind):
        return value
    raise ValueError(f"{where} is {_shown(value)}; expected {described(kind)}")


def described(kind: Any) -> str:
    """What a value of the type `kind` looks like in a TOML file."""
    parts = typing.get_args(kind)
    if typing.get_origin(kind) is Literal:
        return "one of " + ", ".join(map(_shown, parts))
    if typing.get_origin(kind) in _UNIONS:
        return " or ".join(described(part) for part in parts if part is not type(None))
    if typing.get_origin(kind) is tuple:
        if parts[-1] is Ellipsis:
            return f"a list, each item {described(parts[0])}"
        return f"[{', '.join(map(described, parts))}]"
    return _PLAIN.get(kind) or "a table"


def _fitted_list(items: list[Any] | tuple[Any, ...], kind: Any, where: str) -> tuple[Any, ...]:
    parts = typing.get_args(kind)
    if parts[-1] is Ellipsis:
        parts = parts[:1] * len(items)
    if len(parts) != len(items):
        raise ValueError(f"{where} is {_shown(items)}; expected {described(kind)}")
    pairs = enumerate(zip(items, parts, strict=True), 1)
    return tuple(fitted(item, part, f"{where}[{number}]") for number, (item, part) in pairs)


def _is_plain(value: Any, kind: Any) -> bool:
    if typing.get_origin(kind) is Literal:
        return any(type(value) is type(part) and value == part for part in typing.get_args(kind))
    if typing.get_origin(kind) in _UNIONS:
        return any(_is_plain(value, part) for part in typing.get_args(kind))
    return type(value) is kind


def _joined(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _shown(value: Any) -> str:
    """A value as in a TOML file, where JSON has the same form; only its beginning if it is long."""
    return brief(json.dumps(value, ensure_ascii=False, default=str), _LONGEST)
