"""Servers of any address over HTTPS. What that needs is loaded with the first one: it costs time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from lpa.rsp.names import ServerAddress

if TYPE_CHECKING:
    from lpa.server.es9 import Server
    from lpa.server.https import Https
    from lpa.server.trust import CiPkIds


class ServersOnDemand:
    """Makes the server of an address. The card's CI keys verify it, or the system's authorities."""

    def __init__(self, state_dir: Path | None = None, *, https: Callable[[], Https] | None = None) -> None:
        """`state_dir`: where the keys of issuers are remembered, if it exists. `https`: instead of the usual
        settings; called with the first server.
        """
        self._make = https or self._usual
        self._state_dir = state_dir
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

    def _usual(self) -> Https:
        from lpa.server.https import Https  # noqa: PLC0415  (only now)
        from lpa.server.known_keys import KnownKeys  # noqa: PLC0415  (only now)
        from lpa.server.trust import Trust  # noqa: PLC0415  (only now)

        return Https(Trust.system(), known_keys=KnownKeys(self._state_dir))
