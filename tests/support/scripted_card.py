"""A card with its LPA, for tests of the simulated servers. It shares only the certificates with them.

It builds its messages byte by byte, and checks every signature of the server over the received bytes.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lpa.rsp.codec.ber import Tlv
from lpa.sim.crypto.pki import Authority, Credentials, der, key_identifier
from tests.support.bsp import Opening, opening
from tests.support.tls_faults import NOW, plain_context

PREFIX = "89999999"
EID = "89999999000000000000000000000025"
HEADERS = {"Content-Type": "application/json", "X-Admin-Protocol": "gsma/rsp/v2.2.2"}
SMDP_OID = bytes.fromhex("88370A")  # 2.999.10
INFO1 = "82 03 020202"
INFO2 = "81 03 020301 82 03 020202 84 0D 810100 8204 {free:08X} 83022000 88 02 {capability}"


def tlv(tag: str, *parts: bytes) -> bytes:
    value = b"".join(parts)
    if len(value) < 0x80:
        length = bytes([len(value)])
    else:
        width = (len(value).bit_length() + 7) // 8
        length = bytes([0x80 | width]) + len(value).to_bytes(width, "big")
    return bytes.fromhex(tag) + length + value


def signed(key: ec.EllipticCurvePrivateKey, *parts: bytes) -> bytes:
    r, s = decode_dss_signature(key.sign(b"".join(parts), ec.ECDSA(hashes.SHA256())))
    return tlv("5F37", r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def verify(certificate: x509.Certificate, signature: bytes, *parts: bytes) -> None:
    assert signature[:3] == b"\x5f\x37\x40"
    r, s = int.from_bytes(signature[3:35], "big"), int.from_bytes(signature[35:67], "big")
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(encode_dss_signature(r, s), b"".join(parts), ec.ECDSA(hashes.SHA256()))


def role(certificate: x509.Certificate) -> str:
    (policy,) = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    return str(policy.policy_identifier.dotted_string)


def registered_id(certificate: x509.Certificate) -> str:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    (oid,) = names.get_values_for_type(x509.RegisteredID)
    return oid.dotted_string


class Refused(Exception):
    """The server refused, with these codes."""


class Listening(Protocol):
    """A server that listens on a port of the loopback interface."""

    port: int


@dataclass
class Client:
    """Sends JSON over TLS to a server on the loopback interface, each request over its own connection."""

    server: Listening
    authority: Authority

    def post(self, function: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        context = plain_context(self.authority)
        client = http.client.HTTPSConnection("localhost", self.server.port, timeout=10, context=context)
        try:
            client.request("POST", f"/gsma/rsp2/es9plus/{function}", body, HEADERS)
            response = client.getresponse()
            return response.status, dict(response.headers), response.read()
        finally:
            client.close()

    def ask(self, function: str, **members: object) -> dict[str, Any]:
        """The members of the answer. Raises `Refused` with subject and reason."""
        plain = {
            name: base64.b64encode(value).decode() if isinstance(value, bytes) else value
            for name, value in members.items()
        }
        status, _, body = self.post(function, json.dumps(plain).encode())
        if status == 204:
            assert body == b""
            return {}
        assert status == 200
        answer = json.loads(body)
        execution = answer.pop("header")["functionExecutionStatus"]
        if execution["status"] != "Executed-Success":
            data = execution["statusCodeData"]
            raise Refused(f"{data['subjectCode']}/{data['reasonCode']}")
        assert "statusCodeData" not in execution
        return {
            name: base64.b64decode(value, validate=True)
            if isinstance(value, str) and name != "transactionId"
            else value
            for name, value in answer.items()
        }


Change = Callable[[bytes], bytes]


@dataclass
class SmallCard:
    """One card. The hooks change what it signs, before it signs it."""

    authority: Authority
    eid: str = EID
    free: int = 500_000
    capability: str = "0490"  # testProfileSupport among them
    verification: list[bytes] | None = None
    signing: list[bytes] | None = None
    info1: str = INFO1
    matching_id: str | None = "ABC-1"
    change_signed1: Change = lambda value: value
    change_signed2: Change = lambda value: value
    change_cancel: Change = lambda value: value
    change_result: Change = lambda value: value
    one_time: ec.EllipticCurvePrivateKey | None = None
    sequence_number: int = 1
    address: str = "smdp.example"
    role: str = "4"  # of the server: DPauth, or 7 for DSauth
    notified: bytes = b"smdp.example"
    maker: Credentials = field(init=False)
    euicc: Credentials = field(init=False)
    eum: x509.Certificate = field(init=False)

    def __post_init__(self) -> None:
        self.maker = self.authority.issue_eum(PREFIX, now=NOW)
        self.eum = self.maker.certificate
        self.euicc = self.authority.issue_euicc(self.maker, self.eid, now=NOW)

    # The messages

    def initiate(self) -> dict[str, Any]:
        self.challenge = os.urandom(16)
        own = [self.authority.key_identifier]
        lists = {"A9": own if self.verification is None else self.verification}
        lists["AA"] = own if self.signing is None else self.signing
        parts = [tlv(tag, *(tlv("04", key) for key in keys)) for tag, keys in lists.items()]
        info = tlv("BF20", bytes.fromhex(self.info1), *parts)
        return {"euiccChallenge": self.challenge, "euiccInfo1": info, "smdpAddress": self.address}

    def authenticate(self, answer: dict[str, Any]) -> bytes:
        """AuthenticateServer: check what a card checks, and answer."""
        raw, signature = answer["serverSigned1"], answer["serverSignature1"]
        certificate = x509.load_der_x509_certificate(answer["serverCertificate"])
        assert answer["euiccCiPKIdToBeUsed"] in [
            tlv("04", key) for key in self.signing or [self.authority.key_identifier]
        ]
        assert role(certificate) == f"2.23.146.1.2.1.{self.role}"
        certificate.verify_directly_issued_by(self.trusted(certificate))
        verify(certificate, signature, raw)
        members = {child.tag: child.value for child in Tlv.whole(raw).children}
        assert list(members) == [0x80, 0x81, 0x83, 0x84]
        assert members[0x80].hex().upper() == answer["transactionId"]
        assert members[0x81] == self.challenge
        assert members[0x83].decode() == self.address
        assert len(members[0x84]) == 16
        self.transaction, self.server = members[0x80], certificate
        return self.answer_server(members[0x83], members[0x84])

    def answer_server(self, address: bytes, challenge: bytes) -> bytes:
        matching = b"" if self.matching_id is None else tlv("80", self.matching_id.encode())
        device = tlv("A1", bytes.fromhex("8004 35290611 A100"))
        info = INFO2.format(free=self.free, capability=self.capability)
        value = self.change_signed1(
            tlv(
                "30",
                tlv("80", self.transaction),
                tlv("83", address),
                tlv("84", challenge),
                tlv("BF22", bytes.fromhex(info)),
                tlv("A0", matching, device),
            )
        )
        self.signature1 = signed(self.euicc.key, value)
        return tlv("BF38", tlv("A0", value, self.signature1, der(self.euicc.certificate), der(self.eum)))

    def prepare(self, answer: dict[str, Any], code: str | None = None) -> bytes:
        """PrepareDownload: check what a card checks, make or reuse the one-time key, and answer."""
        certificate = x509.load_der_x509_certificate(answer["smdpCertificate"])
        assert role(certificate) == "2.23.146.1.2.1.5"
        assert registered_id(certificate) == registered_id(self.server)
        assert certificate.issuer == self.server.issuer
        certificate.verify_directly_issued_by(self.trusted(certificate))
        verify(certificate, answer["smdpSignature2"], answer["smdpSigned2"], self.signature1)
        members = {child.tag: child.value for child in Tlv.whole(answer["smdpSigned2"]).children}
        assert members[0x80] == self.transaction
        self.wants_code = members[0x01] != b"\0"
        self.asked_for = members.get(0x5F49)
        self.binder, self.metadata = certificate, answer["profileMetadata"]
        public = certificate.public_key()
        assert isinstance(public, ec.EllipticCurvePublicKey)
        if self.one_time is None or point(self.one_time) != self.asked_for:
            self.one_time = ec.generate_private_key(public.curve)
        return self.answer_download(answer["smdpSignature2"], code)

    def answer_download(self, signature2: bytes, code: str | None) -> bytes:
        assert self.one_time
        hashed = b"" if code is None else tlv("04", code_hash(code, self.transaction))
        value = self.change_signed2(
            tlv("30", tlv("80", self.transaction), tlv("5F49", point(self.one_time)), hashed)
        )
        return tlv("BF21", tlv("A0", value, signed(self.euicc.key, value, signature2)))

    def load(self, package: bytes) -> bytes:
        """LoadBoundProfilePackage: check what a card checks, and return the profile elements."""
        parts = Tlv.whole(package).children
        assert Tlv.whole(package).tag == 0xBF36
        assert [part.tag for part in parts] in ([0xBF23, 0xA0, 0xA1, 0xA3], [0xBF23, 0xA0, 0xA1, 0xA2, 0xA3])
        keys = self.open_channel(parts[0])
        (configuration,) = parts[1].children
        self.configuration = keys.content(configuration)
        assert b"".join(keys.content(segment) for segment in parts[2].children) == self.metadata
        if len(parts) == 5:
            (replacement,) = parts[3].children
            own = Tlv.whole(keys.content(replacement))
            assert own.tag == 0xBF26
            chaining, encryption, mac = (child.value for child in own.children)
            keys = Opening(chaining, encryption, mac)
        self.sizes = [len(segment) for segment in parts[-1].children]
        return b"".join(keys.content(segment) for segment in parts[-1].children)

    def open_channel(self, initialise: Tlv) -> Opening:
        assert self.one_time
        operation, transaction, reference, key, signature = initialise.children
        assert operation.hex() == "820101"
        assert transaction.value == self.transaction
        kind, length, host = reference.children
        assert (kind.hex(), length.hex()) == ("800188", "810110")
        verify(
            self.binder, signature, operation, transaction, reference, key, tlv("5F49", point(self.one_time))
        )
        return opening(self.one_time, key.value, host.value, bytes.fromhex(self.eid))

    def result(self, iccid: bytes, *, error: str = "", oid: bytes = SMDP_OID) -> bytes:
        """A ProfileInstallationResult. `error`: command and reason in hexadecimal; empty for success."""
        success = tlv("A0", bytes.fromhex("4F10 A0000005591010FFFFFFFF8900001200 0409 3007A0053003800100"))
        failure = tlv("A1", bytes.fromhex(error))
        metadata = tlv(
            "BF2F",
            tlv("80", bytes([self.sequence_number])),
            bytes.fromhex("81020780"),
            tlv("0C", self.notified),
            tlv("5A", iccid),
        )
        named = tlv("06", oid) if oid else b""
        final = tlv("A2", failure if error else success)
        data = self.change_result(tlv("BF27", tlv("80", self.transaction), metadata, named, final))
        return tlv("BF37", data, signed(self.euicc.key, data))

    def cancel(self, reason: int) -> bytes:
        value = self.change_cancel(
            tlv("30", tlv("80", self.transaction), tlv("81", SMDP_OID), tlv("82", bytes([reason])))
        )
        return tlv("BF41", tlv("A0", value, signed(self.euicc.key, value)))

    def trusted(self, certificate: x509.Certificate) -> x509.Certificate:
        above = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
        assert above.key_identifier == key_identifier(self.authority.certificate)
        return self.authority.certificate

    # Parts of a download

    def offered(self, client: Client) -> dict[str, Any]:
        """Up to authenticateClient; its answer."""
        begun = client.ask("initiateAuthentication", **self.initiate())
        return client.ask(
            "authenticateClient",
            transactionId=begun["transactionId"],
            authenticateServerResponse=self.authenticate(begun),
        )

    def downloaded(self, client: Client, code: str | None = None) -> bytes:
        """Up to getBoundProfilePackage; the package."""
        offer = self.offered(client)
        answer = client.ask(
            "getBoundProfilePackage",
            transactionId=offer["transactionId"],
            prepareDownloadResponse=self.prepare(offer, code),
        )
        assert answer["transactionId"] == offer["transactionId"]
        package = answer["boundProfilePackage"]
        assert isinstance(package, bytes)
        return package

    def cancelled(self, client: Client, reason: int) -> None:
        """Cancel the session."""
        client.ask(
            "cancelSession",
            transactionId=self.transaction.hex(),
            cancelSessionResponse=self.cancel(reason),
        )


def point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def code_hash(code: str, transaction: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(code.encode()).digest() + transaction).digest()
