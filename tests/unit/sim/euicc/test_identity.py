"""Cards that somebody else vouched for: their certificates and keys, in whatever files."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

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
from tests.support.terminal import Terminal

NOW = datetime(2026, 11, 22, tzinfo=UTC)
CURVES: tuple[CurveName, ...] = ("P-256", "brainpoolP256r1")


def certified(authority: Authority, eid: str = EID) -> Credentials:
    return authority.issue_euicc(authority.issue_eum(eid[:8], now=NOW), eid, now=NOW)


def authority(curve: CurveName = "P-256") -> Authority:
    return Authority.mint(curve=curve, now=NOW)


def write(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def pem_files(held: Credentials, above: Authority) -> dict[str, bytes]:
    return {
        "CERT_EUICC_ECDSA_NIST.pem": pem(held.certificate),
        "CERT_EUM_ECDSA_NIST.pem": pem(held.chain[0]),
        "SK_EUICC_ECDSA_NIST.pem": held.key_pem,
        "CERT_CI_ECDSA_NIST.pem": pem(above.certificate),
    }


def der_files(held: Credentials, above: Authority) -> dict[str, bytes]:
    key = held.key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    contents = (der(held.certificate), der(held.chain[0]), key, der(above.certificate))
    return {f"{number}.bin": content for number, content in enumerate(contents)}


def one_file(held: Credentials, above: Authority) -> dict[str, bytes]:
    """As 'openssl ecparam -genkey' and 'cat' make it, with text around."""
    key = held.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    parameters = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    return {"all": b"".join((b"Card\n", parameters, key, pem(above.certificate), held.pem_chain, b"End\n"))}


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("files", [pem_files, der_files, one_file])
def test_an_identity_is_found_by_what_the_files_are(
    tmp_path: Path, curve: CurveName, files: Callable[[Credentials, Authority], dict[str, bytes]]
) -> None:
    above = authority(curve)
    held = certified(above)
    identity = CardIdentity.load(write(tmp_path, files(held, above)))
    assert (identity.eid, identity.signing) == (EID, [above.key_identifier])
    assert identity.credentials[0].certificate == held.certificate
    assert identity.credentials[0].key.private_numbers() == held.key.private_numbers()


def test_what_belongs_to_others_is_left_alone(tmp_path: Path) -> None:
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


def test_of_two_certificates_of_the_maker_the_one_of_a_known_issuer_is_taken(tmp_path: Path) -> None:
    """One key, two issuers, and only the second of them is here."""
    world = Chain()
    world.euicc.serial_number = EID
    unknown = Chain()
    unknown.eum.key = world.eum.key
    key = world.euicc.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    files = {
        "1": unknown.eum.certificate(unknown.ci),
        "2": world.eum.certificate(world.ci),
        "3": world.euicc.certificate(world.eum),
        "4": world.ci.certificate(world.ci),
        "5": key,
    }
    identity = CardIdentity.load(write(tmp_path, files))
    assert identity.signing == [world.ci.identifier]


# What does not fit


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
def test_what_is_missing_is_named(tmp_path: Path, missing: str, sentence: str) -> None:
    def without(files: dict[str, bytes], *_: object) -> dict[str, bytes]:
        return {name: content for name, content in files.items() if name != missing}

    assert damaged(without, tmp_path) == sentence


def test_a_key_that_is_not_the_cards_is_refused(tmp_path: Path) -> None:
    other = certified(authority()).key_pem
    sentence = damaged(lambda files, *_: files | {KEY: other}, tmp_path)
    assert sentence == "The private key does not belong to the eUICC's certificate."
    two = {"another": certified(authority("brainpoolP256r1")).key_pem}
    sentence = damaged(lambda files, *_: files | {KEY: other} | two, tmp_path)
    assert sentence == "None of the private keys belongs to the eUICC's certificate."


def test_a_key_that_a_password_guards_is_not_read(tmp_path: Path) -> None:
    def guarded(files: dict[str, bytes], _: Authority, held: Credentials) -> dict[str, bytes]:
        how = BestAvailableEncryption(b"1234")
        return files | {KEY: held.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how)}

    assert damaged(guarded, tmp_path) == (
        "The private key is encrypted with a password: remove the password first."
    )


def test_a_maker_who_did_not_sign_the_card_is_refused(tmp_path: Path) -> None:
    sentence = damaged(
        lambda files, above, _: files | {EUM: pem(above.issue_eum(EID[:8], now=NOW).certificate)}, tmp_path
    )
    assert sentence == "No EUM certificate in these files signed the eUICC's certificate."


def test_an_issuer_who_did_not_sign_the_maker_is_refused(tmp_path: Path) -> None:
    sentence = damaged(lambda files, *_: files | {CI: pem(authority().certificate)}, tmp_path)
    assert sentence == "No issuer (CI) certificate in these files signed the EUM's certificate."


def test_two_cards_are_not_one(tmp_path: Path) -> None:
    second = authority()
    other = certified(second, "89049032000000000000000000000012")
    more = {"2.pem": other.pem_chain + other.key_pem + pem(second.certificate)}
    sentence = damaged(lambda files, *_: files | more, tmp_path)
    assert sentence == (f"The certificates belong to several cards: 89049032000000000000000000000012, {EID}.")


def test_two_certificates_under_one_issuer_are_too_many(tmp_path: Path) -> None:
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
def test_the_subject_must_name_an_eid_that_the_maker_may_vouch_for(
    tmp_path: Path, number: str, sentence: str
) -> None:
    world = Chain()
    world.euicc.serial_number = number
    held = world.euicc.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    files = {
        EUICC: world.euicc.certificate(world.eum),
        EUM: world.eum.certificate(world.ci),
        CI: world.ci.certificate(world.ci),
        KEY: held,
    }
    assert damaged(lambda *_: files, tmp_path) == sentence


def test_a_key_on_a_curve_that_no_card_has_is_refused(tmp_path: Path) -> None:
    world = Chain()
    world.euicc = Party(CARD, "Maker", EID, ec.SECP384R1(), "digital_signature")
    files = {"1": world.euicc.certificate(world.eum), "2": world.eum.certificate(world.ci)}
    sentence = damaged(lambda *_: files | {"3": world.ci.certificate(world.ci)}, tmp_path)
    assert sentence == "The eUICC's key is neither on NIST P-256 nor on brainpoolP256r1."


def test_an_issuer_must_name_its_key(tmp_path: Path) -> None:
    """Vouching for itself is enough to be one; it needs no role."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "CI")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 5, NOW, NOW + timedelta(days=1))
    bare = builder.sign(key, hashes.SHA256())
    sentence = damaged(lambda files, *_: files | {CI: pem(bare)}, tmp_path)
    assert sentence == "An issuer (CI) certificate has no subject key identifier."


def test_a_file_that_only_looks_like_a_certificate_is_passed_over(tmp_path: Path) -> None:
    looks = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    sentence = damaged(lambda files, *_: files | {CI: looks, "key": looks.replace(b"CERT", b"KEY")}, tmp_path)
    assert sentence == "There is no certificate of an issuer (CI)."


def test_a_folder_that_is_not_there_is_said_so(tmp_path: Path) -> None:
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
def test_an_identity_takes_no_other_authority_or_eid(more: dict[str, object]) -> None:
    above = authority()
    identity = CardIdentity.minted(certified(above), above)
    with pytest.raises(ValueError, match="no authority and no other EID"):
        SimulatedEuicc.create(None, identity=identity, **more)  # type: ignore[arg-type]
