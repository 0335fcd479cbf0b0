"""Certificates that another authority signed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidSignature

from lpa.sim.crypto.pki import DP_AUTH, Authority, CurveName
from lpa.sim.faults.impostor import resigned

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("curve", ["P-256", "brainpoolP256r1"])
def test_a_resigned_certificate_differs_only_in_its_signature(curve: CurveName) -> None:
    authority = Authority.mint(curve=curve, now=NOW)
    certificate = authority.issue_signer("smdp.example", DP_AUTH, now=NOW).certificate
    wrong = resigned(certificate)
    assert wrong.tbs_certificate_bytes == certificate.tbs_certificate_bytes
    assert wrong == resigned(certificate)
    certificate.verify_directly_issued_by(authority.certificate)
    with pytest.raises(InvalidSignature):
        wrong.verify_directly_issued_by(authority.certificate)
