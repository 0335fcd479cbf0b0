"""A card that answers as a trace says, against traces written by hand."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from lpa.assistant import Assistant
from lpa.card.es10 import Euicc
from lpa.errors import CardUnpowered, LpaError
from lpa.rsp.names import Eid
from lpa.rsp.trace import Trace, first_line
from lpa.sim.euicc.recorded_card import RecordedCard
from lpa.sim.euicc.replay import Replay, ReplayFailed
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc

DELETED = "8949985000000000025"
EID = "89049032123451234512345678901235"
BY_HAND = f"""\
lpa-trace 1 redacted
! reset 3B9F96
> 80AA00000AA9088100820101830107
< 9000
> 0070000001
< 01 9000
> 01A4040010A0000005591010FFFFFFFF890000010000
< 9000
> 81E2910006BF3E035C015A00
< 6115
> 01C0000015
< BF3E125A10{EID} 9000
> 0020000108 <8 bytes>
< <2 bytes> 63C2
> 00708001
"""


def replay(*lines: str, lenient: bool = False) -> Replay:
    """A replay of these lines behind the first one of a trace."""
    return Replay(Trace.parse("\n".join((first_line(whole=True), *lines))), lenient=lenient)


def answer(card: Replay, command: str) -> str:
    """The answer to a command, in hexadecimal digits."""
    data, sw = card.transmit(bytes.fromhex(command))
    return f"{data.hex().upper()}{sw:04X}"


@pytest.fixture
def by_hand(tmp_path: Path) -> Path:
    (tmp_path / "session.trace").write_text(BY_HAND)
    return tmp_path / "session.trace"


def test_an_lpa_reads_the_card_of_a_trace(by_hand: Path) -> None:
    with Replay.load(by_hand) as card:
        assert card.atr == bytes.fromhex("3B9F96")
        euicc = Euicc(card)
        assert euicc.eid == Eid.parse(EID)
        assert card.remaining == 2


def test_hidden_bytes_stand_for_any_and_are_answered_with_zeros(by_hand: Path) -> None:
    with Replay.load(by_hand) as card, Euicc(card):
        assert answer(card, "00200001083132333435363738") == "000063C2"


def test_where_no_answer_was_recorded_none_comes(by_hand: Path) -> None:
    with Replay.load(by_hand, lenient=True) as card, pytest.raises(CardUnpowered, match=r"In line 15 of"):
        answer(card, "00708001")


def test_a_strict_replay_insists_on_the_commands_in_their_order() -> None:
    card = replay("> 00A40000", "< 6A82", "> 00B0000001", "< 41 9000")
    expected = "Line 2 of the trace has 00A40000, and 00B0000001 was sent."
    with pytest.raises(ReplayFailed) as failed:
        card.transmit(bytes.fromhex("00B0000001"))
    assert failed.value.message == expected
    assert [answer(card, "00A40000"), answer(card, "00B0000001")] == ["6A82", "419000"]
    with pytest.raises(ReplayFailed, match="The trace ends with line 4, and the command 00A40000 was sent"):
        card.transmit(bytes.fromhex("00A40000"))
    assert card.failure is failed.value


def test_a_failure_that_was_caught_is_raised_at_the_end_of_the_block() -> None:
    def passes() -> None:
        with replay("> 00A40000", "< 9000") as card, contextlib.suppress(LpaError):
            card.transmit(bytes.fromhex("00B0000001"))

    with pytest.raises(ReplayFailed, match="Line 2"):
        passes()


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("0020000104 31323334", "0020000104 <4 bytes>"),
        ("81E2910004 BF380100", "81E2910004 <4 bytes>"),
        ("81E2910104 31323334", "81E2910104 <4 bytes>"),
        ("81E2910003 BF3E00", "81E2910003BF3E00"),
        ("00A40004 02 3F00", "00A40004023F00"),
        ("00", "00"),
    ],
)
def test_a_failure_shows_no_secret_that_was_sent(command: str, shown: str) -> None:
    with pytest.raises(ReplayFailed, match=f" and {shown} was sent"):
        replay("> FF", "< 9000").transmit(bytes.fromhex(command))


@pytest.mark.parametrize("lenient", [False, True])
@pytest.mark.parametrize(
    ("recorded", "sent"),
    [
        ("81E2910003BF3E0000", "81E2910003BF3E00"),  # a reader with T=0 removed Le, now or then
        ("81E2910003BF3E00", "81E2910003BF3E0000"),
        ("0020000108 <8 bytes>", "00200001083132333435363738"),
        ("81E2910003 <4 bytes>", "81E2910003BF3E00"),
        ("81E29100 <hidden>", "81E2910003BF3E00"),
    ],
)
def test_commands_are_the_same_but_for_le_and_what_is_hidden(
    recorded: str, sent: str, *, lenient: bool
) -> None:
    assert answer(replay(f"> {recorded}", "< 6115", lenient=lenient), sent) == "6115"


def test_a_lenient_replay_answers_with_the_next_recorded_answer() -> None:
    card = replay("> 00A40000", "< 01 9000", "> 00C0000001", "< 41 9000", lenient=True)
    more = replay(
        *("> 00A40000", "< 01 9000", "> 00C0000001", "< 41 9000"),
        *("> 00A40000", "< 02 9000", "> 00C0000001", "< 42 9000"),
        lenient=True,
    )
    assert [answer(card, "00A40000") for _ in range(3)] == ["019000"] * 3
    assert [answer(more, "00A40000") for _ in range(3)] == ["019000", "029000", "019000"]
    # The rest of an answer is that of the answer that was given last.
    assert answer(more, "00A40000") == "029000"
    assert answer(more, "00C0000001") == "429000"


@pytest.mark.parametrize(
    ("recorded", "sent", "answered"),
    [
        ("01A40000", "02A40000", "9000"),  # on another channel
        ("81E2910004BF380100", "82E2910005BF38020000", "9000"),  # AuthenticateServer with other content
        ("81E2910004 <4 bytes>", "81E2910005BF38020000", "9000"),
        ("81E2110104AABBCCDD", "81E2110103AABBCC", "9000"),  # a later block
        ("81E2910003BF3E00", "81E2910005BF38020000", "6F00"),  # another function
        ("81E2910004BF330100", "81E2910004BF330200", "6F00"),  # DeleteProfile, of another profile
        ("81E2910004BF380100", "81E2110004BF380100", "6F00"),  # a request of more blocks
        ("00A40000", "00A40001", "6F00"),
        ("00A40000", "00B00000", "6D00"),
    ],
)
def test_a_lenient_replay_answers_what_is_alike(recorded: str, sent: str, answered: str) -> None:
    assert answer(replay(f"> {recorded}", "< 9000", lenient=True), sent) == answered


def test_a_reset_starts_a_complete_replay_over_and_is_not_compared() -> None:
    card = replay("! reset", "> 00A40000", "< 01 9000", "! reset", "> 00B00000", "< 02 9000")
    assert answer(card, "00A40000") == "019000"
    card.reset()
    card.power_off()
    assert answer(card, "00B00000") == "029000"
    card.reset()
    assert answer(card, "00A40000") == "019000"


def test_a_trace_without_a_card_cannot_be_replayed() -> None:
    with pytest.raises(ValueError, match="no exchange with a card"):
        replay(">> POST smdp.example/gsma/rsp2/es9plus/cancelSession", "<< 204")


@pytest.mark.parametrize("lenient", [False, True])
def test_a_recorded_deletion_is_replayed(tmp_path: Path, *, lenient: bool) -> None:
    """On another computer: the folder of the receipts is new."""
    lines: list[str] = []
    with SimulatedEuicc.create(None) as real, RecordedCard(real, lines.append) as card:
        recorded = delete(card, tmp_path / "first")
    assert (len(recorded[0]), len(recorded[1])) == (2, 1)
    assert lines[:2] == ["lpa-trace 1 whole", f"! reset {real.atr.hex().upper()}"]
    with Replay(Trace.parse("\n".join(lines)), lenient=lenient) as again:
        assert delete(again, tmp_path / "second") == recorded
        assert again.remaining == 0
        assert again.atr == real.atr


def delete(card: RecordedCard | Replay, folder: Path) -> tuple[list[str], list[bytes]]:
    """List the profiles and delete one: the ICCIDs that are left, and what the card signed."""
    with Assistant(card, state_dir=folder) as assistant:
        assistant.profiles()
        assistant.delete(assistant.plan_deletion(DELETED))
        left = [str(profile.iccid) for profile in assistant.profiles()]
    return left, [path.read_bytes() for path in sorted(folder.rglob("*.der"))]


def test_a_recording_has_resets_and_commands_without_an_answer() -> None:
    lines: list[str] = []
    card = RecordedCard(SimulatedEuicc.create(None), lines.append)
    card.reset()
    card.power_off()
    with pytest.raises(CardUnpowered):
        card.transmit(bytes.fromhex("0070000001"))
    assert [line.split()[0] for line in lines] == ["lpa-trace", "!", "!", ">"]
    assert lines[1] == lines[2]
