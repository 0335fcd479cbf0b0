"""The protection of a bound profile package, against values that two other implementations computed."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lpa.rsp.codec.ber import Tlv
from lpa.sim.crypto.bsp import (
    LARGEST_ENCRYPTED,
    LARGEST_PLAIN,
    Protection,
    ProtectionBroken,
    cut,
    session_keys,
    shared_secret,
)
from tests.support.bsp import Opening

_SECRET = bytes(range(32))
_HOST = b"testsmdpplus1.example.com"
_EID = bytes.fromhex("89049032123451234512345678901235")

_SEGMENTS = (  # (tag, content, the segment)
    (0x87, "BF2400", "871822d8bec6c2dfa891c541cca83214cf0a434d4f6a047a4fba"),
    (
        0x88,
        "BF25105A0A989209012143658709F191009200",
        "881bbf25105a0a989209012143658709f191009200e1dc12bdffa45c15",
    ),
    (0x86, "A000", "86182d173887895dda7ad936e4b301dfe32e7171c3967d612c9f"),
)


def _keys() -> Protection:
    return session_keys(_SECRET, _HOST, _EID)


def test_the_keys_are_those_of_the_specification() -> None:
    keys = _keys()
    assert keys.chaining.hex() == "9da05b732ea812ef9cc2f91a560a070f"
    assert keys.encryption_key.hex() == "ccf595dfdc8e837fa89e1370771e557a"
    assert keys.mac_key.hex() == "096ca9a78b90eb4215a54bb6d2b3af7c"


def test_a_long_host_id_has_a_length_of_two_bytes() -> None:
    """X9.63 with SHA-256 over the secret, a counter, and 88 10, 81 80 hostId, 10 EID."""
    shared = bytes.fromhex("8810 8180") + bytes(128) + b"\x10" + _EID
    first = hashlib.sha256(_SECRET + bytes((0, 0, 0, 1)) + shared).digest()
    keys = session_keys(_SECRET, bytes(128), _EID)
    assert keys.chaining + keys.encryption_key == first


def test_segments_are_protected_in_order() -> None:
    keys = _keys()
    for tag, content, segment in _SEGMENTS:
        assert keys.protect(tag, bytes.fromhex(content)).hex() == segment
    assert keys.chaining.hex().startswith("7171c3967d612c9f")


def test_segments_are_read_in_order() -> None:
    keys = _keys()
    for _, content, segment in _SEGMENTS:
        assert keys.content(Tlv.whole(bytes.fromhex(segment))) == bytes.fromhex(content)


@pytest.mark.parametrize("number", range(3))
def test_a_changed_bit_breaks_the_protection(number: int) -> None:
    segment = bytes.fromhex(_SEGMENTS[number][2])
    for bit in range(16, 8 * len(segment)):
        keys = _keys()
        for _, _, earlier in _SEGMENTS[:number]:
            keys.content(Tlv.whole(bytes.fromhex(earlier)))
        flipped = (int.from_bytes(segment) ^ 1 << 8 * len(segment) - 1 - bit).to_bytes(len(segment))
        with pytest.raises(ProtectionBroken):
            keys.content(Tlv.whole(flipped))


def test_a_segment_out_of_order_is_refused() -> None:
    with pytest.raises(ProtectionBroken):
        _keys().content(Tlv.whole(bytes.fromhex(_SEGMENTS[1][2])))


@pytest.mark.parametrize("size", [0, 7, 8, 9, 23])
def test_a_segment_of_incomplete_blocks_is_refused(size: int) -> None:
    with pytest.raises(ProtectionBroken):
        _keys().content(Tlv.build(0x86, bytes(size)))


@pytest.mark.parametrize("end", [bytes(16), bytes(15) + b"\x01", b"\x80" + bytes(31)])
def test_wrong_padding_is_refused(end: bytes) -> None:
    """The MAC is right, but the content is padded wrongly."""
    ours, theirs = _keys(), _keys()
    cipher = ours._cipher().encryptor()
    coded = cipher.update(end) + cipher.finalize()
    mac = ours._mac(Tlv.build(0x86, coded, bytes(8)))
    with pytest.raises(ProtectionBroken, match="padding"):
        theirs.content(Tlv.build(0x86, coded, mac[:8]))


@pytest.mark.parametrize(
    ("tag", "size"), [(0x86, LARGEST_ENCRYPTED), (0x87, LARGEST_ENCRYPTED), (0x88, LARGEST_PLAIN)]
)
def test_the_largest_segment_has_1020_bytes(tag: int, size: int) -> None:
    assert len(bytes(_keys().protect(tag, bytes(size)))) == 1020


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.BrainpoolP256R1()])
def test_both_sides_agree_on_a_secret(curve: ec.EllipticCurve) -> None:
    card, server = ec.generate_private_key(curve), ec.generate_private_key(curve)
    secret = shared_secret(card, _point(server))
    assert secret == shared_secret(server, _point(card))
    assert len(secret) == 32


def test_a_key_on_another_curve_is_refused() -> None:
    with pytest.raises(ValueError, match="EC key"):
        shared_secret(
            ec.generate_private_key(ec.SECP256R1()), _point(ec.generate_private_key(ec.BrainpoolP256R1()))
        )


def test_content_is_cut_completely() -> None:
    assert cut(b"abcdefg", 3) == [b"abc", b"def", b"g"]


def _point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 31, 32, 1007, 1008])
def test_a_protected_segment_can_be_decrypted_by_hand(size: int) -> None:
    chain, encryption, mac = (bytes([number]) * 16 for number in (1, 2, 3))
    protection, by_hand = Protection(chain, encryption, mac), Opening(chain, encryption, mac)
    for tag in (0x87, 0x88, 0x86, 0x86):
        content = bytes(range(256)) * 4
        assert by_hand.content(bytes(protection.protect(tag, content[:size]))) == content[:size]
