"""Every way in which an LPA can meet a no of the simulated SM-DP+, with its status codes (SGP.22 §5.2.6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from lpa.rsp.ber import Tlv
from lpa.sim.packages import sample
from lpa.sim.pki import Credentials
from lpa.sim.rejection import Rejection
from lpa.sim.smdp import SimulatedSmdp
from tests.unit.small_card import EID, INFO1, SMDP_OID, Change, point, tlv
from tests.unit.small_world import BRAINPOOL, OTHER, PACKAGE, Clock, World
from tests.unit.tls_faults import CI, NOW


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(clock: Clock) -> Iterator[World]:
    with SimulatedSmdp(CI, clock=clock) as smdp:
        yield World(smdp)


def instead(tag: int, content: bytes) -> Change:
    """Put `content` into the member `tag` of what is signed."""

    def change(value: bytes) -> bytes:
        members = Tlv.whole(value).children
        return tlv("30", *(tlv(f"{tag:02X}", content) if one.tag == tag else one for one in members))

    return change


def no_room(world: World) -> None:
    world.card.free = len(PACKAGE.elements) - 1
    world.smdp.order(PACKAGE, "ABC-1")
    world.offered()


def wrong_signature1(world: World) -> None:
    world.card.euicc = replace(world.card.euicc, key=OTHER.key)
    world.offered()


def wrong_challenge(world: World) -> None:
    world.card.change_signed1 = instead(0x84, bytes(16))
    world.offered()


def wrong_address(world: World) -> None:
    world.card.change_signed1 = instead(0x83, b"other.example")
    world.offered()


def wrong_signature2(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1")
    offer = world.offered()
    world.card.prepare(offer)  # but what is signed then belongs to another answer of the server
    answer = world.card.answer_download(tlv("5F37", bytes(64)), None)
    world.client.ask(
        "getBoundProfilePackage", transactionId=offer["transactionId"], prepareDownloadResponse=answer
    )


def wrong_cancel_signature(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1")
    world.offered()
    world.card.euicc = replace(world.card.euicc, key=OTHER.key)
    world.card.cancelled(world.client, 0)


def point_of_another_curve(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1")
    world.card.change_signed2 = instead(0x5F49, point(BRAINPOOL.key))
    world.downloaded()


def another_card(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1", eid="89999999000000000000000000000122")
    world.offered()


def card_of_another_range(world: World) -> None:
    world.card.euicc = CI.issue_euicc(world.card.maker, "89999998" + EID[8:], now=NOW)
    world.offered()


def forged_maker(world: World) -> None:
    world.card.eum = replace(CI, key=OTHER.key).issue_eum("89999999", now=NOW).certificate
    world.offered()


def maker_expired(world: World) -> None:
    begun = world.client.ask("initiateAuthentication", **world.card.initiate())
    clock = world.smdp._clock
    assert isinstance(clock, Clock)
    clock.now = NOW + timedelta(days=24 * 365)
    world.client.ask(
        "authenticateClient",
        transactionId=begun["transactionId"],
        authenticateServerResponse=world.card.authenticate(begun),
    )


def forged_card(world: World) -> None:
    world.card.euicc = CI.issue_euicc(replace(world.card.maker, key=OTHER.key), EID, now=NOW)
    world.offered()


def card_expired(world: World) -> None:
    world.card.euicc = ended(world.card.euicc, world.card.maker)
    world.offered()


def maker_of_another_authority(world: World) -> None:
    world.card.eum = OTHER.issue_eum("89999999", now=NOW).certificate
    world.offered()


def not_released(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1", released=False)
    world.offered()


def bound_to_another_key(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1", binds_once=True)
    world.downloaded()
    world.card.one_time = None
    world.downloaded()


def no_test_profiles(world: World) -> None:
    world.smdp.order(sample(profile_class="test"), "ABC-1")
    world.card.capability = "0780"
    world.offered()


def not_for_this_server(world: World) -> None:
    def eligible(package: object, info: object) -> None:
        raise Rejection("8.1.1", "2.1", "cards of this range are not served")

    world.smdp.order(PACKAGE, "ABC-1")
    world.smdp.eligibility = eligible
    world.offered()


def unknown_matching_id(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-2")
    world.offered()


def nothing_by_default(world: World) -> None:
    world.smdp.order(PACKAGE, eid="89999999000000000000000000000122")
    world.card.matching_id = ""
    world.offered()


def installed_already(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1")
    world.downloaded()
    world.reported()
    world.offered()


def code_missing(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1", confirmation_code="1234")
    world.downloaded()


def code_wrong(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1", confirmation_code="1234")
    world.downloaded("12345")


def code_wrong_too_often(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1", confirmation_code="1234", code_tries=2)
    assert world.refusal(world.downloaded, "0000") == "8.2.7/3.8"
    world.downloaded("9999")


def cancelled_with_another(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1")
    world.offered()
    world.card.change_cancel = lambda value: value.replace(SMDP_OID, bytes.fromhex("88370B"))
    world.card.cancelled(world.client, 0)


def another_server(world: World) -> None:
    world.card.address = "other.example"
    world.offered()


def no_common_issuer(world: World) -> None:
    world.card.signing = [OTHER.key_identifier]
    world.offered()


def too_old(world: World) -> None:
    world.card.info1 = INFO1.replace("020202", "010100")
    world.offered()


def too_new(world: World) -> None:
    world.card.info1 = INFO1.replace("020202", "030000")
    world.offered()


def no_certificate_for_it(world: World) -> None:
    world.card.verification = [OTHER.key_identifier]
    world.offered()


def too_late(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1", expires=NOW)
    world.offered()


def too_often(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1", downloads=1)
    world.downloaded()
    world.offered()


def unknown_transaction(world: World) -> None:
    world.client.ask(
        "authenticateClient", transactionId="00" * 16, authenticateServerResponse=tlv("BF38", b"")
    )


def transaction_that_is_no_hex(world: World) -> None:
    world.client.ask("cancelSession", transactionId="xyz", cancelSessionResponse=b"")


def another_transaction_signed(world: World) -> None:
    world.card.change_signed1 = lambda value: value.replace(world.card.transaction, bytes(16))
    world.offered()


def another_transaction_signed_later(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1")
    world.card.change_signed2 = lambda value: value.replace(world.card.transaction, bytes(16))
    world.downloaded()


def another_transaction_cancelled(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1")
    world.offered()
    world.card.change_cancel = lambda value: value.replace(world.card.transaction, bytes(16))
    world.card.cancelled(world.client, 0)


def package_before_authentication(world: World) -> None:
    begun = world.client.ask("initiateAuthentication", **world.card.initiate())
    world.client.ask(
        "getBoundProfilePackage", transactionId=begun["transactionId"], prepareDownloadResponse=b""
    )


def authenticated_twice(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1")
    begun = world.client.ask("initiateAuthentication", **world.card.initiate())
    members = {
        "transactionId": begun["transactionId"],
        "authenticateServerResponse": world.card.authenticate(begun),
    }
    world.client.ask("authenticateClient", **members)
    world.client.ask("authenticateClient", **members)


def no_parameters(world: World) -> None:
    world.card.change_signed1 = lambda value: tlv("30", *Tlv.whole(value).children[:-1])
    world.offered()


def card_refused_the_server(world: World) -> None:
    begun = world.client.ask("initiateAuthentication", **world.card.initiate())
    transaction = bytes.fromhex(begun["transactionId"])
    refusal = tlv("BF38", tlv("A1", tlv("80", transaction), bytes.fromhex("020102")))
    world.client.ask(
        "authenticateClient", transactionId=begun["transactionId"], authenticateServerResponse=refusal
    )


def card_refused_the_download(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1")
    offer = world.offered()
    refusal = tlv("BF21", tlv("A1", tlv("80", world.card.transaction), bytes.fromhex("020101")))
    world.client.ask(
        "getBoundProfilePackage", transactionId=offer["transactionId"], prepareDownloadResponse=refusal
    )


def card_did_not_cancel(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1")
    offer = world.offered()
    world.client.ask(
        "cancelSession",
        transactionId=offer["transactionId"],
        cancelSessionResponse=bytes.fromhex("BF4103 810105"),
    )


def short_challenge(world: World) -> None:
    world.client.ask("initiateAuthentication", **world.card.initiate() | {"euiccChallenge": bytes(15)})


def no_challenge(world: World) -> None:
    members = world.card.initiate()
    del members["euiccChallenge"]
    world.client.ask("initiateAuthentication", **members)


def no_info(world: World) -> None:
    world.client.ask("initiateAuthentication", **world.card.initiate() | {"euiccInfo1": b"\xbf\x20\x00"})


@pytest.mark.parametrize(
    ("pair", "scene"),
    [
        ("8.1/4.2", card_refused_the_server),
        ("8.1/4.2", card_refused_the_download),
        ("8.1/4.2", card_did_not_cancel),
        ("8.1/4.8", no_room),
        ("8.1/6.1", wrong_signature1),
        ("8.1/6.1", wrong_challenge),
        ("8.1/6.1", wrong_address),
        ("8.1/6.1", wrong_signature2),
        ("8.1/6.1", wrong_cancel_signature),
        ("8.1/6.1", point_of_another_curve),
        ("8.1.1/2.1", not_for_this_server),
        ("8.1.1/3.8", another_card),
        ("8.1.2/6.1", forged_maker),
        ("8.1.2/6.3", maker_expired),
        ("8.1.3/6.1", forged_card),
        ("8.1.3/6.3", card_expired),
        ("8.1.4/6.1", card_of_another_range),
        ("8.2/1.2", not_released),
        ("8.2/3.7", bound_to_another_key),
        ("8.2.5/4.3", no_test_profiles),
        ("8.2.6/3.8", unknown_matching_id),
        ("8.2.6/3.8", nothing_by_default),
        ("8.2.6/3.8", installed_already),
        ("8.2.7/2.2", code_missing),
        ("8.2.7/3.8", code_wrong),
        ("8.2.7/6.4", code_wrong_too_often),
        ("8.8/3.10", cancelled_with_another),
        ("8.8.1/3.8", another_server),
        ("8.8.2/3.1", no_common_issuer),
        ("8.8.3/3.1", too_old),
        ("8.8.3/3.1", too_new),
        ("8.8.4/3.7", no_certificate_for_it),
        ("8.8.5/4.10", too_late),
        ("8.8.5/6.4", too_often),
        ("8.10.1/3.9", unknown_transaction),
        ("8.10.1/3.9", transaction_that_is_no_hex),
        ("8.10.1/3.9", another_transaction_signed),
        ("8.10.1/3.9", another_transaction_signed_later),
        ("8.10.1/3.9", another_transaction_cancelled),
        ("8.10.1/3.9", package_before_authentication),
        ("8.10.1/3.9", authenticated_twice),
        ("8.11.1/3.9", maker_of_another_authority),
        ("1.2.1/2.1", short_challenge),
        ("1.2.1/2.1", no_info),
        ("1.2.1/2.2", no_challenge),
        ("1.3.1/2.2", no_parameters),
    ],
)
def test_each_no_has_its_codes(world: World, pair: str, scene: Callable[[World], None]) -> None:
    assert world.refusal(scene, world) == pair


def test_a_card_shows_the_certificates_that_were_asked_for() -> None:
    with SimulatedSmdp(CI, BRAINPOOL) as smdp:
        world = World(smdp)
        card = world.card
        card.signing = [BRAINPOOL.key_identifier]  # and then it shows those of the other one
        assert world.refusal(world.offered) == "8.11.1/3.9"


def ended(euicc: Credentials, maker: Credentials) -> Credentials:
    """The same certificate, but over since yesterday."""
    old = euicc.certificate
    builder = (
        x509.CertificateBuilder()
        .subject_name(old.subject)
        .issuer_name(old.issuer)
        .public_key(old.public_key())
        .serial_number(old.serial_number)
        .not_valid_before(NOW - timedelta(days=9))
        .not_valid_after(NOW - timedelta(days=1))
    )
    for extension in old.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    return replace(euicc, certificate=builder.sign(maker.key, hashes.SHA256()))
