"""Reading on where a part cannot be read, without forgetting that it could not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from lpa.errors import BadAnswer, Refused

_T = TypeVar("_T")


class Problems(list[str]):
    """What could not be read and why, a sentence each, none twice."""

    def attempt(self, what: str, read: Callable[[], _T]) -> _T | None:
        """What `read` gives; None, and a sentence here, if the card refuses it or answers nonsense."""
        try:
            return read()
        except (BadAnswer, Refused) as error:
            self.note(f"{what}: {error.message}")
            return None

    def note(self, sentence: str) -> None:
        """Add a sentence, unless it is there."""
        if sentence not in self:
            self.append(sentence)
