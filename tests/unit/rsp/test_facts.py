"""A fact is to its callers what a frozen dataclass is."""

from __future__ import annotations

import copy
import inspect
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, is_dataclass, replace
from typing import Any

import pytest

from lpa.rsp.facts import fact, ordered_fact


@fact
class Fact:
    """As `Usual`."""

    number: int
    name: str = "none"
    notes: list[str] = field(default_factory=list, compare=False)
    secret: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if self.number < 0:
            raise ValueError("a number is not negative")


@dataclass(frozen=True)
class Usual:
    """What Python makes."""

    number: int
    name: str = "none"
    notes: list[str] = field(default_factory=list, compare=False)
    secret: str = field(default="", repr=False)


@ordered_fact
class Coded:
    coded: bytes

    def __repr__(self) -> str:
        return f"Coded {self.coded.hex()}"


class Derived(Coded):
    """It is no class of its own for `fact`."""


def test_it_is_made_by_place_by_name_and_by_default() -> None:
    assert Fact(1, "a", ["b"], "c") == Fact(number=1, name="a", notes=["b"], secret="c")
    assert (Fact(1).name, Fact(1).notes, Fact(2, secret="x").secret) == ("none", [], "x")
    assert Fact(1).notes is not Fact(1).notes


@pytest.mark.parametrize(
    ("values", "named"),
    [((), {}), ((1, "a", [], "c", 5), {}), ((1,), {"number": 2}), ((1,), {"other": 2}), ((), {"name": "a"})],
)
def test_wrong_arguments_are_a_type_error(values: tuple[Any, ...], named: dict[str, Any]) -> None:
    for kind in (Fact, Usual):
        with pytest.raises(TypeError):
            kind(*values, **named)


def test_it_is_shown_compared_and_hashed_as_usual() -> None:
    assert repr(Fact(1, secret="x")) == repr(Usual(1, secret="x")).replace("Usual", "Fact")
    assert Fact(1, notes=["a"]) == Fact(1)
    assert Fact(1) != Fact(1, secret="x")
    usual: object = Usual(1)
    assert Fact(1) != usual
    assert hash(Fact(1, notes=["a"])) == hash(Fact(1)) == hash(Usual(1))
    assert str(inspect.signature(Fact)) == str(inspect.signature(Usual))


def test_it_cannot_be_changed() -> None:
    one = Fact(1)
    with pytest.raises(FrozenInstanceError):
        setattr(one, "name", "a")  # noqa: B010  (a type checker refuses it)
    with pytest.raises(FrozenInstanceError):
        delattr(one, "name")
    assert one == Fact(1)


def test_the_functions_for_dataclasses_take_it() -> None:
    assert is_dataclass(Fact(1))
    assert [one.name for one in fields(Fact)] == ["number", "name", "notes", "secret"]
    assert asdict(Fact(1)) == asdict(Usual(1))
    assert replace(Fact(1, notes=["a"]), name="b") == Fact(1, "b")
    assert copy.deepcopy(Fact(1)) == Fact(1)
    match Fact(1, "a"):
        case Fact(number, name):
            assert (number, name) == (1, "a")


def test_what_a_class_demands_holds_for_replaced_ones_too() -> None:
    with pytest.raises(ValueError, match="not negative"):
        Fact(-1)
    with pytest.raises(ValueError, match="not negative"):
        replace(Fact(1), number=-1)


def test_ordered_ones_are_sorted_by_their_fields_within_a_class() -> None:
    low, same, high = Coded(b"a"), Coded(b"a"), Coded(b"b")
    assert (low < high, low <= same, high > low, low >= same) == (True,) * 4
    assert (high < low, high <= low, low > same, low >= high) == (False,) * 4
    assert max(high, low) is high
    with pytest.raises(TypeError):
        assert low < Derived(b"b")


def test_what_a_class_defines_itself_stays_and_is_inherited() -> None:
    assert repr(Derived(b"a")) == "Coded 61"
    assert Derived(b"a") == Derived(b"a") != Coded(b"a")
    with pytest.raises(FrozenInstanceError):
        setattr(Derived(b"a"), "coded", b"b")  # noqa: B010  (a type checker refuses it)
