"""The option --seed of the simulated card and server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click


def option(made: str) -> Callable[[Any], Any]:
    """`--seed`, for a command that makes so from random numbers."""
    return click.option(
        "--seed",
        type=click.IntRange(0),
        metavar="NUMBER",
        help=f"Draw {made} from this number, so that they are the same each time.",
    )
