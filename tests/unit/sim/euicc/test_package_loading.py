"""Loading packages into the simulated card, from a server written by hand."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from lpa.sim.crypto.pki import CurveName
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.der import parts, tlv
from tests.support.downloads import (
    CODED,
    ICCID,
    TXID,
    Conversation,
    Package,
    bound,
    failure,
    left_nothing,
    piecewise,
    profile_elements,
    store_metadata,
    verify,
)
from tests.support.terminal import made

CURVES: tuple[CurveName, ...] = ("P-256", "brainpoolP256r1")
CANCEL = f"BF410D8008{TXID.hex()}810105"


@pytest.fixture
def talk() -> Conversation:
    return Conversation(made())


# The installed profile


@pytest.mark.parametrize("replaced", [False, True])
@pytest.mark.parametrize("curve", CURVES)
def test_a_package_becomes_a_disabled_profile(curve: CurveName, replaced: bool) -> None:
    talk = Conversation(SimulatedEuicc.create(None, curve=curve))
    package = Package(replaced_keys=replaced, elements=profile_elements(filling=3000))
    data, signature = parts(talk.download(package))
    aid = "4F10 A0000005591010FFFFFFFF8900001300"
    assert data.hex().upper() == (
        "BF2758 80080123456789ABCDEF BF2F25 800101 81020780 0C10736D64702E6578616D706C652E636F6D 5A0A"
        f"{CODED} 060388370A A21F A01D {aid} 0409 3007A0053003800100"
    ).replace(" ", "")
    verify(talk.certificate, data, signature)
    profile = talk.card.profiles[-1]
    assert (profile.iccid, profile.state, profile.profile_class) == (ICCID, "disabled", "operational")
    assert (profile.service_provider, profile.name) == ("Test Op", "Travel")
    assert profile.size == 1024 + len(package.metadata) + len(package.elements)


@pytest.mark.parametrize("size", [0, 1, 16, 25, 127, 128, 300])
def test_the_host_id_may_have_any_length(talk: Conversation, size: int) -> None:
    assert parts(talk.download(Package(host=bytes(size))))
    assert len(talk.card.profiles) == 4


def test_the_card_reports_all_of_the_metadata(talk: Conversation) -> None:
    icon = tlv("94", bytes(range(256)) * 4).hex()
    members = (
        "930100",
        icon,
        "950102",
        "B60B 3009 80020640 8103 612E62",
        "B70B 8003 62F210 8101AB 8201CD",
        "99020560",
    )
    configuration = bytes.fromhex("BF2407 B805 8003 88370A")
    metadata = store_metadata(CODED, *members)
    assert len(metadata) > 1008
    talk.download(Package(metadata=metadata, configuration=configuration))
    answer = talk.ask(bytes.fromhex(f"BF2D19 A00C5A0A{CODED} 5C09 5A 91 92 93 94 95 B6 B7 99"))
    assert parts(parts(parts(answer)[0])[0]) == [
        bytes.fromhex(part) for part in (f"5A0A{CODED}", "910754657374204F70", "920654726176656C", *members)
    ]
    answer = talk.ask(bytes.fromhex(f"BF2D11 A00C5A0A{CODED} 5C01B8"))
    assert parts(parts(parts(answer)[0])[0]) == [bytes.fromhex("B805 8003 88370A")]


def test_the_new_profile_can_be_used_like_any_other(talk: Conversation) -> None:
    talk.download(Package(metadata=store_metadata(CODED, "B610 300E 80020640 8108 612E6578616D706C")))
    identifier = f"A00C5A0A{CODED}"
    assert talk.terminal.ask(f"BF3111{identifier}810100") == "BF31038001009000"
    assert talk.terminal.ask(f"BF3211{identifier}810100") == "BF32038001009000"
    assert talk.terminal.ask(f"BF330C5A0A{CODED}") == "BF33038001009000"
    assert [(note.event, note.address) for note in talk.card.notifications] == [
        ("install", "smdp.example.com"),
        ("disable", "albion.smdp.example"),
        ("enable", "a.exampl"),
    ]
    assert left_nothing(talk)


def test_a_new_profile_gets_the_lowest_free_isdp_aid(talk: Conversation) -> None:
    talk.terminal.ask("BF330C5A0A989489050000000020F5")
    talk.download()
    assert talk.card.profiles[-1].aid == "A0000005591010FFFFFFFF8900001100"


def test_the_result_is_a_notification(talk: Conversation) -> None:
    talk.terminal.ask("BF330C5A0A989489050000000020F5")
    result = talk.download()
    metadata = parts(parts(result)[0])[1]
    assert metadata[:6] == bytes.fromhex("BF2F25800102")
    assert talk.ask(bytes.fromhex("BF280481020780")) == tlv("BF28", tlv("A0", metadata))
    assert talk.ask(bytes.fromhex("BF2B05A003800102")) == tlv("BF2B", tlv("A0", result))
    assert talk.terminal.ask("BF3003800102") == "BF30038001009000"
    assert [note.sequence_number for note in talk.card.notifications] == [1]


def test_a_card_in_a_folder_keeps_profile_and_result(tmp_path: Path) -> None:
    with closing(SimulatedEuicc.create(tmp_path / "card")) as card:
        result = Conversation(card).download()
    with closing(SimulatedEuicc.load(tmp_path / "card")) as card:
        assert card.profiles[-1].iccid == ICCID
        again = Conversation(card)
        assert again.ask(bytes.fromhex("BF2B05A003800101")) == tlv("BF2B", tlv("A0", result))


def test_a_result_that_cannot_be_stored_is_a_memory_problem(tmp_path: Path) -> None:
    with closing(SimulatedEuicc.create(tmp_path / "card")) as card:
        talk = Conversation(card)
        talk.prepare()
        *before, last = talk.server.segments(talk.key)
        talk.load(before)
        (tmp_path / "card" / "card.json.new").mkdir()
        assert talk.terminal.ask(last.hex()) == "6581"
        assert (len(card.profiles), card.notifications) == (3, ())


def test_loading_a_megabyte_takes_little_memory() -> None:
    talk = Conversation(SimulatedEuicc.create(None, free_memory=2_000_000))
    talk.prepare()
    filling = b"".join(tlv("A8", bytes.fromhex("A003810102"), tlv("81", bytes(20_000))) for _ in range(50))
    segments = talk.server.segments(talk.key, Package(elements=profile_elements(CODED, filling)))
    tracemalloc.start()
    try:
        result = talk.load(segments)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert result[:2] == b"\xbf\x37"
    assert talk.card.profiles[-1].size > 1_000_000
    assert peak < 400_000


# Segments


def first_87_with_its_header(segments: list[bytes]) -> list[bytes]:
    """A0 in two segments: its header with the first 87, and the second 87."""
    split = next(index for index, segment in enumerate(segments) if segment[0] == 0xA0)
    *_, last = parts(segments[split])
    return [*segments[:split], segments[split][: -len(last)], last, *segments[split + 1 :]]


@pytest.mark.parametrize("block", [255, 240, 120, 8])
@pytest.mark.parametrize("way", [list, piecewise])
def test_a0_and_a2_may_be_one_segment_or_several(
    talk: Conversation, way: Callable[[list[bytes]], list[bytes]], block: int
) -> None:
    talk.terminal.block = block
    talk.prepare()
    segments = talk.server.segments(talk.key, Package(replaced_keys=True, piece=200))
    assert parts(talk.load(way(segments)))
    assert talk.card.profiles[-1].iccid == ICCID


@pytest.mark.parametrize("way", [list, piecewise, first_87_with_its_header])
def test_a_command_may_be_split_into_several_87(
    talk: Conversation, way: Callable[[list[bytes]], list[bytes]]
) -> None:
    talk.prepare()
    package = Package()
    keys = talk.server.keys(talk.key)
    first = tlv("A0", *keys.cut("87", package.configuration, 2))
    metadata = keys.cut("88", package.metadata, 7)
    elements = keys.cut("86", package.elements, 16)
    segments = bound(talk.server.secure_channel(talk.key), first, metadata, b"", elements)
    assert parts(talk.load(way(segments)))
    assert talk.card.profiles[-1].iccid == ICCID


@pytest.mark.parametrize(("piece", "size"), [(1, 26), (1007, 1020), (1008, 1036)])
def test_the_pieces_of_the_elements_may_have_any_size(talk: Conversation, piece: int, size: int) -> None:
    """Some servers split before they pad, and send segments of 1036 bytes."""
    talk.prepare()
    package = Package(elements=profile_elements(filling=60 if piece == 1 else 3000), piece=piece)
    segments = talk.server.segments(talk.key, package)
    assert max(len(segment) for segment in segments if segment[0] == 0x86) == size
    assert parts(talk.load(segments))


# Requests out of order

UNCHANGED: tuple[tuple[int, str, str], ...] = (
    # (number of segments before, request, status word); the segments are BF23 A0 A1 88 A3 86
    *((count, request, "6985") for count in range(1, 6) for request in ("BF3E035C015A", "BF2D00", "BF2200")),
    *((count, request, "6A88") for count in range(1, 6) for request in ("BF3B00", "B700", "8900", "A400")),
    *((count, "BF360300BF23", "6985") for count in range(1, 6)),
    *((1, request, "6985") for request in ("A100", "A300", "8600", "8700", "8800")),
    *((2, request, "6985") for request in ("A000", "A200", "A300", "8600", "8700", "8800")),
    *((3, request, "6985") for request in ("A000", "A100", "A200", "A300", "8600", "8700")),
    *((4, request, "6985") for request in ("A000", "A100", "8600", "8700", "8800")),
    *((5, request, "6985") for request in ("A000", "A100", "A200", "A300", "8700", "8800")),
    *((count, request, "6A80") for count in range(1, 6) for request in ("A0", "BF", "8682", "8685")),
    (1, "A0020000", "6985"),
    (1, "A0028600", "6985"),
    (1, "A0028708", "6A80"),
    (2, "A1048802 0000", "6A80"),
    (3, "88028400 8800", "6A80"),
    (4, "A3048602 0000", "6A80"),
    (5, "8602 0000 86020000", "6A80"),
    (5, "86820001", "6A80"),
)


@pytest.mark.parametrize(("count", "request_", "sw"), UNCHANGED)
def test_a_request_out_of_order_is_refused_and_changes_nothing(
    talk: Conversation, count: int, request_: str, sw: str
) -> None:
    talk.prepare()
    segments = talk.server.segments(talk.key)
    assert [segment[0] for segment in segments] == [0xBF, 0xA0, 0xA1, 0x88, 0xA3, 0x86]
    assert talk.load(segments[:count]) == b""
    assert talk.terminal.ask(request_) == sw
    assert parts(talk.load(segments[count:]))
    assert len(talk.card.profiles) == 4


@pytest.mark.parametrize(
    ("request_", "sw"),
    [
        ("BF36820100", "6A80"),
        ("BF3603A00100", "6A80"),
        ("BF3605BF2302", "6A80"),
        ("BF3603BF2300", "6A80"),
        ("BF23038201 01", "6A88"),
    ],
)
def test_a_package_begins_with_its_header_and_the_secure_channel(
    talk: Conversation, request_: str, sw: str
) -> None:
    talk.prepare()
    assert talk.terminal.ask(request_) == sw
    assert parts(talk.load(talk.server.segments(talk.key)))


def test_cancelling_discards_a_partly_loaded_package(talk: Conversation) -> None:
    talk.prepare()
    segments = talk.server.segments(talk.key)
    for count in range(1, len(segments)):
        talk.prepare()
        assert talk.load(talk.server.segments(talk.key)[:count]) == b""
        assert talk.terminal.ask(CANCEL)[:4] == "BF41"
        assert talk.terminal.ask(segments[count].hex()) == "6985"
        assert talk.card.notifications == ()
        assert left_nothing(talk)


@pytest.mark.parametrize("replaced", [False, True])
def test_a_reset_discards_a_partly_loaded_package(talk: Conversation, replaced: bool) -> None:
    package = Package(replaced_keys=replaced, piece=100, metadata_piece=16)
    talk.prepare()
    segments = talk.server.segments(talk.key, package)
    for count in range(1, len(segments)):
        talk.prepare()
        segments = talk.server.segments(talk.key, package)
        assert talk.load(segments[:count]) == b""
        assert left_nothing(talk)
        assert talk.terminal.ask(segments[count].hex()) == "6985"
        assert talk.card.notifications == ()
    assert talk.download(package)
    assert len(talk.card.profiles) == 4


def test_a_reset_within_a_segment_discards_the_package(talk: Conversation) -> None:
    talk.prepare()
    *before, last = talk.server.segments(talk.key)
    talk.load(before)
    assert talk.terminal.send(f"81E2110010{last[:16].hex()}") == "9000"
    assert left_nothing(talk)
    assert talk.card.notifications == ()


def test_some_cards_report_an_interruption() -> None:
    talk = Conversation(made(Behaviour(reports_interruption=True)))
    talk.prepare()
    talk.load(talk.server.segments(talk.key)[:5])
    assert left_nothing(talk)
    result = parts(parts(talk.ask(bytes.fromhex("BF2B00")))[0])[0]
    assert failure(result) == (5, 11)
    verify(talk.certificate, *parts(result))
    assert talk.card.notifications[0].iccid == ICCID
    talk.card.reset()
    assert len(talk.card.notifications) == 1
