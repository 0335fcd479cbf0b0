"""What a server answers to a request, and who receives the body of an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from lpa.server.trust import TrustAnchor


@dataclass(frozen=True)
class HttpAnswer:
    """A server's answer: status, body and content type as they came, TLS certificate, and trust anchor.

    `left_out`: the members whose texts are not in `body`, because a `BodyReceiver` took them, with the number
    of their characters.
    """

    status: int
    body: bytes
    certificate: bytes = field(default=b"", compare=False)  # DER
    trust_anchor: TrustAnchor | None = field(default=None, compare=False)
    content_type: str = field(default="", compare=False)
    left_out: Mapping[str, int] = field(default_factory=dict, compare=False)

    @property
    def size(self) -> int:
        """The bytes of the whole body."""
        return len(self.body) + sum(self.left_out.values())


class BodyReceiver(Protocol):
    """Receives the body of a successful answer piece by piece. `max_body`: the bytes that it may have."""

    max_body: int
    left_out: dict[str, int]

    @property
    def held(self) -> bytes:
        """What is held of the body: without the texts of the members in `left_out`."""

    def add(self, piece: bytes) -> None:
        """Receive the next piece. Raises `TooMuch`, or an `LpaError` if no more is wanted."""
