"""A public key infrastructure for the simulated card and its servers: certificates as SGP.22 wants them.

An `Authority` is the certificate issuer at the top (the CI). It certifies the maker of eUICCs (EUM), who
certifies each eUICC, and the servers. With a given clock and source of randomness every key, certificate
and signature comes out the same, byte for byte.

Certificates are lean, for a signed notification carries two and should fit small buffers: short names,
short serial numbers and key identifiers below the CI, no revocation lists. The object identifiers are
under 2.999, the arc for examples.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lpa.errors import StorageFailed
from lpa.sim import private_folder as folders
from lpa.sim.crypto.certificate_parts import (
    CI,
    DP_AUTH,
    DP_PB,
    DP_TLS,
    DS_AUTH,
    DS_TLS,
    EUICC,
    EUM,
    alternative_names,
    begin,
    below,
    der,
    host_name,
    key_identifier,
    key_usage,
    may_certify,
    name_of,
    pem,
    signed,
    valid,
)

__all__ = [
    "CI",
    "DP_AUTH",
    "DP_PB",
    "DP_TLS",
    "DS_AUTH",
    "DS_TLS",
    "EUICC",
    "EUM",
    "Authority",
    "Credentials",
    "der",
    "key_identifier",
    "pem",
]

CurveName = Literal["P-256", "brainpoolP256r1"]
Randomness = Callable[[int], bytes]

CURVES: dict[str, ec.EllipticCurve] = {"P-256": ec.SECP256R1(), "brainpoolP256r1": ec.BrainpoolP256R1()}
_CI_NAME, _EUM_NAME = "Sim CI", "Sim EUM"
_CI_OID, _EUM_OID, SERVER_OID = "2.999.1", "2.999.5", "2.999.10"
_NO_END = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
_SIGNER_DAYS = 3 * 365
_MAX_TLS_DAYS = 398  # as browsers and the test certificates of SGP.26 have it


@dataclass(frozen=True)
class Credentials:
    """A certificate with its private key; `chain` holds the certificates between it and the CI."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def pem_chain(self) -> bytes:
        """The certificate, then those above it up to but without the CI's, as PEM."""
        return b"".join(pem(certificate) for certificate in (self.certificate, *self.chain))

    @property
    def key_pem(self) -> bytes:
        """The private key as PEM (PKCS#8, not encrypted)."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @classmethod
    def from_pem(cls, chain: bytes, key: bytes) -> Self:
        """The way back from `pem_chain` and `key_pem`. Raises ValueError or TypeError if it is none."""
        certificate, *above = x509.load_pem_x509_certificates(chain)
        private = load_pem_private_key(key, None)
        if not isinstance(private, ec.EllipticCurvePrivateKey):
            raise TypeError("the key is not one for elliptic curves")
        return cls(certificate, private, tuple(above))


@dataclass(frozen=True)
class Authority:
    """The certificate issuer (CI) that a test world trusts. Make one with `mint` or `load`."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    randomness: Randomness = os.urandom

    @classmethod
    def mint(
        cls, *, curve: CurveName = "P-256", now: datetime, randomness: Randomness = os.urandom
    ) -> Authority:
        """A new authority, valid for 35 years from `now`. All it will certify is on the same curve."""
        key = new_key(CURVES[curve], randomness)
        name = name_of(_CI_NAME)
        builder = begin(name, key, CI, randomness).issuer_name(name)
        builder = valid(builder, now, now + timedelta(days=35 * 365))
        builder = may_certify(builder, path_length=None, revoke=True)
        builder = builder.add_extension(alternative_names(_CI_OID), critical=False)
        return cls(signed(builder, key), key, randomness)

    @classmethod
    def load(cls, folder: Path, *, randomness: Randomness = os.urandom) -> Authority:
        """The authority that `save` put into `folder`. Raises `StorageFailed` if there is none."""
        try:
            chain, key = (folder / "ci.pem").read_bytes(), (folder / "ci-key.pem").read_bytes()
            held = Credentials.from_pem(chain, key)
        except (OSError, TypeError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise StorageFailed(
                f"{folder} holds no certificate authority (ci.pem and ci-key.pem): {why}.",
                advice="Take the folder of a card that 'lpa sim new' made without --identity: of the "
                "authority above other cards only its owner has the key.",
            ) from error
        return cls(held.certificate, held.key, randomness)

    def save(self, folder: Path) -> None:
        """Keep the certificate in `folder`, made private, as ci.pem and the private key as ci-key.pem."""
        folders.make_private(folder)
        folders.write(folder / "ci-key.pem", Credentials(self.certificate, self.key).key_pem, mode=0o600)
        folders.write(folder / "ci.pem", pem(self.certificate))

    @property
    def key_identifier(self) -> bytes:
        """The 20 bytes by which cards and servers name this authority (PKId)."""
        return key_identifier(self.certificate)

    def issue_eum(self, eid_prefix: str, *, now: datetime, organisation: str = _EUM_NAME) -> Credentials:
        """A maker of eUICCs whose EIDs begin with `eid_prefix` (digits) and bear its `organisation`."""
        key = self._new_key()
        permitted = x509.DirectoryName(name_of(organisation, eid_prefix))
        builder = valid(self._for(name_of(organisation), key, EUM), now, now + timedelta(days=23 * 365))
        builder = may_certify(builder, path_length=0, revoke=False)
        builder = builder.add_extension(alternative_names(_EUM_OID), critical=False)
        builder = builder.add_extension(x509.NameConstraints([permitted], None), critical=True)
        return Credentials(signed(builder, self.key), key)

    def issue_euicc(self, eum: Credentials, eid: str, *, now: datetime) -> Credentials:
        """An eUICC with this EID (32 digits), certified by `eum`. `chain` is the EUM's certificate."""
        key = self._new_key()
        maker = eum.certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value
        builder = begin(name_of(str(maker), eid), key, EUICC, self.randomness)
        builder = valid(below(builder, eum.certificate), now, _NO_END)
        builder = builder.add_extension(key_usage(digital_signature=True), critical=True)
        return Credentials(signed(builder, eum.key), key, (eum.certificate,))

    def issue_server(
        self,
        host: str,
        *,
        now: datetime,
        days: int = 90,
        also: Sequence[str] = (),
        not_before: datetime | None = None,
        not_after: datetime | None = None,
        oid: str = SERVER_OID,
        role: x509.ObjectIdentifier = DP_TLS,
    ) -> Credentials:
        """A TLS server for `host` and the names in `also`, valid for `days` from `now`.

        Its `role` is DPtls or DStls. An IP address becomes an IP name. `not_before` and `not_after` override
        the days, for certificates that are expired or not yet valid. Raises ValueError if it would be valid
        for more than 398 days.
        """
        start = not_before or now
        end = not_after or now + timedelta(days=days)
        if end - start > timedelta(days=_MAX_TLS_DAYS):
            raise ValueError(f"a TLS certificate is valid for {_MAX_TLS_DAYS} days at most")
        key = self._new_key()
        names = [host_name(name) for name in (host, *also)]
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = valid(self._for(name_of(host[:64]), key, role), start, end)
        builder = builder.add_extension(key_usage(digital_signature=True), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        builder = builder.add_extension(alternative_names(oid, *names), critical=False)
        return Credentials(signed(builder, self.key), key)

    def issue_signer(
        self, name: str, role: x509.ObjectIdentifier, *, now: datetime, oid: str = SERVER_OID
    ) -> Credentials:
        """A signer of an SM-DP+ (DPauth, DPpb) or SM-DS (DSauth), whose object identifier is `oid`."""
        key = self._new_key()
        builder = valid(self._for(name_of(name[:64]), key, role), now, now + timedelta(days=_SIGNER_DAYS))
        builder = builder.add_extension(key_usage(digital_signature=True), critical=True)
        builder = builder.add_extension(alternative_names(oid), critical=False)
        return Credentials(signed(builder, self.key), key)

    def _new_key(self) -> ec.EllipticCurvePrivateKey:
        return new_key(self.key.curve, self.randomness)

    def _for(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, role: x509.ObjectIdentifier
    ) -> x509.CertificateBuilder:
        return below(begin(subject, key, role, self.randomness), self.certificate)


def new_key(curve: ec.EllipticCurve, randomness: Randomness) -> ec.EllipticCurvePrivateKey:
    """A private key that was drawn from `randomness`."""
    # 64 bits more than the order has make the remainder as good as evenly spread (FIPS 186-5 §A.2.1).
    number = int.from_bytes(randomness(40), "big") % (curve.group_order - 1) + 1
    return ec.derive_private_key(number, curve)
