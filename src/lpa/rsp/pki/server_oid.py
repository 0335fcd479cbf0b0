"""The object identifier (OID) of a server, in its certificate and in an activation code."""

from __future__ import annotations

from lpa.errors import BadAnswer
from lpa.rsp.codec.ber import Tlv

# Its place: TBSCertificate, extensions, subjectAltName, registeredID.
_EXTENSIONS, _OCTET_STRING, _REGISTERED_ID = 0xA3, 0x04, 0x88
_SUBJECT_ALT_NAME = bytes.fromhex("0603551D11")


def coded(text: str) -> bytes:
    """The content of the OBJECT IDENTIFIER `text`, such as "1.3.6.1"."""
    first, second, *others = map(int, text.split("."))
    return b"".join(_arc(number) for number in (40 * first + second, *others))


def text(content: bytes) -> str:
    """The inverse of `coded`; of what is no object identifier, the hexadecimal digits."""
    if not content or content[-1] & 0x80:
        return content.hex()
    arcs = [0]
    for octet in content:
        arcs[-1] = arcs[-1] << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(0)
    joined, *others = arcs[:-1]
    first = min(joined // 40, 2)
    return ".".join(map(str, (first, joined - 40 * first, *others)))


def of_certificate(certificate: Tlv) -> bytes:
    """The content of the object identifier in a server's certificate; empty if it has none.

    It is only read: the card verifies the certificate. Raises `BadAnswer` if it is not a certificate.
    """
    try:
        outer = certificate.children[0].child(_EXTENSIONS)
        extensions = outer.children[0].children if outer else ()
        for name, *_, content in (extension.children for extension in extensions):
            if name == _SUBJECT_ALT_NAME and content.tag == _OCTET_STRING:
                registered = Tlv.whole(content.value).child(_REGISTERED_ID)
                return registered.value if registered else b""
    except (BadAnswer, IndexError, ValueError) as error:
        raise BadAnswer("The server's certificate cannot be read.") from error
    return b""


def _arc(number: int) -> bytes:
    octets = [number & 0x7F]
    while number := number >> 7:
        octets.append(0x80 | number & 0x7F)
    return bytes(reversed(octets))
