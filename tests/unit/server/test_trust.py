"""The trust anchor of a server, and OpenSSL's objections in sentences."""

from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from lpa.errors import NotVerified
from lpa.rsp.pki.key_identifier import KeyIdentifier
from lpa.rsp.pki.server_chain import check_host
from lpa.server import trust as trusting
from lpa.server.tls import Handshake
from lpa.server.trust import Trust, TrustAnchor
from lpa.sim.crypto.certificate_parts import der, pem
from lpa.sim.crypto.pki import Authority
from tests.support.forgery import unreadable
from tests.support.tls_faults import CI, GOOD, HOST, NOW

SHOWN = der(GOOD.certificate)
CI_PKIDS = (KeyIdentifier(CI.key_identifier),)


def bundle(folder: Path, content: bytes) -> Path:
    path = folder / "ca.pem"
    path.write_bytes(content)
    return path


def test_a_bundle_has_all_its_certificates(tmp_path: Path) -> None:
    other = Authority.mint(now=NOW)
    path = bundle(tmp_path, pem(CI.certificate) + "\n# 示例移动\n".encode() + pem(other.certificate))
    assert Trust.bundle(path).authorities == (CI.certificate, other.certificate)
    assert Trust.system().authorities == ()


def test_a_bundle_is_read_once(tmp_path: Path) -> None:
    path = bundle(tmp_path, pem(CI.certificate))
    trust = Trust.bundle(path)
    path.unlink()
    assert trust.authorities == (CI.certificate,)
    assert trust.pem == pem(CI.certificate).decode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nothing of that kind",
        CI.certificate.tbs_certificate_bytes,
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "示例".encode(),
    ],
)
def test_a_file_without_certificates_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = bundle(tmp_path, content)
    with pytest.raises(ValueError, match="contains no certificate in PEM form") as caught:
        Trust.bundle(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_and_a_folder_are_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="No such file or directory"):
        Trust.bundle(tmp_path / "none.pem")
    with pytest.raises(ValueError, match="Is a directory"):
        Trust.bundle(tmp_path)


# Verifying what a server sent


def test_a_server_without_certificates_is_refused() -> None:
    for objections in ((), (20,)):
        with pytest.raises(NotVerified):
            Trust.system().verify(Handshake((), objections, None), HOST, CI_PKIDS, NOW)


@pytest.mark.parametrize("code", [0, *range(2, 100)])
def test_every_objection_of_openssl_is_refused_with_a_sentence(code: int) -> None:
    handshake = Handshake((SHOWN,), (code,), der(CI.certificate))
    with pytest.raises(NotVerified, match=r"^[A-Z].*\.$"):
        Trust.system().verify(handshake, HOST, (), NOW)


def test_unknown_objections_of_openssl_are_refused_with_their_number() -> None:
    with pytest.raises(NotVerified, match=r"OpenSSL refuses its certificate \(code 98\)"):
        Trust.system().verify(Handshake((SHOWN,), (98, 10), der(CI.certificate)), HOST, (), NOW)


def test_an_unreadable_certificate_is_refused() -> None:
    handshake = Handshake((unreadable(SHOWN),), (), der(CI.certificate))
    with pytest.raises(NotVerified, match="server's own certificate cannot be read"):
        Trust.system().verify(handshake, HOST, CI_PKIDS, NOW)


def test_an_unreadable_authority_has_no_name() -> None:
    handshake = Handshake((SHOWN,), (), unreadable(der(CI.certificate)))
    assert Trust.system().verify(handshake, HOST, (), NOW) == TrustAnchor("public", "an unnamed authority")


def test_a_trust_anchor_has_a_name_and_evidence_for_the_journal() -> None:
    issuer = KeyIdentifier(CI.key_identifier)
    trust_anchor = TrustAnchor(trusting.CARD, "a CI", issuer)
    assert str(trust_anchor) == "the card's issuer a CI"
    assert trust_anchor.evidence == {"trust_anchor": "card", "issuer": "a CI", "issuer_key": str(issuer)}
    assert str(TrustAnchor(trusting.PUBLIC, "CN=X")) == "CN=X, which this computer trusts"
    assert str(TrustAnchor(trusting.BUNDLE, "CN=X")) == "CN=X, from the --ca-bundle"
    assert TrustAnchor(trusting.BUNDLE, "CN=X").evidence == {"trust_anchor": "bundle", "issuer": "CN=X"}


# Names


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("a.example", "a.example"),
        ("A.Example.", "a.example"),
        ("*.b.example", "a.b.example"),
        ("localhost", "localhost"),
    ],
)
def test_a_certificate_name_matches_its_host(name: str, host: str) -> None:
    check_host(x509.SubjectAlternativeName([x509.DNSName(name)]), host)


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("a.example", "b.example"),
        ("a.example", "a.example.org"),
        ("example", "a.example"),
        ("*.b.example", "b.example"),
        ("*.b.example", "c.a.b.example"),
        ("*.example", "a.example"),
        ("*", "example"),
        ("a*.b.example", "aa.b.example"),
        ("*a.b.example", "aa.b.example"),
        ("a.*.example", "a.b.example"),
        ("", "a.example"),
        (".example", "a.example"),
        ("a.example\0.b.example", "a.example"),
    ],
)
def test_a_certificate_name_matches_no_other_host(name: str, host: str) -> None:
    with pytest.raises(NotVerified, match="is not for"):
        check_host(x509.SubjectAlternativeName([x509.DNSName(name)]), host)


def test_an_ip_address_or_object_identifier_is_not_a_name() -> None:
    names = [
        x509.RegisteredID(x509.ObjectIdentifier("2.999.10")),
        x509.UniformResourceIdentifier("a.example"),
    ]
    with pytest.raises(NotVerified, match="none"):
        check_host(x509.SubjectAlternativeName(names), "a.example")


@given(st.text(alphabet="abc.*-", max_size=12))
def test_an_asterisk_matches_only_one_label(name: str) -> None:
    try:
        check_host(x509.SubjectAlternativeName([x509.DNSName(name)]), "a.b.c")
    except NotVerified:
        return
    assert name.removesuffix(".") in ("a.b.c", "*.b.c")
