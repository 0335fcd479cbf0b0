"""A simulated SM-DS: a real HTTPS server that tells a card which servers have something for it.

with SimulatedSmds(authority) as smds:
    smds.register(eid, "smdp.example", "EVENT-1")
    ...                # `lpa --connect-to <smds.connect_to> discover`
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lpa.rsp.names import Eid
from lpa.sim.crypto.pki import DS_AUTH, DS_TLS, Authority
from lpa.sim.servers.front import ES9, ES11, Members, SimulatedServer
from lpa.sim.servers.mutual_authentication import MutualAuthentication
from lpa.sim.servers.orders import OrderBook
from lpa.sim.servers.rejection import Rejection

SMDS_OID = "2.999.20"


@dataclass(frozen=True)
class RegisteredEvent:
    """Something for the card `eid` (32 digits) at the SM-DP+ or SM-DS `server`, which knows it by its
    `identifier`.
    """

    eid: str
    server: str
    identifier: str


def _now() -> datetime:
    return datetime.now(UTC)


class SimulatedSmds(SimulatedServer):
    """An SM-DS called `host` (and by the names in `also`), listening on the IPv4 `address`.

    It trusts `authorities`, which also certify it (the first one for TLS). `port` 0 takes a free one. Beside
    the events that are registered here it knows those of the open orders in the file `orders`. It answers
    to its own names only, unless `any_address`.
    """

    def __init__(
        self,
        *authorities: Authority,
        host: str = "smds.example",
        also: Sequence[str] = (),
        address: str = "127.0.0.1",
        port: int = 0,
        orders: Path | None = None,
        any_address: bool = False,
        oid: str = SMDS_OID,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        now = clock()
        self._clock = clock
        self.host = host
        self._registered: list[RegisteredEvent] = []
        self._book = OrderBook(orders)
        self._mutual = MutualAuthentication(
            "8.9",
            [(issuer, issuer.issue_signer(host, DS_AUTH, now=now, oid=oid)) for issuer in authorities],
            names=None if any_address else frozenset(name.lower() for name in (host, *also)),
            clock=clock,
            randomness=authorities[0].randomness,
        )
        functions = {
            "initiateAuthentication": self._mutual.initiate,
            "authenticateClient": self._authenticate_client,
        }
        tls = authorities[0].issue_server(host, also=also, now=now, oid=oid, role=DS_TLS)
        # Most LPAs go where ES9+ is, some where the name of the interface leads.
        super().__init__(functions, tls, address, port, roots=(ES9, ES11))

    @property
    def events(self) -> tuple[RegisteredEvent, ...]:
        """All that wait, in the order in which they were registered; then those of orders."""
        facts = [order.facts for order in self._book.orders]
        ordered = [
            RegisteredEvent(at.eid, at.address, at.matching_id)
            for at in facts
            if at.discoverable(self._clock())
        ]
        return (*self._registered, *ordered)

    def register(self, eid: str, server: str, identifier: str) -> RegisteredEvent:
        """Tell the card `eid` of something at `server`: an SM-DP+, or another SM-DS that knows more.

        Raises ValueError if it is no EID, or the event is here already.
        """
        event = RegisteredEvent(str(Eid.parse(eid)), server, identifier)
        if event in self._registered:
            raise ValueError(f"the event {identifier} is registered already")
        self._registered.append(event)
        return event

    def delete(self, event: RegisteredEvent) -> None:
        """Forget the event. Raises ValueError if it is not here."""
        self._registered.remove(event)

    def _authenticate_client(self, members: Members) -> dict[str, Any]:
        """ES11 authenticateClient (§5.8.2): the card's events, or the one that it names."""
        session, client = self._mutual.authenticate(members)
        self._mutual.end(session)
        wanted = client.matching_id
        found = [
            event
            for event in self.events
            if event.eid == client.euicc.eid and wanted in ("", event.identifier)
        ]
        if wanted and not found:
            raise Rejection("8.9.5", "3.9", "there is no such event for this card")
        entries = [{"eventId": event.identifier, "rspServerAddress": event.server} for event in found]
        return {"transactionId": session.transaction, "eventEntries": entries}
