"""The one-time keys of the simulated card: their server, and how long the card keeps them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.downloads import CANCEL, DPAUTH, DPPB, Conversation, Server, certificate
from tests.support.terminal import made


@pytest.fixture
def talk() -> Conversation:
    return Conversation(made())


def test_the_key_of_a_bound_package_is_used_again(talk: Conversation) -> None:
    talk.prepare()
    key = talk.key
    segments = talk.server.segments(key)
    talk.card.reset()
    again = Conversation(talk.card, talk.server)
    again.prepare(key=key)
    assert again.key == key
    assert again.load(segments)
    assert len(talk.card.profiles) == 4


def test_a_key_is_stored_in_the_folder(tmp_path: Path) -> None:
    with closing(SimulatedEuicc.create(tmp_path / "card")) as card:
        talk = Conversation(card)
        talk.prepare()
    with closing(SimulatedEuicc.load(tmp_path / "card")) as card:
        again = Conversation(card, talk.server)
        again.prepare(key=talk.key)
        assert again.key == talk.key


def test_a_key_is_for_one_server_only(talk: Conversation) -> None:
    talk.prepare()
    key = talk.key
    server = Server(talk.server.authority, talk.server.eid)
    server.certificate = certificate(server.authority, server.auth, DPAUTH, "2.999.12")
    server.binding = certificate(server.authority, server.pb, DPPB, "2.999.12")
    talk.server = server
    talk.prepare(key=key)
    assert talk.key != key


def test_a_key_is_for_one_curve_only(talk: Conversation) -> None:
    talk.prepare()
    key = talk.key
    talk.server = Server(talk.server.authority, talk.server.eid, ec.BrainpoolP256R1())
    talk.prepare(key=key)
    ec.EllipticCurvePublicKey.from_encoded_point(ec.BrainpoolP256R1(), talk.key)


def test_a_key_that_was_used_is_not_used_again(talk: Conversation) -> None:
    talk.prepare()
    key = talk.key
    talk.load(talk.server.segments(key)[:1])
    talk.prepare(key=key)
    assert talk.key != key


@pytest.mark.parametrize(("reason", "kept"), [(0, False), (1, True), (2, True), (3, False), (5, False)])
def test_a_cancelled_download_keeps_its_key_only_if_it_can_be_retried(
    talk: Conversation, reason: int, kept: bool
) -> None:
    talk.prepare()
    key = talk.key
    talk.terminal.ask(f"{CANCEL}{reason:02X}")
    talk.prepare(key=key)
    assert (talk.key == key) == kept


def test_only_a_few_keys_are_kept(talk: Conversation) -> None:
    talk.prepare()
    first = talk.key
    for _ in range(4):
        talk.prepare()
    talk.prepare(key=first)
    assert talk.key != first
