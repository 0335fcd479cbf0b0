"""The identity of a simulated card: for each issuer (CI) its certificate, its key and the EUM's certificate.

A card may be certified under several issuers; the server chooses one of them. A card may also trust issuers
under which it is not certified itself.
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
class CardIdentity:
    """The certificates and keys of a card, the preferred ones first.

    `credentials`: each with the EUM's certificate as its `chain`. `issuers`: those that the card trusts.
    """

    credentials: tuple[Credentials, ...]
    issuers: tuple[x509.Certificate, ...]

    @classmethod
    def minted(cls, credentials: Credentials, authority: Authority) -> CardIdentity:
        """The identity of a card certified under `authority` alone."""
        return cls((credentials,), (authority.certificate,))

    @classmethod
    def load(cls, folder: Path) -> CardIdentity:
        """The identity in the files of `folder`; their names do not matter.

        Raises `NotVerified` if a part is missing or does not match the others.
        """
        return cls(*identification.in_folder(folder))

    @classmethod
    def read(cls, *files: Path) -> CardIdentity:
        """The identity in these files. Raises OSError and `NotVerified`."""
        return cls(*identification.in_files(files))

    @property
    def eid(self) -> str:
        """The EID in its certificates, 32 digits."""
        (number,) = self.credentials[0].certificate.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
        return str(number.value)

    @property
    def ends(self) -> datetime:
        """The earliest expiry of the eUICC and EUM certificates. The card itself ignores dates."""
        own = (held.certificate for held in self.credentials)
        above = (eum for held in self.credentials for eum in held.chain)
        return min(certificate.not_valid_after_utc for certificate in (*own, *above))

    @property
    def verified(self) -> list[bytes]:
        """The key identifiers (PKIds) of the issuers whose servers the card accepts."""
        return [key_identifier(issuer) for issuer in self.issuers]

    @property
    def signing(self) -> list[bytes]:
        """The key identifiers (PKIds) of the issuers under which the card itself is certified."""
        return [issuer_of(held) for held in self.credentials]

    def issuer(self, identifier: bytes) -> x509.Certificate | None:
        """The trusted issuer with this key identifier, if there is one."""
        return next((issuer for issuer in self.issuers if key_identifier(issuer) == identifier), None)

    def under(self, identifier: bytes) -> Credentials | None:
        """The card's certificate and key under the issuer with this key identifier, if it has one."""
        return next((held for held in self.credentials if issuer_of(held) == identifier), None)
