"""A simulated card with two secure elements, in memory and in a folder."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from lpa.card.es10 import Euicc
from lpa.card.secure_elements import ELEMENT_AIDS
from lpa.rsp.names import Iccid
from lpa.sim import samples
from lpa.sim.crypto.pki import Authority
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc

AUTHORITY = Authority.mint(now=datetime(2026, 1, 1, tzinfo=UTC))
LIKE = Behaviour.like("estk-me")


def made(path: Path | None = None) -> SimulatedEuicc:
    profiles = samples.profiles(3)
    return SimulatedEuicc.create(
        path, profiles=profiles[:1], second_profiles=profiles[1:], behaviour=LIKE, authority=AUTHORITY
    )


def test_each_element_has_its_own_eid_and_profiles() -> None:
    card = made()
    assert card.second
    with Euicc(card) as first:
        assert (str(first.eid), len(first.profiles())) == (card.eid, 1)
        assert [str(other.eid) for other in first.other_elements()] == [card.second.eid]
        assert len(first.profiles()) == 1
    with Euicc(card, aids=ELEMENT_AIDS[1:]) as second:
        assert (str(second.eid), len(second.profiles())) == (card.second.eid, 2)


def test_both_elements_are_stored_and_each_keeps_its_changes(tmp_path: Path) -> None:
    made(tmp_path / "card").close()
    with SimulatedEuicc.load(tmp_path / "card") as card, Euicc(card, aids=ELEMENT_AIDS[1:]) as euicc:
        euicc.delete_profile(Iccid.parse("8949985000000000025"))
    with SimulatedEuicc.load(tmp_path / "card") as card:
        assert card.second
        assert [len(element.profiles) for element in (card, card.second)] == [1, 1]
        card.power_off()
        card.reset()
        with Euicc(card, aids=ELEMENT_AIDS[1:]) as euicc:
            assert len(euicc.profiles()) == 1


def test_an_aid_of_neither_is_unknown() -> None:
    card = made()
    for command, sw in (("0070000001", 0x9000), ("01A4040005A000000001", 0x6A82), ("FF", 0x6700)):
        assert card.transmit(bytes.fromhex(command))[1] == sw


def test_a_card_behaves_otherwise_only_until_it_is_closed(tmp_path: Path) -> None:
    SimulatedEuicc.create(tmp_path / "card", authority=AUTHORITY).close()
    with SimulatedEuicc.load(tmp_path / "card", behaviour=Behaviour(protocol="T=1", channels=0)) as card:
        assert card.atr[1] >> 4 == 9
        with Euicc(card) as euicc:
            euicc.set_nickname(Iccid.parse("8949985000000000025"), "Later")
    with SimulatedEuicc.load(tmp_path / "card") as card:
        assert (card.behaviour, card.profiles[1].nickname) == (Behaviour(), "Later")


def test_a_second_element_cannot_be_added_to_a_card(tmp_path: Path) -> None:
    SimulatedEuicc.create(tmp_path / "card", authority=AUTHORITY).close()
    with pytest.raises(ValueError, match="only if it was created with it"):
        SimulatedEuicc.load(tmp_path / "card", behaviour=LIKE)
    SimulatedEuicc.load(tmp_path / "card").close()  # It is not left locked.


def test_profiles_of_a_second_element_need_one(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="need a card with a second_isdr_aid"):
        SimulatedEuicc.create(
            tmp_path / "card", second_profiles=samples.profiles(1), profiles=0, authority=AUTHORITY
        )
    assert not (tmp_path / "card").exists()
