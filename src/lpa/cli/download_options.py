"""What the options of a download say, read at the border: nothing is found wrong after a server was asked."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from lpa.cli.parsing import IMEI, TAC
from lpa.profiles.blockers import RULES
from lpa.rsp.device import Device

_LONGEST_CODE = 255  # characters
_F = TypeVar("_F", bound=Callable[..., Any])


class OneCode:
    """The confirmation code of one order, from a file; perhaps there is none.

    Another order has another code, and servers count the wrong ones: so it is given to one server only.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self.used = False

    def take(self) -> str:
        """The code, once; then, as without one, nothing."""
        text, self._text = self._text, ""
        self.used = self.used or bool(text)
        return text


@dataclass(frozen=True)
class DownloadOptions:
    """What the options say. `enable`: None to be asked. `confirmation_code`: from a file."""

    yes: bool
    accepted: tuple[str, ...]
    confirmation_code: OneCode
    enable: bool | None
    device: Device

    @classmethod
    def of(
        cls, *, imei: Device | None, tac: Device | None, confirmation_code: str | None, **options: Any
    ) -> DownloadOptions:
        """From the options that `download_options` adds. Raises `click.UsageError` for contradictions."""
        if imei and tac:
            raise click.UsageError("Give --imei or --tac, not both: an IMEI begins with the device's type.")
        code = OneCode(confirmation_code or "")
        return cls(device=imei or tac or Device(), confirmation_code=code, **options)


def _code_in(name: str) -> str:
    """The first line, as it was written: a space may belong to the code."""
    try:
        with nullcontext(sys.stdin.buffer) if name == "-" else Path(name).open("rb") as file:
            line = file.readline(4 * _LONGEST_CODE + 5).decode("utf-8-sig").rstrip("\r\n")
    except OSError as error:
        raise click.BadParameter(f"{name!r} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise click.BadParameter(f"{name!r} is no text: a confirmation code is needed, in UTF-8.") from error
    if not line:
        raise click.BadParameter(f"{name!r} has no confirmation code in its first line.")
    if len(line) > _LONGEST_CODE:
        raise click.BadParameter(f"the first line of {name!r} is too long for a confirmation code.")
    return line


def download_options(command: _F) -> _F:
    """The options that every download has."""
    for option in (
        click.option("--tac", type=TAC, metavar="TAC", help="The device's type: 8 digits."),
        click.option("--imei", type=IMEI, metavar="IMEI", help="The device that the card is for."),
        click.option("--enable/--no-enable", default=None, help="Put it to use then, or not; do not ask."),
        click.option(
            "--confirmation-code-file",
            "confirmation_code",
            type=_code_in,
            metavar="FILE",
            help="Read the confirmation code, of one profile, from the first line of this file, or of '-'.",
        ),
        click.option(
            "--accept",
            "accepted",
            multiple=True,
            type=click.Choice(RULES, case_sensitive=False),
            help="Agree to this rule of the operator.",
        ),
        click.option("--yes", is_flag=True, help="Do not ask. Rules have to be accepted by name."),
    ):
        command = option(command)
    return command
