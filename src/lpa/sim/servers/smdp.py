"""A simulated SM-DP+: an HTTPS server that delivers profiles, and verifies and stores notifications.

with SimulatedSmdp(authority, host="smdp.example") as smdp:
    order = smdp.order(packages.sample(), matching_id="ABC-1")
    order.activation_code      # "LPA:1$smdp.example$ABC-1"
    ...                # `lpa --connect-to <smdp.connect_to> ...`, with a card that trusts the authority
    order.state        # "installed"
    smdp.received      # the accepted notifications, in order of arrival
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lpa.sim.crypto.pki import DP_AUTH, DP_PB, SERVER_OID, Authority
from lpa.sim.servers import eligibility
from lpa.sim.servers.acceptance import Received, accept
from lpa.sim.servers.binding import Packaging
from lpa.sim.servers.installation_reports import report
from lpa.sim.servers.ledger import Ledger
from lpa.sim.servers.mutual_authentication import MutualAuthentication
from lpa.sim.servers.orders import DEFAULT_CODE_TRIES, DEFAULT_DOWNLOADS, Order, OrderBook, new_facts
from lpa.sim.servers.packages import ProfilePackage
from lpa.sim.servers.simulated_server import RequestMembers, SimulatedServer
from lpa.sim.servers.smdp_downloads import Downloads

_INSTALLATION_RESULT = 0xBF37


def _now() -> datetime:
    return datetime.now(UTC)


class SimulatedSmdp(SimulatedServer):
    """An SM-DP+ with the name `host` (and those in `also`), listening on the IPv4 `address`.

    Use it as a `with` block, or call `serve_forever`. `authorities`: the CIs that it trusts and that certify
    it, the first one for TLS. `port`: 0 for a free one. `store`: a file with one JSON line for each accepted
    notification. `orders`: a file for its orders. Both files are read again at the next start. `any_address`:
    accept any server name, not only its own. `lasting`: its signing certificates are valid as long as their
    authority, not for three years from now, so that they are the same on every day.

    The attributes `packaging` (how it protects packages) and `eligibility` (its check of a card) may be
    replaced.
    """

    def __init__(
        self,
        *authorities: Authority,
        host: str = "smdp.example",
        also: Sequence[str] = (),
        address: str = "127.0.0.1",
        port: int = 0,
        store: Path | None = None,
        orders: Path | None = None,
        any_address: bool = False,
        lasting: bool = False,
        oid: str = SERVER_OID,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        now = clock()
        signers_from = None if lasting else now
        self.host = host
        self.packaging = Packaging()
        self.eligibility = eligibility.check
        self._authorities, self._clock, self._oid = authorities, clock, oid
        self._ledger, self._book = Ledger(store), OrderBook(orders)
        self._mutual = MutualAuthentication(
            "8.8",
            [
                (authority, authority.issue_signer(host, DP_AUTH, now=signers_from, oid=oid))
                for authority in authorities
            ],
            names=None if any_address else frozenset(name.lower() for name in (host, *also)),
            clock=clock,
            randomness=authorities[0].randomness,
        )
        binders = {
            authority.key_identifier: authority.issue_signer(host, DP_PB, now=signers_from, oid=oid)
            for authority in authorities
        }
        self._downloads = Downloads(self._book, self._mutual, binders, host=host, oid=oid, clock=clock)
        functions = {
            "initiateAuthentication": self._mutual.initiate,
            "authenticateClient": self._authenticate_client,
            "getBoundProfilePackage": self._get_bound_profile_package,
            "cancelSession": self._downloads.cancel,
            "handleNotification": self._handle_notification,
        }
        tls = authorities[0].issue_server(host, also=also, now=now, oid=oid)
        super().__init__(functions, tls, address, port)

    @property
    def received(self) -> tuple[Received, ...]:
        """The accepted notifications, each once, in order of arrival."""
        return self._ledger.received

    @property
    def orders(self) -> tuple[Order, ...]:
        """Its orders, in the order in which they were added."""
        return self._book.orders

    def order(
        self,
        package: ProfilePackage,
        matching_id: str = "",
        *,
        eid: str | None = None,
        confirmation_code: str | None = None,
        code_tries: int = DEFAULT_CODE_TRIES,
        downloads: int = DEFAULT_DOWNLOADS,
        expires: datetime | None = None,
        released: bool = True,
        announced: bool = False,
        binds_once: bool = False,
    ) -> Order:
        """Order `package`: for download with the `matching_id`, or (empty) from the card's default SM-DP+.

        `eid`: the only card that may download it. `code_tries`: how often the confirmation code may be wrong.
        `downloads`: how often it may be downloaded. `released`: if False, not before `Order.release`.
        `announced`: an SM-DS that reads the same file lists it for the card. `binds_once`: do not bind it to
        a second one-time key of the card. Raises ValueError for invalid values, and if another order has the
        matching identifier.
        """
        facts = new_facts(
            self.host,
            matching_id,
            eid=eid or "",
            confirmation_code=confirmation_code,
            code_tries=code_tries,
            downloads=downloads,
            expires=expires,
            released=released,
            announced=announced,
            binds_once=binds_once,
        )
        return self._book.add(package, facts)

    def _authenticate_client(self, members: RequestMembers) -> dict[str, Any]:
        return self._downloads.authenticate(members, self.eligibility)

    def _get_bound_profile_package(self, members: RequestMembers) -> dict[str, Any]:
        return self._downloads.deliver(members, self.packaging)

    def _handle_notification(self, members: RequestMembers) -> None:
        pending, now = members.binary("pendingNotification"), self._clock()
        if pending[:2] == _INSTALLATION_RESULT.to_bytes(2, "big"):
            received = report(pending, self._book, self._oid, now)
        else:
            issuers = [authority.certificate for authority in self._authorities]
            received = accept(pending, issuers, now)
            # An installation result needs no such check: the download session identifies this server.
            self._mutual.check_address(received.address)
        self._ledger.add(received)
