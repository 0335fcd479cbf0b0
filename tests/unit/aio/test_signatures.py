"""`lpa.aio` has every verb of `Assistant` and `Offer`, with the same parameters and results."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cached_property
from inspect import Parameter

import pytest

import lpa
from lpa import Assistant, Offer
from lpa.aio import AsyncAssistant, AsyncOffer

# What `open` of the module and `run` are for; and the ends of a `with` block.
OTHERWISE = {"open", "journal", "receipts", "begin", "end"}
BLOCKS = {
    "AbstractContextManager[Offer]": "AbstractAsyncContextManager[AsyncOffer]",
    "AbstractContextManager[list[Outcome]]": "AbstractAsyncContextManager[list[Outcome]]",
}
STOP = Parameter("stop", Parameter.KEYWORD_ONLY, default=None, annotation="Stop | None")


def members(kind: type, *shapes: type) -> list[str]:
    """The public members of a class that have one of these shapes."""
    found = {name: value for one in kind.__mro__[:-1] for name, value in vars(one).items()}.items()
    return sorted(name for name, value in found if isinstance(value, shapes) and name[0] != "_")


FUNCTION = type(members)
VERBS = [name for name in members(Assistant, FUNCTION) if name not in (*OTHERWISE, "close")]
ASKED = [name for name in members(Assistant, property, cached_property) if name not in OTHERWISE]


def parameters(function: Callable[..., object]) -> dict[str, Parameter]:
    """The parameters by name, but for `stop`."""
    found = dict(inspect.signature(function).parameters)
    found.pop("stop", None)
    return found


def returned(function: Callable[..., object]) -> object:
    return inspect.signature(function).return_annotation


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_has_the_parameters_and_the_result_of_the_assistant(name: str) -> None:
    theirs, ours = getattr(Assistant, name), getattr(AsyncAssistant, name)
    assert parameters(ours) == parameters(theirs)
    assert inspect.signature(ours).parameters["stop"] == STOP
    assert returned(ours) == BLOCKS.get(str(returned(theirs)), returned(theirs))
    assert inspect.iscoroutinefunction(ours) is (returned(theirs) not in BLOCKS)


@pytest.mark.parametrize("name", ASKED)
def test_what_the_card_is_asked_for_is_a_coroutine(name: str) -> None:
    ours = getattr(AsyncAssistant, name)
    assert inspect.iscoroutinefunction(ours)
    assert returned(ours) == returned(inspect.getattr_static(Assistant, name).fget)


def test_a_card_is_opened_with_the_parameters_of_the_assistant() -> None:
    assert parameters(lpa.aio.open) == parameters(Assistant.open)
    assert inspect.signature(lpa.aio.open).parameters["stop"] == STOP


@pytest.mark.parametrize("name", [name for name in members(Offer, property) if name not in OTHERWISE])
def test_an_offer_says_what_the_other_one_says(name: str) -> None:
    ours, theirs = (inspect.getattr_static(kind, name).fget for kind in (AsyncOffer, Offer))
    assert returned(ours) == returned(theirs)


@pytest.mark.parametrize("name", [name for name in members(Offer, FUNCTION) if name not in OTHERWISE])
def test_an_offer_is_answered_as_the_other_one(name: str) -> None:
    theirs, ours = getattr(Offer, name), getattr(AsyncOffer, name)
    assert parameters(ours) == parameters(theirs)
    assert inspect.signature(ours).parameters["stop"] == STOP
