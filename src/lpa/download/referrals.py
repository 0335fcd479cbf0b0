"""Find a server that offers a profile, also through the referrals of discovery servers (SGP.22 §3.6).

A discovery server (SM-DS) offers no profile itself: each of its events names a server to ask, which may be
another discovery server.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

from lpa.card.es10 import Euicc
from lpa.download.authentication import Session, authenticate, no_profile_available, nothing_installed
from lpa.errors import BadAnswer, ConnectFailed, LpaError
from lpa.notifications.sender import ServerFactory
from lpa.rsp.activation import ActivationCode
from lpa.rsp.device import Device
from lpa.rsp.limits import DISCOVERY_SECONDS, REFERRALS
from lpa.rsp.session import Event, Terms


@dataclass(frozen=True)
class FoundOffer:
    """An offered profile: its `terms`, the `session` with its server, and the `order` asked for there.

    `others`: the events that were not tried. `passed_over`: why the events that were tried led to no offer.
    """

    session: Session
    terms: Terms
    order: ActivationCode
    others: tuple[Event, ...]
    passed_over: tuple[LpaError, ...]


def find_offer(euicc: Euicc, servers: ServerFactory, order: ActivationCode, device: Device) -> FoundOffer:
    """Open a session with a server that offers a profile for `order`.

    Raises as `authenticate` does for the last server that was asked; the message adds the other errors.
    """
    return _Search(euicc, servers, order, device).run()


class _Search:
    """A search, from `order` over the events that it leads to. It ends after DISCOVERY_SECONDS."""

    def __init__(self, euicc: Euicc, servers: ServerFactory, order: ActivationCode, device: Device) -> None:
        self._euicc = euicc
        self._servers = servers
        self._device = device
        self._untried: list[ActivationCode | Event] = [order]
        self._passed_over: list[LpaError] = []
        self._end = monotonic() + DISCOVERY_SECONDS

    def run(self) -> FoundOffer:
        with self._earlier_errors_added():
            for _ in range(1 + REFERRALS):
                order, session = self._next_session()
                if isinstance(session.answer, Terms):
                    others = tuple(event for event in self._untried if isinstance(event, Event))
                    return FoundOffer(session, session.answer, order, others, tuple(self._passed_over))
                # The session is not cancelled: a discovery server ends it with its answer.
                self._untried[:0] = session.answer
            raise BadAnswer(
                f"Discovery servers referred the card to one another more than {REFERRALS} times."
            )

    def _next_session(self) -> tuple[ActivationCode, Session]:
        """The first order that leads to an offer or to events, and its session."""
        while True:
            untried = self._untried.pop(0)
            order = untried.code if isinstance(untried, Event) else untried
            try:
                return order, self._session(order)
            except LpaError as problem:
                self._pass_over(order, problem)
                if not self._untried:
                    raise

    def _session(self, order: ActivationCode) -> Session:
        with nothing_installed():
            session = authenticate(
                self._euicc,
                self._servers,
                order.address,
                self._device,
                matching_id=order.matching_id,
                oid=order.oid,
            )
        if not session.answer:
            raise no_profile_available(order.address)
        return session

    def _pass_over(self, order: ActivationCode, problem: LpaError) -> None:
        """Leave out an order, with all others for a server that could not be reached; all, if time is up."""
        unreached = order.address if isinstance(problem, ConnectFailed) else None
        left = [one for one in self._untried if one.address != unreached]
        if left and monotonic() >= self._end:
            problem.add(f"{len(left)} more events were not tried: the time limit was reached.")
            left = []
        self._passed_over += [problem] * (1 + len(self._untried) - len(left))
        self._untried = left

    @contextmanager
    def _earlier_errors_added(self) -> Iterator[None]:
        """If no server offers a profile, the error says why for each that was asked, once."""
        try:
            yield
        except LpaError as last:
            own = last.message
            for message in dict.fromkeys(problem.message for problem in self._passed_over):
                if message != own:
                    last.add(f"Asked before: {message}")
            raise
