"""The messages and advice of all errors are sentences."""

import ast
import re

import pytest

from lpa import errors
from tests.support.raised_errors import KINDS, own_reasons, raised


def _ends(message: ast.expr) -> tuple[str, str]:
    """The first and the last literal part of a message; "X." stands for a value."""
    parts = message.values if isinstance(message, ast.JoinedStr) else [message]
    first, last = (part.value if isinstance(part, ast.Constant) else "X." for part in (parts[0], parts[-1]))
    return str(first), str(last)


@pytest.mark.parametrize(
    ("place", "call"), list(raised()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_message_is_a_sentence(place: str, call: ast.Call) -> None:
    first, last = _ends(call.args[-1])
    assert re.match(r"[A-Z]|--[a-z]", first), place  # a sentence may begin with the name of an option
    assert re.search(r"[.!?]$", last), place


def test_a_long_message_is_cut_between_two_words() -> None:
    error = errors.NotVerified("It says " + "more and " * 10_000)
    assert str(error) == error.message
    assert re.fullmatch(r"It says( more and)+( more)?…", error.message)
    assert 4000 < len(error.message) <= 4096
    error.add("It does not end.")
    assert str(error).endswith("… It does not end.")
    assert len(str(error)) <= 4096
    error.add("more and " * 10_000)
    assert len(str(error)) <= 4096
    assert errors.BadAnswer("x" * 5000).message == "…"


@pytest.mark.parametrize("kind", KINDS.values())
def test_every_advice_is_a_sentence(kind: type[errors.LpaError]) -> None:
    assert re.fullmatch(r"([A-Z].*[.)])?", kind.advice)
    assert kind.__name__ in str(errors.__doc__)


def test_the_places_are_found() -> None:
    assert len(list(raised())) > 50
    assert {"nothingKept", "otherProfile"} <= own_reasons()
