import ssl
from pathlib import Path

import pytest

from lpa.server.trust import Trust
from lpa.sim.pki import Authority, pem
from tests.unit.tls_faults import CI, NOW


def loaded(context: ssl.SSLContext) -> int:
    return context.cert_store_stats()["x509"]


def bundle(folder: Path, content: bytes) -> Path:
    path = folder / "ca.pem"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("trust", [Trust.system(), Trust(pem(CI.certificate).decode())])
def test_every_context_verifies_chain_and_host_name_with_tls_1_2_or_later(trust: Trust) -> None:
    for context in (trust.context(), trust.brainpool_context()):
        assert context.verify_mode == ssl.CERT_REQUIRED
        assert context.check_hostname
        assert not context.hostname_checks_common_name
        assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_a_context_is_made_once_and_the_two_are_not_the_same() -> None:
    trust = Trust.system()
    assert trust.context() is trust.context()
    assert trust.brainpool_context() is trust.brainpool_context()
    assert trust.context() is not trust.brainpool_context()


def test_the_system_trust_is_what_openssl_trusts_here(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle(tmp_path, pem(CI.certificate))))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    assert loaded(Trust.system().context()) == 1


def test_a_bundle_trusts_all_its_certificates_and_no_others(tmp_path: Path) -> None:
    other = Authority.mint(now=NOW)
    path = bundle(tmp_path, pem(CI.certificate) + "\n# 示例移动\n".encode() + pem(other.certificate))
    assert loaded(Trust.bundle(path).context()) == 2
    assert loaded(Trust.bundle(path).brainpool_context()) == 2


def test_a_bundle_is_read_once(tmp_path: Path) -> None:
    path = bundle(tmp_path, pem(CI.certificate))
    trust = Trust.bundle(path)
    path.unlink()
    assert loaded(trust.brainpool_context()) == 1


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
    with pytest.raises(ValueError, match="holds no certificate in PEM form") as caught:
        Trust.bundle(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_and_a_folder_are_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="No such file or directory"):
        Trust.bundle(tmp_path / "none.pem")
    with pytest.raises(ValueError, match="Is a directory"):
        Trust.bundle(tmp_path)
