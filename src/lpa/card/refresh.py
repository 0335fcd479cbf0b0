"""Wait for a modem or phone that restarts its card (REFRESH): where nothing can be reset, that ends a change.

The system does so when the card asks for it, in its own time, and perhaps restarts itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from lpa import redaction, stop
from lpa.errors import BadAnswer, CardRemoved, EuiccRefused, TimedOut, WireError
from lpa.rsp.limits import REFRESH_TRIES

_T = TypeVar("_T")
_log = redaction.logger(__name__)

_REFRESH_PAUSE = 1.0  # seconds
_NOT_SATISFIED = 0x6985  # the answer of a card that waits for REFRESH

BY_HAND = "Restart the modem or phone, unless it is doing so by itself, then read the card again."


def once_restarted(open_session: Callable[[], None]) -> None:
    """Open a session as soon as that is possible. Raises `CardRemoved` if another card answers."""
    timed_out = False
    for tries_left in reversed(range(REFRESH_TRIES)):
        try:
            return open_session()
        except (BadAnswer, EuiccRefused, WireError) as error:
            silent = isinstance(error, TimedOut)
            if not tries_left or isinstance(error, CardRemoved) or (timed_out and silent):
                error.add(BY_HAND)
                raise
            timed_out = timed_out or silent
            _log.debug("the card has not restarted yet: %s", error)
        _pause()
    return None


def once_ready(read: Callable[[], _T]) -> _T:
    """What `read` returns, as soon as the card does not refuse it any more."""
    tries_left = REFRESH_TRIES
    while True:
        tries_left -= 1
        try:
            return read()
        except BadAnswer as error:
            if error.sw != _NOT_SATISFIED:
                raise
            if not tries_left:
                error.add(BY_HAND)
                raise
            _log.debug("the card is not ready yet: %s", error)
        _pause()


def once_done(read: Callable[[], _T], done: Callable[[_T], bool]) -> _T:
    """What `read` returns as soon as that is `done`; else what it returned last."""
    found = read()
    for _ in range(REFRESH_TRIES - 1):
        if done(found):
            break
        _pause()
        found = read()
    return found


def _pause() -> None:
    stop.check()
    time.sleep(_REFRESH_PAUSE)
