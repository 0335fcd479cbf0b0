"""Servers of any address over HTTPS. What that needs is loaded with the first one: it costs time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from lpa.rsp.names import ServerAddress

if TYPE_CHECKING:
    from lpa.server.es9 import Server
    from lpa.server.https import Https
    from lpa.server.trust import CiPkIds


class ServersOnDemand:
    """Makes the server of an address: see `Network.servers`. All share one `Https`."""

    def __init__(self, make: Callable[[], Https]) -> None:
        """`make`: makes it, when the first server is asked for."""
        self._make = make
        self._opened = ExitStack()
        self._https: Https | None = None

    def __call__(self, address: ServerAddress, /, *, ci_pkids: CiPkIds) -> Server:
        """The server at `address`, for a card that trusts the CI keys in `ci_pkids`."""
        from lpa.server.es9 import Server  # noqa: PLC0415  (only now)

        self._https = self._https or self._opened.enter_context(self._make())
        return Server(address, self._https, ci_pkids=ci_pkids)

    def close(self) -> None:
        """Close all connections."""
        self._opened.close()
