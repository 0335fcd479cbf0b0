"""Binding a profile package to a card: the content of each part, compared with openssl."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from lpa.rsp.codec.ber import Tlv
from lpa.sim.crypto.bsp import session_keys
from lpa.sim.crypto.pki import DP_PB, Authority
from lpa.sim.servers.binding import Binding, Packaging, bound
from lpa.sim.servers.packages import ProfilePackage
from tests.support.scripted_card import point, verify
from tests.support.tls_faults import CI, NOW

_METADATA = Tlv(bytes.fromhex("BF2510 5A0A989209012143658709F1 9100 9200"))
_PACKAGE = ProfilePackage(_METADATA, bytes.fromhex("A000"))
_TRANSACTION = bytes.fromhex("0123456789ABCDEF")
_EID = bytes.fromhex("89049032123451234512345678901235")
_CARD = ec.derive_private_key(2, ec.SECP256R1())
# The keys of the published example, whose segments are known.
_KEYS = "9da05b732ea812ef9cc2f91a560a070f ccf595dfdc8e837fa89e1370771e557a 096ca9a78b90eb4215a54bb6d2b3af7c"
_BINDING = Binding(point(_CARD), ec.derive_private_key(1, ec.SECP256R1()), bytes.fromhex(_KEYS))
_SIGNER = CI.issue_signer("smdp.example", DP_PB, now=NOW)

# The generator, which is the public key of 1; and X of its double, the shared secret of the keys 1 and 2.
_GENERATOR = (
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)
_DOUBLE_X = "7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978"


def parts(
    packaging: Packaging,
    package: ProfilePackage = _PACKAGE,
    binding: Binding = _BINDING,
    host: str = "abcd",
) -> list[Tlv]:
    whole = bound(
        package,
        binding,
        packaging,
        transaction_id=_TRANSACTION,
        signer=_SIGNER,
        host=host,
        oid=bytes.fromhex("88370A"),
        eid=_EID,
    )
    assert whole.tag == 0xBF36
    return list(whole.children)


def test_the_channel_is_opened_with_a_signature_over_both_one_time_keys() -> None:
    initialise = parts(Packaging())[0]
    shape = f"bf2381a2 820101 80080123456789abcdef a60c 800188 810110 840461626364 5f4941 {_GENERATOR} 5f3740"
    assert initialise.hex().startswith(shape.replace(" ", ""))
    signature = initialise.children[-1]
    verify(_SIGNER.certificate, signature, *initialise.children[:-1], bytes.fromhex("5F4941") + point(_CARD))


@pytest.mark.parametrize(
    ("packaging", "host", "host_id"),
    [
        (Packaging(), "smdp.example", "840C 736D64702E6578616D706C65"),
        (Packaging(), "testsmdpplus1.example.com", "8410 74657374736D6470706C7573312E6578"),
        (Packaging(host_id=bytes.fromhex("0001020304050607")), "abcd", "8408 0001020304050607"),
        (Packaging(host_id=b"\0"), "abcd", "8401 00"),
    ],
)
def test_the_host_id_has_1_to_16_bytes(packaging: Packaging, host: str, host_id: str) -> None:
    initialise, configure, *_ = parts(packaging, host=host)
    assert initialise.children[2].children[2] == bytes.fromhex(host_id)
    keys = session_keys(bytes.fromhex(_DOUBLE_X), bytes.fromhex(host_id)[2:], _EID)
    assert keys.content(configure.children[0]) == bytes.fromhex("BF2407 B805 8003 88370A")


def test_a_longer_host_id_is_refused() -> None:
    with pytest.raises(ValueError, match="1 to 16 bytes, not 17"):
        Packaging(host_id=bytes(17))


def test_the_parts_are_protected_by_the_session_keys() -> None:
    _, configure, metadata, elements = parts(Packaging())
    keys = session_keys(bytes.fromhex(_DOUBLE_X), b"abcd", _EID)
    assert [part.tag for part in (configure, metadata, elements)] == [0xA0, 0xA1, 0xA3]
    (first,), (second,), (third,) = configure.children, metadata.children, elements.children
    assert [segment.tag for segment in (first, second, third)] == [0x87, 0x88, 0x86]
    assert keys.content(first) == bytes.fromhex("BF2407 B805 8003 88370A")
    assert keys.content(second) == _METADATA
    assert keys.content(third) == bytes.fromhex("A000")


def test_the_elements_under_package_keys_equal_those_of_openssl() -> None:
    _, configure, metadata, replacement, elements = parts(Packaging(replaces_session_keys=True))
    keys = session_keys(bytes.fromhex(_DOUBLE_X), b"abcd", _EID)
    keys.content(configure.children[0])
    keys.content(metadata.children[0])
    assert replacement.tag == 0xA2
    chaining, encryption, mac = _KEYS.split()
    sent = keys.content(replacement.children[0]).hex()
    assert sent == f"bf2636 8010{chaining} 8110{encryption} 8210{mac}".replace(" ", "")
    assert elements.hex() == "a31a8618c5e47cce4a2d6438403ea2ede6d1d9795dc953846cefb838"


def openssl(*arguments: str, given: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *arguments], input=given, capture_output=True, check=True).stdout


def test_openssl_alone_opens_a_package(tmp_path: Path) -> None:
    """Shared secret, session keys, MACs and decryption are computed by openssl, without the library."""
    initialise, *protected = parts(Packaging(), replace(_PACKAGE, elements=bytes(range(100))))
    (tmp_path / "card.pem").write_bytes(pem_of(_CARD))
    spki = (
        bytes.fromhex("3059301306072A8648CE3D020106082A8648CE3D030107034200") + initialise.children[3].value
    )
    (tmp_path / "server.der").write_bytes(spki)
    own, theirs = str(tmp_path / "card.pem"), str(tmp_path / "server.der")
    secret = openssl("pkeyutl", "-derive", "-inkey", own, "-peerkey", theirs, "-peerform", "DER").hex()
    shared = f"881004{b'abcd'.hex()}10{_EID.hex()}"
    options = ("-kdfopt", "digest:SHA256", "-kdfopt", f"hexkey:{secret}", "-kdfopt", f"hexinfo:{shared}")
    derived = openssl("kdf", "-keylen", "48", "-binary", *options, "X963KDF")
    chain, encryption, mac = derived[:16], derived[16:32].hex(), derived[32:].hex()
    contents = []
    for counter, segment in enumerate((part.children[0] for part in protected), start=1):
        covered = chain + bytes(segment)[:-8]
        key = ("-macopt", f"hexkey:{mac}", "-binary", "-in", "-")
        chain = openssl("mac", "-cipher", "AES-128-CBC", *key, "CMAC", given=covered)
        assert segment.endswith(chain[:8])
        ecb = ("enc", "-aes-128-ecb", "-K", encryption, "-nopad")
        first = openssl(*ecb, given=counter.to_bytes(16, "big")).hex()
        cbc = ("enc", "-d", "-aes-128-cbc", "-K", encryption, "-iv", first, "-nopad")
        coded = segment.value[:-8]
        contents.append(coded if segment.tag == 0x88 else openssl(*cbc, given=coded))
    configuration, metadata, elements = contents
    assert configuration.hex() == "bf2407b805800388370a" + "80" + 5 * "00"
    assert metadata == _METADATA
    assert elements == bytes(range(100)) + b"\x80" + bytes(11)


def pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize("packaging", [Packaging(), Packaging(replaces_session_keys=True)])
def test_the_same_binding_makes_the_same_package(packaging: Packaging) -> None:
    assert parts(packaging) == parts(packaging)
    other = replace(_BINDING, euicc_key=point(ec.derive_private_key(3, ec.SECP256R1())))
    assert parts(packaging, binding=other)[2] != parts(packaging)[2]


@pytest.mark.parametrize(
    ("piece", "sizes"),
    [(1007, [1020, 1020, 1004]), (1008, [1036, 1036, 1004]), (2000, [2028, 1020])],
)
def test_elements_are_split_into_segments(piece: int, sizes: list[int]) -> None:
    elements = parts(Packaging(piece=piece), replace(_PACKAGE, elements=bytes(3000)))[-1]
    assert [len(segment) for segment in elements.children] == sizes


def test_metadata_with_an_icon_are_split_into_several_segments() -> None:
    icon = Tlv.build(0x94, bytes(1024))
    metadata = Tlv.build(0xBF25, *_METADATA.children, icon)
    part = parts(Packaging(), replace(_PACKAGE, metadata=metadata))[2]
    assert [len(segment) for segment in part.children] == [1020, len(metadata) - 1008 + 10]


def test_a_package_is_bound_on_the_curve_of_the_certificate() -> None:
    brainpool = Authority.mint(curve="brainpoolP256r1", now=NOW)
    keys = [ec.derive_private_key(number, ec.BrainpoolP256R1()) for number in (1, 2)]
    binding = Binding(point(keys[1]), keys[0], bytes(48))
    assert brainpool.key.curve.name == binding.server_key.curve.name
    assert parts(Packaging(), binding=binding)[0].children[3].value == point(keys[0])
