"""Card identities in files: certificates and keys that were made elsewhere."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from lpa.errors import NotVerified, StorageFailed
from lpa.sim.crypto.pki import Authority, Credentials, CurveName, der, pem
from lpa.sim.euicc.identity import CardIdentity
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.downloads import DPAUTH, certificate
from tests.support.forgery import EID, Chain, Party
from tests.support.forgery import EUICC as CARD
from tests.support.identities import NOW, authority, certified, pem_files, write
from tests.support.terminal import Terminal

CURVES: tuple[CurveName, ...] = ("P-256", "brainpoolP256r1")


def der_files(held: Credentials, above: Authority) -> dict[str, bytes]:
    key = held.key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    contents = (der(held.certificate), der(held.chain[0]), key, der(above.certificate))
    return {f"{number}.bin": content for number, content in enumerate(contents)}


def one_file(held: Credentials, above: Authority) -> dict[str, bytes]:
    """One file with text around, as 'openssl ecparam -genkey' and 'cat' make it."""
    key = held.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    parameters = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    return {"all": b"".join((b"Card\n", parameters, key, pem(above.certificate), held.pem_chain, b"End\n"))}


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("files", [pem_files, der_files, one_file])
def test_an_identity_is_found_by_the_content_of_the_files(
    tmp_path: Path, curve: CurveName, files: Callable[[Credentials, Authority], dict[str, bytes]]
) -> None:
    above = authority(curve)
    held = certified(above)
    identity = CardIdentity.load(write(tmp_path, files(held, above)))
    assert (identity.eid, identity.signing) == (EID, [above.key_identifier])
    assert identity.credentials[0].certificate == held.certificate
    assert identity.credentials[0].key.private_numbers() == held.key.private_numbers()


def test_other_certificates_and_keys_are_ignored(tmp_path: Path) -> None:
    above = authority()
    held, server = certified(above), above.issue_server("smdp.example", now=NOW)
    others = {
        "CERT_DPauth.der": certificate(above, server.key, DPAUTH),
        "SK_DPauth.pem": server.key_pem,
        "DPtls.pem": server.pem_chain,
        "README": b"nothing",
        "empty": b"",
        "large": bytes(200_000),
    }
    (tmp_path / "folder").mkdir()
    identity = CardIdentity.load(write(tmp_path, others | pem_files(held, above)))
    assert len(identity.issuers) == len(identity.credentials) == 1


def test_keys_and_certificates_that_openssl_made_are_read(tmp_path: Path) -> None:
    """A second implementation of the formats: the key of a card, rewritten by openssl."""
    above = authority("brainpoolP256r1")
    held = certified(above)
    write(tmp_path, pem_files(held, above))
    for kind in ("PEM", "DER"):
        key = tmp_path / "SK_EUICC_ECDSA_NIST.pem"
        made = subprocess.run(
            ["openssl", "ec", "-outform", kind], input=held.key_pem, capture_output=True, check=True
        )
        key.write_bytes(made.stdout)
        assert CardIdentity.load(tmp_path).credentials[0].key.private_numbers() == held.key.private_numbers()


def test_of_two_eum_certificates_the_one_of_a_known_issuer_is_used(tmp_path: Path) -> None:
    """The EUM has certificates of two issuers for one key, and only the second issuer is there."""
    chain = Chain()
    chain.euicc.serial_number = EID
    unknown = Chain()
    unknown.eum.key = chain.eum.key
    key = chain.euicc.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    files = {
        "1": unknown.eum.certificate(unknown.ci),
        "2": chain.eum.certificate(chain.ci),
        "3": chain.euicc.certificate(chain.eum),
        "4": chain.ci.certificate(chain.ci),
        "5": key,
    }
    identity = CardIdentity.load(write(tmp_path, files))
    assert identity.signing == [chain.ci.identifier]


# Errors


def damaged(
    change: Callable[[dict[str, bytes], Authority, Credentials], dict[str, bytes]], tmp_path: Path
) -> str:
    above = authority()
    held = certified(above)
    with pytest.raises(NotVerified) as caught:
        CardIdentity.load(write(tmp_path / "identity", change(pem_files(held, above), above, held)))
    assert caught.value.advice.startswith("A folder for --identity contains")
    return caught.value.message


EUICC, EUM, KEY, CI = (
    "CERT_EUICC_ECDSA_NIST.pem",
    "CERT_EUM_ECDSA_NIST.pem",
    "SK_EUICC_ECDSA_NIST.pem",
    "CERT_CI_ECDSA_NIST.pem",
)


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        (EUICC, "There is no certificate of an eUICC."),
        (EUM, "There is no certificate of the eUICC's manufacturer (EUM)."),
        (CI, "There is no certificate of an issuer (CI)."),
        (KEY, "There is no private key."),
    ],
)
def test_a_missing_part_is_named(tmp_path: Path, missing: str, sentence: str) -> None:
    def without(files: dict[str, bytes], *_: object) -> dict[str, bytes]:
        return {name: content for name, content in files.items() if name != missing}

    assert damaged(without, tmp_path) == sentence


def test_the_key_of_another_card_is_refused(tmp_path: Path) -> None:
    other = certified(authority()).key_pem
    sentence = damaged(lambda files, *_: files | {KEY: other}, tmp_path)
    assert sentence == "The private key does not belong to the eUICC's certificate."
    two = {"another": certified(authority("brainpoolP256r1")).key_pem}
    sentence = damaged(lambda files, *_: files | {KEY: other} | two, tmp_path)
    assert sentence == "None of the private keys belongs to the eUICC's certificate."


def test_an_encrypted_key_is_refused(tmp_path: Path) -> None:
    def guarded(files: dict[str, bytes], _: Authority, held: Credentials) -> dict[str, bytes]:
        how = BestAvailableEncryption(b"1234")
        return files | {KEY: held.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how)}

    assert damaged(guarded, tmp_path) == (
        "The private key is encrypted with a password: remove the password first."
    )


def test_an_eum_that_did_not_sign_the_card_is_refused(tmp_path: Path) -> None:
    sentence = damaged(
        lambda files, above, _: files | {EUM: pem(above.issue_eum(EID[:8], now=NOW).certificate)}, tmp_path
    )
    assert sentence == "No EUM certificate in these files signed the eUICC's certificate."


def test_an_issuer_that_did_not_sign_the_eum_is_refused(tmp_path: Path) -> None:
    sentence = damaged(lambda files, *_: files | {CI: pem(authority().certificate)}, tmp_path)
    assert sentence == "No issuer (CI) certificate in these files signed the EUM's certificate."


def test_certificates_of_two_cards_are_refused(tmp_path: Path) -> None:
    second = authority()
    other = certified(second, "89049032000000000000000000000012")
    more = {"2.pem": other.pem_chain + other.key_pem + pem(second.certificate)}
    sentence = damaged(lambda files, *_: files | more, tmp_path)
    assert sentence == (f"The certificates belong to several cards: 89049032000000000000000000000012, {EID}.")


def test_two_certificates_under_one_issuer_are_refused(tmp_path: Path) -> None:
    def twice(files: dict[str, bytes], above: Authority, _: Credentials) -> dict[str, bytes]:
        again = certified(above)
        return files | {"2.pem": again.pem_chain + again.key_pem}

    assert damaged(twice, tmp_path) == "The eUICC has two certificates under the same issuer (CI)."


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        ("", "The eUICC's certificate has no EID of 32 digits, but nothing."),
        ("8904", "The eUICC's certificate has no EID of 32 digits, but 8904."),
        ("8" * 32, f"The EUM may not certify the EID {'8' * 32}: it must begin with 89049032."),
    ],
)
def test_the_subject_must_have_an_eid_that_the_eum_may_certify(
    tmp_path: Path, number: str, sentence: str
) -> None:
    chain = Chain()
    chain.euicc.serial_number = number
    held = chain.euicc.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    files = {
        EUICC: chain.euicc.certificate(chain.eum),
        EUM: chain.eum.certificate(chain.ci),
        CI: chain.ci.certificate(chain.ci),
        KEY: held,
    }
    assert damaged(lambda *_: files, tmp_path) == sentence


def test_a_key_on_another_curve_is_refused(tmp_path: Path) -> None:
    chain = Chain()
    chain.euicc = Party(CARD, "Maker", EID, ec.SECP384R1(), "digital_signature")
    files = {"1": chain.euicc.certificate(chain.eum), "2": chain.eum.certificate(chain.ci)}
    sentence = damaged(lambda *_: files | {"3": chain.ci.certificate(chain.ci)}, tmp_path)
    assert sentence == "The eUICC's key is neither on NIST P-256 nor on brainpoolP256r1."


def test_an_issuer_needs_a_key_identifier(tmp_path: Path) -> None:
    """A self-signed certificate counts as an issuer's, even without the role."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "CI")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 5, NOW, NOW + timedelta(days=1))
    bare = builder.sign(key, hashes.SHA256())
    sentence = damaged(lambda files, *_: files | {CI: pem(bare)}, tmp_path)
    assert sentence == "An issuer (CI) certificate has no subject key identifier."


def test_a_malformed_certificate_is_ignored(tmp_path: Path) -> None:
    looks = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    sentence = damaged(lambda files, *_: files | {CI: looks, "key": looks.replace(b"CERT", b"KEY")}, tmp_path)
    assert sentence == "There is no certificate of an issuer (CI)."


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotVerified, match=r"Cannot read the folder .*: No such file"):
        CardIdentity.load(tmp_path / "nowhere")


# Cards with such an identity


def test_a_card_in_a_folder_keeps_its_identity(tmp_path: Path) -> None:
    above = authority()
    identity = CardIdentity.load(write(tmp_path / "identity", pem_files(certified(above), above)))
    with closing(SimulatedEuicc.create(tmp_path / "card", identity=identity)) as card:
        assert card.eid == EID
        assert Terminal(card).ask("BF3E035C015A") == f"BF3E125A10{EID}9000"
        with pytest.raises(StorageFailed, match="was created with an identity"):
            _ = card.authority
    assert not (tmp_path / "card" / "ci-key.pem").exists()
    with closing(SimulatedEuicc.load(tmp_path / "card")) as card:
        assert (card.identity.eid, card.identity.signing) == (EID, [above.key_identifier])


def test_the_folder_of_a_card_is_an_identity_itself(tmp_path: Path) -> None:
    with closing(SimulatedEuicc.create(tmp_path / "card")) as card:
        assert CardIdentity.load(tmp_path / "card").credentials[0].certificate == (
            card.identity.credentials[0].certificate
        )


@pytest.mark.parametrize("more", [{"authority": authority()}, {"eid": "89" * 16}])
def test_a_card_with_an_identity_takes_no_authority_and_no_other_eid(more: dict[str, Any]) -> None:
    above = authority()
    identity = CardIdentity.minted(certified(above), above)
    with pytest.raises(ValueError, match="no authority and no other EID"):
        SimulatedEuicc.create(None, identity=identity, **more)
