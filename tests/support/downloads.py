"""An SM-DP+ that builds its messages byte by byte from the specification, with its own keys.

It shares only the certificate authority with the simulated card and server. What a test wants wrong is an
argument.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lpa.sim.crypto.pki import Authority
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.der import parts, tlv, value
from tests.support.forgery import KEY_USAGES
from tests.support.terminal import Terminal

OID = bytes.fromhex("88370A")  # 2.999.10
TXID = bytes.fromhex("0123456789ABCDEF")
CANCEL = f"BF410D8008{TXID.hex()}8101"  # and a byte for the reason
ADDRESS = "smdp.example.com"
HOST = b"host"
DPAUTH, DPPB, DSAUTH = "2.23.146.1.2.1.4", "2.23.146.1.2.1.5", "2.23.146.1.2.1.7"
ICCID, CODED = "8944994000000000993", "984499040000000099F3"
# matchingId ABC-1, a TAC, and what a device of release 14 can do
CONTEXT = bytes.fromhex("A01B 8005 4142432D31 A112 8004 35290611 A10A 8003 0E0000 8503 0E0000")
_NOW = datetime(2026, 11, 22, tzinfo=UTC)


def certificate(
    authority: Authority,
    key: ec.EllipticCurvePrivateKey,
    role: str,
    oid: str = "2.999.10",
    *,
    usage: bool = True,
    signer: ec.EllipticCurvePrivateKey | None = None,
    issuer: x509.Certificate | None = None,
    start: datetime = _NOW,
) -> bytes:
    """A server's certificate by `authority`, as DER."""
    above = issuer or authority.certificate
    policies = x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(role), None)])
    flags = dict.fromkeys(KEY_USAGES, False) | {"digital_signature": usage, "key_agreement": not usage}
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test server")])
    identifier = above.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    builder = (
        x509.CertificateBuilder(above.subject, name, key.public_key(), 9, start, start + timedelta(days=9))
        .add_extension(policies, critical=True)
        .add_extension(x509.KeyUsage(**flags), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier(identifier, None, None), critical=False)
    )
    if oid:
        names = x509.SubjectAlternativeName([x509.RegisteredID(x509.ObjectIdentifier(oid))])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(signer or authority.key, hashes.SHA256()).public_bytes(Encoding.DER)


def signature(key: ec.EllipticCurvePrivateKey, signed: bytes) -> bytes:
    """5F37 with r and s over `signed`."""
    r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(hashes.SHA256())))
    return tlv("5F37", r.to_bytes(32, "big"), s.to_bytes(32, "big"))


def verify(certificate: bytes, signed: bytes, signature: bytes) -> None:
    """Raises InvalidSignature if the holder of `certificate` did not sign; `signature` is a 5F37."""
    key = x509.load_der_x509_certificate(certificate).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    raw = value(signature)
    assert len(raw) == 64
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))


def point(key: ec.EllipticCurvePrivateKey) -> bytes:
    """04, X and Y of the public key."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


@dataclass
class Keys:
    """The protection of segments (SGP.22 §2.6.4), written a second time."""

    chain: bytes
    enc: bytes
    mac: bytes
    count: int = 1

    def segment(self, tag: str, content: bytes) -> bytes:
        """The next segment."""
        if tag != "88":
            content += b"\x80" + bytes(-(len(content) + 1) % 16)
            first = (
                Cipher(algorithms.AES(self.enc), modes.ECB())  # noqa: S305 - one block, as the standard has it
                .encryptor()
                .update(self.count.to_bytes(16, "big"))
            )
            content = Cipher(algorithms.AES(self.enc), modes.CBC(first)).encryptor().update(content)
        bare = tlv(tag, content, bytes(8))[:-8]
        mac = CMAC(algorithms.AES(self.mac))
        mac.update(self.chain + bare)
        self.chain = mac.finalize()
        self.count += 1
        return bare + self.chain[:8]

    def cut(self, tag: str, content: bytes, size: int) -> list[bytes]:
        """`content` in as many segments as it needs."""
        return [self.segment(tag, content[at : at + size]) for at in range(0, len(content), size)]


def derived(secret: bytes, host: bytes, eid: str) -> Keys:
    """The key derivation of X9.63 with SHA-256, written a second time."""
    shared = b"\x88\x10" + tlv("04", host)[1:] + b"\x10" + bytes.fromhex(eid)
    blocks = b""
    for counter in (1, 2):
        digest = hashes.Hash(hashes.SHA256())
        digest.update(secret + counter.to_bytes(4, "big") + shared)
        blocks += digest.finalize()
    return Keys(blocks[:16], blocks[16:32], blocks[32:48])


@dataclass
class Package:
    """What the server installs. Change what is to be wrong."""

    iccid: str = CODED
    metadata: bytes = b""
    elements: bytes = b""
    configuration: bytes = bytes.fromhex("BF2400")
    replaced_keys: bool = False
    piece: int = 1007
    metadata_piece: int = 1008
    host: bytes = HOST

    def __post_init__(self) -> None:
        self.metadata = self.metadata or store_metadata(self.iccid)
        self.elements = self.elements or profile_elements(self.iccid)


def store_metadata(iccid: str = CODED, *more: str) -> bytes:
    """BF25: the operator "Test Op", the profile "Travel", and what else is to be in it."""
    fixed = ("5A0A" + iccid, "910754657374204F70", "9206547261 76656C".replace(" ", ""))
    return tlv("BF25", *(bytes.fromhex(part) for part in (*fixed, *more)))


def profile_elements(iccid: str = CODED, *between: bytes, major: int = 2, filling: int = 0) -> bytes:
    """A header with the `iccid` in plain digits, what is `between`, a filesystem management element with
    `filling` bytes, and an end."""
    plain = "".join(iccid[at + 1] + iccid[at] for at in range(0, len(iccid), 2))
    header = tlv("A0", bytes([0x80, 1, major]), bytes.fromhex("810103 820154 830A" + plain + "A5028100 A600"))
    filler = [tlv("A1", bytes.fromhex("A003810102"), tlv("81", bytes(filling)))] if filling else []
    return b"".join((header, *between, *filler, bytes.fromhex("AA07A0058000810109")))


@dataclass
class Server:
    """An SM-DP+ with keys on `curve` (that of the authority if it is not given)."""

    authority: Authority
    eid: str
    curve: ec.EllipticCurve | None = None
    auth: ec.EllipticCurvePrivateKey = field(init=False)
    pb: ec.EllipticCurvePrivateKey = field(init=False)
    once: ec.EllipticCurvePrivateKey = field(init=False)

    def __post_init__(self) -> None:
        curve = self.curve or self.authority.key.curve
        self.auth, self.pb, self.once = (ec.generate_private_key(curve) for _ in range(3))
        self.certificate = certificate(self.authority, self.auth, DPAUTH)
        self.binding = certificate(self.authority, self.pb, DPPB)
        self.context = CONTEXT
        self.issuer = self.authority.key_identifier
        self.challenge = bytes(range(16))
        self.more: dict[str, str] = {}
        """Members to append, in hexadecimal, by the name of what they are appended to."""

    def _more(self, name: str) -> bytes:
        return bytes.fromhex(self.more.get(name, ""))

    def authenticate_server(self, challenge: bytes, txid: bytes = TXID) -> bytes:
        """BF38 for a card that gave this challenge."""
        signed = tlv(
            "30",
            tlv("80", txid),
            tlv("81", challenge),
            tlv("83", ADDRESS.encode()),
            tlv("84", self.challenge),
            self._more("serverSigned1"),
        )
        issuer = tlv("04", self.issuer)
        context = self._context()
        parts = (signed, signature(self.auth, signed), issuer, self.certificate, context)
        return tlv("BF38", *parts, self._more("AuthenticateServerRequest"))

    def _context(self) -> bytes:
        if not {"ctxParams1", "deviceInfo", "deviceCapabilities"} & self.more.keys():
            return self.context
        matching_id, device = parts(self.context)[:-1], parts(self.context)[-1]
        tac, capabilities = parts(device)
        capabilities = tlv("A1", value(capabilities), self._more("deviceCapabilities"))
        device = tlv("A1", tac, capabilities, self._more("deviceInfo"))
        return tlv("A0", *matching_id, device, self._more("ctxParams1"))

    def prepare_download(
        self, euicc_signature1: bytes, txid: bytes = TXID, *, key: bytes = b"", code: bytes = b""
    ) -> bytes:
        """BF21. `key`: the card's one-time key that a package is bound to already. `code`: hashCc."""
        bound = tlv("5F49", key) if key else b""
        required = bytes([1, 1, 0xFF if code else 0])
        signed = tlv("30", tlv("80", txid), required, bound, self._more("smdpSigned2"))
        hashed = tlv("04", code) if code else b""
        parts = (signed, signature(self.pb, signed + euicc_signature1), hashed, self.binding)
        return tlv("BF21", *parts, self._more("PrepareDownloadRequest"))

    def secure_channel(
        self,
        card_key: bytes,
        *,
        txid: bytes = TXID,
        operation: int = 1,
        crt: str = "800188810110",
        host: bytes = HOST,
        own: bytes = b"",
    ) -> bytes:
        """BF23."""
        template = tlv("A6", bytes.fromhex(crt), tlv("84", host), self._more("controlRefTemplate"))
        once = tlv("5F49", own or point(self.once))
        content = b"".join((bytes([0x82, 1, operation]), tlv("80", txid), template, once))
        signed = signature(self.pb, content + tlv("5F49", card_key))
        return tlv("BF23", content, signed, self._more("InitialiseSecureChannel"))

    def keys(self, card_key: bytes, host: bytes = HOST) -> Keys:
        """The session keys."""
        public = ec.EllipticCurvePublicKey.from_encoded_point(self.once.curve, card_key)
        return derived(self.once.exchange(ec.ECDH(), public), host, self.eid)

    def segments(self, card_key: bytes, package: Package | None = None) -> list[bytes]:
        """The bound package as it goes to the card: A0 and A2 whole."""
        package = package or Package()
        keys = self.keys(card_key, package.host)
        first = tlv("A0", keys.segment("87", package.configuration))
        metadata = keys.cut("88", package.metadata, package.metadata_piece)
        replaced = b""
        if package.replaced_keys:
            new = [bytes([number]) * 16 for number in (1, 2, 3)]
            members = (tlv(tag, key) for tag, key in zip(("80", "81", "82"), new, strict=True))
            command = tlv("BF26", *members, self._more("ReplaceSessionKeys"))
            replaced = tlv("A2", keys.segment("87", command))
            keys = Keys(new[0], new[1], new[2])
        elements = keys.cut("86", package.elements, package.piece)
        channel = self.secure_channel(card_key, host=package.host)
        return bound(channel, first, metadata, replaced, elements)


def bound(
    channel: bytes, first: bytes, metadata: list[bytes], replaced: bytes, elements: list[bytes]
) -> list[bytes]:
    """The parts of a package as segments, each announced with its length."""
    heads = [_head("A1", b"".join(metadata)), _head("A3", b"".join(elements))]
    whole = b"".join((channel, first, heads[0], *metadata, replaced, heads[1], *elements))
    segments = [_head("BF36", whole) + channel, first, heads[0], *metadata, replaced, heads[1], *elements]
    return [segment for segment in segments if segment]


def _head(tag: str, content: bytes) -> bytes:
    return tlv(tag, content)[: -len(content)]


class Conversation:
    """A download from `server` to the card in `terminal`, as far as a test needs it."""

    def __init__(self, card: SimulatedEuicc, server: Server | None = None, *, channel: int = 1) -> None:
        self.card = card
        self.terminal = Terminal(card, channel=channel)
        self.server = server or Server(card.authority, card.eid)
        self.certificate = b""
        self.signature = b""
        self.key = b""

    def ask(self, request: bytes) -> bytes:
        """The answer, which is a whole one."""
        answer = bytes.fromhex(self.terminal.ask(request.hex()))
        assert answer[-2:] == b"\x90\x00", answer.hex()
        return answer[:-2]

    def challenge(self) -> bytes:
        """GetEuiccChallenge."""
        return self.ask(bytes.fromhex("BF2E00"))[-16:]

    def authenticate(self) -> bytes:
        """GetEuiccChallenge and AuthenticateServer; the answer."""
        answer = self.ask(self.server.authenticate_server(self.challenge()))
        _, self.signature, self.certificate, _ = parts(parts(answer)[0])
        return answer

    def prepare(self, key: bytes = b"") -> bytes:
        """All up to PrepareDownload; the answer. `key`: the one-time key that is wanted again."""
        self.authenticate()
        answer = self.ask(self.server.prepare_download(self.signature, key=key))
        signed, _ = parts(parts(answer)[0])
        self.key = value(parts(signed)[1])
        return answer

    def load(self, segments: list[bytes]) -> bytes:
        """The first answer that is not empty, which is the result; b"" if there is none."""
        for segment in segments:
            answer = self.ask(segment)
            if answer:
                return answer
        return b""

    def download(self, package: Package | None = None) -> bytes:
        """From the first to the last; the result (BF37)."""
        self.prepare()
        return self.load(self.server.segments(self.key, package))


def failure(result: bytes) -> tuple[int, int]:
    """bppCommandId and errorReason of a result that reports a failure."""
    data, _ = parts(result)
    outcome = parts(parts(data)[-1])[0]
    assert outcome[0] == 0xA1, outcome.hex()
    command, reason, *_ = parts(outcome)
    return value(command)[0], value(reason)[0]


def left_nothing(talk: Conversation) -> bool:
    """Whether the card holds its first three profiles only, and has as much free memory as then."""
    talk.card.reset()
    fresh = Conversation(talk.card, talk.server)
    talk.terminal = fresh.terminal
    free = bytes.fromhex("8204 00061A80")
    return len(talk.card.profiles) == 3 and free in talk.ask(bytes.fromhex("BF2200"))


def piecewise(segments: list[bytes]) -> list[bytes]:
    """A0 and A2 as their header, and each 87 alone."""
    found = []
    for segment in segments:
        inside = parts(segment) if segment[0] in (0xA0, 0xA2) else []
        found += [segment[: len(segment) - len(b"".join(inside))], *inside] if inside else [segment]
    return found
