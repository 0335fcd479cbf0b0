"""The wire to a virtual reader, with the test in the reader's place."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from lpa.errors import NoReader
from lpa.sim.euicc import vpcd

OFF, ON, RESET, ATR = b"\x00", b"\x01", b"\x02", b"\x04"


class Card:
    """Says back what it is told, with status 9000, and remembers what happened to it."""

    atr = bytes.fromhex("3B00")

    def __init__(self) -> None:
        self.seen: list[str] = []

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        self.seen.append(apdu.hex())
        return apdu, 0x9000

    def reset(self) -> None:
        self.seen.append("reset")

    def power_off(self) -> None:
        self.seen.append("off")


class Reader:
    """The reader's end. `order` sends frames; `wire` is the thread that serves the card."""

    def __init__(self, card: Card) -> None:
        self.stop = threading.Event()
        with socket.create_server(("127.0.0.1", 0)) as door:
            _, port = door.getsockname()
            self.wire = threading.Thread(
                target=vpcd.serve, args=(card, "127.0.0.1", port), kwargs={"stop": self.stop}
            )
            self.wire.start()
            self.line, _ = door.accept()
        self.line.settimeout(5)

    def order(self, *frames: bytes) -> None:
        self.line.sendall(b"".join(len(frame).to_bytes(2, "big") + frame for frame in frames))

    def answer(self) -> bytes:
        size = int.from_bytes(self.line.recv(2, socket.MSG_WAITALL), "big")
        return self.line.recv(size, socket.MSG_WAITALL)

    def break_off(self) -> None:
        """Go away without a word: the other end finds the line broken, not closed."""
        self.line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes.fromhex("01000000 00000000"))
        self.line.close()

    def unplug(self) -> None:
        self.line.close()
        self.wire.join(5)


@pytest.fixture
def card() -> Card:
    return Card()


@pytest.fixture
def reader(card: Card) -> Iterator[Reader]:
    reader = Reader(card)
    yield reader
    reader.unplug()


def test_the_atr_is_told_whether_the_power_is_on_or_not(reader: Reader) -> None:
    reader.order(ATR)
    assert reader.line.recv(100) == bytes.fromhex("0002 3B00")


def test_an_apdu_gets_its_data_and_status_word_in_one_frame(reader: Reader) -> None:
    reader.order(ON, bytes.fromhex("00A40004023F00"))
    assert reader.answer() == bytes.fromhex("00A40004023F00 9000")


def test_an_apdu_of_every_short_length_passes(reader: Reader) -> None:
    reader.order(ON)
    for size in (5, 255, 261):
        reader.order(b"\xa5" * size)
        assert reader.answer() == b"\xa5" * size + b"\x90\x00"


def test_power_that_comes_and_a_reset_start_the_card_afresh(reader: Reader, card: Card) -> None:
    reader.order(ON, ON, RESET, OFF, ON, ATR)
    reader.answer()
    assert card.seen == ["reset", "reset", "off", "reset"]


def test_orders_are_not_answered_and_unknown_ones_do_nothing(reader: Reader, card: Card) -> None:
    reader.order(b"\x07", b"", OFF, ATR)
    assert reader.answer() == card.atr
    assert card.seen == ["off"]


def test_a_frame_that_arrives_in_pieces_is_one_frame(reader: Reader) -> None:
    for octet in bytes.fromhex("0005 00C0000005"):
        reader.line.sendall(bytes([octet]))
    assert reader.answer() == bytes.fromhex("00C0000005 9000")


def test_a_reader_that_goes_away_in_the_middle_of_a_frame_ends_it(reader: Reader, card: Card) -> None:
    reader.line.sendall(bytes.fromhex("0005 00C0"))
    reader.unplug()
    assert not reader.wire.is_alive()
    assert card.seen == []


def test_a_reader_that_breaks_the_line_ends_it_too(reader: Reader) -> None:
    reader.order(ATR)
    reader.answer()
    reader.break_off()
    reader.wire.join(5)
    assert not reader.wire.is_alive()


def test_stop_takes_the_card_out(reader: Reader) -> None:
    reader.stop.set()
    reader.wire.join(5)
    assert reader.line.recv(1) == b""


def test_a_card_pulled_while_it_thinks_does_not_answer(
    reader: Reader, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pulled(apdu: bytes) -> tuple[bytes, int]:
        reader.stop.set()
        return apdu, 0x9000

    monkeypatch.setattr(card, "transmit", pulled)
    reader.order(bytes.fromhex("00C0000005"))
    assert reader.line.recv(1) == b""


def test_an_answer_that_nobody_waits_for_ends_it_too(
    reader: Reader, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    def left_alone(apdu: bytes) -> tuple[bytes, int]:
        reader.break_off()
        return apdu, 0x9000

    monkeypatch.setattr(card, "transmit", left_alone)
    reader.order(bytes.fromhex("00C0000005"))
    reader.wire.join(5)
    assert not reader.wire.is_alive()


def test_without_a_reader_it_says_where_it_looked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        _, port = door.getsockname()
    with pytest.raises(NoReader, match=f"No virtual card reader listens at 127.0.0.1:{port}"):
        vpcd.serve(Card(), "127.0.0.1", port)
