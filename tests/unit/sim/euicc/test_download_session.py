"""The states of a download session, and the commands that each state accepts."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from lpa.sim.euicc.behaviour import Behaviour
from tests.support.der import parts, value
from tests.support.downloads import CANCEL, CODED, Conversation, failure, point, signature
from tests.support.terminal import SELECT_ISDR, T1, made


@pytest.fixture
def talk() -> Conversation:
    return Conversation(made())


ASKED = ("authenticate", "prepare", "package", "piece", "cancel", "list")
# The error code or status word of a refusal; + for success.
STATES = {
    "nothing": ("4", "4", "6985", "6985", "5", "+"),
    "challenged": ("+", "4", "6985", "6985", "5", "+"),
    "authenticated": ("4", "+", "6985", "6985", "+", "+"),
    "prepared": ("4", "4", "+", "6985", "+", "+"),
    "loading": ("6985", "6985", "6985", "+", "+", "6985"),
    "cancelled": ("4", "4", "6985", "6985", "5", "+"),
    "installed": ("4", "4", "6985", "6985", "5", "+"),
    "failed": ("4", "4", "6985", "6985", "5", "+"),
    "reset": ("4", "4", "6985", "6985", "5", "+"),
}
CASES = [
    (state, asked, answer)
    for state, answers in STATES.items()
    for asked, answer in zip(ASKED, answers, strict=True)
]


@pytest.mark.parametrize(("state", "asked", "expected"), CASES)
def test_each_command_is_accepted_only_in_its_state(state: str, asked: str, expected: str) -> None:
    talk = Conversation(made())
    requests = bring_into(talk, state)
    outcome = outcome_of(talk.terminal.ask(requests[asked].hex()))
    assert outcome == (expected if expected in ("6985", "+") else f"error {expected}")


@pytest.mark.parametrize("state", STATES)
def test_a_challenge_starts_a_new_session_in_any_state(state: str) -> None:
    talk = Conversation(made())
    bring_into(talk, state)
    before = len(talk.card.profiles)
    assert parts(talk.download())[0]
    assert len(talk.card.profiles) == before + (0 if state == "installed" else 1)


def bring_into(talk: Conversation, state: str) -> dict[str, bytes]:
    """Bring the card into `state`. Returns the requests to try then."""
    challenge = talk.challenge()
    requests = {
        "authenticate": talk.server.authenticate_server(challenge),
        "cancel": bytes.fromhex(f"{CANCEL}00"),
        "list": bytes.fromhex("BF2D00"),
    }
    order = list(STATES)
    if order.index(state) >= order.index("authenticated"):
        talk.signature = parts(parts(talk.ask(requests["authenticate"]))[0])[1]
    requests["prepare"] = talk.server.prepare_download(talk.signature or signature(talk.server.auth, b""))
    card_key = b""
    if order.index(state) >= order.index("prepared"):
        card_key = value(parts(parts(parts(talk.ask(requests["prepare"]))[0])[0])[1])
    segments = talk.server.segments(card_key or _some_key())
    requests |= {"package": segments[0], "piece": segments[1]}
    if state in ("loading", "cancelled", "reset"):
        assert talk.load(segments[:1]) == b""
    elif state == "installed":
        assert talk.load(segments)
    elif state == "failed":
        broken = segments[1][:-1] + bytes([segments[1][-1] ^ 1])
        assert failure(talk.load([segments[0], broken])) == (1, 8)
    if state == "cancelled":
        talk.ask(requests["cancel"])
    if state in ("reset", "nothing"):
        talk.card.reset()
        talk.terminal = Conversation(talk.card, talk.server).terminal
    return requests


def _some_key() -> bytes:
    return point(ec.generate_private_key(ec.SECP256R1()))


def outcome_of(answer: str) -> str:
    """A status word, "error" with its code, or + for anything else."""
    if len(answer) == 4:
        return "+" if answer == "9000" else answer
    outcome = parts(bytes.fromhex(answer)[:-2])[0]
    if outcome[0] == 0x81:
        return f"error {value(outcome)[0]}"
    return f"error {value(parts(outcome)[1])[0]}" if outcome[0] == 0xA1 else "+"


# Other terminals


def test_a_session_does_not_belong_to_a_channel(talk: Conversation) -> None:
    """Some terminals open a channel for each command, and close it."""
    send = talk.terminal.send

    def ask(request: bytes) -> bytes:
        assert send("0070000001")[-4:] == "9000"
        assert send(f"01{SELECT_ISDR}")[:2] == "61"
        answer = talk.ask(request)
        assert send("00708001") == "9000"
        return answer

    assert send("00708001") == "9000"
    challenge = ask(bytes.fromhex("BF2E00"))[-16:]
    answer = ask(talk.server.authenticate_server(challenge))
    euicc_signature = parts(parts(answer)[0])[1]
    prepared = ask(talk.server.prepare_download(euicc_signature))
    key = value(parts(parts(parts(prepared)[0])[0])[1])
    for segment in talk.server.segments(key):
        result = ask(segment)
    assert result[:2] == b"\xbf\x37"
    assert talk.card.profiles[-1].coded_iccid.hex().upper() == CODED


@pytest.mark.parametrize("behaviour", [Behaviour(block_size=120), Behaviour(channels=0), T1])
def test_a_download_works_with_cards_of_every_kind(behaviour: Behaviour) -> None:
    talk = Conversation(made(behaviour), channel=min(behaviour.channels, 1))
    assert parts(talk.download())[0]
    assert len(talk.card.profiles) == 4
