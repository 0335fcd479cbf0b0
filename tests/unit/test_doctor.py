"""The checks of the doctor, and where they end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lpa import doctor
from lpa.card import probing
from lpa.card.pcsc import Reader
from lpa.errors import ConnectFailed, LpaError, NoService
from lpa.rsp.limits import DELIVERY_SECONDS
from lpa.rsp.names import ServerAddress
from lpa.rsp.pki.key_identifier import KeyIdentifier
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.field_cards import ANY, LIST, FieldCard
from tests.support.journals import Clock
from tests.support.two_elements import TwoElements

NOW = 1_800_000_000.0  # 2027-01-15


class Network:
    """Servers of which some cannot be reached; `handshakes`: those that were tried."""

    def __init__(self, *away: str) -> None:
        self.away = away
        self.handshakes: list[str] = []

    def handshake(self, address: ServerAddress, /, *, ci_pkids: tuple[KeyIdentifier, ...]) -> str:
        self.handshakes.append(str(address))
        if address.host in self.away:
            raise ConnectFailed(f"Cannot reach {address}.")
        return f"issuer {ci_pkids[0].coded.hex()[:4] if ci_pkids else None}"


def _checks(card: SimulatedEuicc, network: Network, now: float = NOW) -> list[tuple[str, str, str]]:
    diagnoses = doctor.examine_card(card, network.handshake, clock=lambda: now)
    return [(diagnosis.step, diagnosis.verdict, diagnosis.message) for diagnosis in diagnoses]


def test_every_server_of_the_card_is_checked() -> None:
    card, network = SimulatedEuicc.create(None), Network()
    certified = f"It is certified by issuer {card.authority.key_identifier.hex()[:4]}."
    assert _checks(card, network) == [
        ("ISD-R", "good", "A0000005591010FFFFFFFF8900000100 answers."),
        ("EID", "good", card.eid),
        ("clock", "good", "It is 2027-01-15 08:00 UTC."),
        ("network", "good", f"The server albion.smdp.example answers. {certified}"),
        ("network", "good", f"The server nordlicht.smdp.example answers. {certified}"),
        ("network", "good", f"The server shili.smdp.example answers. {certified}"),
    ]
    assert network.handshakes == ["albion.smdp.example", "nordlicht.smdp.example", "shili.smdp.example"]


def test_a_sim_that_is_no_euicc_ends_the_checks() -> None:
    card = SimulatedEuicc.create(None, behaviour=Behaviour(not_an_euicc=True))
    (diagnosis,) = doctor.examine_card(card, Network().handshake)
    assert (diagnosis.step, diagnosis.verdict) == ("ISD-R", "bad")
    assert diagnosis.problem is not None
    assert diagnosis.advice == diagnosis.problem.advice != ""


@pytest.mark.parametrize("problem", [NoService("It does not run."), None])
def test_an_unknown_scheme_is_the_problem_and_not_the_readers(
    problem: LpaError | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def readers() -> tuple[Reader, ...]:
        if problem:
            raise problem
        return ()

    for module in (doctor, probing):
        monkeypatch.setattr(module, "readers", readers)
    *_, last = doctor.examine(Network().handshake, "smi:card")
    assert (last.step, last.verdict) == ("readers", "bad")
    assert last.message == "No scheme 'smi' is installed for 'smi:card'; installed: sim."


def test_a_simulated_card_is_examined_by_its_scheme(tmp_path: Path) -> None:
    SimulatedEuicc.create(tmp_path / "card").close()
    steps = [one.step for one in doctor.examine(Network().handshake, f"sim:{tmp_path / 'card'}")]
    assert steps[:3] == ["ISD-R", "EID", "clock"]
    (only,) = doctor.examine(Network().handshake, f"sim:{tmp_path / 'card'}#2")
    assert (only.step, only.message) == ("ISD-R", "No second secure element answers on the card.")


def test_the_other_element_of_a_card_is_named() -> None:
    card = TwoElements()
    first, second = (element.eid for element in card.elements)
    messages = [one.message for one in doctor.examine_card(card, Network().handshake) if one.step == "EID"]
    assert messages[0] == first
    assert messages[1].startswith(f"{second} is that of secure element 2 of this card")


def test_wrong_check_digits_are_doubtful_and_do_not_end_the_checks() -> None:
    card = SimulatedEuicc.create(None, eid="89999999000000000000000000000000")
    steps = _checks(card, Network())
    assert [verdict for step, verdict, _ in steps if step == "EID"] == ["doubtful"]
    assert steps[-1][0] == "network"


def test_a_clock_in_the_past_is_bad() -> None:
    assert (
        "clock",
        "bad",
        "The clock of this computer is wrong: it says 1970-01-01 00:00 UTC.",
    ) in (_checks(SimulatedEuicc.create(None), Network(), now=0.0))


def test_one_unreachable_server_does_not_hide_the_others() -> None:
    network = Network("albion.smdp.example")
    verdicts = [
        verdict for step, verdict, _ in _checks(SimulatedEuicc.create(None), network) if step == "network"
    ]
    assert verdicts == ["bad", "good", "good"]


def test_a_profile_that_names_an_invalid_server_is_doubtful() -> None:
    profile = replace(SimulatedEuicc.create(None).profiles[0], notifications=((("delete",), "10.0.0.1"),))
    network = Network()
    steps = _checks(SimulatedEuicc.create(None, profiles=[profile]), network)
    assert steps[-1] == (
        "network",
        "doubtful",
        "The card names an invalid server: '10.0.0.1' is not a server name.",
    )
    assert network.handshakes == []


def test_a_card_without_servers_is_good() -> None:
    steps = _checks(SimulatedEuicc.create(None, profiles=0), Network())
    assert steps[-1] == ("network", "good", "The card names no server, so there is none to try.")


def test_many_unreachable_servers_are_not_all_tried() -> None:
    wanted = tuple((("delete",), f"s{number}.example") for number in range(50))
    profile = replace(SimulatedEuicc.create(None).profiles[0], notifications=wanted)
    clock = Clock(NOW)

    def handshake(address: ServerAddress, /, *, ci_pkids: object) -> str:
        clock.now += DELIVERY_SECONDS / 3
        raise ConnectFailed(f"Cannot reach {address}.")

    card = SimulatedEuicc.create(None, profiles=[profile])
    *_, third, last = doctor.examine_card(card, handshake, clock=clock)
    assert third.message == "Cannot reach s2.example."
    assert last.message == "47 more servers were not tried: those before them took 300 seconds."
    assert last.verdict == "doubtful"


def test_a_card_that_does_not_list_its_notifications_is_checked_to_the_end() -> None:
    card = FieldCard(SimulatedEuicc.create(None), {LIST: "6985"})
    assert [diagnosis.verdict for diagnosis in doctor.examine_card(card, Network().handshake)] == ["good"] * 6
    card.answers[ANY] = "6985"
    diagnoses = [*doctor.examine_card(card, Network().handshake)]
    assert [one.step for one in diagnoses if one.verdict == "bad"] == ["notifications"]
    assert [one.step for one in diagnoses][-1] == "network"
