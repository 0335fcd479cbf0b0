"""Certificates with explicit defaults or invalid serial numbers are read, and verified as they came."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from lpa.errors import NotVerified
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.pki.certificates import Certificate
from lpa.rsp.pki.conditions import check_role
from tests.support import forgery
from tests.support.forgery import Party

CI = Party(forgery.CI, "CI")


def _certificate(*, explicit: bool) -> bytes:
    basic = x509.BasicConstraints(False, None)
    return Party(forgery.EUICC, "Maker", forgery.EID, basic=basic, explicit=explicit).certificate(CI)


def test_explicit_defaults_are_accepted() -> None:
    written = _certificate(explicit=True)
    assert written.count(bytes.fromhex("010100")) >= 3
    with pytest.raises(ValueError, match="EncodedDefault"):
        x509.load_der_x509_certificate(written)  # so `Certificate` removes it
    certificate = Certificate.from_tlv(Tlv.whole(written))
    assert str(certificate.eid) == forgery.EID
    assert certificate.roles == {forgery.EUICC}
    assert certificate.issuer_identifier == CI.identifier
    assert certificate.extension(x509.BasicConstraints) == x509.BasicConstraints(False, None)
    assert [extension.critical for extension in certificate.extensions] == [True, True, False, False, True]


def test_the_signature_is_over_the_bytes_that_came() -> None:
    written = Tlv.whole(_certificate(explicit=True))
    certificate = Certificate.from_tlv(written)
    assert certificate.signed_part == written.children[0]
    assert certificate.is_signed_by(CI.key.public_key())
    assert not Certificate.from_tlv(Tlv.whole(_certificate(explicit=True))).is_signed_by(
        Party(forgery.CI, "CI").key.public_key()
    )


@pytest.mark.parametrize("number", ["00", "80"])
def test_a_server_may_have_an_invalid_serial_number_without_a_warning(number: str) -> None:
    signed, *proof = Tlv.whole(_certificate(explicit=False)).children
    odd = Tlv.build(0x30, signed.value.replace(bytes.fromhex("02014D"), bytes.fromhex(f"0201{number}"), 1))
    der = Tlv.build(0x30, odd, *proof)
    assert Certificate.of_tls_peer(der).signed_part == odd  # Warnings are errors here.
    with pytest.raises(NotVerified, match="serial number"):
        Certificate.from_tlv(der)


def test_an_error_names_only_a_few_roles() -> None:
    policies = [
        x509.PolicyInformation(x509.ObjectIdentifier(f"2.999.{number}"), None) for number in range(99)
    ]
    extension = x509.Extension(
        ExtensionOID.CERTIFICATE_POLICIES, critical=True, value=x509.CertificatePolicies(policies)
    )
    certificate = Certificate.from_tlv(Tlv.whole(_certificate(explicit=False)))
    many = replace(certificate, extensions=x509.Extensions([extension]))
    with pytest.raises(NotVerified, match=r"has the wrong role: 2\.999\.0, 2\.999\.1, 2\.999\.10\.$"):
        check_role(many, {forgery.EUM})


def test_other_violations_of_der_are_refused() -> None:
    critical = bytes.fromhex("0603551D0E 010100")
    assert critical in _certificate(explicit=True)
    for other in ("0603551D0E 010101", "0603551D0E 020100"):
        broken = _certificate(explicit=True).replace(critical, bytes.fromhex(other))
        with pytest.raises(NotVerified):
            Certificate.from_tlv(Tlv.whole(broken))
