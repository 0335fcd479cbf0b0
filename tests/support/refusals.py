"""How SM-DP+ and SM-DS refuse a card or its LPA during the common mutual authentication (§3.1.2).

Each scene has one fault, and the status codes that the server must answer (SGP.22 §5.2.6).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from lpa.rsp.codec.ber import Tlv
from lpa.sim.crypto.pki import Authority, Credentials
from tests.support.minimal_server import OTHER
from tests.support.scripted_card import EID, INFO1, PREFIX, Change, Client, SmallCard, tlv
from tests.support.tls_faults import CI, NOW

Scene = Callable[[Client, SmallCard], None]


def instead(tag: int, content: bytes) -> Change:
    """Replace the content of the member `tag` before it is signed."""

    def change(value: bytes) -> bytes:
        members = Tlv.whole(value).children
        return tlv("30", *(tlv(f"{tag:02X}", content) if one.tag == tag else one for one in members))

    return change


def ended(held: Credentials, maker: Authority | Credentials) -> Credentials:
    """The same certificate, but it expired yesterday."""
    old = held.certificate
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
    return replace(held, certificate=builder.sign(maker.key, hashes.SHA256()))


# initiateAuthentication


def short_challenge(client: Client, card: SmallCard) -> None:
    client.ask("initiateAuthentication", **card.initiate() | {"euiccChallenge": bytes(15)})


def no_challenge(client: Client, card: SmallCard) -> None:
    members = card.initiate()
    del members["euiccChallenge"]
    client.ask("initiateAuthentication", **members)


def no_info(client: Client, card: SmallCard) -> None:
    client.ask("initiateAuthentication", **card.initiate() | {"euiccInfo1": b"\xbf\x20\x00"})


def another_server(client: Client, card: SmallCard) -> None:
    card.address = "other.example"
    card.offered(client)


def no_common_issuer(client: Client, card: SmallCard) -> None:
    card.signing = [OTHER.key_identifier]
    card.offered(client)


def too_old(client: Client, card: SmallCard) -> None:
    card.info1 = INFO1.replace("020202", "010100")
    card.offered(client)


def too_new(client: Client, card: SmallCard) -> None:
    card.info1 = INFO1.replace("020202", "030000")
    card.offered(client)


def no_certificate_for_it(client: Client, card: SmallCard) -> None:
    card.verification = [OTHER.key_identifier]
    card.offered(client)


# authenticateClient


def unknown_transaction(client: Client, card: SmallCard) -> None:
    client.ask("authenticateClient", transactionId="00" * 16, authenticateServerResponse=tlv("BF38", b""))


def transaction_that_is_no_hex(client: Client, card: SmallCard) -> None:
    client.ask("authenticateClient", transactionId="xyz", authenticateServerResponse=b"")


def card_refused_the_server(client: Client, card: SmallCard) -> None:
    begun = client.ask("initiateAuthentication", **card.initiate())
    transaction = bytes.fromhex(begun["transactionId"])
    refusal = tlv("BF38", tlv("A1", tlv("80", transaction), bytes.fromhex("020102")))
    client.ask("authenticateClient", transactionId=begun["transactionId"], authenticateServerResponse=refusal)


def wrong_signature1(client: Client, card: SmallCard) -> None:
    card.euicc = replace(card.euicc, key=OTHER.key)
    card.offered(client)


def wrong_challenge(client: Client, card: SmallCard) -> None:
    card.change_signed1 = instead(0x84, bytes(16))
    card.offered(client)


def wrong_address(client: Client, card: SmallCard) -> None:
    card.change_signed1 = instead(0x83, b"other.example")
    card.offered(client)


def another_transaction_signed(client: Client, card: SmallCard) -> None:
    card.change_signed1 = lambda value: value.replace(card.transaction, bytes(16))
    card.offered(client)


def no_parameters(client: Client, card: SmallCard) -> None:
    card.change_signed1 = lambda value: tlv("30", *Tlv.whole(value).children[:-1])
    card.offered(client)


def forged_maker(client: Client, card: SmallCard) -> None:
    card.eum = replace(CI, key=OTHER.key).issue_eum(PREFIX, now=NOW).certificate
    card.offered(client)


def maker_expired(client: Client, card: SmallCard) -> None:
    card.eum = ended(card.maker, CI).certificate
    card.offered(client)


def maker_of_another_authority(client: Client, card: SmallCard) -> None:
    card.eum = OTHER.issue_eum(PREFIX, now=NOW).certificate
    card.offered(client)


def forged_card(client: Client, card: SmallCard) -> None:
    card.euicc = CI.issue_euicc(replace(card.maker, key=OTHER.key), EID, now=NOW)
    card.offered(client)


def card_expired(client: Client, card: SmallCard) -> None:
    card.euicc = ended(card.euicc, card.maker)
    card.offered(client)


def card_of_another_range(client: Client, card: SmallCard) -> None:
    card.euicc = CI.issue_euicc(card.maker, "89999998" + EID[8:], now=NOW)
    card.offered(client)


AUTHENTICATION: list[tuple[str, Scene]] = [
    ("1.2.1/2.1", short_challenge),
    ("1.2.1/2.1", no_info),
    ("1.2.1/2.2", no_challenge),
    ("1.3.1/2.2", no_parameters),
    ("8.1/6.1", wrong_signature1),
    ("8.1/6.1", wrong_challenge),
    ("8.1/6.1", wrong_address),
    ("8.1.2/6.1", forged_maker),
    ("8.1.2/6.3", maker_expired),
    ("8.1.3/6.1", forged_card),
    ("8.1.3/6.3", card_expired),
    ("8.1.4/6.1", card_of_another_range),
    ("8.8/4.2", card_refused_the_server),
    ("8.8.1/3.8", another_server),
    ("8.8.2/3.1", no_common_issuer),
    ("8.8.3/3.1", too_old),
    ("8.8.3/3.1", too_new),
    ("8.8.4/3.7", no_certificate_for_it),
    ("8.10.1/3.9", unknown_transaction),
    ("8.10.1/3.9", transaction_that_is_no_hex),
    ("8.10.1/3.9", another_transaction_signed),
    ("8.11.1/3.9", maker_of_another_authority),
]


def of_a_discovery_server(scenes: Iterable[tuple[str, Scene]]) -> list[tuple[str, Scene]]:
    """The same with the codes of an SM-DS, whose subject is 8.9 where that of an SM-DP+ is 8.8."""
    return [(pair.replace("8.8", "8.9", 1), scene) for pair, scene in scenes]
