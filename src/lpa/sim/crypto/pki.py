"""The public key infrastructure of the simulated card and its servers (SGP.22 §4.5).

An `Authority` is the root certificate issuer (CI). It certifies servers and the eUICC manufacturer (EUM),
which certifies each eUICC. With the same clock and source of randomness every key, certificate and signature
is the same, byte for byte.

Certificates are small, because a signed notification carries two of them: short names, short serial numbers
and key identifiers below the CI, no revocation lists. The object identifiers are under 2.999, the arc for
examples.
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

from lpa.advice.simulator import CARD_WITHOUT_IDENTITY
from lpa.advice.storage import NAME_OTHER_FOLDER
from lpa.errors import StorageFailed, storage_failed, system_reason
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
_MAX_TLS_DAYS = 398  # the limit of browsers and of the test certificates of SGP.26


@dataclass(frozen=True)
class Credentials:
    """A certificate with its private key; `chain` holds the certificates between it and the CI."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def pem_chain(self) -> bytes:
        """The certificate and those above it, without the CI's, as PEM."""
        return b"".join(pem(certificate) for certificate in (self.certificate, *self.chain))

    @property
    def key_pem(self) -> bytes:
        """The private key as PEM (PKCS#8, not encrypted)."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @classmethod
    def from_pem(cls, chain: bytes, key: bytes) -> Self:
        """The inverse of `pem_chain` and `key_pem`. Raises ValueError or TypeError for anything else."""
        certificate, *above = x509.load_pem_x509_certificates(chain)
        private = load_pem_private_key(key, None)
        if not isinstance(private, ec.EllipticCurvePrivateKey):
            raise TypeError("the key is not an elliptic curve key")
        return cls(certificate, private, tuple(above))


@dataclass(frozen=True)
class Authority:
    """A root certificate issuer (CI) with its private key. Make one with `mint` or `load`."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    randomness: Randomness = os.urandom

    @classmethod
    def mint(
        cls, *, curve: CurveName = "P-256", now: datetime, randomness: Randomness = os.urandom
    ) -> Authority:
        """A new authority, valid for 35 years from `now`. All keys that it certifies are on its curve."""
        key = new_key(CURVES[curve], randomness)
        name = name_of(_CI_NAME)
        builder = begin(name, key, CI, randomness).issuer_name(name)
        builder = valid(builder, now, now + timedelta(days=35 * 365))
        builder = may_certify(builder, path_length=None, revoke=True)
        builder = builder.add_extension(alternative_names(_CI_OID), critical=False)
        return cls(signed(builder, key), key, randomness)

    @classmethod
    def load(cls, folder: Path, *, randomness: Randomness = os.urandom) -> Authority:
        """The authority that `save` stored in `folder`. Raises `StorageFailed` if there is none."""
        try:
            chain, key = (folder / "ci.pem").read_bytes(), (folder / "ci-key.pem").read_bytes()
            held = Credentials.from_pem(chain, key)
        except (FileNotFoundError, NotADirectoryError, TypeError, ValueError) as error:
            why = system_reason(error)
            raise StorageFailed(
                f"{folder} contains no certificate authority (ci.pem and ci-key.pem): {why}.",
                advice=CARD_WITHOUT_IDENTITY,
            ) from error
        except OSError as error:
            what = f"The certificate authority in {folder} cannot be read"
            raise storage_failed(error, what, NAME_OTHER_FOLDER) from error
        return cls(held.certificate, held.key, randomness)

    def save(self, folder: Path) -> None:
        """Store the certificate as ci.pem and the private key as ci-key.pem, in `folder` made private."""
        folders.make_private(folder)
        folders.write(folder / "ci-key.pem", Credentials(self.certificate, self.key).key_pem, mode=0o600)
        folders.write(folder / "ci.pem", pem(self.certificate))

    @property
    def key_identifier(self) -> bytes:
        """The key identifier (PKId) that cards and servers know this authority by: 20 bytes."""
        return key_identifier(self.certificate)

    def issue_eum(self, eid_prefix: str, *, now: datetime, organisation: str = _EUM_NAME) -> Credentials:
        """An EUM that may certify eUICCs of `organisation` whose EID begins with `eid_prefix` (digits)."""
        key = self._new_key()
        permitted = x509.DirectoryName(name_of(organisation, eid_prefix))
        builder = valid(self._for(name_of(organisation), key, EUM), now, now + timedelta(days=23 * 365))
        builder = may_certify(builder, path_length=0, revoke=False)
        builder = builder.add_extension(alternative_names(_EUM_OID), critical=False)
        builder = builder.add_extension(x509.NameConstraints([permitted], None), critical=True)
        return Credentials(signed(builder, self.key), key)

    def issue_euicc(self, eum: Credentials, eid: str, *, now: datetime) -> Credentials:
        """An eUICC with this EID (32 digits), certified by `eum`, whose certificate is its `chain`."""
        key = self._new_key()
        organisation = eum.certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value
        builder = begin(name_of(str(organisation), eid), key, EUICC, self.randomness)
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

        `role`: DPtls or DStls. `not_before` and `not_after` override `days`, for certificates that are
        expired or not yet valid. An IP address becomes an IP name. Raises ValueError for a validity of more
        than 398 days.
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
        self, name: str, role: x509.ObjectIdentifier, *, now: datetime | None, oid: str = SERVER_OID
    ) -> Credentials:
        """A signing certificate of an SM-DP+ (DPauth, DPpb) or SM-DS (DSauth) with this object identifier.

        It is valid for three years from `now`, or (None) as long as the authority.
        """
        key = self._new_key()
        end = now and now + timedelta(days=_SIGNER_DAYS)
        start, end = now or self.certificate.not_valid_before_utc, end or self.certificate.not_valid_after_utc
        builder = valid(self._for(name_of(name[:64]), key, role), start, end)
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
    """A private key drawn from `randomness`."""
    # 64 extra bits make the bias of the remainder negligible (FIPS 186-5 §A.2.1).
    number = int.from_bytes(randomness(40), "big") % (curve.group_order - 1) + 1
    return ec.derive_private_key(number, curve)
