"""The certificates of the simulated PKI: their contents, and their verification by OpenSSL."""

from __future__ import annotations

import stat
import subprocess
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from lpa.errors import StorageFailed
from lpa.sim.crypto.pki import Authority, Credentials, CurveName, der, pem
from tests.support.terminal import repeatable

NOW = datetime(2026, 11, 22, 12, 30, 45, 678901, tzinfo=UTC)
EID = "89999999000000000000000000000186"
CURVES: dict[CurveName, type[ec.EllipticCurve]] = {
    "P-256": ec.SECP256R1,
    "brainpoolP256r1": ec.BrainpoolP256R1,
}


@pytest.fixture(params=["P-256", "brainpoolP256r1"])
def curve(request: pytest.FixtureRequest) -> CurveName:
    name: CurveName = request.param
    return name


@pytest.fixture
def authority(curve: CurveName) -> Authority:
    return Authority.mint(curve=curve, now=NOW)


def chain(authority: Authority) -> tuple[Credentials, Credentials]:
    eum = authority.issue_eum("89999999", now=NOW)
    return eum, authority.issue_euicc(eum, EID, now=NOW)


def usage(certificate: x509.Certificate) -> set[str]:
    """The key usages that are on; they must be critical."""
    extension = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert extension.critical
    names = ("digital_signature", "key_cert_sign", "crl_sign", "key_agreement", "key_encipherment")
    return {name for name in names if getattr(extension.value, name)}


def policy(certificate: x509.Certificate) -> tuple[str, bool]:
    """The role, and whether it is critical."""
    extension = certificate.extensions.get_extension_for_class(x509.CertificatePolicies)
    (information,) = extension.value
    return information.policy_identifier.dotted_string, extension.critical


def names(certificate: x509.Certificate) -> x509.SubjectAlternativeName:
    return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value


def registered(certificate: x509.Certificate) -> list[str]:
    return [oid.dotted_string for oid in names(certificate).get_values_for_type(x509.RegisteredID)]


def key_identifiers(certificate: x509.Certificate) -> tuple[bytes, bytes | None]:
    own = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    above = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    return own, above


def test_the_ci_certifies_itself(authority: Authority, curve: CurveName) -> None:
    ci = authority.certificate
    ci.verify_directly_issued_by(ci)
    assert usage(ci) == {"key_cert_sign", "crl_sign"}
    assert policy(ci) == ("2.23.146.1.2.1.0", True)
    assert registered(ci) == ["2.999.1"]
    basic = ci.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value.ca, basic.value.path_length) == (True, True, None)
    assert isinstance(authority.key.curve, CURVES[curve])
    assert ci.not_valid_after_utc - ci.not_valid_before_utc == timedelta(days=35 * 365)
    assert ci.not_valid_before_utc == NOW.replace(microsecond=0)


def test_the_pkid_is_the_sha1_of_the_ci_key(authority: Authority) -> None:
    expected = x509.SubjectKeyIdentifier.from_public_key(authority.key.public_key()).digest
    assert authority.key_identifier == expected
    assert len(expected) == 20


def test_the_eum_may_certify_only_its_own_euiccs(authority: Authority, curve: CurveName) -> None:
    eum, _ = chain(authority)
    certificate = eum.certificate
    certificate.verify_directly_issued_by(authority.certificate)
    assert usage(certificate) == {"key_cert_sign"}
    assert policy(certificate) == ("2.23.146.1.2.1.2", True)
    assert registered(certificate) == ["2.999.5"]
    assert key_identifiers(certificate)[1] == authority.key_identifier
    basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value.ca, basic.value.path_length) == (True, True, 0)
    constraints = certificate.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    assert [name.value.rfc4514_string() for name in constraints.value.permitted_subtrees or ()] == [
        "2.5.4.5=89999999,O=Sim EUM"
    ]
    assert isinstance(eum.key.curve, CURVES[curve])


def test_the_euicc_certificate_has_the_eid_and_the_name_of_the_eum(
    authority: Authority, curve: CurveName
) -> None:
    eum, euicc = chain(authority)
    certificate = euicc.certificate
    certificate.verify_directly_issued_by(eum.certificate)
    assert certificate.subject.rfc4514_string() == f"2.5.4.5={EID},O=Sim EUM"
    assert usage(certificate) == {"digital_signature"}
    assert policy(certificate) == ("2.23.146.1.2.1.1", True)
    assert key_identifiers(certificate)[1] == key_identifiers(eum.certificate)[0]
    assert certificate.not_valid_after_utc == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    with pytest.raises(x509.ExtensionNotFound):
        names(certificate)
    assert euicc.chain == (eum.certificate,)
    assert isinstance(euicc.key.curve, CURVES[curve])


def test_the_certificates_in_a_notification_are_small(authority: Authority) -> None:
    eum, euicc = chain(authority)
    assert len(der(euicc.certificate)) + len(der(eum.certificate)) <= 884


def test_a_server_certificate_has_its_hosts_and_its_oid(authority: Authority, curve: CurveName) -> None:
    hosts = ["*.smdp.example", "127.0.0.1", "::1"]
    server = authority.issue_server("smdp.example", now=NOW, also=hosts)
    certificate = server.certificate
    certificate.verify_directly_issued_by(authority.certificate)
    assert names(certificate).get_values_for_type(x509.DNSName) == ["smdp.example", "*.smdp.example"]
    assert names(certificate).get_values_for_type(x509.IPAddress) == [
        ip_address("127.0.0.1"),
        ip_address("::1"),
    ]
    assert registered(certificate) == ["2.999.10"]
    assert usage(certificate) == {"digital_signature"}
    assert policy(certificate) == ("2.23.146.1.2.1.3", False)
    purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(purposes) == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    assert key_identifiers(certificate)[1] == authority.key_identifier
    assert certificate.not_valid_after_utc == NOW.replace(microsecond=0) + timedelta(days=90)
    assert isinstance(server.key.curve, CURVES[curve])


def test_a_server_may_be_expired_or_not_yet_valid(authority: Authority) -> None:
    day = timedelta(days=1)
    expired = authority.issue_server("a.example", now=NOW, not_before=NOW - 2 * day, not_after=NOW - day)
    assert expired.certificate.not_valid_after_utc == NOW.replace(microsecond=0) - day
    early = authority.issue_server("a.example", now=NOW, not_before=NOW + day)
    assert early.certificate.not_valid_before_utc == NOW.replace(microsecond=0) + day


def test_a_server_is_valid_for_398_days_at_most(authority: Authority) -> None:
    authority.issue_server("a.example", now=NOW, days=398)
    with pytest.raises(ValueError, match="398 days"):
        authority.issue_server("a.example", now=NOW, days=399)


def test_no_two_certificates_share_a_key(authority: Authority) -> None:
    eum, euicc = chain(authority)
    server = authority.issue_server("a.example", now=NOW)
    keys = [authority.key, eum.key, euicc.key, server.key]
    assert len({key.private_numbers().private_value for key in keys}) == 4


def test_with_the_same_clock_and_randomness_everything_is_the_same(curve: CurveName) -> None:
    def everything(seed: int) -> list[bytes]:
        authority = Authority.mint(curve=curve, now=NOW, randomness=repeatable(seed))
        eum, euicc = chain(authority)
        server = authority.issue_server("a.example", now=NOW)
        credentials = (Credentials(authority.certificate, authority.key), eum, euicc, server)
        return [part for held in credentials for part in (held.pem_chain, held.key_pem)]

    assert everything(1) == everything(1)
    assert not set(everything(1)) & set(everything(2))


@pytest.mark.parametrize("octet", [b"\0", b"\xff"])
def test_even_poor_randomness_makes_a_key(curve: CurveName, octet: bytes) -> None:
    authority = Authority.mint(curve=curve, now=NOW, randomness=lambda size: octet * size)
    chain(authority)[1].certificate.verify_directly_issued_by(chain(authority)[0].certificate)


# Verification by OpenSSL


def openssl_verify(
    tmp_path: Path, authority: Authority, leaf: x509.Certificate, *between: x509.Certificate
) -> str:
    """What `openssl verify` prints about a chain."""
    for name, certificates in (
        ("ci", [authority.certificate]),
        ("leaf", [leaf]),
        ("between", between or [leaf]),
    ):
        (tmp_path / f"{name}.pem").write_bytes(b"".join(pem(certificate) for certificate in certificates))
    time = str(int(NOW.timestamp()) + 60)
    chain_options = ["-CAfile", "ci.pem", "-untrusted", "between.pem", "-x509_strict", "-attime", time]
    done = subprocess.run(
        ["openssl", "verify", *chain_options, "leaf.pem"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_openssl_accepts_the_eum_and_a_server(authority: Authority, tmp_path: Path) -> None:
    eum, _ = chain(authority)
    server = authority.issue_server("smdp.example", now=NOW)
    assert openssl_verify(tmp_path, authority, eum.certificate) == "leaf.pem: OK\n"
    assert openssl_verify(tmp_path, authority, server.certificate) == "leaf.pem: OK\n"


def test_openssl_objects_to_nothing_but_the_eid_prefix(authority: Authority, tmp_path: Path) -> None:
    """SGP.22 lets the EUM constrain EIDs by a prefix; RFC 5280 compares the whole name, as its last check."""
    eum, euicc = chain(authority)
    said = openssl_verify(tmp_path, authority, euicc.certificate, eum.certificate)
    assert [line for line in said.splitlines() if line.startswith("error ")] == [
        "error 47 at 0 depth lookup: permitted subtree violation",
        "error leaf.pem: verification failed",
    ]
    whole = authority.issue_eum(EID, now=NOW)
    same = authority.issue_euicc(whole, EID, now=NOW)
    assert openssl_verify(tmp_path, authority, same.certificate, whole.certificate) == "leaf.pem: OK\n"


def test_openssl_refuses_what_another_authority_issued(authority: Authority, tmp_path: Path) -> None:
    other = Authority.mint(now=NOW).issue_server("smdp.example", now=NOW)
    assert "verification failed" in openssl_verify(tmp_path, authority, other.certificate)
    with pytest.raises(InvalidSignature):
        other.certificate.verify_directly_issued_by(Authority.mint(now=NOW).certificate)


# Folders


def test_the_key_of_an_authority_is_private(authority: Authority, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "pki"
    authority.save(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "ci-key.pem").stat().st_mode) == 0o600
    loaded = Authority.load(folder)
    assert loaded.certificate == authority.certificate
    assert loaded.key.private_numbers() == authority.key.private_numbers()


@pytest.mark.parametrize(
    "damage", [None, b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_loading_an_authority_from_another_folder_fails(
    authority: Authority, tmp_path: Path, damage: bytes | None
) -> None:
    authority.save(tmp_path)
    if damage is None:
        (tmp_path / "ci-key.pem").unlink()
    else:
        (tmp_path / "ci.pem").write_bytes(damage)
    with pytest.raises(StorageFailed, match="no certificate authority"):
        Authority.load(tmp_path)
