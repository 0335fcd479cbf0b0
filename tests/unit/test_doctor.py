"""The doctor's walk: each look, and where it ends."""

from __future__ import annotations

from dataclasses import replace

from lpa import doctor
from lpa.errors import ConnectFailed
from lpa.rsp.limits import DELIVERY_SECONDS
from lpa.rsp.names import ServerAddress
from lpa.rsp.pki.key_identifier import KeyIdentifier
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.journals import Clock

NOW = 1_800_000_000.0  # 2027-01-15


class Network:
    """Servers of which some cannot be reached; `handshake`: who was asked."""

    def __init__(self, *away: str) -> None:
        self.away = away
        self.handshakes: list[str] = []

    def handshake(self, address: ServerAddress, /, *, ci_pkids: tuple[KeyIdentifier, ...]) -> str:
        self.handshakes.append(str(address))
        if address.host in self.away:
            raise ConnectFailed(f"Cannot reach {address}.")
        return f"issuer {ci_pkids[0].coded.hex()[:4] if ci_pkids else None}"


def _walk(card: SimulatedEuicc, network: Network, now: float = NOW) -> list[tuple[str, str, str]]:
    findings = doctor.examine_card(card, network.handshake, clock=lambda: now)
    return [(finding.step, finding.verdict, finding.message) for finding in findings]


def test_a_walk_without_trouble_ends_at_every_server_of_the_card() -> None:
    card, network = SimulatedEuicc.create(None), Network()
    vouching = f"issuer {card.authority.key_identifier.hex()[:4]} vouches for it."
    assert _walk(card, network) == [
        ("ISD-R", "good", "A0000005591010FFFFFFFF8900000100 answers."),
        ("EID", "good", card.eid),
        ("clock", "good", "It is 2027-01-15 08:00 UTC."),
        ("network", "good", f"The server albion.smdp.example answers, and {vouching}"),
        ("network", "good", f"The server nordlicht.smdp.example answers, and {vouching}"),
        ("network", "good", f"The server shili.smdp.example answers, and {vouching}"),
    ]
    assert network.handshakes == ["albion.smdp.example", "nordlicht.smdp.example", "shili.smdp.example"]


def test_a_plain_sim_ends_the_walk() -> None:
    card = SimulatedEuicc.create(None, behaviour=Behaviour(not_an_euicc=True))
    (finding,) = doctor.examine_card(card, Network().handshake)
    assert (finding.step, finding.verdict) == ("ISD-R", "bad")
    assert finding.problem is not None
    assert finding.advice == finding.problem.advice != ""


def test_wrong_check_digits_are_doubtful_and_no_end() -> None:
    card = SimulatedEuicc.create(None, eid="89999999000000000000000000000000")
    steps = _walk(card, Network())
    assert [verdict for step, verdict, _ in steps if step == "EID"] == ["doubtful"]
    assert steps[-1][0] == "network"


def test_a_clock_that_stands_in_the_past_is_bad() -> None:
    assert (
        "clock",
        "bad",
        "The clock of this computer says 1970-01-01 00:00 UTC, which is long past.",
    ) in (_walk(SimulatedEuicc.create(None), Network(), now=0.0))


def test_one_server_that_is_away_does_not_hide_the_others() -> None:
    network = Network("albion.smdp.example")
    verdicts = [
        verdict for step, verdict, _ in _walk(SimulatedEuicc.create(None), network) if step == "network"
    ]
    assert verdicts == ["bad", "good", "good"]


def test_a_profile_that_names_no_server_is_doubtful() -> None:
    profile = replace(SimulatedEuicc.create(None).profiles[0], notifications=((("delete",), "10.0.0.1"),))
    network = Network()
    steps = _walk(SimulatedEuicc.create(None, profiles=[profile]), network)
    assert steps[-1] == (
        "network",
        "doubtful",
        "The card names no proper server: '10.0.0.1' is not a server name.",
    )
    assert network.handshakes == []


def test_a_card_without_servers_leaves_nothing_to_try() -> None:
    steps = _walk(SimulatedEuicc.create(None, profiles=0), Network())
    assert steps[-1] == ("network", "good", "The card names no server that could be tried.")


def test_a_thousand_servers_that_are_silent_do_not_take_all_day() -> None:
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
