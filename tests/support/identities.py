"""Authorities, certified cards, and the files of their identities."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from lpa.sim.crypto.pki import Authority, Credentials, CurveName, pem
from tests.support.forgery import EID

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def authority(curve: CurveName = "P-256") -> Authority:
    return Authority.mint(curve=curve, now=NOW)


def certified(authority: Authority, eid: str = EID) -> Credentials:
    return authority.issue_euicc(authority.issue_eum(eid[:8], now=NOW), eid, now=NOW)


def pem_files(held: Credentials, above: Authority) -> dict[str, bytes]:
    return {
        "CERT_EUICC_ECDSA_NIST.pem": pem(held.certificate),
        "CERT_EUM_ECDSA_NIST.pem": pem(held.chain[0]),
        "SK_EUICC_ECDSA_NIST.pem": held.key_pem,
        "CERT_CI_ECDSA_NIST.pem": pem(above.certificate),
    }


def write(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder
