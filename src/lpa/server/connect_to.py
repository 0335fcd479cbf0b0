"""Connect to another host and port instead of a server's: the rows of `--connect-to`."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Self

from lpa.rsp.names import ServerAddress

_ROW = re.compile(r"([^:\[\]]*):([0-9]{0,5}):(\[[^\[\]]+\]|[^:\[\]]*):([0-9]{0,5})", re.ASCII)


@dataclass(frozen=True)
class ConnectTo:
    """A row of `--connect-to`: a host and port, and the target to connect to. Empty fields match or keep any.

    It redirects only the connection: the certificate is always checked for the requested host.
    """

    host: str
    port: int | None
    target_host: str
    target_port: int | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """The row `HOST:PORT:HOST:PORT`, as for curl. Raises ValueError with a sentence if it is invalid."""
        match = _ROW.fullmatch(text)
        if not match:
            raise ValueError(f"{text!r} is not HOST:PORT:HOST:PORT")
        host, port, target_host, target_port = match.groups()
        host = ServerAddress.parse(host).host if host else ""
        return cls(host, _port(port), _target_host(target_host), _port(target_port))

    def target(self, address: ServerAddress) -> tuple[str, int] | None:
        """The host and port to connect to for `address`, or None if this row does not match it."""
        if self.host not in ("", address.host) or self.port not in (None, address.port):
            return None
        return self.target_host or address.host, self.target_port or address.port


def _port(text: str) -> int | None:
    if not text:
        return None
    if not 0 < int(text) < 65536:
        raise ValueError(f"{text} is not a port")
    return int(text)


def _target_host(text: str) -> str:
    if not text:
        return ""
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        return ServerAddress.parse(text).host
