"""A server that is not who it should be: the card refuses it, and the server hears that from the card."""

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
from tests.support.orders import HOST, World, made, way_to

CURVES: tuple[CurveName, ...] = ("P-256", "brainpoolP256r1")
OTHER: dict[CurveName, CurveName] = {"P-256": "brainpoolP256r1", "brainpoolP256r1": "P-256"}
# From the card's CI and the server's key to a certificate.
Maker = Callable[[Authority, ec.EllipticCurvePrivateKey], bytes]


@pytest.fixture(params=CURVES)
def curve(request: pytest.FixtureRequest) -> CurveName:
    name: CurveName = request.param
    return name


@pytest.fixture
def world(curve: CurveName, tmp_path: Path) -> Iterator[World]:
    yield from made(SimulatedEuicc.create(None, curve=curve), tmp_path)


def _issued(role: str, **changes: Any) -> Maker:
    return lambda authority, key: downloads.certificate(authority, key, role, **changes)


def _of_a_stranger(role: str) -> Maker:
    """By another CI, that the card does not know."""
    stranger = SimulatedEuicc.create(None).authority
    return lambda _, key: downloads.certificate(stranger, key, role)


def _of_a_stranger_on_the_other_curve(role: str) -> Maker:
    """By a CI on the curve that the card's is not on."""
    strangers = {name: SimulatedEuicc.create(None, curve=name).authority for name in CURVES}

    def make(authority: Authority, key: ec.EllipticCurvePrivateKey) -> bytes:
        brainpool = isinstance(authority.key.curve, ec.BrainpoolP256R1)
        return downloads.certificate(strangers[OTHER["brainpoolP256r1" if brainpool else "P-256"]], key, role)

    return make


def _claiming(role: str) -> Maker:
    """It names the CI of the card, and somebody else signed it."""
    return lambda authority, key: downloads.certificate(
        authority, key, role, signer=ec.generate_private_key(authority.key.curve)
    )


WRONG = {
    "a role that nobody knows": lambda role: _issued("2.999.7"),
    "the other role": lambda role: _issued(DPPB if role == DPAUTH else DPAUTH),
    "a key for another use": lambda role: _issued(role, usage=False),
    "another CI": _of_a_stranger,
    "another CI on the other curve": _of_a_stranger_on_the_other_curve,
    "the card's CI claimed": _claiming,
}


def _own_key(world: World) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(world.card.authority.key.curve)


def _authenticating(world: World, make: Maker, key: ec.EllipticCurvePrivateKey) -> None:
    """Have the server's first answer come from the holder of another certificate, who signs it."""

    def change(members: dict[str, Any]) -> None:
        signed = base64.b64decode(members["serverSigned1"])
        members["serverSignature1"] = _base64(downloads.signature(key, signed))
        members["serverCertificate"] = _base64(make(world.card.authority, key))

    world.https.change["initiateAuthentication"] = change


def _binding(world: World, make: Maker, key: ec.EllipticCurvePrivateKey) -> None:
    """Have the server show another certificate for the package."""
    certificate = _base64(make(world.card.authority, key))
    world.https.change["authenticateClient"] = lambda members: members.update(smdpCertificate=certificate)


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_server_with_a_wrong_certificate_hears_from_the_card_that_it_is_refused(
    wrong: Callable[[str], Maker], world: World
) -> None:
    _authenticating(world, wrong(DPAUTH), _own_key(world))
    _check_refused_at_authentication(world, "invalidCertificate")


def test_a_server_whose_signature_is_wrong_hears_that_from_the_card(world: World) -> None:
    def change(members: dict[str, Any]) -> None:
        signature = base64.b64decode(members["serverSignature1"])
        members["serverSignature1"] = _base64(signature[:-1] + bytes([signature[-1] ^ 1]))

    world.https.change["initiateAuthentication"] = change
    _check_refused_at_authentication(world, "invalidSignature")


def test_what_a_server_signed_as_another_one_is_not_shown_to_the_card(world: World) -> None:
    _authenticating(world, _issued(DPAUTH), _own_key(world))
    sign = world.https.change["initiateAuthentication"]

    def change(members: dict[str, Any]) -> None:
        signed = Tlv.whole(base64.b64decode(members["serverSigned1"])).children
        elsewhere = (Tlv.build(0x83, b"other.example") if one.tag == 0x83 else one for one in signed)
        members["serverSigned1"] = _base64(Tlv.build(0x30, *elsewhere))
        sign(members)

    world.https.change["initiateAuthentication"] = change
    error = world.fails()
    assert isinstance(error, NotVerified)
    assert "signed as 'other.example'" in error.message
    assert world.https.called == ["initiateAuthentication"]


def test_a_server_that_wants_another_ci_of_the_card_hears_that_there_is_none(world: World) -> None:
    unknown = _base64(bytes.fromhex("0414") + bytes(20))
    world.https.change["initiateAuthentication"] = lambda members: members.update(euiccCiPKIdToBeUsed=unknown)
    _check_refused_at_authentication(world, "ciPKUnknown")


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_certificate_for_the_package_is_refused_and_its_server_hears_why(
    wrong: Callable[[str], Maker], world: World
) -> None:
    _binding(world, wrong(DPPB), _own_key(world))
    _check_refused_at_binding(world, "invalidCertificate")


@pytest.mark.parametrize("oid", ["2.999.11", ""])
def test_the_package_has_to_come_from_the_server_that_authenticated_itself(oid: str, world: World) -> None:
    _binding(world, _issued(DPPB, oid=oid), _own_key(world))
    _check_refused_at_binding(world, "invalidCertificate")


def test_a_package_that_another_key_signed_for_is_refused_and_its_server_hears_why(world: World) -> None:
    _binding(world, _issued(DPPB), _own_key(world))
    _check_refused_at_binding(world, "invalidSignature")


def test_a_server_whose_tls_certificate_has_expired_is_told_nothing(curve: CurveName, tmp_path: Path) -> None:
    card = SimulatedEuicc.create(None, curve=curve)
    last_year = datetime.now(UTC) - timedelta(days=365)
    with (
        SimulatedSmdp(card.authority, host=HOST, clock=lambda: last_year) as smdp,
        way_to(smdp, card, tmp_path / "pki") as https,
    ):
        world = World(card, smdp, https, tmp_path / "state")
        error = world.fails()
    assert isinstance(error, NotVerified)
    assert re.search("is valid only from .* until|has expired", error.message)
    assert https.called == ["initiateAuthentication"]
    assert not https.transactions  # The request never went.
    assert world.has_nothing()


def test_a_card_has_no_clock_and_takes_a_signer_whose_certificate_has_expired(world: World) -> None:
    past = datetime(2020, 1, 1, tzinfo=UTC)
    _authenticating(world, _issued(DPAUTH, start=past), _own_key(world))
    world.download()
    assert world.order.state == "installed"


def _check_refused_at_authentication(world: World, reason: str) -> None:
    _check_refused(world, "AuthenticateServer", reason, ["initiateAuthentication", "authenticateClient"])


def _check_refused_at_binding(world: World, reason: str) -> None:
    calls = ["initiateAuthentication", "authenticateClient", "getBoundProfilePackage"]
    _check_refused(world, "PrepareDownload", reason, calls)


def _check_refused(world: World, function: str, reason: str, calls: list[str]) -> None:
    """The last of `calls` gave the server `reason` in the card's own words, and the order is still there."""
    error = world.fails()
    assert isinstance(error, EuiccRefused)
    assert (error.function, error.reason) == (function, reason)
    assert world.https.called[: len(calls)] == calls
    answer = f"{function}Response"
    told = base64.b64decode(world.https.sent[calls[-1]][answer[0].lower() + answer[1:]])
    refusal = schema.refusal(answer, schema.decode(answer, told))
    assert refusal
    assert refusal[0] == reason
    assert world.has_nothing()
    assert world.order.state == "released"
    world.download()
    assert world.order.state == "installed"


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
