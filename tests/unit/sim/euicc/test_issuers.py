"""Cards that are certified under several issuers."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from lpa.sim.crypto.pki import Authority, der
from lpa.sim.euicc.identity import CardIdentity
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.der import parts
from tests.support.downloads import CODED, Conversation, Package, Server, store_metadata, verify
from tests.support.forgery import EID
from tests.support.identities import authority, certified
from tests.support.terminal import Terminal


def several() -> tuple[list[Authority], SimulatedEuicc]:
    """A card with certificates under two issuers, on two curves, that trusts a third as well."""
    above = [authority("P-256"), authority("brainpoolP256r1"), authority("P-256")]
    identity = CardIdentity(
        (certified(above[0]), certified(above[1])), tuple(issuer.certificate for issuer in above)
    )
    return above, SimulatedEuicc.create(None, identity=identity)


def test_all_issuers_are_listed() -> None:
    above, card = several()
    first, second, third = ("0414" + issuer.key_identifier.hex().upper() for issuer in above)
    assert Terminal(card).ask("BF2000") == (
        f"BF2077820302 0202A942{first}{second}{third}AA2C{first}{second}9000".replace(" ", "")
    )


@pytest.mark.parametrize("asked", [0, 1])
@pytest.mark.parametrize("server", [0, 1, 2])
def test_the_card_signs_under_the_issuer_that_the_server_names(server: int, asked: int) -> None:
    above, card = several()
    peer = Server(above[server], EID)
    peer.issuer = above[asked].key_identifier
    talk = Conversation(card, peer)
    answer = talk.authenticate()
    signed, signature, euicc, eum = parts(parts(answer)[0])
    held = card.identity.credentials[asked]
    assert (euicc, eum) == (der(held.certificate), der(held.chain[0]))
    verify(euicc, signed, signature)
    talk.prepare()
    data, signature = parts(talk.load(peer.segments(talk.key)))
    verify(euicc, data, signature)


def test_notifications_of_a_profile_are_signed_under_the_issuer_of_its_download() -> None:
    above, card = several()
    talk = Conversation(card, Server(above[1], EID))
    talk.server.issuer = above[1].key_identifier
    talk.download(Package(metadata=store_metadata(CODED, "B60B 3009 80020410 8103 612E62")))
    assert talk.terminal.ask(f"BF330C5A0A{CODED}") == "BF33038001009000"
    listed = talk.ask(bytes.fromhex("BF2B05A003800102"))
    signed, signature, euicc, eum = parts(parts(parts(listed)[0])[0])
    assert eum == der(card.identity.credentials[1].chain[0])
    verify(euicc, signed, signature)


@pytest.mark.parametrize("asked", [2, None])
def test_an_issuer_under_which_the_card_has_no_certificate_is_unknown(asked: int | None) -> None:
    above, card = several()
    peer = Server(above[0], EID)
    peer.issuer = b"" if asked is None else above[asked].key_identifier
    talk = Conversation(card, peer)
    assert talk.ask(peer.authenticate_server(talk.challenge())).hex()[-6:] == "020107"


def test_a_card_with_two_issuers_can_be_stored_in_a_folder(tmp_path: Path) -> None:
    _, card = several()
    with closing(SimulatedEuicc.create(tmp_path / "card", identity=card.identity)):
        pass
    with closing(SimulatedEuicc.load(tmp_path / "card")) as again:
        assert again.identity.signing == card.identity.signing
        assert again.identity.verified == card.identity.verified
