"""The log of the traffic: harmless commands in full, of all others header and length."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from lpa.card.apdu import TRAFFIC, ChannelCommands
from lpa.card.channels import Channel
from lpa.card.traffic import TrafficRedactor, redacted_log
from lpa.errors import CardRemoved
from lpa.redaction import register_secret
from lpa.rsp.foreign_logs import find_exchanges
from lpa.rsp.trace import TRACE_LINES
from tests.support.scripted import ScriptedCard

SECRET = "5EC12E70"  # bytes that must not be shown


class PulledCard:
    """A card that was removed."""

    def transmit(self, _apdu: bytes) -> tuple[bytes, int]:
        raise CardRemoved("The card was removed.")

    def reset(self) -> None:
        raise CardRemoved("The card was removed.")

    def close(self) -> None:
        pass


def shown(*exchanges: tuple[str, str]) -> list[str]:
    """The log lines for commands and answers (data and status word) on one channel."""
    redactor = TrafficRedactor()
    lines = []
    for command, answer in exchanges:
        data = bytes.fromhex(answer)
        sw = int.from_bytes(data[-2:], "big")
        lines.append(redactor.redacted(bytes.fromhex(command), data[:-2], sw).in_log())
    return lines


@pytest.mark.parametrize(
    ("exchange", "line"),
    [
        (("00A40004023F0000", "6F00 9000"), "00a40004023f0000 -> 6f00 9000"),
        (("81E2910003BF3E00 00", "6105"), "81e2910003bf3e0000 ->  6105"),
        # PINs: verify, change, disable, enable, unblock
        (("0020000108 3132333435363738", "9000"), "0020000108 <8 bytes> ->  9000"),
        (("0024000110 3132333435363738 3132333435363738", "63C2"), "0024000110 <16 bytes> ->  63C2"),
        (("0026000108 3132333435363738", "9000"), "0026000108 <8 bytes> ->  9000"),
        (("0028000108 3132333435363738", "9000"), "0028000108 <8 bytes> ->  9000"),
        (("002C000110 3132333435363738 3132333435363738", "9000"), "002c000110 <16 bytes> ->  9000"),
        # The contents of a profile's files
        (("00B0000009", "082943990000000010 9000"), "00b0000009 -> <9 bytes> 9000"),
        (("00B2010404", "41424344 9000"), "00b2010404 -> <4 bytes> 9000"),
        # An unknown command
        (("0088000004 5EC12E70", "5EC12E70 9000"), "0088000004 <4 bytes> -> <4 bytes> 9000"),
    ],
)
def test_a_command_is_shown_if_it_is_known_to_be_harmless(exchange: tuple[str, str], line: str) -> None:
    assert shown(exchange) == [line]


# AuthenticateServer, PrepareDownload, and the segments of a bound profile package by their first tags
@pytest.mark.parametrize(
    "tag", ["BF38", "BF21", "BF36", "BF23", "A0", "A1", "A2", "A3", "86", "87", "88", "BF37"]
)
def test_the_messages_of_a_download_are_shown_as_header_and_length(tag: str) -> None:
    first = f"{tag}06{SECRET}"
    lines = shown(
        (f"81E21100{len(first) // 2:02X}{first}00", "9000"),
        (f"81E2910104{SECRET}00", "6106"),
        ("01C0000006", f"{SECRET}0102 9000"),
    )
    assert not any(SECRET.lower() in line.lower() for line in lines)
    assert lines[0].startswith(f"81e21100{len(first) // 2:02x} <")
    assert lines[2] == "01c0000006 -> <6 bytes> 9000"


def test_an_answer_and_later_blocks_are_shown_like_the_first_block() -> None:
    lines = shown(
        ("81E2110004BF2D025C 00", "9000"), ("81E29101025A00 00", "6102"), ("01C0000002", "BF2D 9000")
    )
    assert lines == [
        "81e2110004bf2d025c00 ->  9000",
        "81e29101025a0000 ->  6102",
        "01c0000002 -> bf2d 9000",
    ]
    after = shown(("0020000104 31323334", "6102"), ("00C0000002", "5EC1 9000"))
    assert after[1] == "00c0000002 -> <2 bytes> 9000"


@pytest.fixture
def traffic(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(TRAFFIC, "lpa"):
        yield caplog


def test_a_channel_hides_a_request_in_many_blocks(traffic: pytest.LogCaptureFixture) -> None:
    request = bytes.fromhex("BF38 08") + b"M4TCH1NG"
    card = ScriptedCard(
        ("80AA00000A A9088100820101830107", "9000"),
        ("0070000001", "01 9000"),
        ("81E2110006 BF38084D3454 00", "9000"),
        ("81E2910105 4348314E47 00", f"{SECRET} 9000"),
    )
    assert Channel(card, block_size=6).exchange(request) == bytes.fromhex(SECRET)
    assert traffic.messages[-2:] == [
        "81e2110006 <7 bytes> ->  9000",
        "81e2910105 <6 bytes> -> <4 bytes> 9000",
    ]


def test_a_trace_has_the_lines_of_each_exchange_and_of_each_start(traffic: pytest.LogCaptureFixture) -> None:
    card = ScriptedCard(
        ("80AA00000A A9088100820101830107", "9000"),
        ("0070000001", "01 9000"),
        ("81E2910003 BF3800 00", f"{SECRET} 9000"),
    )
    Channel(card).exchange(bytes.fromhex("BF3800"))
    lines: list[list[str]] = [vars(record)[TRACE_LINES] for record in traffic.records]
    assert lines == [
        ["! reset"],
        ["> 80AA00000AA9088100820101830107", "< 9000"],
        ["> 0070000001", "< 01 9000"],
        ["> 81E2910003 <4 bytes>", "< <4 bytes> 9000"],
    ]


def test_a_command_that_is_not_answered_is_shown_too(traffic: pytest.LogCaptureFixture) -> None:
    wire = ChannelCommands(PulledCard())
    with pytest.raises(CardRemoved):
        wire.transmit(bytes.fromhex("0020000104 31323334"))
    assert traffic.messages == ["0020000104 <4 bytes> -> no answer"]
    assert vars(traffic.records[0])[TRACE_LINES] == ["> 0020000104 <4 bytes>"]


def test_a_secret_that_occurs_in_the_digits_hides_what_it_is_in() -> None:
    register_secret("73501926")
    assert shown(("81E2910003BF3E0000", "BF3E735019 26 9000")) == ["81e2910003 <4 bytes> -> <6 bytes> 9000"]
    assert shown(("81E2910003BF3E0000", "BF3E735019 27 9000")) == ["81e2910003bf3e0000 -> bf3e73501927 9000"]


def of_log(*lines: str) -> list[str]:
    """The redacted lines of the log of another program."""
    found = find_exchanges("\n".join(lines)).exchanges
    return [line for exchange in redacted_log(found) for line in exchange.lines()]


def test_the_log_of_another_program_is_redacted_by_channel() -> None:
    assert of_log(
        "> 81E2910003BF3E00",
        "< 6105",
        "> 0020000104 31323334",  # on the basic channel, between a command and the rest of its answer
        "< 9000",
        "> 81C0000005",
        "< BF3E125A10 9000",
        "> 00C0000004",
        "< 5EC12E70 9000",
    ) == [
        "> 81E2910003BF3E00",
        "< 6105",
        "> 0020000104 <4 bytes>",
        "< 9000",
        "> 81C0000005",
        "< BF3E125A10 9000",
        "> 00C0000004",
        "< <4 bytes> 9000",
    ]


def test_an_answer_that_may_belong_to_the_command_before_is_hidden() -> None:
    """Two readers in one log: the contents of a file come behind a command to the other card."""
    log = ("> 00B0000004", "> 81E2910003BF3E00", "< 5EC12E70 9000", "> 81E2910003BF3E00", "< BF3E 9000")
    assert of_log(*log) == [
        "> 00B0000004",
        "> 81E2910003 <3 bytes>",
        "< <4 bytes> 9000",
        "> 81E2910003BF3E00",
        "< BF3E 9000",
    ]


def test_what_a_log_hides_stays_hidden() -> None:
    assert of_log("lpa.card.apdu: 81e2910003bf3e00 -> <4 bytes> 9000") == [
        "> 81E2910003 <3 bytes>",
        "< <4 bytes> 9000",
    ]


def test_the_level_of_traffic_is_below_debug() -> None:
    assert logging.getLevelName(TRAFFIC) == "TRAFFIC"
    assert TRAFFIC == 5 < logging.DEBUG
