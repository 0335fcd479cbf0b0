"""A wrong type of an argument is a TypeError with a sentence."""

import pytest

from lpa.rsp.arguments import expect


def test_a_value_of_one_of_the_types_is_accepted() -> None:
    expect("count", 1, int)
    expect("count", None, int, type(None))


def test_a_value_of_another_type_is_a_type_error_that_names_both() -> None:
    with pytest.raises(TypeError, match=r"^count must be int, not str$"):
        expect("count", "1", int)
    with pytest.raises(TypeError, match=r"^count must be int or None, not str$"):
        expect("count", "1", int, type(None))
