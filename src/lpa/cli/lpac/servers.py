"""Servers that report each step to whoever reads lpac's progress, and get notifications only when asked.

lpac leaves what a card signs on the card, until `notification process`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lpa.cli.lpac.answers import Answers
from lpa.download.authentication import Es9PlusServer

if TYPE_CHECKING:
    from lpa.notifications.sender import CiPkIds, NotificationReceiver, ServerFactory
    from lpa.rsp.names import ServerAddress
    from lpa.rsp.session import Event, ServerProof, Terms


class ReportedServers:
    """Makes the server of an address, as `servers` does. `discovery`: to ask an SM-DS."""

    def __init__(self, servers: ServerFactory, answers: Answers, *, discovery: bool = False) -> None:
        self._servers = servers
        self._answers = answers
        self._discovery = discovery

    def __call__(self, address: ServerAddress, /, *, ci_pkids: CiPkIds) -> NotificationReceiver:
        """The server at `address`, for a card that trusts the CI keys in `ci_pkids`."""
        server = self._servers(address, ci_pkids=ci_pkids)
        if not isinstance(server, Es9PlusServer):
            return server
        return ReportedServer(server, self._answers, "es11" if self._discovery else "es9p")


class ReportedServer:
    """A server, each function of which is reported before it is called (`Es9PlusServer`)."""

    def __init__(self, server: Es9PlusServer, answers: Answers, interface: str) -> None:
        self.address = server.address
        self._server = server
        self._answers = answers
        self._interface = interface

    def handshake(self) -> object:
        """As the server does. lpac has no such step."""
        return self._server.handshake()

    def handle_notification(self, pending: bytes) -> dict[str, str]:
        """As the server does. lpac reports nothing."""
        return self._server.handle_notification(pending)

    def initiate_authentication(self, challenge: bytes, info1: bytes) -> ServerProof:
        """Report it, and that the card is asked next."""
        self._begin("es9p_initiate_authentication")
        proof = self._server.initiate_authentication(challenge, info1)
        self._begin("es10b_authenticate_server")
        return proof

    def authenticate_client(self, transaction_id: bytes, proof: bytes) -> Terms | tuple[Event, ...]:
        """Report it. lpac's name for it says which kind of server it is."""
        self._begin(f"{self._interface}_authenticate_client")
        return self._server.authenticate_client(transaction_id, proof)

    def get_bound_profile_package(
        self, transaction_id: bytes, prepared: bytes, store: Callable[[bytes], object]
    ) -> None:
        """Report it."""
        self._begin("es9p_get_bound_profile_package")
        self._server.get_bound_profile_package(transaction_id, prepared, store)

    def cancel_session(self, transaction_id: bytes, cancelled: bytes) -> None:
        """Report it, and that the card has cancelled the session before. What failed is another function."""
        for function in ("es10b_cancel_session", "es9p_cancel_session"):
            self._answers.progress(function, str(self.address))
        self._server.cancel_session(transaction_id, cancelled)

    def _begin(self, function: str) -> None:
        self._answers.begin(function, str(self.address))
