"""The LPA trusts the issuers that the card trusts: each attack against a real TLS server, and its outcome."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from lpa.errors import ConnectFailed, LpaError, NotVerified
from lpa.rsp.limits import PATHS
from lpa.rsp.names import ServerAddress
from lpa.rsp.pki import key_identifier, server_chain
from lpa.rsp.pki.key_identifier import KeyIdentifier
from lpa.server.trust import Trust, TrustAnchor
from lpa.sim.crypto.pki import Credentials
from lpa.sim.servers.https_server import tls_context
from tests.support import forgery
from tests.support.forgery import Party
from tests.support.paths import DOCS
from tests.support.tls_attacks import CASES, between, junk, setting
from tests.support.tls_chains import (
    BRAINPOOL,
    CI_SUB_CA,
    CLIENT,
    DAY,
    Change,
    TlsChain,
    changed,
    self_signed,
    serving,
)
from tests.support.tls_faults import HOST, NOW, Peer, https, plain_peer, recording, showing, tls_peer

ADDRESS = ServerAddress(HOST)
# The documented outcome of each case: "refused", or the word for what is not.
OUTCOMES = dict(re.findall(r"^\| ([^|]+) \| (\w+) \|$", (DOCS / "trust.md").read_text(), re.MULTILINE)[1:])
CURVES: dict[str, ec.EllipticCurve] = {"P-256": ec.SECP256R1(), "brainpoolP256r1": BRAINPOOL}


def outcome(
    chain: TlsChain,
    credentials: Credentials | None = None,
    trust: Trust | None = None,
    context: ssl.SSLContext | None = None,
) -> TrustAnchor:
    """The trust anchor of the server. A refused server must not have received a byte."""
    address, ci_pkids = ServerAddress(chain.host), tuple(chain.ci_pkids)
    refusal: LpaError | None = None
    if credentials:
        context = tls_context(credentials)
    context = context or showing(*chain.shown(), key=chain.server.key)
    with tls_peer(recording, context=context) as peer:
        try:
            with https(peer, trust=trust or Trust.system()) as client:
                answer = client.post(address, "/", b"secret", {}, ci_pkids=ci_pkids)
        except (ConnectFailed, NotVerified) as error:
            refusal = error
    if refusal:
        assert peer.received == b""
        raise refusal
    assert peer.received.endswith(b"secret")
    assert answer.trust_anchor
    return answer.trust_anchor


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("name", CASES)
def test_the_outcome_is_the_documented_one(name: str, curve: str) -> None:
    case = CASES[name]
    chain = changed(case.change, CURVES[curve])
    assert (OUTCOMES[name] == "refused") == bool(case.objection)
    if not case.objection:
        assert outcome(chain) == TrustAnchor("card", str(chain.ci_pkids[0]), chain.ci_pkids[0])
        return
    with pytest.raises((ConnectFailed, NotVerified), match=case.objection):
        outcome(chain)


def test_every_documented_row_is_tested() -> None:
    assert sorted(OUTCOMES) == sorted([*CASES, *OTHERS])


def test_a_self_signed_certificate_is_refused() -> None:
    chain = TlsChain()
    with pytest.raises(NotVerified, match="Its certificate is self-signed"):
        outcome(chain, self_signed(chain))


def test_a_self_signed_certificate_that_names_a_listed_issuer_is_refused() -> None:
    chain = TlsChain()
    chain.server.claimed = chain.ci.identifier
    with pytest.raises(NotVerified, match="that key did not sign it"):
        outcome(chain, self_signed(chain))


def test_a_root_that_the_server_sends_is_ignored() -> None:
    chain = changed(setting("ci_pkids", []))
    root = x509.load_pem_x509_certificate(chain.ci_pem.encode())
    with pytest.raises(NotVerified, match="neither the card nor this computer trusts"):
        outcome(chain, replace(chain.credentials(), chain=(root,)))
    chain.ci_pkids = [KeyIdentifier(chain.ci.identifier)]
    assert outcome(chain, replace(chain.credentials(), chain=(root,))).anchor == "card"


def test_a_test_ci_is_trusted_on_a_card_that_lists_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    chain = TlsChain()
    monkeypatch.setitem(key_identifier._TEST, chain.ci.identifier.hex()[:6], "test CI")
    assert outcome(chain).anchor == "card"
    chain.ci_pkids.append(KeyIdentifier(bytes(20)))
    with pytest.raises(NotVerified, match="but that is a test CI, whose private key is public"):
        outcome(chain)


def test_wrong_dates_advise_to_check_the_clock() -> None:
    with pytest.raises(NotVerified) as caught:
        outcome(changed(setting("server.end", NOW - DAY / 2)))
    assert "date and time of this computer" in caught.value.advice


@pytest.mark.parametrize(
    "change",
    [
        setting("server.change", serving("token a=b " * 6000)),
        setting("server.change", serving(*[f"{number}.example" for number in range(4000)])),
        setting("server.organisation", "x" * 60_000),
    ],
)
def test_an_unverified_server_can_put_little_text_into_an_error(change: Change) -> None:
    """Before the server is verified, an attacker on the way may have sent the text."""
    chain = changed(change)
    chain.signer = Party(forgery.CI, "CI", claimed=chain.ci.identifier)
    with pytest.raises(NotVerified) as caught:
        outcome(chain)
    assert len(caught.value.message) < 600


def test_the_issuer_may_be_on_another_curve_than_the_server() -> None:
    chain = TlsChain()
    chain.ci = Party(forgery.CI, "CI", curve=BRAINPOOL)
    chain.ci_pkids = [KeyIdentifier(chain.ci.identifier)]
    assert outcome(chain).anchor == "card"


# The other two trust anchors


@pytest.fixture
def public_ci(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> TlsChain:
    """A chain whose CI is a public authority of this computer, and not on a card's list."""
    chain = changed(setting("ci_pkids", []))
    (tmp_path / "public.pem").write_text(chain.ci_pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "public.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    return chain


def test_a_server_of_the_web_is_verified_by_a_public_authority(public_ci: TlsChain) -> None:
    assert outcome(public_ci) == TrustAnchor("public", "O=CI")


def test_a_server_of_the_web_may_have_explicit_defaults(public_ci: TlsChain) -> None:
    public_ci.server.explicit = True
    assert outcome(public_ci).anchor == "public"


def test_a_server_of_the_web_may_have_an_rsa_key(public_ci: TlsChain, tmp_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    genuine = public_ci.credentials().certificate
    issuer = x509.load_pem_x509_certificate(public_ci.ci_pem.encode())
    minted = x509.CertificateBuilder(
        issuer.subject, genuine.subject, key.public_key(), 78, NOW - DAY, NOW + DAY
    )
    certificate = serving(HOST)(minted).sign(public_ci.ci.key, hashes.SHA256())
    held = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "rsa.pem").write_bytes(held + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "rsa.pem")
    assert outcome(public_ci, context=context) == TrustAnchor("public", "O=CI")


def test_the_cards_list_comes_before_the_public_authorities(public_ci: TlsChain) -> None:
    public_ci.ci_pkids = [KeyIdentifier(public_ci.ci.identifier)]
    assert outcome(public_ci).anchor == "card"


def test_a_bundle_is_trusted_besides_the_public_authorities(public_ci: TlsChain) -> None:
    private = changed(setting("ci_pkids", []))
    private.ci.organisation = "Private"
    trust = Trust(private.ci_pem)
    assert outcome(private, trust=trust) == TrustAnchor("bundle", "O=Private")
    assert outcome(public_ci, trust=trust).anchor == "public"


@pytest.mark.parametrize(
    ("change", "objection"),
    [
        (setting("server.change", serving("other.example")), "not for"),
        (setting("server.end", NOW - DAY / 2), "Its certificate has expired"),
        (setting("server.start", NOW + DAY / 2), "Its certificate is not valid yet"),
        (setting("server.change", serving(HOST, purposes=(CLIENT,))), "is not for TLS servers"),
        (between("sub", basic=x509.BasicConstraints(False, None)), "that may not issue others"),
        (between("sub", "second_sub"), "so many issuers below it"),
        (setting("spoilt", value=True), "signature of its certificate is not valid"),
    ],
)
def test_an_invalid_certificate_of_a_public_authority_is_refused(
    public_ci: TlsChain, change: Change, objection: str
) -> None:
    change(public_ci)
    with pytest.raises(NotVerified, match=objection):
        outcome(public_ci)


# A peer that changes its certificate


@contextlib.contextmanager
def changing(*shown: Credentials) -> Iterator[Peer]:
    """A server with other credentials at each connection."""
    contexts = iter([tls_context(credentials) for credentials in shown])

    def handshake(peer: Peer, plain: socket.socket) -> None:
        with next(contexts).wrap_socket(plain, server_side=True) as secure:
            recording(peer, secure)

    with plain_peer(handshake) as peer:
        yield peer


def test_a_certificate_that_changes_between_two_connections_is_refused() -> None:
    """A check before a deletion proves nothing for the sending after it: each connection is verified."""
    genuine, forged = TlsChain(), TlsChain()
    forged.ci.claimed = genuine.ci.identifier
    ci_pkids = tuple(genuine.ci_pkids)
    with (
        changing(genuine.credentials(), forged.credentials()) as peer,
        https(peer, trust=Trust.system()) as client,
    ):
        assert client.handshake(ADDRESS, ci_pkids=ci_pkids).anchor == "card"
        client.close()
        with pytest.raises(NotVerified):
            client.post(ADDRESS, "/", b"secret", {}, ci_pkids=ci_pkids)
    assert peer.received == b""


def test_a_connection_is_not_shared_between_cards() -> None:
    chain = TlsChain()
    with tls_peer(recording, chain.credentials()) as peer, https(peer, trust=Trust.system()) as client:
        client.post(ADDRESS, "/", b"secret", {}, ci_pkids=tuple(chain.ci_pkids))
        with pytest.raises(NotVerified):
            client.post(ADDRESS, "/", b"secret", {}, ci_pkids=(KeyIdentifier(bytes(20)),))


def test_the_number_of_paths_is_limited() -> None:
    """Three certificates on each of three levels: 27 paths."""
    chain = changed(junk(0))
    lower, upper = chain.sub, chain.second_sub
    top = Party(CI_SUB_CA, "Top")
    ders = [
        holder.certificate(issuer)
        for holder, issuer in ((lower, upper), (upper, top), (top, chain.ci))
        for _ in range(3)
    ]
    shown = [chain.shown()[0], *ders]
    assert len(server_chain.paths_to(chain.ci_pkids, shown)) == PATHS


def test_certificates_that_name_each_other_take_little_time() -> None:
    chain = changed(junk(0))
    circle = Party(CI_SUB_CA, "Circle", claimed=chain.sub.identifier)
    ders = [circle.certificate(circle) for _ in range(200)]
    shown = [chain.shown()[0], *ders]
    assert server_chain.paths_to(chain.ci_pkids, shown) == ()


# Documented rows with a test of their own
OTHERS = {
    "a self-signed certificate": test_a_self_signed_certificate_is_refused,
    "a self-signed certificate that claims a listed issuer": (
        test_a_self_signed_certificate_that_names_a_listed_issuer_is_refused
    ),
    "a test CI on a list with others": test_a_test_ci_is_trusted_on_a_card_that_lists_no_other,
    "a test CI on a list without others": test_a_test_ci_is_trusted_on_a_card_that_lists_no_other,
    "a root certificate that the server sends along": test_a_root_that_the_server_sends_is_ignored,
    "a certificate that changes between two connections": (
        test_a_certificate_that_changes_between_two_connections_is_refused
    ),
    "a server of the web under a public authority": (
        test_a_server_of_the_web_is_verified_by_a_public_authority
    ),
    "a server of the web with an RSA key": test_a_server_of_the_web_may_have_an_rsa_key,
    "a server under an authority of the `--ca-bundle`": (
        test_a_bundle_is_trusted_besides_the_public_authorities
    ),
}


def test_a_public_authority_counts_though_the_path_to_the_cards_issuer_is_refused(
    public_ci: TlsChain,
) -> None:
    """The path refuses any name constraint; OpenSSL applies them, and objects to nothing here."""
    CASES["an intermediate with name constraints"].change(public_ci)
    public_ci.ci_pkids = [KeyIdentifier(public_ci.ci.identifier)]
    assert outcome(public_ci) == TrustAnchor("public", "O=CI")
    public_ci.host = "other.example"
    with pytest.raises(NotVerified, match=r"not for other\.example, but for"):
        outcome(public_ci)
