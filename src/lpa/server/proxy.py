"""Connect through an HTTP proxy: `--proxy URL`, or `--proxy env` for the proxy of the environment or system.

TLS passes through it unchanged, so it can block but not read. The proxy resolves the name of the server.
"""

from __future__ import annotations

import base64
import http.client
import socket
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from lpa.rsp.limits import HEADER_BYTES
from lpa.rsp.names import ServerAddress

ProxyChoice = Callable[[ServerAddress], "Proxy | None"]


class ProxyRefused(OSError):
    """The proxy did not open the connection."""


@dataclass(frozen=True)
class Proxy:
    """An HTTP proxy. `authorization`: the value of the header line, never shown; may be empty."""

    host: str
    port: int
    authorization: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """From `http://[USER:PASSWORD@]HOST[:PORT]`. Raises ValueError with a sentence if it is invalid.

        The sentence does not repeat `url`, which may contain a password.
        """
        try:
            parts = urllib.parse.urlsplit(url if "//" in url else f"//{url}")
            port = parts.port or 80
        except ValueError as error:
            raise ValueError("a proxy is given as http://HOST:PORT") from error
        if parts.scheme not in ("", "http") or not parts.hostname or parts.path not in ("", "/"):
            raise ValueError("a proxy is given as http://HOST:PORT")
        user, password = (urllib.parse.unquote(part or "") for part in (parts.username, parts.password))
        secret = base64.b64encode(f"{user}:{password}".encode()).decode() if user else ""
        return cls(parts.hostname, port, f"Basic {secret}" if secret else "")

    def tunnel(self, plain: socket.socket, host: str, port: int, *, timeout: float) -> None:
        """Have the proxy at the other end of `plain` connect it to `host` (RFC 9110 §9.3.6).

        `timeout`: in seconds. Raises `ProxyRefused` if the proxy does not connect, and other `OSError`s.
        """
        deadline = time.monotonic() + timeout
        target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
        if self.authorization:
            lines.append(f"Proxy-Authorization: {self.authorization}")
        plain.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
        status = _status(_header(plain, deadline))
        if not 200 <= status < 300:
            phrase = http.client.responses.get(status, "unknown status")
            raise ProxyRefused(f"the proxy {self.host}:{self.port} answered {status} ({phrase})")


def choose(text: str) -> ProxyChoice:
    """The choice that `--proxy` makes: one proxy for all servers, or "env" for that of environment or system.

    Raises ValueError with a sentence if it is neither.
    """
    if text != "env":
        proxy = Proxy.parse(text)
        return lambda _address: proxy
    return _from_environment


def _from_environment(address: ServerAddress) -> Proxy | None:
    url = urllib.request.getproxies().get("https")
    if not url or urllib.request.proxy_bypass(f"{address.host}:{address.port}"):
        return None
    try:
        return Proxy.parse(url)
    except ValueError as error:
        raise ProxyRefused(f"the proxy in the environment is not valid: {error}") from error


def _header(plain: socket.socket, deadline: float) -> bytes:
    """The proxy's answer up to its empty line, and not a byte further: what follows is the server's.

    `deadline`: on the monotonic clock. Raises `TimeoutError` then, however slowly the bytes arrive.
    """
    header = b""
    while not header.endswith(b"\r\n\r\n"):
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        plain.settimeout(left)
        piece = plain.recv(1)
        if not piece or len(header) >= HEADER_BYTES:
            raise ProxyRefused("the proxy did not answer with HTTP")
        header += piece
    return header


def _status(header: bytes) -> int:
    words = header.split(b" ", 2)
    if not (words[0].startswith(b"HTTP/1.") and len(words) > 1 and words[1][:3].isdigit()):
        raise ProxyRefused("the proxy did not answer with HTTP")
    return int(words[1][:3])
