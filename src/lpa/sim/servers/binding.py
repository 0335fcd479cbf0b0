"""Binds a profile package to one card for a download (SGP.22 §2.5, §5.5).

The same binding gives the same protected segments in another transaction, so a package that was lost on its
way can be delivered again.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lpa.rsp.codec.ber import Tlv
from lpa.sim.crypto.bsp import (
    KEY_SIZE,
    KEY_TYPE,
    LARGEST_ENCRYPTED,
    LARGEST_PLAIN,
    Protection,
    cut,
    session_keys,
    shared_secret,
)
from lpa.sim.crypto.pki import Credentials
from lpa.sim.crypto.signatures import signature
from lpa.sim.servers.packages import ProfilePackage

PACKAGE_KEYS = 48  # bytes: initial MAC chaining value, encryption key, MAC key

_INSTALL = Tlv.build(0x82, b"\x01")  # remoteOpId: installBoundProfilePackage
_LONGEST_HOST_ID = 16  # bytes


@dataclass(frozen=True)
class Packaging:
    """How a server protects packages. `piece`: plain bytes per 86 segment. With 1008 the segment has 1036
    bytes: too many by the specification (§2.5.5), but some servers do so. `host_id`: 1 to 16 bytes that name
    the server in the key derivation; if empty, the first 16 of its host name. ValueError for more.
    """

    replaces_session_keys: bool = False
    piece: int = LARGEST_ENCRYPTED
    names_server: bool = True  # in ConfigureISDP
    host_id: bytes = b""

    def __post_init__(self) -> None:
        if len(self.host_id) > _LONGEST_HOST_ID:
            raise ValueError(f"a hostId has 1 to 16 bytes, not {len(self.host_id)}")


@dataclass(frozen=True)
class Binding:
    """The keys that bind a package to a card: the card's one-time key (04, X, Y), the server's, and the
    package's own keys (48 bytes), used if they replace the session keys.
    """

    euicc_key: bytes
    server_key: ec.EllipticCurvePrivateKey
    package_keys: bytes

    @property
    def server_point(self) -> bytes:
        """The server's public one-time key (otPK.DP): 04, X, Y."""
        return self.server_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def protections(self, host_id: bytes, eid: bytes) -> tuple[Protection, Protection]:
        """The protections with the session keys and with the package keys."""
        session = session_keys(shared_secret(self.server_key, self.euicc_key), host_id, eid)
        chaining, encryption, mac = cut(self.package_keys, 16)
        return session, Protection(chaining, encryption, mac)


def bound(
    package: ProfilePackage,
    binding: Binding,
    packaging: Packaging,
    *,
    transaction_id: bytes,
    signer: Credentials,
    host: str,
    oid: bytes,
    eid: bytes,
) -> Tlv:
    """The BoundProfilePackage (BF36) of `package` for the card `eid` (16 bytes), signed with SK.DPpb."""
    host_id = packaging.host_id or host.encode()[:_LONGEST_HOST_ID]
    session, own = binding.protections(host_id, eid)
    parts = [
        _initialise(binding, transaction_id, host_id, signer),
        Tlv.build(0xA0, session.protect(0x87, _configure(oid if packaging.names_server else b""))),
        Tlv.build(0xA1, *(session.protect(0x88, piece) for piece in cut(package.metadata, LARGEST_PLAIN))),
    ]
    if packaging.replaces_session_keys:
        parts.append(Tlv.build(0xA2, session.protect(0x87, _replace_keys(binding.package_keys))))
    last = own if packaging.replaces_session_keys else session
    parts.append(
        Tlv.build(0xA3, *(last.protect(0x86, piece) for piece in cut(package.elements, packaging.piece)))
    )
    return Tlv.build(0xBF36, *parts)


def _initialise(binding: Binding, transaction_id: bytes, host_id: bytes, signer: Credentials) -> Tlv:
    """InitialiseSecureChannel (BF23). Its signature also covers the card's one-time key."""
    reference = Tlv.build(
        0xA6, Tlv.build(0x80, KEY_TYPE), Tlv.build(0x81, KEY_SIZE), Tlv.build(0x84, host_id)
    )
    members = (_INSTALL, Tlv.build(0x80, transaction_id), reference, Tlv.build(0x5F49, binding.server_point))
    signed = signature(signer.key, *members, Tlv.build(0x5F49, binding.euicc_key))
    return Tlv.build(0xBF23, *members, signed)


def _configure(oid: bytes) -> Tlv:
    """ConfigureISDP, with the server's object identifier unless it is empty."""
    return Tlv.build(0xBF24, Tlv.build(0xB8, Tlv.build(0x80, oid)) if oid else b"")


def _replace_keys(keys: bytes) -> Tlv:
    tags = (0x80, 0x81, 0x82)
    return Tlv.build(0xBF26, *(Tlv.build(tag, key) for tag, key in zip(tags, cut(keys, 16), strict=True)))
