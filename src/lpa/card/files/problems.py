"""Continue after what cannot be read, and record each problem."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from lpa.card.files.filesystem import Path, UiccFiles, name
from lpa.errors import BadAnswer, Refused
from lpa.rsp import steps

_T = TypeVar("_T")


def readable_records(files: UiccFiles, path: Path, problems: Problems) -> Iterator[tuple[int, bytes]]:
    """The readable records of a file, with their numbers. An unreadable one does not hide the next."""
    numbers = problems.attempt(name(path), partial(files.numbers, path)) or ()
    for number in steps.counted(steps.READ_FILE, numbers):
        try:
            record = files.record(path, number)
        except BadAnswer as error:
            problems.note(f"{name(path)}, record {number}: {error.message}")
            continue
        except Refused as error:  # The card would refuse the other records, too.
            problems.note(f"{name(path)}: {error.message}")
            return
        if record is None:
            return
        yield number, record


class Problems(list[str]):
    """What could not be read and why, a sentence each, without duplicates."""

    def attempt(self, what: str, read: Callable[[], _T]) -> _T | None:
        """The result of `read`; if the card refuses it or answers nonsense, None and a new problem."""
        try:
            return read()
        except (BadAnswer, Refused) as error:
            self.note(f"{what}: {error.message}")
            return None

    def note(self, sentence: str) -> None:
        """Add a sentence, unless it is there already."""
        if sentence not in self:
            self.append(sentence)
