"""Notifications signed with keys of the tests: genuine ones, and ones with one fault each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from lpa.rsp.codec.ber import Tlv

EID = "89049032123451234512345678901235"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
# No. 7: deletion (10) of the profile 89898989898989898989, for the server "a.b"
BODY = bytes.fromhex("BF2F18 800107 81020410 0C03612E62 5A0A98989898989898989898")
CI, EUICC, EUM = "2.23.146.1.2.1.0", "2.23.146.1.2.1.1", "2.23.146.1.2.1.2"
Change = Callable[[x509.CertificateBuilder], x509.CertificateBuilder]


@dataclass
class Party:
    """The holder of a certificate in the chain, before it is made. Change what is to be wrong."""

    role: str
    organisation: str = "Maker"
    serial_number: str = ""
    curve: ec.EllipticCurve = field(default_factory=ec.SECP256R1)
    usage: str = "key_cert_sign"
    basic: x509.BasicConstraints | None = None
    limits: x509.NameConstraints | None = None
    claimed: bytes = b""  # a key identifier that is not the key's own
    start: datetime = NOW - timedelta(days=1)
    end: datetime = NOW + timedelta(days=1)
    change: Change = lambda builder: builder
    explicit: bool = False  # whether all that is FALSE by default is written out
    key: ec.EllipticCurvePrivateKey = field(init=False)

    def __post_init__(self) -> None:
        self.key = ec.generate_private_key(self.curve)

    @property
    def name(self) -> x509.Name:
        """The subject."""
        number = [x509.NameAttribute(NameOID.SERIAL_NUMBER, self.serial_number)] if self.serial_number else []
        return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, self.organisation), *number])

    @property
    def identifier(self) -> bytes:
        """The key identifier: its own, the SHA-1 of the key, if no other is claimed."""
        return self.claimed or x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()).digest

    def certificate(self, issuer: Party) -> bytes:
        """The certificate by `issuer`, as DER."""
        flags = dict.fromkeys(KEY_USAGES, False) | {self.usage: True}
        policies = x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(self.role), None)])
        builder = (
            x509.CertificateBuilder(issuer.name, self.name, self.key.public_key(), 77, self.start, self.end)
            .add_extension(x509.KeyUsage(**flags), critical=True)
            .add_extension(policies, critical=True)
            .add_extension(x509.SubjectKeyIdentifier(self.identifier), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier(issuer.identifier, None, None), critical=False)
        )
        if self.basic:
            builder = builder.add_extension(self.basic, critical=True)
        if self.limits:
            builder = builder.add_extension(self.limits, critical=True)
        made = self.change(builder).sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)
        return explicit(made, issuer.key) if self.explicit else made


class Chain:
    """A genuine eUICC <- EUM <- CI. Change a party, then ask for `notification`."""

    def __init__(self, curve: ec.EllipticCurve | None = None) -> None:
        curve = curve or ec.SECP256R1()
        self.ci = Party(CI, "CI", curve=curve)
        self.eum = Party(EUM, curve=curve, basic=x509.BasicConstraints(True, 0), limits=limits())
        self.euicc = Party(EUICC, "Maker", EID, curve=curve, usage="digital_signature")
        self.above: list[bytes] = []  # certificates in A1, as in SGP.22 v3
        self.eum_issuer = self.ci

    def notification(self, body: bytes = BODY) -> bytes:
        """An OtherSignedNotification by this card."""
        leaf, maker = self.euicc.certificate(self.eum), self.eum.certificate(self.eum_issuer)
        more = [Tlv.build(0xA1, *self.above)] if self.above else []
        return Tlv.build(0x30, body, Tlv.build(0x5F37, signature(self.euicc.key, body)), leaf, maker, *more)

    @property
    def ci_certificate(self) -> x509.Certificate:
        """The CI's own certificate."""
        return x509.load_der_x509_certificate(self.ci.certificate(self.ci))


def explicit(certificate: bytes, issuer: ec.EllipticCurvePrivateKey) -> bytes:
    """The same, signed again, with every FALSE written out that DER omits."""
    signed, algorithm, _ = Tlv.whole(certificate).children
    *members, extensions = signed.children
    written = Tlv.build(0xA3, Tlv.build(0x30, *map(_explicit, extensions.children[0].children)))
    changed = Tlv.build(0x30, *members, written)
    proof = Tlv.build(0x03, b"\0" + issuer.sign(changed, ec.ECDSA(hashes.SHA256())))
    return bytes(Tlv.build(0x30, changed, algorithm, proof))


def unreadable(certificate: bytes) -> bytes:
    """The same with version 7, which OpenSSL accepts."""
    return certificate.replace(bytes.fromhex("A003020102"), bytes.fromhex("A003020106"), 1)


def _explicit(extension: Tlv) -> Tlv:
    false = bytes.fromhex("010100")
    name, *critical, content = extension.children
    if content.value == bytes.fromhex(
        "3000"
    ):  # the basic constraints of a holder that may not certify others
        content = Tlv.build(0x04, Tlv.build(0x30, false))
    return Tlv.build(0x30, name, *(critical or [Tlv(false)]), content)


def limits(organisation: str = "Maker", prefix: str = "89049032") -> x509.NameConstraints:
    """The name constraints of a maker of cards whose EIDs begin with `prefix`."""
    return x509.NameConstraints([x509.DirectoryName(Party(EUM, organisation, prefix).name)], None)


def signature(key: ec.EllipticCurvePrivateKey, signed: bytes) -> bytes:
    """r and s side by side, as a card writes them."""
    r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def with_other_s(receipt: bytes) -> bytes:
    """The same with the other valid form of its signature: s is replaced by n - s."""
    signed, proof, *more = Tlv.whole(receipt).children
    other = _ORDERS["secp256r1"] - int.from_bytes(proof.value[32:], "big")
    return Tlv.build(0x30, signed, Tlv.build(0x5F37, proof.value[:32], other.to_bytes(32, "big")), *more)


def with_empty_member(receipt: bytes) -> bytes:
    """The same with an empty list of further certificates."""
    return Tlv.build(0x30, Tlv.whole(receipt).value, bytes.fromhex("A100"))


def with_unknown_member(receipt: bytes) -> bytes:
    """The same with a member of no version at the end."""
    return Tlv.build(0x30, Tlv.whole(receipt).value, bytes.fromhex("9F7F0101"))


def loose(receipt: bytes, *numbers: int) -> bytes:
    """The same with more length bytes than needed: in its members of these numbers, or (none) in itself."""
    whole = Tlv.whole(receipt)
    if not numbers:
        return _loose(whole)
    members = (_loose(one) if at in numbers else one for at, one in enumerate(whole.children))
    return Tlv.build(0x30, *members)


def _loose(tlv: Tlv) -> bytes:
    tag = tlv.tag.to_bytes((tlv.tag.bit_length() + 7) // 8, "big")
    return tag + b"\x84" + len(tlv.value).to_bytes(4, "big") + tlv.value


def keyless(signed: bytes, curve: ec.EllipticCurve) -> bytes:
    """A signature (DER) of `signed` from which the point at infinity follows as the key: s R = e G."""
    order = _ORDERS[curve.name]
    nonce = 0xBADC0FFEE
    r = ec.derive_private_key(nonce, curve).public_key().public_numbers().x % order
    hashed = int.from_bytes(sha256(signed).digest(), "big")
    return encode_dss_signature(r, hashed * pow(nonce, -1, order) % order)


_ORDERS = {
    "secp256r1": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "brainpoolP256r1": 0xA9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A7,
}
KEY_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)
