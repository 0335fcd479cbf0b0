"""Reading on where a part cannot be read, without forgetting that it could not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from lpa.card.files.filesystem import Path, UiccFiles, name
from lpa.errors import BadAnswer, Refused

_T = TypeVar("_T")


def readable_records(files: UiccFiles, path: Path, problems: Problems) -> Iterator[tuple[int, bytes]]:
    """The records of a file that can be read, with their numbers. One that cannot does not hide the next."""
    for number in problems.attempt(name(path), partial(files.numbers, path)) or ():
        try:
            record = files.record(path, number)
        except BadAnswer as error:
            problems.note(f"{name(path)}, record {number}: {error.message}")
            continue
        except Refused as error:  # It would refuse the others as well.
            problems.note(f"{name(path)}: {error.message}")
            return
        if record is None:
            return
        yield number, record


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
