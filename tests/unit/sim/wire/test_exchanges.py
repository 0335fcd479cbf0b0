"""What commands cost on the line: the arithmetic of ISO 7816-3, by hand."""

import pytest

from lpa.sim.wire.exchanges import Exchange, etus, size_negotiation, t0, t1
from lpa.sim.wire.line_parameters import LineParameters

T0, T1 = LineParameters(), LineParameters(protocol=1, ifsc=254)


@pytest.mark.parametrize(
    ("apdu", "data", "expected"),
    [
        # Case 1, four bytes: P3 is sent as 00; SW1 SW2.
        ("00A40000", 0, Exchange(5, 2, 1)),
        # Case 2: header; INS, 10 bytes, SW1 SW2.
        ("00B000000A", 10, Exchange(5, 1 + 10 + 2, 1)),
        # Case 2 with a wrong Le: header; 6C 0A.
        ("00B0000000", 0, Exchange(5, 2, 1)),
        # Case 3: header; INS; 2 bytes; 61 xx.
        ("00A40000023F00", 0, Exchange(5 + 2, 1 + 2, 2)),
        # Case 4: Le is not sent ...
        ("00A40000023F0000", 0, Exchange(5 + 2, 1 + 2, 2)),
        # ... and if the response has 20 bytes, a GET RESPONSE fetched them: header; INS, 20 bytes, SW1 SW2.
        ("00A40000023F0000", 20, Exchange(5 + 2 + 5, 1 + 2 + 1 + 20 + 2, 3)),
    ],
)
def test_t0_sends_a_header_and_procedure_bytes(apdu: str, data: int, expected: Exchange) -> None:
    assert t0(bytes.fromhex(apdu), data) == expected


@pytest.mark.parametrize(
    ("apdu", "data", "extensions", "expected"),
    [
        # One block each way: NAD PCB LEN, information, LRC.
        (7, 20, 0, Exchange(3 + 7 + 1, 3 + 22 + 1, 1)),
        # 254 bytes are one block; 261 are one of 254, its R-block, and one of 7.
        (254, 0, 0, Exchange(4 + 254, 4 + 2, 1)),
        (261, 0, 0, Exchange(2 * 4 + 261, 4 + 4 + 2, 2)),
        # 256 bytes and SW1 SW2 are two blocks of 254 and 4, with an R-block between them.
        (5, 256, 0, Exchange(4 + 5 + 4, 2 * 4 + 258, 2)),
        # Two requests for more time: NAD PCB LEN INF LRC, there and back.
        (7, 20, 2, Exchange(11 + 2 * 5, 26 + 2 * 5, 3)),
    ],
)
def test_t1_sends_blocks(apdu: int, data: int, extensions: int, expected: Exchange) -> None:
    assert t1(apdu, data, T1, extensions) == expected


def test_t1_with_a_crc_has_one_byte_more_in_each_block_and_a_small_card_more_blocks() -> None:
    small = LineParameters(protocol=1, ifsc=32, crc=True)
    assert t1(70, 0, small, 0) == Exchange(70 + 3 * 5, 2 + 5 + 2 * 5, 3)
    assert size_negotiation(small) == Exchange(3 + 1 + 2, 3 + 1 + 2, 1)
    assert size_negotiation(T1) == Exchange(5, 5, 1)


@pytest.mark.parametrize(
    ("line", "exchange", "expected"),
    [
        # 12 etu for a character; 16 instead of 12 at a change of direction, there and back.
        (T0, Exchange(7, 3, 2), 7 * 12 + 3 * 12 + 2 * (4 + 4)),
        # N = 3: 15 etu to the card. N = 10: 22, so the change to the card's side needs nothing more.
        (LineParameters(extra_guard=3), Exchange(7, 3, 2), 7 * 15 + 3 * 12 + 2 * (1 + 4)),
        (LineParameters(extra_guard=10), Exchange(7, 3, 2), 7 * 22 + 3 * 12 + 2 * (0 + 4)),
        # N = 255 is the shortest: 12 etu with T=0, 11 with T=1.
        (LineParameters(extra_guard=255), Exchange(7, 3, 2), 7 * 12 + 3 * 12 + 2 * 8),
        (LineParameters(1, extra_guard=255), Exchange(11, 26, 1), 11 * 11 + 26 * 11 + 11 + 11),
        # T=1: 22 etu at a change of direction.
        (T1, Exchange(11, 26, 1), 11 * 12 + 26 * 12 + 10 + 10),
    ],
)
def test_characters_and_changes_of_direction_take_so_many_etu(
    line: LineParameters, exchange: Exchange, expected: int
) -> None:
    assert etus(exchange, line) == expected
