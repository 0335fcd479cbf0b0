"""Random numbers from a seed, for a run that can be repeated byte for byte."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

CERTIFIED = datetime(2025, 1, 1, tzinfo=UTC)
"""The date of the certificates of a seeded card: its folder is the same whenever it is made."""


def seeded(seed: int | None, user: Literal["new card", "card", "server"]) -> Callable[[int], bytes]:
    """A source of random numbers, always the same ones for a seed, those of the system without one.

    Each user gets others from the same seed: a server's first key must not be that of the card's authority.
    """
    if seed is None:
        return os.urandom
    return random.Random(f"lpa sim {user} {seed}").randbytes  # noqa: S311 - of the simulator
