"""Who signed a notification: valid chains are accepted, all others refused."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from lpa.errors import BadAnswer, NotVerified
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.euicc_info import KeyIdentifier
from lpa.rsp.names import Eid
from lpa.rsp.pki import certificates, chain, issuers
from lpa.rsp.pki.certificates import Certificate
from lpa.rsp.pki.issuers import TrustedIssuers
from lpa.rsp.records import Notification
from lpa.sim.crypto.pki import Authority, CurveName
from lpa.sim.euicc.identity import CardIdentity
from lpa.sim.euicc.signed_notifications import EuiccSigner
from tests.support.chain_faults import WRONG
from tests.support.forgery import EID, NOW, Chain, Party, signature
from tests.support.sweeps import sample

CURVES: list[CurveName] = ["P-256", "brainpoolP256r1"]
OF = {"P-256": ec.SECP256R1(), "brainpoolP256r1": ec.BrainpoolP256R1()}


def by_certificate(world: Chain) -> TrustedIssuers:
    return TrustedIssuers.from_pem(world.ci_certificate.public_bytes(Encoding.PEM))


def by_identifier(world: Chain) -> TrustedIssuers:
    return TrustedIssuers(identifiers=(KeyIdentifier(world.ci.identifier),))


Trusting = Callable[[Chain], TrustedIssuers]
TRUSTING: list[Trusting] = [by_certificate, by_identifier]


def verified(world: Chain, raw: bytes | None = None, trusting: Trusting = by_certificate) -> chain.Signer:
    return chain.verify(Notification.from_tlv(raw or world.notification()), trusting(world), NOW)


@pytest.mark.parametrize("trusting", TRUSTING)
@pytest.mark.parametrize("curve", CURVES)
def test_a_genuine_notification_gives_its_signer(curve: CurveName, trusting: Trusting) -> None:
    world = Chain(OF[curve])
    signer = verified(world, trusting=trusting)
    assert signer == chain.Signer(Eid.parse(EID), "Maker", KeyIdentifier(world.ci.identifier))


@pytest.mark.parametrize("curve", CURVES)
def test_the_simulated_card_is_verified_despite_short_key_identifiers(curve: CurveName) -> None:
    authority = Authority.mint(curve=curve, now=NOW)
    card = authority.issue_euicc(authority.issue_eum("89049032", now=NOW), EID, now=NOW)
    notary = EuiccSigner(CardIdentity.minted(card, authority))
    raw = notary.certified(notary.sign(7, "delete", "a.b", "89898989898989898989"))
    for trusted in (
        TrustedIssuers(identifiers=(KeyIdentifier(authority.key_identifier),)),
        TrustedIssuers(certificates=(Certificate.of(authority.certificate),)),
    ):
        signer = chain.verify(Notification.from_tlv(raw), trusted, NOW, eid=Eid.parse(EID))
        assert (str(signer.eid), signer.maker) == (EID, "Sim EUM")


@pytest.mark.parametrize("trusting", TRUSTING)
@pytest.mark.parametrize("curve", CURVES)
def test_a_flipped_bit_in_any_byte_is_refused(curve: CurveName, trusting: Trusting) -> None:
    """No byte is ignored, not even the number of unused bits of a certificate's signature."""
    world = Chain(OF[curve])
    raw, trusted = world.notification(), trusting(world)
    for position in sample(range(len(raw)), 3):
        changed = bytearray(raw)
        changed[position] ^= 1 << position % 8
        with pytest.raises((NotVerified, BadAnswer)):
            chain.verify(Notification.from_tlv(bytes(changed)), trusted, NOW)


def test_every_flipped_bit_is_refused() -> None:
    trusted = by_certificate(GENUINE)
    for position in sample(range(8 * len(RAW)), 7):
        changed = bytearray(RAW)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises((NotVerified, BadAnswer)):
            chain.verify(Notification.from_tlv(bytes(changed)), trusted, NOW)


@settings(deadline=None)  # real cryptography, and `test_fuzz_cases` bounds the time
@given(st.binary(max_size=400), st.integers(0, 3))
def test_garbage_in_any_part_is_refused(garbage: bytes, part: int) -> None:
    parts = list(Tlv.whole(RAW).children)
    parts[part] = Tlv.build(parts[part].tag, garbage)
    with pytest.raises((NotVerified, BadAnswer)):
        verified(GENUINE, Tlv.build(0x30, *parts))


@settings(deadline=None)
@given(st.data())
def test_overwritten_bytes_are_refused(data: st.DataObject) -> None:
    raw = bytearray(RAW)
    start = data.draw(st.integers(0, len(raw) - 1))
    piece = data.draw(st.binary(min_size=1, max_size=8))
    raw[start : start + len(piece)] = piece
    if raw != RAW:
        with pytest.raises((NotVerified, BadAnswer)):
            verified(GENUINE, bytes(raw), by_identifier)


def _long_identifier(world: Chain) -> None:
    world.ci.claimed = bytes(20_000)


def _long_number(world: Chain) -> None:
    world.euicc.serial_number = 20_000 * "8"


@pytest.mark.parametrize("change", [_long_identifier, _long_number])
def test_a_forger_can_put_little_text_into_an_error(change: Callable[[Chain], None]) -> None:
    world = Chain()
    change(world)
    with pytest.raises(NotVerified) as caught:
        verified(world, trusting=lambda _: TrustedIssuers())
    assert len(caught.value.message) < 600


GENUINE = Chain()
RAW = GENUINE.notification()


def test_another_cards_certificate_is_refused() -> None:
    world, other = Chain(), Chain()
    other.euicc.serial_number = "89049032123451234512345678901999"
    parts = Tlv.whole(world.notification()).children
    other_cards = other.euicc.certificate(
        world.eum
    )  # by the same manufacturer, so only the signature differs
    with pytest.raises(NotVerified, match="signature is not valid"):
        verified(world, Tlv.build(0x30, parts[0], parts[1], other_cards, parts[3]))


def test_exceptions_of_older_versions_of_cryptography_are_refusals() -> None:
    """Versions before 49 look up the string types of a name, and raise KeyError for unknown ones."""
    with pytest.raises(NotVerified), certificates._refusing():
        raise KeyError(14)


@pytest.mark.parametrize("trusting", TRUSTING)
def test_another_issuer_is_refused_and_named(trusting: Trusting) -> None:
    world, other = Chain(), Chain()
    with pytest.raises(NotVerified, match=f"an unknown authority: {world.ci.identifier.hex()}"):
        chain.verify(Notification.from_tlv(world.notification()), trusting(other), NOW)


@pytest.mark.parametrize("trusting", TRUSTING)
def test_an_issuer_that_only_claims_a_trusted_identifier_is_refused(trusting: Trusting) -> None:
    world, impostor = Chain(), Chain()
    impostor.ci.claimed = world.ci.identifier
    with pytest.raises(NotVerified, match=r"an unknown authority|that key did not sign it"):
        chain.verify(Notification.from_tlv(impostor.notification()), trusting(world), NOW)


def test_a_private_issuer_cannot_pass_for_the_gsma() -> None:
    world = Chain()
    trusted, own = by_certificate(world), world.ci.identifier
    world.ci.claimed = issuers.PRODUCTION[0].coded
    with pytest.raises(NotVerified, match=r"GSMA RSP2 Root CI1 \(81370f"):
        chain.verify(Notification.from_tlv(world.notification()), trusted, NOW)
    assert verified(world).issuer.coded == own  # Its own certificate claims it too, but the key counts.


def test_a_certificate_must_name_its_issuer() -> None:
    world = Chain()
    trusted, parts = by_certificate(world), Tlv.whole(world.notification()).children
    for change in ({"organisation": "Renamed"}, {"organisation": "Maker", "claimed": bytes(20)}):
        vars(world.eum).update(change)
        with pytest.raises(NotVerified, match="was not issued by the holder"):
            verified(world, Tlv.build(0x30, *parts[:3], world.eum.certificate(world.ci)))
    genuine = Notification.from_tlv(Tlv.build(0x30, *parts))
    chain.verify(genuine, trusted, NOW)
    world.ci.organisation = "Renamed"
    with pytest.raises(NotVerified, match="an unknown authority"):
        chain.verify(genuine, by_certificate(world), NOW)


def test_metadata_signed_again_by_another_key_are_refused() -> None:
    world = Chain()
    parts = Tlv.whole(world.notification()).children
    body = bytes.fromhex("BF2F18 800108 81020410 0C03612E62 5A0A98989898989898989898")
    again = Tlv.build(0x5F37, signature(ec.generate_private_key(ec.SECP256R1()), body))
    with pytest.raises(NotVerified, match="signature is not valid"):
        verified(world, Tlv.build(0x30, body, again, *parts[2:]))


def test_a_signature_of_another_length_is_refused() -> None:
    world = Chain()
    parts = Tlv.whole(world.notification()).children
    for value in (b"", parts[1].value[:-1], parts[1].value + b"\0"):
        with pytest.raises(NotVerified, match=f"A signature has 64 bytes, not {len(value)}"):
            verified(world, Tlv.build(0x30, parts[0], Tlv.build(0x5F37, value), *parts[2:]))


@pytest.mark.parametrize(("spoil", "reason"), WRONG.items(), ids=lambda case: getattr(case, "__name__", ""))
def test_a_chain_with_one_thing_wrong_is_refused(spoil: Callable[[Chain], None], reason: str) -> None:
    world = Chain()
    verified(world)
    spoil(world)
    with pytest.raises(NotVerified, match=reason):
        verified(world)


@pytest.mark.parametrize(("party", "place"), [("euicc", 0), ("eum", 1)])
def test_an_expired_certificate_is_reported_and_accepted(party: str, place: int) -> None:
    world = Chain()
    assert verified(world).expired(NOW) == ()
    getattr(world, party).end = NOW - timedelta(seconds=1)
    signer = verified(world)
    assert signer.expired(NOW) == (signer.certificates[place],)
    assert signer.expired(NOW - timedelta(seconds=1)) == ()


def test_a_certificate_of_another_manufacturer_with_the_same_name_is_refused() -> None:
    world, other = Chain(), Chain()
    parts = Tlv.whole(world.notification()).children
    with pytest.raises(NotVerified, match="was not issued by the holder"):
        verified(world, Tlv.build(0x30, *parts[:3], other.eum.certificate(world.ci)))


def test_a_card_that_is_not_the_expected_one_is_refused() -> None:
    world = Chain()
    notification = Notification.from_tlv(world.notification())
    with pytest.raises(NotVerified, match=f"The card {EID} signed it, not 8904"):
        chain.verify(
            notification, by_certificate(world), NOW, eid=Eid.parse("89049032000000000000000000000097")
        )


@pytest.mark.parametrize("year", [7496, 9999])
def test_a_certificate_that_expires_in_millennia_is_accepted(year: int) -> None:
    world = Chain()
    world.euicc.end = datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)
    verified(world)


def test_the_roles_of_version_3_are_accepted_with_issuers_in_between() -> None:
    world = Chain()
    sub_ca = Party("2.23.146.1.2.1.0.0", "Sub CA", basic=x509.BasicConstraints(True, 1))
    world.euicc.role, world.eum.role = "2.23.146.1.2.1.0.0.0.0.0", "2.23.146.1.2.1.0.0.0"
    world.eum_issuer, world.above = sub_ca, [sub_ca.certificate(world.ci)]
    verified(world, trusting=by_identifier)
    sub_ca.basic = x509.BasicConstraints(True, 0)
    world.above = [sub_ca.certificate(world.ci)]
    with pytest.raises(NotVerified, match="permits at most 0 issuers below it"):
        verified(world)


def test_an_installation_result_cannot_be_verified_alone() -> None:
    result = bytes.fromhex(
        "BF37 21 BF27 1B BF2F18 800107 81020410 0C03612E62 5A0A98989898989898989898 5F37 00"
    )
    with pytest.raises(NotVerified, match="contains no certificates"):
        chain.verify(Notification.from_tlv(result), TrustedIssuers(), NOW)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_notification_without_all_its_parts_is_refused(count: int) -> None:
    world = Chain()
    parts = Tlv.whole(world.notification()).children
    with pytest.raises(NotVerified, match="lacks its signature or certificates"):
        verified(world, Tlv.build(0x30, *parts[:count]))


def test_only_the_certificate_issuers_of_a_bundle_are_trusted() -> None:
    world = Chain()
    world.ci.role = "2.23.146.1.2.1.3"
    assert by_certificate(world) == TrustedIssuers()
    with pytest.raises(ValueError, match=r"."):
        TrustedIssuers.from_pem(b"nothing")


def test_an_issuer_with_a_similar_identifier_is_not_named_gsma() -> None:
    genuine, similar = issuers.PRODUCTION[0], KeyIdentifier(bytes.fromhex("81370f" + "00" * 17))
    assert (issuers.name(genuine), issuers.kind(genuine)) == ("GSMA RSP2 Root CI1", "production")
    assert (issuers.name(similar), issuers.kind(similar)) == ("", "private")
    taier = KeyIdentifier(bytes.fromhex("148030" + "00" * 17))
    assert (issuers.name(taier), issuers.kind(taier)) == ("", "private")
    sgp26 = KeyIdentifier(bytes.fromhex("F54172BDF98A95D65CBEB88A38A1C11D800A85C3"))
    assert (issuers.name(sgp26), issuers.kind(sgp26)) == ("SGP.26 test CI (NIST P-256)", "test")


@pytest.mark.parametrize("curve", CURVES)
def test_openssl_agrees(curve: CurveName, tmp_path: Path) -> None:
    world = Chain(OF[curve])
    verified(world)
    body, sign, leaf, maker = Tlv.whole(world.notification()).children
    der = {"leaf": bytes(leaf), "maker": bytes(maker), "ci": world.ci_certificate.public_bytes(Encoding.DER)}
    for name, content in der.items():
        pem = x509.load_der_x509_certificate(content).public_bytes(Encoding.PEM)
        (tmp_path / f"{name}.pem").write_bytes(pem)
    numbers = (int.from_bytes(sign.value[:32], "big"), int.from_bytes(sign.value[32:], "big"))
    (tmp_path / "signature").write_bytes(encode_dss_signature(*numbers))
    (tmp_path / "body").write_bytes(body)
    key = world.euicc.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key.pem").write_bytes(key)
    command = ("openssl", "dgst", "-sha256", "-verify", "key.pem", "-signature", "signature", "body")
    assert b"Verified OK" in subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout
    # The chain as well, except for name constraints: OpenSSL compares a whole EID, not its prefix.
    for issued, issuer in (("leaf", "maker"), ("maker", "ci")):
        at = str(int(NOW.timestamp()))
        check = ("openssl", "verify", "-attime", at, "-partial_chain", "-ignore_critical")
        trusted = ("-trusted", f"{issuer}.pem", f"{issued}.pem")
        ran = subprocess.run((*check, *trusted), cwd=tmp_path, capture_output=True, check=False, text=True)
        assert ran.returncode == 0 or "subtree violation" in ran.stderr, ran.stderr
