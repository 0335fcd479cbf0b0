"""The channel against scripted cards. Bytes from SGP.22 and ISO 7816-4."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpa.card.channels import Channel
from lpa.errors import BadAnswer, CardRemoved, WireError
from lpa.rsp.limits import ANSWER_BYTES, ANSWER_ROUNDS
from lpa.rsp.names import Aid
from lpa.stop import Stop, StopRequested, heeding
from tests.support.scripted import ScriptedCard

ISDR = Aid.parse("A0000005591010FFFFFFFF8900000100")
ANNOUNCE = ("80AA00000A A9088100820101830107", "9000")  # TERMINAL CAPABILITY
OPEN = ("0070000001", "01 9000")
CLOSE = ("00708001", "9000")
GET_EID = "BF3E035C015A"
EID = "BF3E125A10 89049032123451234512345678901235"


def exchange(*lines: tuple[str, str], request: str = GET_EID, block_size: int = 255) -> str:
    card = ScriptedCard(ANNOUNCE, OPEN, *lines, CLOSE)
    with Channel(card, block_size=block_size) as channel:
        answer = channel.exchange(bytes.fromhex(request))
    assert card.finished()
    return answer.hex().upper()


def test_the_answer_of_a_t0_card_is_fetched() -> None:
    answer = exchange(("81E2910006 BF3E035C015A 00", "6115"), ("01C0000015", EID + "9000"))
    assert answer == EID.replace(" ", "")


def test_a_t1_card_answers_at_once() -> None:
    assert exchange(("81E2910006 BF3E035C015A 00", EID + "9000")) == EID.replace(" ", "")


def test_a_long_answer_is_joined() -> None:
    first, second = "AA" * 256, "BB" * 16
    answer = exchange(
        ("81E2910006 BF3E035C015A 00", "6100"),
        ("01C0000000", first + "6110"),
        ("01C0000010", second + "9000"),
    )
    assert answer == first + second


def test_a_wrong_le_is_corrected() -> None:
    answer = exchange(
        ("81E2910006 BF3E035C015A 00", "6100"), ("01C0000000", "6C15"), ("01C0000015", EID + "9000")
    )
    assert answer == EID.replace(" ", "")


@pytest.mark.parametrize("status", ["9000", "9110", "9210", "9F00", "6200", "6310"])
def test_a_success_with_further_information_is_a_success(status: str) -> None:
    assert exchange(("81E2910006 BF3E035C015A 00", "BF3E00" + status)) == "BF3E00"


@pytest.mark.parametrize("status", ["6F00", "6A80", "6A88", "6985", "6982", "6D00", "6E00", "0000"])
def test_any_other_status_is_a_bad_answer_that_keeps_its_number(status: str) -> None:
    with pytest.raises(BadAnswer, match=status) as caught:
        exchange(("81E2910006 BF3E035C015A 00", status))
    assert caught.value.sw == int(status, 16)


def test_a_long_request_is_sent_in_numbered_blocks() -> None:
    request = bytes(range(256)) * 2
    answer = exchange(
        ("81E21100FF" + request[:255].hex() + "00", "9000"),
        ("81E21101FF" + request[255:510].hex() + "00", "9000"),
        ("81E2910202" + request[510:].hex() + "00", "BF3E00 9000"),
        request=request.hex(),
    )
    assert answer == "BF3E00"


def test_a_request_of_exactly_one_block_is_the_last_block() -> None:
    request = bytes(255)
    assert exchange(("81E29100FF" + request.hex() + "00", "9000"), request=request.hex()) == ""


def test_the_block_size_is_an_option() -> None:
    exchange(
        ("81E2110006 000102030405 00", "9000"),
        ("81E2910102 0607 00", "9000"),
        request="0001020304050607",
        block_size=6,
    )


def test_a_request_is_repeated_in_smaller_blocks_if_a_block_is_too_long() -> None:
    request = bytes(200)
    exchange(
        ("81E29100C8" + request.hex() + "00", "6700"),
        ("81E2110064" + request[:100].hex() + "00", "9000"),
        ("81E2910164" + request[100:].hex() + "00", "9000"),
        request=request.hex(),
    )


def test_smaller_blocks_are_remembered_and_have_a_minimum() -> None:
    card = ScriptedCard(
        ANNOUNCE,
        OPEN,
        ("81E2910008 0001020304050607 00", "6700"),
        ("81E2110006 000102030405 00", "6700"),
        ("81E2910006 BF3E035C015A 00", "9000"),
        CLOSE,
    )
    with Channel(card) as channel:
        with pytest.raises(BadAnswer, match="6700"):
            channel.exchange(bytes(range(8)))
        channel.exchange(bytes.fromhex(GET_EID))
    assert card.finished()


def test_a_card_that_rejects_le_gets_none_from_then_on() -> None:
    """On the basic channel, and only if the request is so short that its length cannot be the reason."""
    card = ScriptedCard(
        ("80AA00000A A9088100820101830107", "9000"),
        ("80E2910006 000102030405 00", "6700"),
        ("80E2910006 000102030405", "6C02"),
        ("80E2910006 000102030405 02", "AABB9000"),
        ("80E2910008 0001020304050607", "6101"),
        ("00C0000001", "CC9000"),
    )
    with Channel(card, basic=True) as channel:
        assert channel.exchange(bytes(range(6))) == bytes.fromhex("AABB")
        assert channel.exchange(bytes(range(8))) == b"\xcc"
    assert card.finished()


def test_a_card_that_rejects_a_request_with_and_without_le_gets_le_again() -> None:
    card = ScriptedCard(
        ("80AA00000A A9088100820101830107", "9000"),
        ("80E2910002 0001 00", "6700"),
        ("80E2910002 0001", "6700"),
        ("80E2910003 000102 00", "9000"),
    )
    with Channel(card, basic=True) as channel:
        with pytest.raises(BadAnswer, match="6700"):
            channel.exchange(bytes(range(2)))
        assert channel.exchange(bytes(range(3))) == b""
    assert card.finished()


def test_data_before_the_last_block_is_a_bad_answer() -> None:
    with pytest.raises(BadAnswer, match="before it had the whole request"):
        exchange(("81E2110006 000102030405 00", "BF3700 9000"), request="00010203040506", block_size=6)


class Bounded:
    """A card that accepts blocks only up to a length; `taken`: the lengths of the blocks that it was sent."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken: list[int] = []

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        if apdu[1] != 0xE2:
            return b"", 0x6D00
        self.taken.append(apdu[4])
        return b"", 0x9000 if apdu[4] <= self.most else 0x6700

    def reset(self) -> None: ...

    def close(self) -> None: ...


@pytest.mark.parametrize("size", [6, 255])
def test_a_request_that_is_too_long_is_not_sent(size: int) -> None:
    card = Bounded(255)
    channel = Channel(card, block_size=size)
    assert channel.longest_request == 256 * size
    with pytest.raises(WireError, match=f"{256 * size + 1} bytes do not fit into 256 blocks of {size}") as no:
        channel.exchange(bytes(256 * size + 1))
    assert "--block-size" in no.value.advice
    assert card.taken == []
    channel.exchange(bytes(256 * size))
    assert card.taken == 256 * [size]


def test_blocks_stay_large_enough_for_the_request() -> None:
    card = Bounded(0)
    channel = Channel(card)
    with pytest.raises(BadAnswer, match="6700"):
        channel.exchange(bytes(2000))
    assert card.taken == [255, 127, 63, 31, 15, 8]


def test_a_long_request_may_have_larger_blocks_than_a_short_one() -> None:
    """A card may answer 6700 for another reason than the length; long requests must stay possible."""
    card = Bounded(0)
    channel = Channel(card)
    with pytest.raises(BadAnswer, match="6700"):
        channel.exchange(bytes(20))
    card.most, card.taken = 255, []
    channel.exchange(bytes(2000))
    assert card.taken == 250 * [8]


def test_an_endless_answer_is_abandoned() -> None:
    class Endless(ScriptedCard):
        def transmit(self, apdu: bytes) -> tuple[bytes, int]:
            return (bytes(256), 0x6100) if apdu[1] in (0xE2, 0xC0) else super().transmit(apdu)

    with (
        Channel(Endless(ANNOUNCE, OPEN, CLOSE)) as channel,
        pytest.raises(BadAnswer, match="answer did not end"),
    ):
        channel.exchange(b"\xbf\x3e\x00")


@pytest.mark.parametrize(("last", "ends"), [(0, True), (1, False)])
def test_an_answer_may_be_as_long_as_the_limit(last: int, ends: bool) -> None:
    """255 full pieces and 255 bytes, or one byte more."""
    pieces = [bytes(256)] * 255 + [bytes(255), bytes(last)]

    class Long(ScriptedCard):
        def transmit(self, apdu: bytes) -> tuple[bytes, int]:
            if apdu[1] == 0xE2:
                return b"", 0x6100
            if apdu[1] == 0xC0:
                piece = pieces.pop(0)
                return piece, 0x6100 if any(pieces) else 0x9000
            return super().transmit(apdu)

    with Channel(Long(ANNOUNCE, OPEN, CLOSE)) as channel:
        if ends:
            assert len(channel.exchange(b"\xbf\x3e\x00")) == ANSWER_BYTES
        else:
            with pytest.raises(BadAnswer, match=f"answer did not end after {ANSWER_BYTES + 1} bytes"):
                channel.exchange(b"\xbf\x3e\x00")


def test_an_endless_answer_in_small_pieces_is_abandoned() -> None:
    class Dripping(ScriptedCard):
        asked = 0

        def transmit(self, apdu: bytes) -> tuple[bytes, int]:
            self.asked += 1
            return (b"x", 0x6101) if apdu[1] in (0xE2, 0xC0) else super().transmit(apdu)

    card = Dripping(ANNOUNCE, OPEN, CLOSE)
    with Channel(card) as channel, pytest.raises(BadAnswer, match="answer did not end"):
        channel.exchange(b"\xbf\x3e\x00")
    assert card.asked < ANSWER_ROUNDS + 10


def test_a_card_that_announces_data_and_sends_none_is_abandoned() -> None:
    with pytest.raises(BadAnswer, match="answer did not end"):
        exchange(("81E2910006 BF3E035C015A 00", "6110"), ("01C0000010", "6110"))


@pytest.mark.parametrize("answer", ["9000", "6D00", "6E00", "6F00", "6700", "6982", "6110", "6C00"])
def test_terminal_capability_is_sent_first_and_its_answer_is_ignored(answer: str) -> None:
    card = ScriptedCard((ANNOUNCE[0], answer), OPEN, CLOSE)
    Channel(card).close()
    assert card.finished()


def test_a_card_that_is_gone_when_terminal_capability_is_sent_is_an_error() -> None:
    with pytest.raises(CardRemoved):
        Channel(ScriptedCard((ANNOUNCE[0], CardRemoved("pulled"))))


def test_on_the_basic_channel_select_is_not_repeated() -> None:
    card = ScriptedCard(ANNOUNCE, ("00A4040010 A0000005591010FFFFFFFF8900000100 00", "6E00"))
    with Channel(card, basic=True) as channel:
        assert not channel.select(ISDR)
    assert card.finished()


@pytest.mark.parametrize(
    "answer", ["6881", "6D00", "6A81", "6E00", "00 9000", "14 9000", "0102 9000", "9000"]
)
def test_without_a_logical_channel_the_basic_one_is_used_and_not_closed(answer: str) -> None:
    card = ScriptedCard(
        ANNOUNCE, ("0070000001", answer), ("80E2910006 BF3E035C015A 00", "6115"), ("00C0000015", EID + "9000")
    )
    with Channel(card) as channel:
        channel.exchange(bytes.fromhex(GET_EID))
    assert card.finished()


@pytest.mark.parametrize(
    ("number", "interindustry", "proprietary"),
    [("01", "01", "81"), ("03", "03", "83"), ("04", "40", "C0"), ("13", "4F", "CF")],
)
def test_every_channel_has_its_class(number: str, interindustry: str, proprietary: str) -> None:
    card = ScriptedCard(
        ANNOUNCE,
        ("0070000001", number + "9000"),
        (interindustry + "A4040010 A0000005591010FFFFFFFF8900000100 00", "6110"),
        (proprietary + "E2910006 BF3E035C015A 00", "6115"),
        (interindustry + "C0000015", EID + "9000"),
        ("007080" + number, "9000"),
    )
    with Channel(card) as channel:
        assert channel.select(ISDR)
        channel.exchange(bytes.fromhex(GET_EID))
    assert card.finished()


@pytest.mark.parametrize(
    ("status", "found"),
    [
        ("9000", True),
        ("6110", True),
        ("6283", True),
        ("6A82", False),
        ("6A81", False),
        ("6999", False),
        ("6F00", False),
    ],
)
def test_select_says_whether_the_card_has_the_application(status: str, found: bool) -> None:
    card = ScriptedCard(ANNOUNCE, OPEN, ("01A4040010 A0000005591010FFFFFFFF8900000100 00", status), CLOSE)
    with Channel(card) as channel:
        assert channel.select(ISDR) is found


def test_the_channel_is_closed_when_the_block_is_left_by_an_error() -> None:
    card = ScriptedCard(ANNOUNCE, OPEN, CLOSE)
    with pytest.raises(KeyboardInterrupt), Channel(card):
        raise KeyboardInterrupt
    assert card.finished()


def test_closing_the_channel_of_a_removed_card_raises_nothing() -> None:
    card = ScriptedCard(
        ANNOUNCE, OPEN, ("81E2910006 BF3E035C015A 00", CardRemoved("gone")), ("00708001", CardRemoved("gone"))
    )
    with pytest.raises(CardRemoved), Channel(card) as channel:
        channel.exchange(bytes.fromhex(GET_EID))
    assert card.finished()


def test_a_channel_is_closed_only_once() -> None:
    card = ScriptedCard(ANNOUNCE, OPEN, CLOSE)
    channel = Channel(card)
    channel.close()
    channel.close()
    assert card.finished()


@pytest.mark.parametrize("size", [0, 5, 256])
def test_an_invalid_block_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="6 to 255"):
        Channel(ScriptedCard(), block_size=size)


@given(st.lists(st.tuples(st.binary(max_size=300), st.integers(0, 0xFFFF)), max_size=40))
def test_any_answers_give_bytes_or_a_bad_answer(answers: list[tuple[bytes, int]]) -> None:
    class Wild:
        def transmit(self, _apdu: bytes) -> tuple[bytes, int]:
            return answers.pop() if answers else (b"", 0x6F00)

        def reset(self) -> None: ...

        def close(self) -> None: ...

    with Channel(Wild()) as channel:
        channel.select(ISDR)
        with contextlib.suppress(BadAnswer):
            assert isinstance(channel.exchange(bytes(600)), bytes)


class StoppingCard(ScriptedCard):
    """Requests a stop while it answers."""

    def __init__(self, stop: Stop, *lines: tuple[str, str]) -> None:
        super().__init__(*lines)
        self._stop, self.stops = stop, False

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        if self.stops:
            self._stop.set()
        return super().transmit(apdu)


def test_a_stop_comes_between_no_command_and_its_answer() -> None:
    stop = Stop()
    fetched = (f"81E2910006{GET_EID}00", "6115"), ("01C0000015", "6C15"), ("01C0000015", f"{EID} 9000")
    card = StoppingCard(stop, ANNOUNCE, OPEN, *fetched, CLOSE)
    with heeding(stop), Channel(card) as channel:
        card.stops = True
        assert channel.exchange(bytes.fromhex(GET_EID)).hex().upper() == EID.replace(" ", "")
        with pytest.raises(StopRequested):
            channel.exchange(bytes.fromhex(GET_EID))
    assert card.finished()


def test_a_stop_does_not_keep_the_channel_open() -> None:
    stop = Stop()
    card = ScriptedCard(ANNOUNCE, OPEN, CLOSE)
    with heeding(stop), Channel(card):
        stop.set()
    assert card.finished()
