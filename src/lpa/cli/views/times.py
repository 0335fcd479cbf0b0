"""Times as a person wants them."""

from __future__ import annotations

import math
from datetime import datetime


def time_until(when: datetime, now: datetime) -> str:
    """A time to come: how long until then, and when that is."""
    seconds = math.ceil((when - now).total_seconds())
    if seconds <= 0:
        return "now"
    minutes, hours = math.ceil(seconds / 60), math.ceil(seconds / 3600)
    wait = f"{hours} hours" if minutes > 90 else f"{minutes} minute{'s' * (minutes > 1)}"
    same_day = when.astimezone().date() == now.astimezone().date()
    return f"in {wait} ({when.astimezone():{'%H:%M' if same_day else '%Y-%m-%d %H:%M'}})"
