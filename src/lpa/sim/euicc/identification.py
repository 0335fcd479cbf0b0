"""Finds the identity of a card in files: its certificates and keys, checked against each other.

File names do not matter. Certificates (DER, or PEM with one or more in a file) are recognised by role and
issuer, keys (PKCS#8 or SEC 1, PEM or DER) by the certificate of the same public key. Anything else, such as a
server's certificate, is ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key
from cryptography.x509.oid import NameOID

from lpa.advice.simulator import IDENTITY_FOLDER
from lpa.advice.storage import NAME_OTHER_FOLDER
from lpa.errors import NotVerified, storage_failed
from lpa.sim.crypto.pki import Credentials, key_identifier

# id-rspRole of SGP.22 v2 and v3
_ROLE = "2.23.146.1.2.1"
_CI, _EUICC, _EUM = {f"{_ROLE}.0"}, {f"{_ROLE}.1", f"{_ROLE}.0.0.0.0.0"}, {f"{_ROLE}.2", f"{_ROLE}.0.0.0"}
_CURVES = (ec.SECP256R1, ec.BrainpoolP256R1)
_LARGEST = 100_000  # bytes; larger files are ignored
_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)
_UNREADABLE = (TypeError, ValueError, UnsupportedAlgorithm)
_UNFIT = (InvalidSignature, TypeError, ValueError, x509.ExtensionNotFound)

# The card's certificates with their keys, and the issuers that it trusts
Found = tuple[tuple[Credentials, ...], tuple[x509.Certificate, ...]]
_Key = ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class _Candidates:
    """All certificates and keys in the files."""

    certificates: tuple[x509.Certificate, ...]
    keys: tuple[_Key, ...]
    encrypted: bool = False  # There is also a private key that is encrypted with a password.

    def key_of(self, public: ec.EllipticCurvePublicKey) -> _Key:
        """The private key to a public one. Raises `NotVerified` if there is none."""
        found = next((key for key in self.keys if key.public_key() == public), None)
        if found is not None:
            return found
        if self.encrypted:
            raise _not_verified("The private key is encrypted with a password: remove the password first")
        if not self.keys:
            raise _not_verified("There is no private key")
        which = (
            "The private key does not belong" if len(self.keys) == 1 else "None of the private keys belongs"
        )
        raise _not_verified(f"{which} to the eUICC's certificate")

    def of(self, roles: set[str]) -> list[x509.Certificate]:
        """The certificates for one of these roles."""
        return [certificate for certificate in self.certificates if not _roles(certificate).isdisjoint(roles)]

    @property
    def issuers(self) -> list[x509.Certificate]:
        """The certificates with the role CI and the self-signed ones; of two with the same key the first."""
        self_signed = [held for held in self.certificates if held.issuer == held.subject]
        by_key = {_identifier(issuer): issuer for issuer in reversed([*self.of(_CI), *self_signed])}
        return [issuer for issuer in self.certificates if issuer in by_key.values()]


def in_folder(folder: Path) -> Found:
    """The identity in the files of `folder`.

    Raises `NotVerified` if a part is missing or does not match, and `StorageFailed` if a file cannot be read.
    """
    try:
        return in_files(sorted(path for path in folder.iterdir() if path.is_file()))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _not_verified(f"Cannot read the folder {folder}: {error.strerror}") from error
    except OSError as error:
        what = f"The identity in {folder} cannot be read"
        raise storage_failed(error, what, NAME_OTHER_FOLDER) from error


def in_files(files: Iterable[Path]) -> Found:
    """The identity in these files, in the order of the files. Raises OSError and `NotVerified`."""
    contents = [path.read_bytes() for path in files if path.stat().st_size <= _LARGEST]
    blocks = [block for content in contents for block in _blocks(content)]
    certificates = dict.fromkeys(found for block in blocks for found in _certificate(block))
    keys = tuple(found for block in blocks for found in _key(block))
    encrypted = any(block.startswith(b"-----") and b"ENCRYPTED" in block for block in blocks)
    return _matched(_Candidates(tuple(certificates), keys, encrypted))


def issuer_of(credentials: Credentials) -> bytes:
    """The key identifier of the CI at the end of the chain; b"" if the EUM's certificate has none."""
    above = credentials.chain[-1].extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    return above.key_identifier or b""


def _matched(candidates: _Candidates) -> Found:
    euiccs, eums, issuers = candidates.of(_EUICC), candidates.of(_EUM), candidates.issuers
    if not candidates.certificates:
        raise _not_verified("There are no certificates")
    wanted = ((euiccs, "an eUICC"), (eums, "the eUICC's manufacturer (EUM)"), (issuers, "an issuer (CI)"))
    for found, holder in wanted:
        if not found:
            raise _not_verified(f"There is no certificate of {holder}")
    credentials = tuple(_credentials(euicc, eums, issuers, candidates) for euicc in euiccs)
    _check_one_card(credentials)
    return credentials, tuple(issuers)


def _credentials(
    euicc: x509.Certificate,
    eums: Sequence[x509.Certificate],
    issuers: Sequence[x509.Certificate],
    candidates: _Candidates,
) -> Credentials:
    public = euicc.public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, _CURVES):
        raise _not_verified("The eUICC's key is neither on NIST P-256 nor on brainpoolP256r1")
    key = candidates.key_of(public)
    own = [eum for eum in eums if _issued(euicc, eum)]
    if not own:
        raise _not_verified("No EUM certificate in these files signed the eUICC's certificate")
    # An EUM may have certificates of several issuers for one key, and some issuers may be missing here.
    eum = next((held for held in own if any(_issued(held, issuer) for issuer in issuers)), None)
    if eum is None:
        raise _not_verified("No issuer (CI) certificate in these files signed the EUM's certificate")
    _check_eid(euicc, eum)
    return Credentials(euicc, key, (eum,))


def _check_eid(euicc: x509.Certificate, eum: x509.Certificate) -> None:
    eid = _attribute(euicc.subject, NameOID.SERIAL_NUMBER)
    if not re.fullmatch(r"[0-9]{32}", eid, re.ASCII):
        raise _not_verified(f"The eUICC's certificate has no EID of 32 digits, but {eid or 'nothing'}")
    prefixes = _permitted(eum)
    if prefixes and not any(eid.startswith(prefix) for prefix in prefixes):
        raise _not_verified(f"The EUM may not certify the EID {eid}: it must begin with {prefixes[0]}")


def _check_one_card(credentials: Sequence[Credentials]) -> None:
    eids = {_attribute(held.certificate.subject, NameOID.SERIAL_NUMBER) for held in credentials}
    if len(eids) > 1:
        raise _not_verified(f"The certificates belong to several cards: {', '.join(sorted(eids))}")
    if len({issuer_of(held) for held in credentials}) < len(credentials):
        raise _not_verified("The eUICC has two certificates under the same issuer (CI)")


def _permitted(eum: x509.Certificate) -> list[str]:
    """The EID prefixes that the EUM's certificate permits; empty if it has no name constraints."""
    try:
        constraints = eum.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return []
    names = [
        name.value for name in constraints.permitted_subtrees or () if isinstance(name, x509.DirectoryName)
    ]
    return [_attribute(name, NameOID.SERIAL_NUMBER) for name in names]


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except _UNFIT:
        return False
    return True


def _blocks(content: bytes) -> list[bytes]:
    """The PEM blocks in a file, or its whole content if it has none."""
    return [match.group() for match in _PEM.finditer(content)] or [content]


def _certificate(block: bytes) -> Iterable[x509.Certificate]:
    """The certificate in a block, if there is one whose extensions and key can be read."""
    load = x509.load_pem_x509_certificate if block.startswith(b"-----") else x509.load_der_x509_certificate
    try:
        certificate = load(block)
        _ = certificate.extensions, certificate.public_key()
    except _UNREADABLE:
        return
    yield certificate


def _key(block: bytes) -> Iterable[_Key]:
    load = load_pem_private_key if block.startswith(b"-----") else load_der_private_key
    try:
        key = load(block, None)
    except _UNREADABLE:
        return
    if isinstance(key, ec.EllipticCurvePrivateKey):
        yield key


def _roles(certificate: x509.Certificate) -> set[str]:
    try:
        policies = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    except x509.ExtensionNotFound:
        return set()
    return {policy.policy_identifier.dotted_string for policy in policies}


def _identifier(certificate: x509.Certificate) -> bytes:
    try:
        return key_identifier(certificate)
    except x509.ExtensionNotFound as error:
        raise _not_verified("An issuer (CI) certificate has no subject key identifier") from error


def _attribute(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    return " and ".join(str(attribute.value) for attribute in name.get_attributes_for_oid(oid))


def _not_verified(sentence: str) -> NotVerified:
    advice = IDENTITY_FOLDER
    return NotVerified(f"{sentence}.", advice=advice)
