"""How a simulated card behaves: the options for it, and the list of the kinds of cards (sim manners)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lpa.cli.group import Command
from lpa.cli.json_output import CommandResult

if TYPE_CHECKING:
    from lpa.cli.console import Console
    from lpa.sim.euicc.behaviour import Behaviour

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
V = TypeVar("V")


def _like(_context: click.Context, _option: click.Parameter, name: str | None) -> str | None:
    from lpa.sim.euicc.behaviour import Behaviour

    if name is not None:
        with_usage_error(Behaviour.like, name)
    return name


def _settings(
    _context: click.Context, _option: click.Parameter, texts: tuple[str, ...]
) -> list[tuple[str, str]]:
    pairs = [(name.strip(), value.strip()) for name, _, value in (text.partition("=") for text in texts)]
    for text in texts:
        if "=" not in text:
            raise click.BadParameter(f"{text!r} is not NAME=VALUE.")
    return pairs


def options(command: F) -> F:
    """Add `--like` and `--behaviour`: the arguments `like` and `settings`, for `behaviour`."""
    like = click.option(
        "--like",
        metavar="CARD",
        callback=_like,
        help="Behave as this kind of card, or as a TOML file says. 'lpa sim manners' lists the kinds.",
    )
    settings = click.option(
        "--behaviour",
        "settings",
        metavar="NAME=VALUE",
        multiple=True,
        callback=_settings,
        help="Change one setting of the behaviour, such as channels=0. Repeat it for others.",
    )
    return like(settings(command))


def behaviour(like: str | None, settings: list[tuple[str, str]]) -> Behaviour | None:
    """What the two options ask for; None if neither was given. Raises a usage error."""
    from lpa.sim.euicc.behaviour import Behaviour

    if like is None and not settings:
        return None
    start = Behaviour.like(like) if like is not None else Behaviour()
    return with_usage_error(start.changed, settings, hint="'--behaviour'")


def with_usage_error(make: Callable[[V], T], value: V, *, hint: str | None = None) -> T:
    """What `make` returns for the value of an option; its ValueError is a usage error."""
    try:
        return make(value)
    except ValueError as error:
        raise click.BadParameter(f"{error}.", param_hint=hint) from error


@click.command(cls=Command)
@click.pass_obj
def manners(console: Console) -> CommandResult:
    """List the kinds of cards that --like knows."""
    from lpa.sim.euicc import manners

    known = list(manners.every())
    width = max(len(manner.name) for manner in known)
    for manner in known:
        console.screen.line(f"{manner.name:{width}}  {manner.summary}")
    return CommandResult({"manners": [{"name": one.name, "summary": one.summary} for one in known]})
