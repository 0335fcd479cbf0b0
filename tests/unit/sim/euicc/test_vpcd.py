"""The connection to a virtual reader, with the test as the reader."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from lpa.errors import CardRemoved, NoReader, WireError
from lpa.sim.euicc import vpcd

OFF, ON, RESET, ATR = b"\x00", b"\x01", b"\x02", b"\x04"


class Card:
    """Returns each APDU with the status word 9000, and records what happens to it."""

    atr = bytes.fromhex("3B00")

    def __init__(self) -> None:
        self.inserted = True
        self.seen: list[str] = []
        self.broken = False

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        if self.broken:
            raise WireError("The link is broken.")
        self.seen.append(apdu.hex())
        return apdu, 0x9000

    def reset(self) -> None:
        self.seen.append("reset")

    def power_off(self) -> None:
        self.seen.append("off")

    def insert(self) -> None:
        self.inserted = True
        self.seen.append("inserted")


class Reader:
    """The reader. `send` sends frames; `thread` serves the card."""

    def __init__(self, card: Card) -> None:
        self.stop, self.inserted = threading.Event(), 0
        with socket.create_server(("127.0.0.1", 0)) as listener:
            _, port = listener.getsockname()
            self.thread = threading.Thread(
                target=vpcd.serve,
                args=(card, "127.0.0.1", port),
                kwargs={"stop": self.stop, "on_inserted": self.insert},
            )
            self.thread.start()
            listener.settimeout(5)
            self.line, _ = listener.accept()
        self.line.settimeout(5)

    def insert(self) -> None:
        self.inserted += 1

    def send(self, *frames: bytes) -> None:
        self.line.sendall(b"".join(len(frame).to_bytes(2, "big") + frame for frame in frames))

    def answer(self) -> bytes:
        size = int.from_bytes(self.line.recv(2, socket.MSG_WAITALL), "big")
        return self.line.recv(size, socket.MSG_WAITALL)

    def reset_connection(self) -> None:
        """Reset the connection instead of closing it."""
        self.line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes.fromhex("01000000 00000000"))
        self.line.close()

    def unplug(self) -> None:
        self.line.close()
        self.thread.join(5)


@pytest.fixture
def card() -> Card:
    return Card()


@pytest.fixture
def reader(card: Card) -> Iterator[Reader]:
    reader = Reader(card)
    yield reader
    reader.unplug()


def test_the_atr_is_returned_without_power(reader: Reader) -> None:
    reader.send(ATR)
    assert reader.line.recv(100) == bytes.fromhex("0002 3B00")


def test_the_card_is_inserted_once_the_reader_has_its_atr(reader: Reader) -> None:
    reader.send(ON, RESET, bytes.fromhex("00A40004023F00"))
    reader.answer()
    assert reader.inserted == 0
    reader.send(ATR, ATR, bytes.fromhex("00A40004023F00"))
    for _ in range(3):
        reader.answer()
    assert reader.inserted == 1


def test_data_and_status_word_come_in_one_frame(reader: Reader) -> None:
    reader.send(ON, bytes.fromhex("00A40004023F00"))
    assert reader.answer() == bytes.fromhex("00A40004023F00 9000")


def test_a_broken_link_is_a_response_without_a_status_word(card: Card, reader: Reader) -> None:
    """An empty frame would take the card out of the reader."""
    card.broken = True
    reader.send(ON, bytes.fromhex("00A40004023F00"))
    assert len(reader.answer()) == 1


def test_an_apdu_of_every_short_length_passes(reader: Reader) -> None:
    reader.send(ON)
    for size in (5, 255, 261):
        reader.send(b"\xa5" * size)
        assert reader.answer() == b"\xa5" * size + b"\x90\x00"


def test_power_up_and_reset_reset_the_card(reader: Reader, card: Card) -> None:
    reader.send(ON, ON, RESET, OFF, ON, ATR)
    reader.answer()
    assert card.seen == ["reset", "reset", "off", "reset"]


def test_control_frames_get_no_response_and_unknown_ones_do_nothing(reader: Reader, card: Card) -> None:
    reader.send(b"\x07", b"", OFF, ATR)
    assert reader.answer() == card.atr
    assert card.seen == ["off"]


def test_a_frame_that_arrives_in_pieces_is_one_frame(reader: Reader) -> None:
    for octet in bytes.fromhex("0005 00C0000005"):
        reader.line.sendall(bytes([octet]))
    assert reader.answer() == bytes.fromhex("00C0000005 9000")


def test_serving_ends_when_the_reader_disconnects_within_a_frame(reader: Reader, card: Card) -> None:
    reader.line.sendall(bytes.fromhex("0005 00C0"))
    reader.unplug()
    assert not reader.thread.is_alive()
    assert card.seen == []


def test_serving_ends_when_the_connection_is_reset(reader: Reader) -> None:
    reader.send(ATR)
    reader.answer()
    reader.reset_connection()
    reader.thread.join(5)
    assert not reader.thread.is_alive()


def test_stop_removes_the_card(reader: Reader) -> None:
    reader.stop.set()
    reader.thread.join(5)
    assert reader.line.recv(1) == b""


def test_a_card_removed_during_a_command_does_not_respond(
    reader: Reader, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    def remove(apdu: bytes) -> tuple[bytes, int]:
        reader.stop.set()
        return apdu, 0x9000

    monkeypatch.setattr(card, "transmit", remove)
    reader.send(bytes.fromhex("00C0000005"))
    assert reader.line.recv(1) == b""


def test_serving_ends_when_the_response_cannot_be_sent(
    reader: Reader, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disconnect(apdu: bytes) -> tuple[bytes, int]:
        reader.reset_connection()
        return apdu, 0x9000

    monkeypatch.setattr(card, "transmit", disconnect)
    reader.send(bytes.fromhex("00C0000005"))
    reader.thread.join(5)
    assert not reader.thread.is_alive()


def test_a_removed_card_leaves_the_reader_and_comes_back() -> None:
    class Faulty(Card):
        def transmit(self, apdu: bytes) -> tuple[bytes, int]:
            raise CardRemoved("removed")

    card, removed = Faulty(), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        arguments = {"on_removed": removed.set, "absence": 0}
        address = ("127.0.0.1", listener.getsockname()[1])
        thread = threading.Thread(target=vpcd.serve, args=(card, *address), kwargs=arguments)
        thread.start()
        listener.settimeout(5)
        first, _ = listener.accept()
        with first:
            first.settimeout(5)
            first.sendall(bytes.fromhex("000101 0005 00C0000005"))
            assert first.recv(1) == b"", "the reader sees the card leave"
        second, _ = listener.accept()
        with second:
            second.sendall(bytes.fromhex("000101 000104"))
            assert second.recv(4, socket.MSG_WAITALL) == bytes.fromhex("0002 3B00")
        thread.join(5)
    assert removed.is_set()
    assert not thread.is_alive()
    assert card.seen == ["reset", "off", "inserted", "reset"]


def test_a_card_that_another_thread_removes_stays_away_until_it_is_inserted() -> None:
    card, removed = Card(), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        arguments = {"on_removed": removed.set, "absence": None}
        address = ("127.0.0.1", listener.getsockname()[1])
        thread = threading.Thread(target=vpcd.serve, args=(card, *address), kwargs=arguments)
        thread.start()
        listener.settimeout(5)
        first, _ = listener.accept()
        with first:
            first.settimeout(5)
            card.inserted = False
            assert first.recv(1) == b"", "the reader sees the card leave"
        assert removed.wait(5)
        card.insert()
        second, _ = listener.accept()
        second.close()
        thread.join(5)
    assert not thread.is_alive()


def test_without_a_reader_the_error_names_the_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        _, port = listener.getsockname()
    with pytest.raises(NoReader, match=f"No virtual card reader listens at 127.0.0.1:{port}"):
        vpcd.serve(Card(), "127.0.0.1", port)
