"""Who a simulated card is: under each issuer (CI) its certificate and key, and its maker's (EUM) certificate.

A card may have several, as cards that are sold in many countries do: a server says under which it wants to
know it. A card may also trust issuers under which it has no certificate of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

from lpa.sim.crypto.pki import Authority, Credentials, key_identifier
from lpa.sim.euicc import identification
from lpa.sim.euicc.identification import issuer_of


@dataclass(frozen=True)
class Identity:
    """The certificates and keys of a card, the preferred ones first.

    `credentials`: each with the EUM's certificate as its `chain`. `issuers`: those that the card trusts.
    """

    credentials: tuple[Credentials, ...]
    issuers: tuple[x509.Certificate, ...]

    @classmethod
    def minted(cls, credentials: Credentials, authority: Authority) -> Identity:
        """Of a card that only `authority` vouches for."""
        return cls((credentials,), (authority.certificate,))

    @classmethod
    def load(cls, folder: Path) -> Identity:
        """What is in the files of `folder`, whatever they are called.

        Raises `NotVerified` with a sentence if something is missing or does not fit.
        """
        return cls(*identification.in_folder(folder))

    @classmethod
    def read(cls, *files: Path) -> Identity:
        """What is in these files. Raises OSError and `NotVerified`."""
        return cls(*identification.in_files(files))

    @property
    def eid(self) -> str:
        """The EID, 32 digits, that all its certificates name."""
        (number,) = self.credentials[0].certificate.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
        return str(number.value)

    @property
    def ends(self) -> datetime:
        """When the first of its certificates and those above them is over. A card does not look at it."""
        own = (held.certificate for held in self.credentials)
        above = (maker for held in self.credentials for maker in held.chain)
        return min(certificate.not_valid_after_utc for certificate in (*own, *above))

    @property
    def verified(self) -> list[bytes]:
        """The key identifiers of the issuers under which a server may be certified (PKIds)."""
        return [key_identifier(issuer) for issuer in self.issuers]

    @property
    def signing(self) -> list[bytes]:
        """The key identifiers of the issuers under which the card itself is certified (PKIds)."""
        return [issuer_of(held) for held in self.credentials]

    def issuer(self, identifier: bytes) -> x509.Certificate | None:
        """The trusted issuer whose key this identifies, if there is one."""
        return next((issuer for issuer in self.issuers if key_identifier(issuer) == identifier), None)

    def under(self, identifier: bytes) -> Credentials | None:
        """What the card shows and signs with under the issuer whose key this identifies."""
        return next((held for held in self.credentials if issuer_of(held) == identifier), None)
