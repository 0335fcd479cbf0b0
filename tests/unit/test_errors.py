"""The messages and advice of all errors are sentences."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

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


def _ends(message: ast.expr) -> tuple[str, str]:
    """The first and the last literal part of a message; "X." stands for a value."""
    parts = message.values if isinstance(message, ast.JoinedStr) else [message]
    first, last = (part.value if isinstance(part, ast.Constant) else "X." for part in (parts[0], parts[-1]))
    return str(first), str(last)


@pytest.mark.parametrize(
    ("place", "call"), list(raised()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_message_begins_with_a_capital_and_ends_with_a_full_stop(place: str, call: ast.Call) -> None:
    first, last = _ends(call.args[-1])
    assert re.match(r"[A-Z]", first), place
    assert re.search(r"[.!?]$", last), place


def test_a_long_message_is_cut_between_two_words() -> None:
    error = errors.NotVerified("It says " + "more and " * 10_000)
    assert str(error) == error.message
    assert re.fullmatch(r"It says( more and)+( more)?…", error.message)
    assert 4000 < len(error.message) <= 4096
    error.add("It does not end.")
    assert len(str(error)) <= 4096 + 1
    assert errors.BadAnswer("x" * 5000).message == "…"


@pytest.mark.parametrize("kind", KINDS.values())
def test_every_advice_is_a_sentence(kind: type[errors.LpaError]) -> None:
    assert re.fullmatch(r"([A-Z].*[.)])?", kind.advice)
    assert kind.__name__ in str(errors.__doc__)


def test_the_places_are_found() -> None:
    assert len(list(raised())) > 50
    assert {"nothingKept", "otherProfile"} <= own_reasons()
