"""Where to really connect for a server: the rows of `--connect-to`."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Self

from lpa.rsp.names import ServerAddress

_ROW = re.compile(r"([^:\[\]]*):([0-9]{0,5}):(\[[^\[\]]+\]|[^:\[\]]*):([0-9]{0,5})", re.ASCII)


@dataclass(frozen=True)
class ConnectTo:
    """A row of `--connect-to`: where to really connect for a host and port. Empty fields match or keep any.

    It moves the connection only: the certificate is always checked for the host that was asked for.
    """

    host: str
    port: int | None
    target_host: str
    target_port: int | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """The row `HOST:PORT:HOST:PORT`, as for curl. Raises ValueError with a sentence if it is none."""
        match = _ROW.fullmatch(text)
        if not match:
            raise ValueError(f"{text!r} is not HOST:PORT:HOST:PORT")
        host, port, target_host, target_port = match.groups()
        host = ServerAddress.parse(host).host if host else ""
        return cls(host, _port(port), _target_host(target_host), _port(target_port))

    def target(self, address: ServerAddress) -> tuple[str, int] | None:
        """The host and port to connect to for `address`, or None if this row is about another one."""
        if self.host not in ("", address.host) or self.port not in (None, address.port):
            return None
        return self.target_host or address.host, self.target_port or address.port


def _port(text: str) -> int | None:
    if not text:
        return None
    if not 0 < int(text) < 65536:
        raise ValueError(f"{text} is no port")
    return int(text)


def _target_host(text: str) -> str:
    if not text:
        return ""
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        return ServerAddress.parse(text).host
