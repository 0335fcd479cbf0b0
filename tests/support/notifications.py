"""A signed notification built byte by byte, and a client to send it that shares no code with the library."""

import base64
import http.client
import json

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from lpa.rsp.names import ServerAddress
from lpa.server.connect_to import ConnectTo
from lpa.server.es9 import Server
from lpa.server.https import Https
from lpa.sim.crypto.pki import Authority, Credentials, der
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.tls_faults import CI, HOST, NOW, plain_context, trusting

PREFIX = "89999999"
EID = "89999999000000000000000000000025"
EUM = CI.issue_eum(PREFIX, now=NOW)
EUICC = CI.issue_euicc(EUM, EID, now=NOW)

# NotificationMetadata: sequence number 7, delete, smdp.example, ICCID 8944500000000000017
SIGNED = bytes.fromhex("BF2F 21 800107 81020410 0C0C 736D64702E6578616D706C65 5A0A 984405000000000010F7")


def tlv(tag: str, value: bytes) -> bytes:
    length = bytes([len(value)]) if len(value) < 0x80 else b"\x82" + len(value).to_bytes(2, "big")
    return bytes.fromhex(tag) + length + value


def notification(
    signed: bytes = SIGNED, euicc: Credentials = EUICC, eum: x509.Certificate = EUM.certificate
) -> bytes:
    r, s = decode_dss_signature(euicc.key.sign(signed, ec.ECDSA(hashes.SHA256())))
    signature = tlv("5F37", r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return tlv("30", signed + signature + der(euicc.certificate) + der(eum))


def connection(smdp: SimulatedSmdp, host: str = "localhost") -> http.client.HTTPSConnection:
    """A client that shares no code with the library, and does not check the server's name."""
    context = plain_context(CI)
    return http.client.HTTPSConnection(host, smdp.port, timeout=10, context=context)


HEADERS = {"Content-Type": "application/json", "X-Admin-Protocol": "gsma/rsp/v2.2.2"}
PATH = "/gsma/rsp2/es9plus/handleNotification"


def ask(
    smdp: SimulatedSmdp, body: bytes, *, path: str = PATH, headers: dict[str, str] = HEADERS
) -> tuple[int, bytes]:
    client = connection(smdp)
    try:
        client.request("POST", path, body, headers)
        response = client.getresponse()
        return response.status, response.read()
    finally:
        client.close()


def pending(raw: bytes) -> bytes:
    return json.dumps({"pendingNotification": base64.b64encode(raw).decode()}).encode()


def codes(answer: tuple[int, bytes]) -> str:
    """Subject and reason of a refusal."""
    status, body = answer
    execution = json.loads(body)["header"]["functionExecutionStatus"]
    assert (status, execution["status"]) == (200, "Failed")
    return f"{execution['statusCodeData']['subjectCode']}/{execution['statusCodeData']['reasonCode']}"


def deliver(smdp: SimulatedSmdp, raw: bytes, host: str = HOST, *, authority: Authority = CI) -> None:
    """Send it with the client of the library."""
    with Https(trusting(authority), connect_to=[ConnectTo.parse(smdp.connect_to)]) as https:
        Server(ServerAddress(host), https).handle_notification(raw)
