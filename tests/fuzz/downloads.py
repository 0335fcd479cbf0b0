"""The decoders of a download, from the activation code to the card's result, and genuine inputs for them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, cast

from lpa.rsp.activation import ActivationCode
from lpa.rsp.bpp import Package
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.display import safe
from lpa.rsp.installation_result import InstallationResult
from lpa.rsp.names import ServerAddress
from lpa.rsp.offered_profile import OfferedProfile
from lpa.rsp.pki.server_oid import of_certificate
from lpa.server.es9 import Server
from lpa.server.https import Https
from lpa.sim.crypto.pki import DP_AUTH, Authority, der
from tests.fuzz import seeds
from tests.fuzz.hostile import FixedHttps
from tests.fuzz.readers import documented
from tests.support import es9_messages, offered_metadata, package_parts
from tests.support.tls_faults import HOST

_TXID = es9_messages.TXID
SERVER = ServerAddress(HOST)


def activation_code(data: bytes) -> None:
    """A parsed code can be written, and parsed again as the same."""
    code = ActivationCode.parse(data.decode(errors="surrogateescape"))
    assert ActivationCode.parse(code.text) == code
    assert safe(code.text) == code.text
    assert "matching_id" not in repr(code)
    assert all(len(note) < 200 and note.endswith(".") for note in code.notes)
    assert not ActivationCode.parse(code.text).notes


def bound_package(data: bytes) -> None:
    """The joined segments are the package, and its metadata can be decoded."""
    package = Package.checked(data)
    assert b"".join(package.segments()) == data
    OfferedProfile.from_tlv(package.metadata)


def offered_profile(data: bytes) -> None:
    """A server's metadata of a profile, which describe themselves."""
    offered = OfferedProfile.from_tlv(data)
    documented(offered.profile)
    assert offered.describes(data)


def installation_result(data: bytes) -> None:
    """The card's installation result, which stays the bytes that came."""
    result = InstallationResult.from_tlv(data)
    assert result.notification.raw == data
    documented((result.command, result.reason, result.code, result.aid, result.notification.metadata))


def server_identifier(data: bytes) -> None:
    """The object identifier in a server's certificate."""
    of_certificate(Tlv.whole(data))


def json_of_download(data: bytes) -> None:
    """The first byte selects the function that is answered."""
    server = Server(SERVER, cast("Https", FixedHttps(data[1:])))
    functions: tuple[Callable[[], object], ...] = (
        lambda: server.initiate_authentication(bytes(16), b"\xbf\x20\x00").check(SERVER),
        lambda: server.authenticate_client(_TXID, b"\xbf\x38\x00"),
        lambda: server.get_bound_profile_package(_TXID, b"\xbf\x21\x00", bytearray().extend),
        lambda: server.cancel_session(_TXID, b"\xbf\x41\x00"),
    )
    functions[data[0] % len(functions) if data else 0]()


def codes() -> list[bytes]:
    """Activation codes as people and phones write them."""
    return [
        b"LPA:1$smdp.example$04386-AGYFT-A74Y8-3F815",
        b"1$smdp.example:8443$$1.3.6.1.4.1.31746$1",
        b"https://esimsetup.apple.com/esim_qrcode_provisioning?carddata=LPA:1%24smdp.example%24A-1",
        b"intent://a.example/?data=LPA%3A1%24smdp.example%24A-1#Intent;scheme=https;end",
        "激活码：「LPA：1＄smdp.example＄A-1」，请扫描".encode(),
        b"Your code: \xef\xbb\xbf'$https://SMDP.example $ a_1,b$4711'# 5 GB",
    ]


def packages() -> list[bytes]:
    """Small packages, with session keys of their own and without."""
    metadata = offered_metadata.SAMPLE + bytes(8)
    held = Tlv.build(0xA1, Tlv.build(0x88, metadata)).hex()
    before = package_parts.CHANNEL + package_parts.CONFIGURATION + held
    contents = (before + package_parts.ELEMENTS, before + package_parts.SESSION_KEYS + package_parts.ELEMENTS)
    return [Tlv.build(0xBF36, bytes.fromhex(content)) for content in contents]


def offers() -> list[bytes]:
    """The sample of the specification, and that of the tests of ES9+."""
    return [offered_metadata.SAMPLE, es9_messages.METADATA]


def server_certificates() -> list[bytes]:
    """The certificate of a simulated server, with an object identifier."""
    authority = Authority.mint(now=seeds.FIXED)
    signer = authority.issue_signer("smdp.example", DP_AUTH, now=seeds.FIXED, oid="2.999.10")
    return [der(signer.certificate)]


def json_answers() -> list[bytes]:
    """One for each function."""
    signed2 = Tlv.build(0x30, Tlv.build(0x80, _TXID), b"\x01\x01\xff")
    session = {"transactionId": _TXID.hex()}
    members: tuple[dict[str, Any], ...] = (
        session
        | _coded(serverSigned1=es9_messages.signed1(), serverSignature1=es9_messages.SIGNATURE)
        | _coded(euiccCiPKIdToBeUsed=b"\x04\x01\x07", serverCertificate=b"\x30\x00"),
        session
        | _coded(profileMetadata=es9_messages.METADATA, smdpSigned2=signed2)
        | _coded(smdpSignature2=es9_messages.SIGNATURE, smdpCertificate=b"\x30\x00"),
        session | _coded(boundProfilePackage=packages()[0]),
        {},
        session | {"eventEntries": [{"eventId": "A-1", "rspServerAddress": "a.example"}]},
    )
    found = [json.dumps(es9_messages.OK | one).encode() for one in members]
    return [bytes([which]) + body for which, body in zip((0, 1, 2, 3, 1), found, strict=True)]


def _coded(**members: bytes) -> dict[str, str]:
    return {name: base64.b64encode(content).decode() for name, content in members.items()}
