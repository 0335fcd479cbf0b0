"""A simulated SM-DS: an HTTPS server that lists the events registered for a card.

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
from lpa.sim.servers.mutual_authentication import MutualAuthentication
from lpa.sim.servers.orders import OrderBook
from lpa.sim.servers.rejection import Rejection
from lpa.sim.servers.simulated_server import ES9, ES11, RequestMembers, SimulatedServer

SMDS_OID = "2.999.20"


@dataclass(frozen=True)
class EventRecord:
    """An event for the card `eid` (32 digits) at the SM-DP+ or SM-DS `server`. `identifier`: its EventID."""

    eid: str
    server: str
    identifier: str


def _now() -> datetime:
    return datetime.now(UTC)


class SimulatedSmds(SimulatedServer):
    """An SM-DS with the name `host` (and those in `also`), listening on the IPv4 `address`.

    `authorities`: the CIs that it trusts and that certify it, the first one for TLS. `port`: 0 for a free
    one. `orders`: the file of an SM-DP+ whose announced orders it lists too. `any_address`: accept any server
    name, not only its own. `lasting`: its signing certificates are valid as long as their authority.
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
        lasting: bool = False,
        oid: str = SMDS_OID,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        now = clock()
        signers_from = None if lasting else now
        self._clock = clock
        self.host = host
        self._registered: list[EventRecord] = []
        self._book = OrderBook(orders)
        self._mutual = MutualAuthentication(
            "8.9",
            [
                (issuer, issuer.issue_signer(host, DS_AUTH, now=signers_from, oid=oid))
                for issuer in authorities
            ],
            names=None if any_address else frozenset(name.lower() for name in (host, *also)),
            clock=clock,
            randomness=authorities[0].randomness,
        )
        functions = {
            "initiateAuthentication": self._mutual.initiate,
            "authenticateClient": self._authenticate_client,
        }
        tls = authorities[0].issue_server(host, also=also, now=now, oid=oid, role=DS_TLS)
        # Most LPAs use the path of ES9+, some that of ES11.
        super().__init__(functions, tls, address, port, roots=(ES9, ES11))

    @property
    def events(self) -> tuple[EventRecord, ...]:
        """All events, in the order in which they were registered; then those of orders."""
        facts = [order.facts for order in self._book.orders]
        ordered = [
            EventRecord(at.eid, at.address, at.matching_id) for at in facts if at.discoverable(self._clock())
        ]
        return (*self._registered, *ordered)

    def register(self, eid: str, server: str, identifier: str) -> EventRecord:
        """Register an event for the card `eid` at `server`, an SM-DP+ or another SM-DS.

        Raises ValueError if `eid` is not an EID, or if the event is already registered.
        """
        event = EventRecord(str(Eid.parse(eid)), server, identifier)
        if event in self._registered:
            raise ValueError(f"the event {identifier} is already registered")
        self._registered.append(event)
        return event

    def delete(self, event: EventRecord) -> None:
        """Delete the event. Raises ValueError if it is not registered."""
        self._registered.remove(event)

    def _authenticate_client(self, members: RequestMembers) -> dict[str, Any]:
        """ES11 authenticateClient (§5.8.2): the card's events, or the one with its matching identifier."""
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
