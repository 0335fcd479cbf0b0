"""Finds a card's identity in files: which certificate is whose, and whether all of it fits together.

What a file is called does not matter. Certificates (PEM, several in one file if need be, or DER) are told
apart by their roles and by who issued them, keys (PKCS#8 or SEC 1, PEM or DER) by the certificate they belong
to. What belongs to others, such as a server's certificate, is left alone.
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

from lpa.errors import NotVerified
from lpa.sim.crypto.pki import Credentials, key_identifier

# id-rspRole of SGP.22 v2 and v3
_ROLE = "2.23.146.1.2.1"
_CI, _EUICC, _EUM = {f"{_ROLE}.0"}, {f"{_ROLE}.1", f"{_ROLE}.0.0.0.0.0"}, {f"{_ROLE}.2", f"{_ROLE}.0.0.0"}
_CURVES = (ec.SECP256R1, ec.BrainpoolP256R1)
_LARGEST = 100_000  # bytes of a file that may be one of these
_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)
_UNREADABLE = (TypeError, ValueError, UnsupportedAlgorithm)
_UNFIT = (InvalidSignature, TypeError, ValueError, x509.ExtensionNotFound)

# What a card shows and signs with, and the issuers that it trusts
Found = tuple[tuple[Credentials, ...], tuple[x509.Certificate, ...]]
_Key = ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class _Heap:
    """What was found, not put in order yet."""

    certificates: tuple[x509.Certificate, ...]
    keys: tuple[_Key, ...]
    locked: bool = False  # there is a key that a password guards

    def key_of(self, public: ec.EllipticCurvePublicKey) -> _Key:
        """The private key of a card. Raises `NotVerified` if it is not here."""
        found = next((key for key in self.keys if key.public_key() == public), None)
        if found is not None:
            return found
        if self.locked:
            raise _objection("A password guards the private key: take it off first")
        if not self.keys:
            raise _objection("There is no private key")
        which = "The private key is not" if len(self.keys) == 1 else "None of the private keys is"
        raise _objection(f"{which} that of the eUICC's certificate")

    def of(self, roles: set[str]) -> list[x509.Certificate]:
        """The certificates for one of these roles."""
        return [certificate for certificate in self.certificates if not _roles(certificate).isdisjoint(roles)]

    @property
    def issuers(self) -> list[x509.Certificate]:
        """Those for the role, and those that vouch for themselves; of two with one key the first."""
        selfmade = [held for held in self.certificates if held.issuer == held.subject]
        by_key = {_identifier(issuer): issuer for issuer in reversed([*self.of(_CI), *selfmade])}
        return [issuer for issuer in self.certificates if issuer in by_key.values()]


def in_folder(folder: Path) -> Found:
    """What is in the files of `folder`. Raises `NotVerified` if there is no identity, or it does not fit."""
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise _objection(f"The folder {folder} cannot be read: {error.strerror}") from error
    return in_files(files)


def in_files(files: Iterable[Path]) -> Found:
    """What is in these files, in their order. Raises OSError and `NotVerified`."""
    contents = [path.read_bytes() for path in files if path.stat().st_size <= _LARGEST]
    blocks = [block for content in contents for block in _blocks(content)]
    certificates = dict.fromkeys(found for block in blocks for found in _certificate(block))
    keys = tuple(found for block in blocks for found in _key(block))
    locked = any(block.startswith(b"-----") and b"ENCRYPTED" in block for block in blocks)
    return _sorted_out(_Heap(tuple(certificates), keys, locked))


def issuer_of(credentials: Credentials) -> bytes:
    """The key identifier of the CI at the end of the chain; b"" if the EUM's certificate does not say."""
    above = credentials.chain[-1].extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    return above.key_identifier or b""


def _sorted_out(heap: _Heap) -> Found:
    cards, makers, issuers = heap.of(_EUICC), heap.of(_EUM), heap.issuers
    if not heap.certificates:
        raise _objection("There are no certificates")
    wanted = ((cards, "an eUICC"), (makers, "the eUICC's maker (EUM)"), (issuers, "an issuer (CI)"))
    for found, whose in wanted:
        if not found:
            raise _objection(f"There is no certificate of {whose}")
    credentials = tuple(_credentials(card, makers, issuers, heap) for card in cards)
    _check_one_card(credentials)
    return credentials, tuple(issuers)


def _credentials(
    card: x509.Certificate,
    makers: Sequence[x509.Certificate],
    issuers: Sequence[x509.Certificate],
    heap: _Heap,
) -> Credentials:
    public = card.public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, _CURVES):
        raise _objection("The eUICC's key is neither on NIST P-256 nor on brainpoolP256r1")
    key = heap.key_of(public)
    own = [maker for maker in makers if _issued(card, maker)]
    if not own:
        raise _objection("No maker (EUM) whose certificate is here signed that of the eUICC")
    # A maker may have certificates of several issuers for one key, and not all of these need be here.
    maker = next((held for held in own if any(_issued(held, issuer) for issuer in issuers)), None)
    if maker is None:
        raise _objection("No issuer (CI) whose certificate is here signed that of the maker (EUM)")
    _check_eid(card, maker)
    return Credentials(card, key, (maker,))


def _check_eid(card: x509.Certificate, maker: x509.Certificate) -> None:
    eid = _attribute(card.subject, NameOID.SERIAL_NUMBER)
    if not re.fullmatch(r"[0-9]{32}", eid, re.ASCII):
        raise _objection(f"The certificate of the eUICC names no EID of 32 digits, but {eid or 'nothing'}")
    limits = _permitted(maker)
    if limits and not any(eid.startswith(limit) for limit in limits):
        raise _objection(f"The maker (EUM) may not vouch for the EID {eid}: it must begin with {limits[0]}")


def _check_one_card(credentials: Sequence[Credentials]) -> None:
    eids = {_attribute(held.certificate.subject, NameOID.SERIAL_NUMBER) for held in credentials}
    if len(eids) > 1:
        raise _objection(f"The certificates are those of several cards: {', '.join(sorted(eids))}")
    if len({issuer_of(held) for held in credentials}) < len(credentials):
        raise _objection("The eUICC has two certificates under the same issuer (CI)")


def _permitted(maker: x509.Certificate) -> list[str]:
    """How the EIDs may begin that the maker's certificate permits; nothing if it does not say."""
    try:
        constraints = maker.extensions.get_extension_for_class(x509.NameConstraints).value
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
    """The PEM blocks in a file, or its whole content."""
    return [match.group() for match in _PEM.finditer(content)] or [content]


def _certificate(block: bytes) -> Iterable[x509.Certificate]:
    """The certificate that a block is, if it is one that can be read wholly."""
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
        raise _objection("The certificate of an issuer (CI) does not name its key") from error


def _attribute(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    return " and ".join(str(attribute.value) for attribute in name.get_attributes_for_oid(oid))


def _objection(sentence: str) -> NotVerified:
    advice = (
        "A folder for --identity holds the certificates of CI, EUM and eUICC and the eUICC's private key, "
        "as PEM or DER."
    )
    return NotVerified(f"{sentence}.", advice=advice)
