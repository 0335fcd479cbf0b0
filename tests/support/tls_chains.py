"""TLS servers with certificates of a test issuer: genuine ones, and ones with one fault each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from lpa.rsp.codec.ber import Tlv
from lpa.rsp.pki.key_identifier import KeyIdentifier
from lpa.sim.crypto.pki import Credentials
from tests.support import forgery
from tests.support.forgery import Party
from tests.support.tls_faults import HOST, NOW

ROLE = "2.23.146.1.2.1"
DP_TLS, CI_SUB_CA = f"{ROLE}.3", f"{ROLE}.0.0"
SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
BRAINPOOL = ec.BrainpoolP256R1()
DAY = timedelta(days=1)


def serving(*names: str, purposes: tuple[x509.ObjectIdentifier, ...] = (SERVER, CLIENT)) -> forgery.Change:
    """The extensions of a server's certificate: its names, and its purposes."""

    def change(builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
        alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = builder.add_extension(alternative, critical=False)
        if purposes:
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        return builder

    return change


class TlsChain:
    """A genuine server <- CI; put `sub` into `way` for an intermediate. Change what is to be wrong."""

    def __init__(self, curve: ec.EllipticCurve | None = None) -> None:
        curve = curve or ec.SECP256R1()
        self.ci = Party(forgery.CI, "CI", curve=curve)
        self.sub = Party(CI_SUB_CA, "Sub CI", curve=curve, basic=x509.BasicConstraints(True, 0))
        self.second_sub = Party(CI_SUB_CA, "Second", curve=curve, basic=x509.BasicConstraints(True, 0))
        self.server = Party(DP_TLS, "Operator", curve=curve, usage="digital_signature", change=serving(HOST))
        for party in (self.ci, self.sub, self.second_sub, self.server):
            party.start, party.end = NOW - DAY, NOW + DAY
        self.way: list[Party] = []  # the intermediates between the server and the CI
        self.signer: Party | None = (
            None  # the one that really signs the server's certificate, if not its issuer
        )
        self.beside: list[bytes] = []  # certificates that are sent before the intermediates
        self.sent: int | None = None  # how many of the intermediates the server sends; all if None
        self.ci_pkids = [KeyIdentifier(self.ci.identifier)]
        self.host = HOST
        self.spoilt = False  # whether the CI's signature is changed
        self.strange = False  # whether the server's own certificate cannot be read
        self.keyless = False  # whether the CI's signature is one that no key can have made

    def shown(self) -> list[bytes]:
        """The certificates that the server shows, its own first."""
        parties = [self.server, *self.way, self.ci]
        ders = [holder.certificate(issuer) for holder, issuer in pairwise(parties)]
        if self.signer:
            ders[0] = self.server.certificate(self.signer)
        if self.spoilt:
            ders[-1] = ders[-1][:-1] + bytes([ders[-1][-1] ^ 1])
        if self.keyless:
            signed, algorithm, _ = Tlv(ders[-1]).children
            signature = b"\0" + forgery.keyless(signed, self.ci.curve)
            ders[-1] = bytes(Tlv.build(0x30, signed, algorithm, Tlv.build(0x03, signature)))
        if self.strange:
            ders[0] = forgery.unreadable(ders[0])
        leaf, *above = ders
        return [leaf, *self.beside, *above[: self.sent]]

    def credentials(self) -> Credentials:
        """The server's certificates and key."""
        leaf, *others = map(x509.load_der_x509_certificate, self.shown())
        return Credentials(leaf, self.server.key, tuple(others))

    @property
    def ci_pem(self) -> str:
        """The CI's own certificate."""
        certificate = x509.load_der_x509_certificate(self.ci.certificate(self.ci))
        return certificate.public_bytes(Encoding.PEM).decode()


Change = Callable[[TlsChain], object]


def changed(change: Change, curve: ec.EllipticCurve | None = None) -> TlsChain:
    """A genuine chain with one change."""
    chain = TlsChain(curve)
    change(chain)
    return chain


def self_signed(chain: TlsChain) -> Credentials:
    """The server with a certificate that it signed itself."""
    party = chain.server
    certificate = x509.load_der_x509_certificate(party.certificate(party))
    return replace(chain.credentials(), certificate=certificate, chain=())
