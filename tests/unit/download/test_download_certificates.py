"""Servers with wrong certificates or signatures: the card refuses, and the server gets its refusal."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from lpa.errors import EuiccRefused, NotVerified
from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv
from lpa.sim.crypto.pki import Authority, CurveName
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support import downloads
from tests.support.downloads import DPAUTH, DPPB
from tests.support.orders import HOST, OrderedDownload, made, way_to

CURVES: tuple[CurveName, ...] = ("P-256", "brainpoolP256r1")
OTHER: dict[CurveName, CurveName] = {"P-256": "brainpoolP256r1", "brainpoolP256r1": "P-256"}
# From the card's CI and the server's key to a certificate.
Maker = Callable[[Authority, ec.EllipticCurvePrivateKey], bytes]


@pytest.fixture(params=CURVES)
def curve(request: pytest.FixtureRequest) -> CurveName:
    name: CurveName = request.param
    return name


@pytest.fixture
def ordered(curve: CurveName, tmp_path: Path) -> Iterator[OrderedDownload]:
    yield from made(SimulatedEuicc.create(None, curve=curve), tmp_path)


def _issued(role: str, **changes: Any) -> Maker:
    return lambda authority, key: downloads.certificate(authority, key, role, **changes)


def _of_a_stranger(role: str) -> Maker:
    """By another CI, which the card does not trust."""
    stranger = SimulatedEuicc.create(None).authority
    return lambda _, key: downloads.certificate(stranger, key, role)


def _of_a_stranger_on_the_other_curve(role: str) -> Maker:
    """By a CI on the other curve than the card's CI."""
    strangers = {name: SimulatedEuicc.create(None, curve=name).authority for name in CURVES}

    def make(authority: Authority, key: ec.EllipticCurvePrivateKey) -> bytes:
        brainpool = isinstance(authority.key.curve, ec.BrainpoolP256R1)
        return downloads.certificate(strangers[OTHER["brainpoolP256r1" if brainpool else "P-256"]], key, role)

    return make


def _claiming(role: str) -> Maker:
    """Names the card's CI as its issuer, but is signed by another key."""
    return lambda authority, key: downloads.certificate(
        authority, key, role, signer=ec.generate_private_key(authority.key.curve)
    )


WRONG = {
    "an unknown role": lambda role: _issued("2.999.7"),
    "the other role": lambda role: _issued(DPPB if role == DPAUTH else DPAUTH),
    "a key with another key usage": lambda role: _issued(role, usage=False),
    "another CI": _of_a_stranger,
    "another CI on the other curve": _of_a_stranger_on_the_other_curve,
    "the card's CI claimed": _claiming,
}


def _own_key(ordered: OrderedDownload) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ordered.card.authority.key.curve)


def _authenticating(ordered: OrderedDownload, make: Maker, key: ec.EllipticCurvePrivateKey) -> None:
    """Have another certificate and its key sign the server's first answer."""

    def change(members: dict[str, Any]) -> None:
        signed = base64.b64decode(members["serverSigned1"])
        members["serverSignature1"] = _base64(downloads.signature(key, signed))
        members["serverCertificate"] = _base64(make(ordered.card.authority, key))

    ordered.https.change["initiateAuthentication"] = change


def _binding(ordered: OrderedDownload, make: Maker, key: ec.EllipticCurvePrivateKey) -> None:
    """Have the server send another certificate for the package."""
    certificate = _base64(make(ordered.card.authority, key))
    ordered.https.change["authenticateClient"] = lambda members: members.update(smdpCertificate=certificate)


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_server_with_a_wrong_certificate_gets_the_refusal_of_the_card(
    wrong: Callable[[str], Maker], ordered: OrderedDownload
) -> None:
    _authenticating(ordered, wrong(DPAUTH), _own_key(ordered))
    _check_refused_at_authentication(ordered, "invalidCertificate")


def test_a_server_with_a_wrong_signature_gets_the_refusal_of_the_card(ordered: OrderedDownload) -> None:
    def change(members: dict[str, Any]) -> None:
        signature = base64.b64decode(members["serverSignature1"])
        members["serverSignature1"] = _base64(signature[:-1] + bytes([signature[-1] ^ 1]))

    ordered.https.change["initiateAuthentication"] = change
    _check_refused_at_authentication(ordered, "invalidSignature")


def test_a_proof_signed_as_another_server_is_not_sent_to_the_card(ordered: OrderedDownload) -> None:
    _authenticating(ordered, _issued(DPAUTH), _own_key(ordered))
    sign = ordered.https.change["initiateAuthentication"]

    def change(members: dict[str, Any]) -> None:
        signed = Tlv.whole(base64.b64decode(members["serverSigned1"])).children
        elsewhere = (Tlv.build(0x83, b"other.example") if one.tag == 0x83 else one for one in signed)
        members["serverSigned1"] = _base64(Tlv.build(0x30, *elsewhere))
        sign(members)

    ordered.https.change["initiateAuthentication"] = change
    error = ordered.fails()
    assert isinstance(error, NotVerified)
    assert "signed as 'other.example'" in error.message
    assert ordered.https.called == ["initiateAuthentication"]


def test_a_server_that_wants_an_unknown_ci_gets_the_refusal_of_the_card(ordered: OrderedDownload) -> None:
    unknown = _base64(bytes.fromhex("0414") + bytes(20))
    ordered.https.change["initiateAuthentication"] = lambda members: members.update(
        euiccCiPKIdToBeUsed=unknown
    )
    _check_refused_at_authentication(ordered, "ciPKUnknown")


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_certificate_for_the_package_is_refused_and_its_server_gets_the_reason(
    wrong: Callable[[str], Maker], ordered: OrderedDownload
) -> None:
    _binding(ordered, wrong(DPPB), _own_key(ordered))
    _check_refused_at_binding(ordered, "invalidCertificate")


@pytest.mark.parametrize("oid", ["2.999.11", ""])
def test_the_package_must_come_from_the_authenticated_server(oid: str, ordered: OrderedDownload) -> None:
    _binding(ordered, _issued(DPPB, oid=oid), _own_key(ordered))
    _check_refused_at_binding(ordered, "invalidCertificate")


def test_terms_signed_with_another_key_are_refused_and_their_server_gets_the_reason(
    ordered: OrderedDownload,
) -> None:
    _binding(ordered, _issued(DPPB), _own_key(ordered))
    _check_refused_at_binding(ordered, "invalidSignature")


def test_a_server_with_an_expired_tls_certificate_is_sent_nothing(curve: CurveName, tmp_path: Path) -> None:
    card = SimulatedEuicc.create(None, curve=curve)
    last_year = datetime.now(UTC) - timedelta(days=365)
    with (
        SimulatedSmdp(card.authority, host=HOST, clock=lambda: last_year) as smdp,
        way_to(smdp, card, tmp_path / "pki") as https,
    ):
        ordered = OrderedDownload(card, smdp, https, tmp_path / "state")
        error = ordered.fails()
    assert isinstance(error, NotVerified)
    assert re.search("is valid only from .* until|has expired", error.message)
    assert https.called == ["initiateAuthentication"]
    assert not https.transactions  # The request was not sent.
    assert ordered.has_nothing()


def test_a_card_has_no_clock_and_accepts_an_expired_signing_certificate(ordered: OrderedDownload) -> None:
    past = datetime(2020, 1, 1, tzinfo=UTC)
    _authenticating(ordered, _issued(DPAUTH, start=past), _own_key(ordered))
    ordered.download()
    assert ordered.order.state == "installed"


def _check_refused_at_authentication(ordered: OrderedDownload, reason: str) -> None:
    _check_refused(ordered, "AuthenticateServer", reason, ["initiateAuthentication", "authenticateClient"])


def _check_refused_at_binding(ordered: OrderedDownload, reason: str) -> None:
    calls = ["initiateAuthentication", "authenticateClient", "getBoundProfilePackage"]
    _check_refused(ordered, "PrepareDownload", reason, calls)


def _check_refused(ordered: OrderedDownload, function: str, reason: str, calls: list[str]) -> None:
    """The last of `calls` sent the refusal that the card answered, and the order is still valid."""
    error = ordered.fails()
    assert isinstance(error, EuiccRefused)
    assert (error.function, error.reason) == (function, reason)
    assert ordered.https.called[: len(calls)] == calls
    answer = f"{function}Response"
    sent = base64.b64decode(ordered.https.sent[calls[-1]][answer[0].lower() + answer[1:]])
    refusal = schema.refusal(answer, schema.decode(answer, sent))
    assert refusal
    assert refusal[0] == reason
    assert ordered.has_nothing()
    assert ordered.order.state == "released"
    ordered.download()
    assert ordered.order.state == "installed"


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
