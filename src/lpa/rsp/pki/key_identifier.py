"""Key identifiers of certificate issuers (CI), and the names of the known ones (SGP.22 §4.5.2)."""

from __future__ import annotations

from typing import Self

from lpa.rsp.facts import ordered_fact

# The GSMA's issuers by the whole identifier: its first bytes, which suffice to name others, are easily
# imitated.
PRODUCTION = {
    "81370f5125d0b1d408d4c3b232e6d25e795bebfb": "GSMA RSP2 Root CI1",
    "4c27967ad20c14b391e9601e41e604ad57c0222f": "OISTE GSMA CI G1",
}
# Their private keys are public, or as good as public.
_TEST = {
    "f54172": "SGP.26 test CI (NIST P-256)",
    "c0bc70": "SGP.26 test CI (Brainpool)",
    "34eecf": "SGP.26 v3 test CI (NIST P-256)",
    "2209f6": "SGP.26 v3 test CI (Brainpool)",
    "665a14": "Symantec RSP test root",
}
_OTHER = {
    "d7a7d0": "GSMA M2M31 Root CI2",
    "b70ba4": "Truphone SAS-UP",
    "148030": "Taier",
    "16b5d1": "China Unicom",
    "7c0e54": "China Unicom",
    "3bd3f5": "China Unicom",
    "cdf6d1": "China Mobile",
    "d3ef83": "China Telecom",
    "4eb94e": "China Telecom",
    "73fca0": "Redtea",
    "16704b": "Entrust",
    "ea53ad": "SubMan V4.2",
    "96524c": "SubMan V4.2",
    "b60f0b": "SubMan V4.2",
    "cd6e60": "MC4",
    "066d48": "MC4",
    "77f0bd": "Gemalto CE",
}
_BY_BEGINNING = {whole[:6]: name for whole, name in PRODUCTION.items()} | _TEST | _OTHER


@ordered_fact
class KeyIdentifier:
    """The key of a certificate issuer (CI): the SHA-1 of its public key, 20 bytes."""

    coded: bytes

    @property
    def name(self) -> str:
        """The name of the issuer, if known; else empty."""
        return _BY_BEGINNING.get(str(self)[:6], "")

    @property
    def kind(self) -> str:
        """The kind of the issuer: "production" (the GSMA's), "test", or "other"."""
        if str(self) in PRODUCTION:
            return "production"
        return "test" if str(self)[:6] in _TEST else "other"

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The key whose `str` is `text`. Raises ValueError."""
        return cls(bytes.fromhex(text))

    def __repr__(self) -> str:
        return f"KeyIdentifier({str(self)!r})"

    def __str__(self) -> str:
        return self.coded.hex()
