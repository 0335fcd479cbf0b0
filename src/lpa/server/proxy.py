"""A proxy that the person asked for: `--proxy URL`, or `--proxy env` for the system's custom.

Through it goes TLS as it is, so it can hinder but not listen. The name of the server resolves there.
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
    """The proxy did not make the connection."""


@dataclass(frozen=True)
class Proxy:
    """An HTTP proxy. `authorization`: its header line's value, which is never shown; may be empty."""

    host: str
    port: int
    authorization: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """From `http://[USER:PASSWORD@]HOST[:PORT]`. Raises ValueError with a sentence if it is none.

        The sentence does not repeat what was given: there may be a password in it.
        """
        try:
            parts = urllib.parse.urlsplit(url if "//" in url else f"//{url}")
            port = parts.port or 80
        except ValueError as error:
            raise ValueError("that is no proxy: http://HOST:PORT is") from error
        if parts.scheme not in ("", "http") or not parts.hostname or parts.path not in ("", "/"):
            raise ValueError("that is no proxy: http://HOST:PORT is")
        user, password = (urllib.parse.unquote(part or "") for part in (parts.username, parts.password))
        secret = base64.b64encode(f"{user}:{password}".encode()).decode() if user else ""
        return cls(parts.hostname, port, f"Basic {secret}" if secret else "")

    def tunnel(self, plain: socket.socket, host: str, port: int, *, patience: float) -> None:
        """Have the proxy at the other end of `plain` connect it to `host` (RFC 9110 §9.3.6).

        It has `patience` seconds for that. Raises `ProxyRefused` if it does not, and `OSError`.
        """
        ends = time.monotonic() + patience
        target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
        if self.authorization:
            lines.append(f"Proxy-Authorization: {self.authorization}")
        plain.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
        status = _status(_head(plain, ends))
        if not 200 <= status < 300:
            said = http.client.responses.get(status, "no HTTP")
            raise ProxyRefused(f"the proxy {self.host}:{self.port} says {status} ({said})")


def choose(text: str) -> ProxyChoice:
    """What `--proxy` means: one proxy for all, or "env" for what the environment and the system say.

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
        raise ProxyRefused(f"what the environment names as a proxy is of no use: {error}") from error


def _head(plain: socket.socket, ends: float) -> bytes:
    """The proxy's answer up to its empty line, and not a byte further: what follows is the server's.

    `ends`: on the monotonic clock. Raises `TimeoutError` then, however often a byte comes.
    """
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        left = ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("it took too long")
        plain.settimeout(left)
        piece = plain.recv(1)
        if not piece or len(head) >= HEADER_BYTES:
            raise ProxyRefused("the proxy does not answer with HTTP")
        head += piece
    return head


def _status(head: bytes) -> int:
    words = head.split(b" ", 2)
    if not (words[0].startswith(b"HTTP/1.") and len(words) > 1 and words[1][:3].isdigit()):
        raise ProxyRefused("the proxy does not answer with HTTP")
    return int(words[1][:3])
