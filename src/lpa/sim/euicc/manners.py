"""How cards in the field behave: a TOML file each, with what differs from a conforming card.

Two comments begin a file: what card it is, and where that comes from. The keys are the fields of `Behaviour`,
and `template`: the profiles of a new card of this kind, if they matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from lpa.rsp.display import brief
from lpa.sim import typed_values
from lpa.sim.plain_json import AnyDataclass

_FILES = resources.files("lpa.sim") / "manners"
_SUFFIX = ".toml"
_YES_NO = {"true": True, "yes": True, "false": False, "no": False}


@dataclass(frozen=True)
class Manner:
    """How a kind of card behaves. `settings`: by the field of `Behaviour`, as in its TOML file."""

    name: str
    summary: str
    settings: dict[str, Any]
    template: str = ""


def names() -> tuple[str, ...]:
    """The names of all manners, sorted."""
    return tuple(sorted(file.name.removesuffix(_SUFFIX) for file in _FILES.iterdir() if file.name[0] != "."))


def every() -> Iterable[Manner]:
    """All manners, by name."""
    return map(find, names())


def find(name: str | Path) -> Manner:
    """The manner of this name, or in this TOML file: a text that ends in .toml or has a slash is a path.

    Raises ValueError if there is none, or the file cannot be read.
    """
    text = str(name)
    if isinstance(name, Path) or text.endswith(_SUFFIX) or "/" in text or "\\" in text:
        return _described(Path(text))
    if text not in names():
        raise ValueError(
            f"{brief(text, 60)!r} is no known kind of card; expected a TOML file, or {', '.join(names())}"
        )
    content = (_FILES / f"{text}{_SUFFIX}").read_text(encoding="utf-8")
    return _manner(text, content, typed_values.parse(content))


def _described(path: Path) -> Manner:
    content = typed_values.read_text(path)
    try:
        return _manner(path.stem, content, typed_values.parse_file(path, content))
    except ValueError as error:
        raise named_error(path, error) from error


def named_error(path: Path | str, error: ValueError) -> ValueError:
    """`error` with a sentence that begins with the file."""
    return error if str(error).startswith(str(path)) else ValueError(f"{path}: {error}")


def _manner(name: str, content: str, settings: dict[str, Any]) -> Manner:
    first = content.partition("\n")[0]
    template = typed_values.fitted(settings.pop("template", ""), str, "template")
    return Manner(name, first.lstrip("# ").strip() if first.startswith("#") else "", settings, template)


def parsed(behaviour: type[AnyDataclass], settings: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The values of settings that were written as texts, for `typed_values.from_table`.

    Raises ValueError for an unknown name, and for a text that cannot be such a value.
    """
    kinds = typed_values.key_types(behaviour)
    for name, _ in settings:
        if name not in kinds:
            raise ValueError(f"{name!r} is no setting of a card; expected one of {', '.join(kinds)}")
    return {name: _value(name, text, kinds[name]) for name, text in settings}


def _value(name: str, text: str, kind: Any) -> Any:
    """The value in `text`: a text or a word without quotes, a number, yes or no, a list of texts with commas.

    Everything may be written as in a TOML file, too, and a list of lists must be.
    """
    if kind is bool:
        return _YES_NO.get(text.lower(), text)
    if kind is int:
        return int(text) if re.fullmatch(r"-?[0-9]{1,40}", text, re.ASCII) else text
    if kind == tuple[str, ...] and not text.startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    if text[:1] not in ("[", '"'):
        return text
    try:
        return typed_values.parse(f"value = {text}")["value"]
    except ValueError as error:
        shown = brief(text, 60)
        raise ValueError(f"{name} is {shown!r}; expected {typed_values.described(kind)}") from error
