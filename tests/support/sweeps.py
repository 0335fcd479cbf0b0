"""Long sweeps: whole with `LPA_SOAK=1` (`make soak`), a fixed sample without it (`make test`)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

_T = TypeVar("_T")

WHOLE = bool(os.environ.get("LPA_SOAK"))


def sample(points: Sequence[_T], every: int) -> Sequence[_T]:
    """All points, or one of so many. If `every` is odd, points before and after a step alternate."""
    return points if WHOLE else points[::every]
