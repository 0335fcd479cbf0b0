"""The one-time keys (otSK.EUICC) that a card keeps for packages not loaded yet (SGP.22 §5.7.14)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lpa.sim.crypto.pki import CURVES, Randomness, new_key

MOST_KEPT = 4  # a further one replaces the oldest


@dataclass(frozen=True)
class OneTimeKey:
    """A key for the packages of one SM-DP+. `server`: its object identifier, coded, in hexadecimal."""

    server: str
    curve: str
    secret: str

    @classmethod
    def generate(cls, server: bytes, curve: ec.EllipticCurve, randomness: Randomness) -> Self:
        """A new key on the curve of the server's certificate."""
        name = next(name for name, known in CURVES.items() if known.name == curve.name)
        secret = new_key(curve, randomness).private_numbers().private_value
        return cls(server.hex(), name, f"{secret:064x}")

    def fits(self, server: bytes, curve: ec.EllipticCurve) -> bool:
        """Whether it was generated for this server, and on the curve of its certificate."""
        return self.server == server.hex() and CURVES[self.curve].name == curve.name

    @property
    def private(self) -> ec.EllipticCurvePrivateKey:
        """otSK.EUICC."""
        return ec.derive_private_key(int(self.secret, 16), CURVES[self.curve])

    @property
    def public(self) -> bytes:
        """otPK.EUICC: 04, X and Y."""
        return self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """The inverse of `to_json`. Raises KeyError, TypeError or ValueError if it does not fit."""
        server, curve, secret = (str(value[name]) for name in ("server", "curve", "secret"))
        known = cls(bytes.fromhex(server).hex(), curve, secret)
        _ = known.private
        return known

    def to_json(self) -> dict[str, str]:
        """The key as JSON values."""
        return {"server": self.server, "curve": self.curve, "secret": self.secret}
