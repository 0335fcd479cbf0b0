"""How long to wait for the smart card service, a reader and a card; and whom to tell meanwhile."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

from lpa import redaction
from lpa.rsp.limits import CARD_SECONDS, SERVICE_SECONDS

_NOTICE = 10.0
_log = redaction.logger(__name__)


class Timeouts:
    """How long to wait, in seconds.

    `service`: for the list of readers, a connection to a card, its reset, its status. `card`: for the answer
    to a command. `notice`: until `on_silence` is called with a sentence for the person, and called again
    each time that the wait has doubled; without it the sentence is logged as a warning.
    A `lpa.stop.Stop` ends a wait earlier. Raises ValueError for a time that is not above zero.
    """

    def __init__(
        self,
        *,
        service: float = SERVICE_SECONDS,
        card: float = CARD_SECONDS,
        notice: float = _NOTICE,
        on_silence: Callable[[str], None] | None = None,
    ) -> None:
        if not all(seconds > 0 for seconds in (service, card, notice)):
            raise ValueError("each timeout is more than 0 seconds")
        self.service, self.card, self.notice = service, card, notice
        self.on_silence = on_silence or _warn

    def to_search(self) -> Timeouts:
        """For looking whether there is an eUICC: a card has no more time than the service."""
        return self.changed(card=min(self.card, self.service))

    def changed(self, **values: Any) -> Timeouts:
        """The same, but for these values."""
        return Timeouts(**vars(self) | values)


_current: ContextVar[Timeouts | None] = ContextVar("timeouts", default=None)


def current() -> Timeouts:
    """Those of the `using` block around, or the usual ones."""
    return _current.get() or Timeouts()


@contextlib.contextmanager
def using(timeouts: Timeouts) -> Iterator[None]:
    """Cards that are opened in the block have these, also after it."""
    before = _current.set(timeouts)
    try:
        yield
    finally:
        _current.reset(before)


def _warn(sentence: str) -> None:
    _log.warning("%s", sentence)
