"""Whom the card believes, the LPA believes: each attack against a real TLS server, and its outcome."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from lpa.errors import ConnectFailed, LpaError, NotVerified
from lpa.rsp import key_identifier
from lpa.rsp.key_identifier import KeyIdentifier
from lpa.rsp.names import ServerAddress
from lpa.server.trust import Trust, Voucher
from lpa.sim.https import tls_context
from lpa.sim.pki import Credentials
from tests.unit import forgery
from tests.unit.forgery import Party
from tests.unit.tls_chains import (
    BRAINPOOL,
    CLIENT,
    DAY,
    ROLE,
    Change,
    World,
    changed,
    self_signed,
    serving,
)
from tests.unit.tls_faults import HOST, NOW, Peer, https, plain_peer, recording, tls_peer

ADDRESS = ServerAddress(HOST)
TABLE = (Path(__file__).parents[2] / "docs" / "trust.md").read_text()
CURVES: dict[str, ec.EllipticCurve] = {"P-256": ec.SECP256R1(), "brainpoolP256r1": BRAINPOOL}


@dataclass(frozen=True)
class Case:
    """What is changed in a genuine world, and the objection; none if the server is to be believed."""

    change: Change
    objection: str = ""


def _set(path: str, value: object) -> Change:
    def change(world: World) -> None:
        *owners, name = path.split(".")
        owner: object = world
        for step in owners:
            owner = getattr(owner, step)
        setattr(owner, name, value)

    return change


def _between(*names: str, **changes: object) -> Change:
    """Put others between the server and the CI; change something about the first of them."""

    def change(world: World) -> None:
        world.way = [getattr(world, name) for name in names]
        for name, value in changes.items():
            setattr(world.way[0] if name != "sent" else world, name, value)

    return change


def _eum(world: World) -> None:
    world.way = [Party(forgery.EUM, "Maker", curve=world.ci.curve, basic=x509.BasicConstraints(True, 0))]
    world.way[0].start, world.way[0].end = NOW - DAY, NOW + DAY


def _other_ci_with_the_same_identifier(world: World) -> None:
    identifier = world.ci.identifier
    world.ci = Party(forgery.CI, "CI", curve=world.ci.curve, claimed=identifier)


def _limited(builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
    limits = x509.NameConstraints([x509.DNSName("example")], None)
    return builder.add_extension(limits, critical=True)


def _demanding(builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.999.99"), b"\x05\x00")
    return serving(HOST)(builder).add_extension(unknown, critical=True)


def _wild(world: World) -> None:
    world.host = "one.smdp.example"
    world.server.change = serving("*.smdp.example")


CASES = {
    "a server whose issuer is on the card's list": Case(lambda world: None),
    "an intermediate certificate between server and issuer": Case(_between("sub")),
    "a certificate with the roles of SGP.22 v3": Case(_set("server.role", f"{ROLE}.0.0.1.0")),
    "a discovery server (SM-DS)": Case(_set("server.role", f"{ROLE}.6")),
    "a certificate without a role, for TLS servers": Case(_set("server.role", "2.999.7")),
    "a certificate for all hosts of a domain": Case(_wild),
    "the card's list is empty": Case(_set("believed", []), "neither the card nor this computer trusts"),
    "an issuer that is not on the card's list": Case(
        _set("believed", [KeyIdentifier(bytes(20))]), "neither the card nor this computer trusts"
    ),
    "a certificate that claims a listed issuer and was signed by another": Case(
        _other_ci_with_the_same_identifier, "whose key did not sign it"
    ),
    "a genuine certificate whose signature was changed": Case(
        _set("spoilt", value=True), "whose key did not sign it|not in order"
    ),
    "a signature that no key can have made": Case(
        _set("keyless", value=True), "whose key did not sign it|nobody who is trusted"
    ),
    "a certificate for another name": Case(
        _set("server.change", serving("other.example")), "for another name than smdp.example: 'other.example'"
    ),
    "a certificate for the hosts of a domain above or below": Case(
        _set("server.change", serving("*.smdp.example", "*", "example")), "for another name than smdp.example"
    ),
    "a certificate without names": Case(_set("server.change", lambda builder: builder), "another name.*none"),
    "an expired certificate": Case(_set("server.end", NOW - DAY / 2), r"is valid from .* until .* only"),
    "a certificate that is not valid yet": Case(
        _set("server.start", NOW + DAY / 2), r"is valid from .* until .* only"
    ),
    "a certificate for TLS clients": Case(
        _set("server.change", serving(HOST, purposes=(CLIENT,))), "is not for TLS servers"
    ),
    "a key for another use": Case(
        _set("server.usage", "key_agreement"),
        "not for this use: digital_signature|no secure connection is possible",  # the latter by TLS 1.2
    ),
    "the certificate by which an SM-DP+ signs (DPauth)": Case(
        _set("server.role", f"{ROLE}.4"), "is for another role"
    ),
    "a certificate that says neither its role nor its purpose": Case(
        lambda world: (
            _set("server.role", "2.999.7")(world),
            _set("server.change", serving(HOST, purposes=()))(world),
        ),
        "is for another role",
    ),
    "a server's certificate that may certify others": Case(
        _set("server.basic", x509.BasicConstraints(True, 0)), "yet may certify others"
    ),
    "a demand in the certificate that is unknown": Case(
        _set("server.change", _demanding), "demands that 2.999.99 be heeded"
    ),
    "an intermediate that may not certify": Case(
        _between("sub", basic=x509.BasicConstraints(False, None)), "may not certify others"
    ),
    "an intermediate whose key is for another use": Case(
        _between("sub", usage="digital_signature"), "not for this use: key_cert_sign"
    ),
    "a server that certifies another": Case(
        _between("sub", role=f"{ROLE}.3", basic=None, usage="digital_signature"), "is for another role"
    ),
    "more intermediates than the upper one permits": Case(
        _between("sub", "second_sub"), "may not certify those who certify others"
    ),
    "a maker of cards (EUM) that certifies a server": Case(_eum, "is for another role"),
    "an expired intermediate": Case(
        _between("sub", end=NOW - DAY / 2), "certificate of Sub CI is valid from .* only"
    ),
    "an intermediate for TLS clients": Case(
        _between(
            "sub",
            change=lambda builder: builder.add_extension(x509.ExtendedKeyUsage([CLIENT]), critical=False),
        ),
        "certificate of Sub CI is not for TLS servers",
    ),
    "an intermediate that is limited to some names": Case(
        _between("sub", change=_limited), "limited to some names"
    ),
    "an intermediate that the server does not send": Case(
        _between("sub", sent=0), "neither the card nor this computer trusts"
    ),
}


def outcome(world: World, credentials: Credentials | None = None, trust: Trust | None = None) -> Voucher:
    """Who vouches for the world's server. If nobody does, it did not get a byte."""
    address, believed = ServerAddress(world.host), tuple(world.believed)
    refusal: LpaError | None = None
    with tls_peer(recording, credentials or world.credentials()) as peer:
        try:
            with https(peer, trust=trust or Trust.system()) as client:
                answer = client.post(address, "/", b"secret", {}, believed=believed)
        except (ConnectFailed, NotVerified) as error:
            refusal = error
    if refusal:
        assert peer.received == b""
        raise refusal
    assert peer.received.endswith(b"secret")
    assert answer.voucher
    return answer.voucher


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("name", CASES)
def test_the_outcome_is_what_the_table_in_the_documents_says(name: str, curve: str) -> None:
    case = CASES[name]
    world = changed(case.change, CURVES[curve])
    assert f"| {name} | {'refused' if case.objection else 'believed'} |" in TABLE
    if not case.objection:
        assert outcome(world) == Voucher("card", str(world.believed[0]), world.believed[0])
        return
    with pytest.raises((ConnectFailed, NotVerified), match=case.objection):
        outcome(world)


def test_the_table_in_the_documents_has_no_row_that_is_not_tested() -> None:
    rows = re.findall(r"^\| ([^|]+) \| (?:refused|believed) \|$", TABLE, re.MULTILINE)
    assert sorted(rows) == sorted([*CASES, *OTHERS])


def test_a_self_signed_certificate_is_refused() -> None:
    world = World()
    with pytest.raises(NotVerified, match="Its certificate is self-signed"):
        outcome(world, self_signed(world))


def test_a_self_signed_certificate_that_names_a_listed_issuer_is_refused() -> None:
    world = World()
    world.server.claimed = world.ci.identifier
    with pytest.raises(NotVerified, match="whose key did not sign it"):
        outcome(world, self_signed(world))


def test_a_root_that_the_server_sends_along_changes_nothing() -> None:
    world = changed(_set("believed", []))
    root = x509.load_pem_x509_certificate(world.ci_pem.encode())
    with pytest.raises(NotVerified, match="neither the card nor this computer trusts"):
        outcome(world, replace(world.credentials(), chain=(root,)))
    world.believed = [KeyIdentifier(world.ci.identifier)]
    assert outcome(world, replace(world.credentials(), chain=(root,))).anchor == "card"


def test_a_test_ci_is_believed_on_a_card_that_lists_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    monkeypatch.setitem(key_identifier._TEST, world.ci.identifier.hex()[:6], "test CI")
    assert outcome(world).anchor == "card"
    world.believed.append(KeyIdentifier(bytes(20)))
    with pytest.raises(NotVerified, match="but as a test CI, whose key everybody has"):
        outcome(world)


def test_wrong_dates_make_look_at_the_clock() -> None:
    with pytest.raises(NotVerified) as caught:
        outcome(changed(_set("server.end", NOW - DAY / 2)))
    assert "date and time of this computer" in caught.value.advice


def test_the_issuer_may_be_on_another_curve_than_the_server() -> None:
    world = World()
    world.ci = Party(forgery.CI, "CI", curve=BRAINPOOL)
    world.believed = [KeyIdentifier(world.ci.identifier)]
    assert outcome(world).anchor == "card"


# The other two who may vouch


@pytest.fixture
def public_ci(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    """A world whose CI is among the public authorities of this computer, and on no card's list."""
    world = changed(_set("believed", []))
    (tmp_path / "public.pem").write_text(world.ci_pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "public.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    return world


def test_a_server_of_the_web_is_vouched_for_by_a_public_authority(public_ci: World) -> None:
    assert outcome(public_ci) == Voucher("public", "O=CI")


def test_the_cards_list_comes_before_the_public_authorities(public_ci: World) -> None:
    public_ci.believed = [KeyIdentifier(public_ci.ci.identifier)]
    assert outcome(public_ci).anchor == "card"


def test_a_bundle_vouches_beside_the_public_authorities(public_ci: World) -> None:
    private = changed(_set("believed", []))
    private.ci.organisation = "Private"
    trust = Trust(private.ci_pem)
    assert outcome(private, trust=trust) == Voucher("bundle", "O=Private")
    assert outcome(public_ci, trust=trust).anchor == "public"


@pytest.mark.parametrize(
    ("change", "objection"),
    [
        (_set("server.change", serving("other.example")), "for another name"),
        (_set("server.end", NOW - DAY / 2), "Its certificate has expired"),
        (_set("server.start", NOW + DAY / 2), "Its certificate is not valid yet"),
        (_set("server.change", serving(HOST, purposes=(CLIENT,))), "is not for TLS servers"),
        (_between("sub", basic=x509.BasicConstraints(False, None)), "who may not certify others"),
        (_between("sub", "second_sub"), "at such a distance"),
        (_set("spoilt", value=True), "signature in its certificate does not hold"),
    ],
)
def test_a_public_authority_vouches_for_nothing_that_does_not_hold(
    public_ci: World, change: Change, objection: str
) -> None:
    change(public_ci)
    with pytest.raises(NotVerified, match=objection):
        outcome(public_ci)


# A peer that changes


@contextlib.contextmanager
def turning(*shown: Credentials) -> Iterator[Peer]:
    """A server that shows other credentials at each connection."""
    contexts = iter([tls_context(credentials) for credentials in shown])

    def greet(peer: Peer, plain: socket.socket) -> None:
        with next(contexts).wrap_socket(plain, server_side=True) as secure:
            recording(peer, secure)

    with plain_peer(greet) as peer:
        yield peer


def test_a_peer_that_changes_its_certificate_between_two_connections_gets_nothing() -> None:
    """The look before a deletion proves nothing for the delivery after it: each connection is judged."""
    genuine, forged = World(), World()
    forged.ci.claimed = genuine.ci.identifier
    believed = tuple(genuine.believed)
    with (
        turning(genuine.credentials(), forged.credentials()) as peer,
        https(peer, trust=Trust.system()) as client,
    ):
        assert client.greet(ADDRESS, believed=believed).anchor == "card"
        with pytest.raises(NotVerified):
            client.post(ADDRESS, "/", b"secret", {}, believed=believed)
    assert peer.received == b""


def test_a_connection_that_one_card_vouches_for_is_not_used_for_another() -> None:
    world = World()
    with tls_peer(recording, world.credentials()) as peer, https(peer, trust=Trust.system()) as client:
        client.post(ADDRESS, "/", b"secret", {}, believed=tuple(world.believed))
        with pytest.raises(NotVerified):
            client.post(ADDRESS, "/", b"secret", {}, believed=(KeyIdentifier(bytes(20)),))


# Rows of the table in the documents with a test of their own
OTHERS = {
    "a self-signed certificate": test_a_self_signed_certificate_is_refused,
    "a self-signed certificate that claims a listed issuer": (
        test_a_self_signed_certificate_that_names_a_listed_issuer_is_refused
    ),
    "a test CI on a list with others": test_a_test_ci_is_believed_on_a_card_that_lists_no_other,
    "a test CI on a list without others": test_a_test_ci_is_believed_on_a_card_that_lists_no_other,
    "a root certificate that the server sends along": test_a_root_that_the_server_sends_along_changes_nothing,
    "a certificate that changes between two connections": (
        test_a_peer_that_changes_its_certificate_between_two_connections_gets_nothing
    ),
    "a server of the web under a public authority": (
        test_a_server_of_the_web_is_vouched_for_by_a_public_authority
    ),
    "a server under an authority of the `--ca-bundle`": (test_a_bundle_vouches_beside_the_public_authorities),
}
