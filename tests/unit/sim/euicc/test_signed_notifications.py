"""The notifications of the simulated card: their bytes, signatures and numbers."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from lpa.sim.crypto.pki import CurveName
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.simulated_profile import SimulatedProfile
from tests.support.terminal import Terminal, spaced

ICCID, CODED = "8944994000000000017", "984499040000000010F7"
DELETE = f"BF330C5A0A{CODED}"
EVENTS = ("enable", "disable", "delete")


def terminal(
    *notifications: tuple[tuple[str, ...], str],
    curve: CurveName = "P-256",
    behaviour: Behaviour | None = None,
) -> Terminal:
    """A terminal with a card whose only profile, disabled, has this notification configuration."""
    profile = SimulatedProfile(ICCID, notifications=notifications)
    card = SimulatedEuicc.create(None, profiles=[profile], curve=curve, behaviour=behaviour or Behaviour())
    return Terminal(card)


def switch(card: Terminal, times: int) -> None:
    """Enable and disable the profile in turn."""
    for number in range(times):
        tag = "BF32" if number % 2 else "BF31"
        assert card.ask(f"{tag}11 A00C5A0A{CODED} 810100")[-4:] == "9000"


def sequence_numbers(card: Terminal) -> list[int]:
    return [note.sequence_number for note in card.card.notifications]


def test_a_new_card_has_none() -> None:
    card = terminal((EVENTS, "a.b"))
    assert card.ask("BF2800") == "BF2802A0009000"
    assert card.ask("BF2B00") == "BF2B02A0009000"


def test_each_event_is_one_bit() -> None:
    card = terminal((EVENTS, "a.b"))
    switch(card, 2)
    card.ask(DELETE)
    item = "BF2F18 8001{} 8102{} 0C03612E62 5A0A" + CODED
    items = (item.format("01", "0640"), item.format("02", "0520"), item.format("03", "0410"))
    assert card.ask("BF2800") == spaced("BF2853 A051", *items, "9000")


def test_each_address_is_notified_of_its_events() -> None:
    card = terminal((("enable",), "a"), (("enable", "disable"), "b"), (("install", "delete"), "c"))
    switch(card, 2)
    card.ask(DELETE)
    assert [(note.event, note.address) for note in card.card.notifications] == [
        ("enable", "a"),
        ("enable", "b"),
        ("disable", "b"),
        ("delete", "c"),
    ]


def test_a_profile_without_addresses_makes_no_notifications() -> None:
    card = terminal()
    switch(card, 2)
    assert card.ask(DELETE) == "BF33038001009000"
    assert card.card.notifications == ()


@pytest.mark.parametrize(
    ("mask", "numbers"),
    [
        ("020410", [5]),
        ("020640", [1, 3]),
        ("020560", [1, 2, 3, 4]),
        ("020780", []),
        ("0204F0", [1, 2, 3, 4, 5]),
    ],
)
def test_notifications_are_found_by_their_events(mask: str, numbers: list[int]) -> None:
    card = terminal((EVENTS, "a.b"))
    switch(card, 4)
    card.ask(DELETE)
    listed = bytes.fromhex(card.ask(f"BF2804 81{mask}"))
    assert [listed[at + 5] for at in found(listed)] == numbers
    retrieved = bytes.fromhex(card.ask(f"BF2B06 A00481{mask}"))
    assert [retrieved[at + 5] for at in found(retrieved)] == numbers


def test_a_card_may_give_its_notifications_only_all_together() -> None:
    card = terminal((EVENTS, "a.b"), behaviour=Behaviour(gives_all_notifications_or_none=True))
    switch(card, 2)
    assert card.ask("BF2800") == "6985"
    assert card.ask("BF2B06A004800200 01".replace(" ", "")) == "BF2B0381017F9000"
    assert card.ask("BF2B06A00481020410") == "BF2B0381017F9000"
    retrieved = bytes.fromhex(card.ask("BF2B00"))
    assert [retrieved[at + 5] for at in found(retrieved)] == [1, 2]


def found(answer: bytes) -> list[int]:
    """The positions at which the NotificationMetadata in an answer begin."""
    return [at for at in range(len(answer)) if answer[at : at + 5] == bytes.fromhex("BF2F188001")]


@pytest.mark.parametrize("number", ["800102", "80020080", "8001FF"])
def test_an_unknown_notification_is_not_found(number: str) -> None:
    card = terminal((EVENTS, "a.b"))
    card.ask(DELETE)
    body = f"A0{len(number) // 2:02X}{number}"
    assert card.ask(f"BF2B{len(body) // 2:02X}{body}") == "BF2B02A0009000"


@pytest.mark.parametrize("request_", ["BF2B02A000", "BF2B05A003820101", "BF2B05A003800000", "BF280281 00"])
def test_an_invalid_search_criterion_is_wrong_data(request_: str) -> None:
    assert terminal().ask(request_) == "6A80"


@pytest.mark.parametrize("curve", ["P-256", "brainpoolP256r1"])
def test_a_notification_is_signed_over_its_metadata_by_the_euicc(curve: CurveName) -> None:
    card = terminal((EVENTS, "smdp.example"), curve=curve)
    card.ask(DELETE)
    metadata, signature, euicc, eum = retrieve(card, 1)
    expected = "BF2F21 800101 81020410 0C0C736D64702E6578616D706C65 5A0A" + CODED
    assert metadata.hex().upper() == spaced(expected)
    assert len(signature) == 64
    verify(euicc, metadata, signature)
    with pytest.raises(InvalidSignature):
        verify(euicc, metadata[:-1], signature)
    eum.verify_directly_issued_by(card.card.authority.certificate)
    euicc.verify_directly_issued_by(eum)
    assert euicc.subject.rfc4514_string() == f"2.5.4.5={card.card.eid},O=Sim EUM"


def retrieve(card: Terminal, number: int) -> tuple[bytes, bytes, x509.Certificate, x509.Certificate]:
    """The four parts of a notification, cut by hand."""
    answer = bytes.fromhex(card.ask(f"BF2B05 A0038001{number:02X}"))
    assert answer[-2:] == b"\x90\x00"
    assert (answer[:3], answer[5:7], answer[9:11]) == (b"\xbf\x2b\x82", b"\xa0\x82", b"\x30\x82")
    body = answer[13:-2]
    end = 3 + body[2]
    assert body[end : end + 3] == bytes.fromhex("5F3740")
    euicc_at = end + 67
    eum_at = euicc_at + 4 + int.from_bytes(body[euicc_at + 2 : euicc_at + 4], "big")
    euicc, eum = (x509.load_der_x509_certificate(der) for der in (body[euicc_at:eum_at], body[eum_at:]))
    return body[:end], body[end + 3 : euicc_at], euicc, eum


def verify(signer: x509.Certificate, signed: bytes, signature: bytes) -> None:
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    key = signer.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))


def test_a_notification_is_the_same_each_time_it_is_retrieved() -> None:
    card = terminal((EVENTS, "a.b"))
    switch(card, 1)
    first = card.ask("BF2B05A003800101")
    switch(card, 3)
    assert card.ask("BF2B05A003800101") == first


@pytest.mark.parametrize("curve", ["P-256", "brainpoolP256r1"])
def test_a_delete_notification_fits_1010_bytes(curve: CurveName) -> None:
    address = "p25.operator.smdp.example"
    card = terminal((EVENTS, address), curve=curve, behaviour=Behaviour(first_sequence_number=40_000))
    card.ask(DELETE)
    answer = bytes.fromhex(card.ask("BF2B07A0058003009C40"))
    assert len(address) == 25
    assert 900 < len(answer) - 11 <= 1010


def test_notification_sent_removes_one() -> None:
    card = terminal((EVENTS, "a.b"))
    switch(card, 3)
    assert card.ask("BF3003800102") == "BF30038001009000"
    assert sequence_numbers(card) == [1, 3]
    assert card.ask("BF3003800102") == "BF30038001019000"
    assert card.ask("BF3004 80020080") == "BF30038001019000"


def test_sequence_numbers_are_not_used_again() -> None:
    card = terminal((EVENTS, "a.b"))
    switch(card, 2)
    card.ask("BF3003800101")
    card.ask("BF3003800102")
    card.card.reset()
    again = Terminal(card.card)
    switch(again, 2)
    assert sequence_numbers(again) == [3, 4]


def test_sequence_numbers_survive_a_memory_reset() -> None:
    card = terminal((EVENTS, "a.b"))
    switch(card, 2)
    assert card.ask("BF340482020780") == "BF34038001009000"
    assert sequence_numbers(card) == [1, 2, 3]


@pytest.mark.parametrize(
    ("first", "coded"), [(0, "800100"), (127, "80017F"), (128, "80020080"), (2**31, "80050080000000")]
)
def test_the_first_sequence_number_can_be_chosen(first: int, coded: str) -> None:
    card = terminal((EVENTS, "a.b"), behaviour=Behaviour(first_sequence_number=first))
    switch(card, 1)
    body = f"A0{len(coded) // 2:02X}{coded}"
    assert coded in card.ask("BF2800")
    assert coded in card.ask(f"BF2B{len(body) // 2:02X}{body}")
    assert card.ask(f"BF30{len(coded) // 2:02X}{coded}") == "BF30038001009000"


def test_a_full_card_replaces_its_oldest_notification() -> None:
    card = terminal((EVENTS, "a.b"), behaviour=Behaviour(notification_capacity=2))
    switch(card, 5)
    assert sequence_numbers(card) == [4, 5]
