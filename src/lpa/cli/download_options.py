"""The options of a download, parsed before a server is asked."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from lpa.cli.parsing import IMEI, STDIN, TAC, use_stdin
from lpa.profiles.blockers import RULES
from lpa.rsp.device import Device

_LONGEST_CODE = 255  # characters
_F = TypeVar("_F", bound=Callable[..., Any])


class OneCode:
    """The confirmation code of one order, from a file; empty if none was given.

    Another order has another code, and servers count wrong ones, so it is given to one server only.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self.used = False

    def take(self) -> str:
        """The code, once; empty from then on, and without one."""
        text, self._text = self._text, ""
        self.used = self.used or bool(text)
        return text


@dataclass(frozen=True)
class DownloadOptions:
    """The parsed options. `enable`: None if the person is to be asked."""

    yes: bool
    accepted: tuple[str, ...]
    confirmation_code: OneCode
    enable: bool | None
    device: Device

    @classmethod
    def of(
        cls, *, imei: Device | None, tac: Device | None, confirmation_code: str | None, **options: Any
    ) -> DownloadOptions:
        """From the options that `download_options` adds. Raises `click.UsageError` if they contradict."""
        if imei and tac:
            raise click.UsageError("Give --imei or --tac, not both: an IMEI contains the TAC.")
        code = OneCode(confirmation_code or "")
        return cls(device=imei or tac or Device(), confirmation_code=code, **options)


def _code_in(name: str) -> str:
    """The first line, not stripped: a space may belong to the code."""
    if name == STDIN:
        use_stdin("confirmation code")
    try:
        with nullcontext(sys.stdin.buffer) if name == STDIN else Path(name).open("rb") as file:
            line = file.readline(4 * _LONGEST_CODE + 5).decode("utf-8-sig").rstrip("\r\n")
    except OSError as error:
        raise click.BadParameter(f"{name!r} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise click.BadParameter(f"{name!r} is not UTF-8 text.") from error
    if not line:
        raise click.BadParameter(f"{name!r} has no confirmation code in its first line.")
    if len(line) > _LONGEST_CODE:
        raise click.BadParameter(f"the first line of {name!r} is too long for a confirmation code.")
    return line


def download_options(command: _F) -> _F:
    """Add the options that every download has."""
    for option in (
        click.option("--tac", type=TAC, metavar="TAC", help="Type Allocation Code of the device: 8 digits."),
        click.option("--imei", type=IMEI, metavar="IMEI", help="IMEI of the device that the card is for."),
        click.option(
            "--enable/--no-enable", default=None, help="Enable it afterwards, or not, without asking."
        ),
        click.option(
            "--confirmation-code-file",
            "confirmation_code",
            type=_code_in,
            metavar="FILE",
            help="Read the confirmation code of one profile from the first line of this file ('-': stdin).",
        ),
        click.option(
            "--accept",
            "accepted",
            multiple=True,
            type=click.Choice(RULES, case_sensitive=False),
            help="Accept this rule of the operator.",
        ),
        click.option("--yes", is_flag=True, help="Do not ask. Rules must be accepted by name."),
    ):
        command = option(command)
    return command
