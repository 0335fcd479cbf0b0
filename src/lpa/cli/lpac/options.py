"""Options as lpac reads them: single letters (getopt), also behind the arguments."""

from __future__ import annotations

import getopt
from collections.abc import Sequence
from typing import NamedTuple

from lpa.cli.lpac.answers import Usage


class Options(NamedTuple):
    """The options of a command, by their letters, and its arguments. A switch has the value ""."""

    given: dict[str, str]
    arguments: list[str]

    def value(self, letter: str) -> str | None:
        """The value of an option; None if it was not given."""
        return self.given.get(letter)

    def has(self, letter: str) -> bool:
        """Whether an option was given."""
        return letter in self.given


def parse(words: Sequence[str], letters: str, *usage: str) -> Options:
    """Read the options in `words`. `letters`: as for getopt. Raises `Usage` for -h, and for a wrong one."""
    try:
        given, arguments = getopt.gnu_getopt([*words], f"{letters}h?")
    except getopt.GetoptError as error:
        raise Usage(*usage, error.msg) from None
    options = Options({name[1:]: value for name, value in given}, arguments)
    if options.has("h") or options.has("?"):
        raise Usage(*usage)
    return options


def numbers(arguments: Sequence[str]) -> list[int]:
    """Sequence numbers. What is no number becomes 0, which no notification has."""
    return [int(text) if text.isascii() and text.isdecimal() and len(text) <= 10 else 0 for text in arguments]
