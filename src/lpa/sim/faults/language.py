"""The language of faults: `[before|after|instead of] [nth|every] POINT: ACTION`.

A `Vocabulary` has the points and actions of a card or a server. `Fault.parse` reads a line with it, and
`str(fault)` writes the line again. Nothing here knows what an action does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Self

When = Literal["before", "after", "instead of"]
Kind = Literal["command", "function", "part", "reset", "connection"]

_HEAD = re.compile(
    r"(?:(?P<when>before|after|instead of) )?"
    r"(?:(?P<nth>every|[1-9][0-9]{0,8}(?:st|nd|rd|th)) )?"
    r"(?:(?P<unit>block|byte) (?P<number>[1-9][0-9]{0,8}) of )?"
    r"(?P<name>\S+)",
    re.IGNORECASE | re.ASCII,
)
_SHAPE = "write [before|after|instead of] [1st|2nd|...|every] POINT: ACTION"
EVERY = 0  # for `Fault.nth`


@dataclass(frozen=True)
class Point:
    """Where a fault happens. `unit`: "block" or "byte" `number` (from 1) of a request; else ""."""

    name: str
    kind: Kind
    unit: str = ""
    number: int = 0

    def __str__(self) -> str:
        return f"{self.unit} {self.number} of {self.name}" if self.unit else self.name


@dataclass(frozen=True)
class Form:
    """How an action is written, and where it can stand.

    `pattern`: a regular expression with at most one group, the argument. `whens`: the first is the default.
    `normal`: turns the argument into the one that is kept, for a point, or raises ValueError.
    """

    usage: str
    pattern: str
    whens: tuple[When, ...]
    kinds: tuple[Kind, ...]
    normal: Callable[[Point, str], str] = lambda _point, argument: argument


@dataclass(frozen=True)
class Vocabulary:
    """The words of a card or a server. `points`: their kinds by name. `actions`: their forms by name."""

    owner: str
    points: Mapping[str, Kind]
    actions: Mapping[str, Form]


@dataclass(frozen=True)
class Fault:
    """One fault. `nth`: the occurrence of the point, counted from 1; 0 for every one.

    `action`: the name in the vocabulary. `argument`: its number, text or name as written, or "".
    """

    when: When
    nth: int
    point: Point
    action: str
    argument: str
    written: str

    @classmethod
    def parse(cls, line: str, words: Vocabulary) -> Self:
        """The fault that `line` describes. Raises ValueError, with what is possible, if it has none."""
        head, colon, rest = line.partition(":")
        matched = _HEAD.fullmatch(" ".join(head.split()))
        if not (colon and matched):
            raise ValueError(f"{line!r} is not a fault: {_SHAPE}, such as {_example(words)!r}")
        point = _point(words, matched)
        name, form, argument = _action(words, point, rest.strip())
        when = next((one for one in form.whens if one == (matched["when"] or "").lower()), None)
        if matched["when"] and when is None:
            raise ValueError(f"{name!r} can stand {_listed(form.whens)}, not {matched['when'].lower()}")
        argument = form.normal(point, argument)
        return cls(when or form.whens[0], _nth(matched["nth"]), point, name, argument, rest.strip())

    @staticmethod
    def knows_point(line: str, words: Vocabulary) -> bool:
        """Whether the vocabulary has the point that `line` names."""
        matched = _HEAD.fullmatch(" ".join(line.partition(":")[0].split()))
        return matched is not None and matched["name"].lower() in map(str.lower, words.points)

    def __str__(self) -> str:
        number = "every " if self.nth == EVERY else f"{_ordinal(self.nth)} "
        return f"{self.when} {number}{self.point}: {self.written}"


def _point(words: Vocabulary, matched: re.Match[str]) -> Point:
    wanted, unit = matched["name"].lower(), (matched["unit"] or "").lower()
    name = next((name for name in words.points if name.lower() == wanted), None)
    if name is None:
        raise ValueError(f"{words.owner} has no point {matched['name']!r}: {_listed(words.points)}")
    kind = words.points[name]
    if not unit:
        return Point(name, kind)
    if kind != "function" or words.owner != "a card":
        raise ValueError(f"only a function of a card has a {unit}, not {name}")
    return Point(name, "part", unit, int(matched["number"]))


def _action(words: Vocabulary, point: Point, text: str) -> tuple[str, Form, str]:
    possible = {name: form for name, form in words.actions.items() if point.kind in form.kinds}
    for name, form in possible.items():
        if found := re.fullmatch(form.pattern, text, re.IGNORECASE | re.DOTALL):
            return name, form, next((group for group in found.groups() if group is not None), "")
    usages = _listed(form.usage for form in possible.values())
    raise ValueError(f"at {point} {words.owner} has no action {text!r}: {usages}")


def _nth(text: str | None) -> int:
    if text is None:
        return 1
    return EVERY if text.lower() == "every" else int(text[:-2])


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ending}"


def _example(words: Vocabulary) -> str:
    return "after DeleteProfile: unplug" if words.owner == "a card" else "2nd AuthenticateClient: status 503"


def _listed(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last
