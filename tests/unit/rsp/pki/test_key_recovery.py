"""Public keys recovered from signatures, also from signatures that were made to have none."""

from hashlib import sha256

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from lpa.rsp.pki.key_recovery import keys_that_may_have_signed
from tests.support.forgery import keyless

CURVES = [ec.SECP256R1(), ec.BrainpoolP256R1()]
SIGNED = b"what was signed"


def on(curve: ec.EllipticCurve, signature: bytes) -> list[ec.EllipticCurvePublicKey]:
    return [key for key in keys_that_may_have_signed(signature, SIGNED) if key.curve.name == curve.name]


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
def test_the_signing_key_is_one_of_two_recovered_keys(curve: ec.EllipticCurve) -> None:
    key = ec.generate_private_key(curve)
    found = on(curve, key.sign(SIGNED, ec.ECDSA(hashes.SHA256())))
    assert len(found) == 2
    assert key.public_key() in found


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
def test_a_key_at_infinity_is_not_recovered(
    curve: ec.EllipticCurve,
) -> None:
    assert on(curve, keyless(SIGNED, curve)) == []


@pytest.mark.parametrize(("r", "s"), [(0, 1), (1, 0), (1 << 256, 1), (1, 1 << 256)])
def test_invalid_numbers_give_no_key(r: int, s: int) -> None:
    assert list(keys_that_may_have_signed(encode_dss_signature(r, s), SIGNED)) == []


def test_invalid_bytes_give_no_key() -> None:
    assert list(keys_that_may_have_signed(sha256(SIGNED).digest(), SIGNED)) == []
