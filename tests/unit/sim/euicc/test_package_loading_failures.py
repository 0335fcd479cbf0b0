"""Packages that fail on the simulated card, and the errors in their results."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from lpa.rsp.codec import schema
from lpa.sim.crypto.pki import CurveName
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.der import cut, parts, tlv, value
from tests.support.downloads import (
    CODED,
    TXID,
    Conversation,
    Package,
    bound,
    failure,
    left_nothing,
    piecewise,
    point,
    profile_elements,
    store_metadata,
    verify,
)
from tests.support.terminal import made

CURVES: tuple[CurveName, ...] = ("P-256", "brainpoolP256r1")


@pytest.fixture
def talk() -> Conversation:
    return Conversation(made())


Change = Callable[[Conversation, Package], list[bytes]]


def broken(talk: Conversation, change: Change, package: Package | None = None) -> tuple[int, int]:
    """The error of a package that `change` modifies. It ends the download, and leaves only its result."""
    package = package or Package()
    talk.prepare()
    segments = change(talk, package)
    result = talk.load(segments)
    data, signature = parts(result)
    verify(talk.certificate, data, signature)
    assert parts(data)[0] == tlv("80", TXID)
    assert value(parts(data)[2]) == bytes.fromhex("88370A")
    assert talk.card.notifications[-1].signed == data
    assert talk.terminal.ask(segments[-1].hex()) == "6985"
    assert left_nothing(talk)
    return failure(result)


def channel(
    *,
    txid: bytes = TXID,
    operation: int = 1,
    crt: str = "800188810110",
    host: bytes = b"host",
    own: bytes = b"",
) -> Change:
    """A secure channel with other values."""

    def change(talk: Conversation, package: Package) -> list[bytes]:
        changed = talk.server.secure_channel(
            talk.key, txid=txid, operation=operation, crt=crt, host=host, own=own
        )
        return [_first_segment(changed), *talk.server.segments(talk.key, package)[1:]]

    return change


def _first_segment(channel: bytes) -> bytes:
    """The first segment of a package that continues after `channel`."""
    return tlv("BF36", channel, bytes(500))[:-500]


def channel_without(tag: int) -> Change:
    """A secure channel without one of its members."""

    def change(talk: Conversation, _: Package) -> list[bytes]:
        kept = [part for part in parts(talk.server.secure_channel(talk.key)) if cut(part)[0][0] != tag]
        return bound(tlv("BF23", *kept), b"\xa0\x00", [b"\x88\x00"], b"", [b"\x86\x00"])

    return change


def channel_signed_by_another(talk: Conversation, package: Package) -> list[bytes]:
    pb, talk.server.pb = talk.server.pb, ec.generate_private_key(talk.server.pb.curve)
    segments = talk.server.segments(talk.key, package)
    talk.server.pb = pb
    return segments


def for_another_key(talk: Conversation, package: Package) -> list[bytes]:
    return talk.server.segments(point(ec.generate_private_key(ec.SECP256R1())), package)


OTHER_CURVE = point(ec.generate_private_key(ec.BrainpoolP256R1()))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (channel(operation=2), "unsupportedRemoteOperationType"),
        (channel(txid=bytes(8)), "invalidTransactionId"),
        (channel(crt="800189810110"), "unsupportedCrtValues"),
        (channel(crt="800188810120"), "unsupportedCrtValues"),
        (channel_signed_by_another, "invalidSignature"),
        (for_another_key, "invalidSignature"),
        (channel(own=bytes(65)), "incorrectInputValues"),
        (channel(own=OTHER_CURVE), "incorrectInputValues"),
        (channel(own=bytes(64)), "incorrectInputValues"),
        (channel(crt="8000810110"), "incorrectInputValues"),
        *((channel_without(tag), "incorrectInputValues") for tag in (0x82, 0x80, 0xA6, 0x5F49, 0x5F37)),
    ],
)
def test_an_invalid_secure_channel_fails(talk: Conversation, change: Change, reason: str) -> None:
    assert broken(talk, change) == (0, schema.code("ErrorReason", reason))
    assert talk.card.notifications[0].iccid == ""


def test_the_result_of_a_failure_before_the_metadata_has_no_iccid(talk: Conversation) -> None:
    broken(talk, channel(operation=2))
    data = talk.card.notifications[0].signed
    assert data == bytes.fromhex(
        "BF2735 80080123456789ABCDEF BF2F19 800101 81020780 0C10736D64702E6578616D706C652E636F6D"
        "060388370A A208 A106 800100 810105"
    )


def with_content(part: str, *contents: bytes, tag: str = "") -> Change:
    """Valid parts up to `part`, which has another content, protected correctly."""

    def change(talk: Conversation, package: Package) -> list[bytes]:
        keys = talk.server.keys(talk.key)
        content_of = {
            "A0": (package.configuration,),
            "A1": (package.metadata,),
            "A2": (),
            "A3": (package.elements,),
        }
        content_of[part] = contents
        tags = {"A0": "87", "A1": "88", "A2": "87", "A3": "86"}
        coded = {
            name: [keys.segment(tags[name], content) for content in pieces]
            for name, pieces in content_of.items()
        }
        first = tlv("A0", *coded["A0"])
        replaced = tlv("A2", *coded["A2"]) if coded["A2"] else b""
        return bound(talk.server.secure_channel(talk.key), first, coded["A1"], replaced, coded["A3"])

    return change


KEYS = bytes.fromhex("BF2636 8010" + "01" * 16 + "8110" + "02" * 16 + "8210" + "03" * 16)


@pytest.mark.parametrize(
    ("change", "command", "reason"),
    [
        (with_content("A0", b"BF25"), 1, 7),
        (with_content("A0", bytes.fromhex("BF2500")), 1, 7),
        (with_content("A0", bytes.fromhex("BF240100")), 1, 1),
        (with_content("A0", bytes.fromhex("BF24")), 1, 7),
        (with_content("A1", bytes.fromhex("BF2400")), 2, 7),
        (with_content("A1", store_metadata()[:-1]), 2, 7),
        (with_content("A1", store_metadata(), b"\0"), 2, 7),
        (with_content("A1", bytes.fromhex(f"BF250C5A0A{CODED}")), 2, 1),
        (with_content("A1", store_metadata("FFFFFFFFFFFFFFFFFFFF")), 2, 1),
        (with_content("A1", store_metadata(CODED, "9401AA")), 2, 1),
        (with_content("A1", store_metadata(CODED, "9301019300")), 2, 1),
        (with_content("A1", store_metadata(CODED, "930103 9401AA")), 2, 1),
        (with_content("A1", store_metadata(CODED, "950107")), 2, 1),
        (with_content("A1", store_metadata(CODED, "9904020002 01")), 2, 1),
        (with_content("A1", store_metadata(CODED, "B7058003 F2F210")), 2, 1),
        (
            with_content("A1", tlv("BF25", bytes.fromhex(f"5A0A{CODED}"), tlv("91", b"o" * 33), tlv("92"))),
            2,
            1,
        ),
        (with_content("A2", KEYS[:-1]), 4, 7),
        (with_content("A2", bytes.fromhex("BF2400")), 4, 7),
        (with_content("A2", bytes.fromhex("BF26128010") + bytes(16)), 4, 1),
    ],
)
def test_an_invalid_command_fails(talk: Conversation, change: Change, command: int, reason: int) -> None:
    assert broken(talk, change) == (command, reason)


def test_the_elements_must_use_the_replaced_keys(talk: Conversation) -> None:
    """The elements are still protected with the session keys."""
    assert broken(talk, with_content("A2", KEYS)) == (5, 8)


# Contradictory lengths


def announcing(tag: int, more: int) -> Change:
    """A part announces `more` bytes than it has, or (negative) fewer."""

    def change(talk: Conversation, package: Package) -> list[bytes]:
        segments = talk.server.segments(talk.key, package)
        index = next(at for at, segment in enumerate(segments) if int.from_bytes(segment[:1]) == tag)
        segment = segments[index]
        start = 2 if tag == 0xBF else 1
        wide = segment[start] & 0x7F if segment[start] & 0x80 else 0
        head, rest = segment[:start], segment[start + 1 + wide :]
        length = int.from_bytes(segment[start + 1 : start + 1 + wide], "big") if wide else segment[start]
        segments[index] = head + b"\x82" + (length + more).to_bytes(2, "big") + rest
        return segments

    return change


@pytest.mark.parametrize(
    ("change", "command"),
    [
        (announcing(0xA1, -1), 2),
        (announcing(0xA3, -1), 5),
        (announcing(0xA0, -1), 1),
        (announcing(0xBF, 1), 5),
        (announcing(0xBF, -1), 5),
        (announcing(0xBF, -150), 2),
    ],
)
def test_contradictory_lengths_fail(talk: Conversation, change: Change, command: int) -> None:
    assert broken(talk, change, Package(elements=profile_elements(filling=50))) == (command, 7)


@pytest.mark.parametrize(("part", "command"), [("A000", 1), ("A100", 2), ("A300", 5)])
def test_an_empty_part_fails(talk: Conversation, part: str, command: int) -> None:
    def change(talk: Conversation, package: Package) -> list[bytes]:
        segments = talk.server.segments(talk.key, package)
        index = {1: 1, 2: 2, 5: 4}[command]
        return [*segments[:index], bytes.fromhex(part)]

    assert broken(talk, change) == (command, 7)


# Protection


def flipped(kind: int, bit: int, count: int = 0) -> Change:
    """Flip a bit, counted from the end, in the segment number `count` with this tag, also inside A0."""

    def change(talk: Conversation, package: Package) -> list[bytes]:
        segments = piecewise(talk.server.segments(talk.key, package))
        index = [at for at, segment in enumerate(segments) if segment[0] == kind][count]
        changed = bytearray(segments[index])
        changed[-1 - bit // 8] ^= 1 << bit % 8
        segments[index] = bytes(changed)
        return segments

    return change


@pytest.mark.parametrize("bit", [0, 7, 63, 64, 100])
@pytest.mark.parametrize(
    ("kind", "count", "command"), [(0x87, 0, 1), (0x88, 0, 2), (0x87, 1, 4), (0x86, 0, 5), (0x86, 2, 5)]
)
@pytest.mark.parametrize("curve", CURVES)
def test_a_flipped_bit_fails_in_every_kind_of_segment(
    curve: CurveName, kind: int, count: int, command: int, bit: int
) -> None:
    talk = Conversation(SimulatedEuicc.create(None, curve=curve))
    package = Package(replaced_keys=True, elements=profile_elements(filling=300), piece=100)
    assert broken(talk, flipped(kind, bit, count), package) == (command, 8)


def exchanged(talk: Conversation, package: Package) -> list[bytes]:
    *before, one, other, last = talk.server.segments(talk.key, package)
    return [*before, other, one, last]


def left_out(talk: Conversation, package: Package) -> list[bytes]:
    *before, _, last = talk.server.segments(talk.key, package)
    return [*before, last]


def repeated(talk: Conversation, package: Package) -> list[bytes]:
    *before, one, _, last = talk.server.segments(talk.key, package)
    return [*before, one, one, last]


def of_another_session(talk: Conversation, package: Package) -> list[bytes]:
    first = talk.server.segments(talk.key, package)
    talk.server.once = ec.generate_private_key(ec.SECP256R1())
    return [talk.server.segments(talk.key, package)[0], *first[1:]]


@pytest.mark.parametrize(
    ("change", "command"), [(exchanged, 5), (left_out, 5), (repeated, 5), (of_another_session, 1)]
)
def test_segments_out_of_order_fail(talk: Conversation, change: Change, command: int) -> None:
    package = Package(elements=profile_elements(filling=300), piece=100)
    assert broken(talk, change, package) == (command, 8)


def test_a_package_for_another_card_fails(talk: Conversation) -> None:
    talk.server.eid = "89999999000000000000000000000283"
    assert broken(talk, lambda talk, package: talk.server.segments(talk.key, package)) == (1, 8)
