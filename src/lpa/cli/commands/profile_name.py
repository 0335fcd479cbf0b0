"""The argument NAME of commands: how a person names a profile.

Names are not unique, and an operator may change them. So a command that changes something takes digits of the
ICCID only; one that reads also takes a name.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from lpa.cli.console import Console
from lpa.errors import LpaError
from lpa.rsp.display import safe

if TYPE_CHECKING:
    from lpa.profiles.selection import Selector
    from lpa.rsp.records import Profile


def by_digits(text: str) -> Selector:
    """A profile by its ICCID, its last digits, or its ISD-P AID.

    For the name of a profile it is a usage error that says which digits to give, if the card can be read.
    """
    from lpa.profiles.selection import Selector

    try:
        return Selector.parse(text)
    except ValueError as error:
        ctx = click.get_current_context()
        raise click.BadParameter(_digits_of(ctx, text) or f"{error}.", ctx) from error


def _digits_of(ctx: click.Context, name: str) -> str:
    """What to type instead of `name`; empty if no profile has that name, or the card cannot be read."""
    from lpa.profiles.selection import called

    console = ctx.find_object(Console)
    if console is None or ctx.resilient_parsing:
        return ""
    with suppress(LpaError), console.assistant() as assistant:
        profiles = assistant.profiles()
        return _advice(ctx.info_name or "", name, called(profiles, name), profiles)
    return ""


def _advice(verb: str, name: str, chosen: Sequence[Profile], profiles: Sequence[Profile]) -> str:
    from lpa.profiles.selection import shortest_digits

    if not chosen:
        return ""
    digits = ", ".join(shortest_digits(profile, profiles) for profile in chosen)
    which = safe(chosen[0].title) if len(chosen) == 1 else f"one of {len(chosen)} profiles of that name"
    return (
        f"{name!r} is a name, not the digits of an ICCID. "
        f"To {verb} {which}, name it by the last four or more digits of its ICCID: {digits}."
    )
