"""How a time to come is written."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from lpa.cli.views.times import time_until


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (-1, "now"),
        (0, "now"),
        (0.2, "in 1 minute (12:00)"),
        (60, "in 1 minute (12:01)"),
        (61, "in 2 minutes (12:01)"),
        (90 * 60, "in 90 minutes (13:30)"),
        (91 * 60, "in 2 hours (13:31)"),
        (13 * 3600, "in 13 hours (2026-11-26 01:00)"),
    ],
)
def test_a_time_to_come_is_a_wait_and_a_time(seconds: float, written: str) -> None:
    now = datetime(2026, 11, 25, 12).astimezone()
    assert time_until(now + timedelta(seconds=seconds), now) == written
