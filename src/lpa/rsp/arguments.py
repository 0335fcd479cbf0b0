"""Check the types of arguments where a wrong one would only be noticed later, as an AttributeError."""

from __future__ import annotations


def expect(name: str, value: object, *types: type) -> None:
    """Raise TypeError with a sentence, unless `value`, the argument `name`, is of one of `types`."""
    if not isinstance(value, types):
        expected = " or ".join("None" if kind is type(None) else kind.__name__ for kind in types)
        raise TypeError(f"{name} must be {expected}, not {type(value).__name__}")
