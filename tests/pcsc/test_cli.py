"""`lpa readers` and `lpa doctor` at real card readers."""

from __future__ import annotations

from lpa import doctor
from lpa.rsp.names import ServerAddress
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.testing.pcscd import VirtualReader
from tests.support import command

from .conftest import READERS, PlugIn


def _handshake(address: ServerAddress, /, *, ci_pkids: object) -> None:
    """Every server can be reached."""


def test_readers_are_listed_with_their_cards(virtual_reader: PlugIn) -> None:
    card = SimulatedEuicc.create(None)
    with virtual_reader(card, slot=1):
        ran = command.run("readers")
        document = command.run("readers", "--json").document
    assert (ran.code, ran.err) == (0, "")
    assert [line.split(maxsplit=5) for line in ran.out.splitlines()[1:]] == [
        ["0", *READERS[0].split(), "empty"],
        ["1", *READERS[1].split(), f"eUICC {card.eid}"],
    ]
    empty, full = document["result"]["readers"]
    assert (empty["eid"], empty["problem"]["kind"]) == (None, "NoCard")
    assert (full["eid"], full["atr"]) == (card.eid, card.atr.hex())


def test_doctor_checks_everything_from_the_service_to_the_servers(virtual_reader: PlugIn) -> None:
    card = SimulatedEuicc.create(None)
    with virtual_reader(card) as reader:
        findings = list(doctor.examine(_handshake))
    assert [(finding.step, finding.verdict) for finding in findings] == [
        ("service", "good"),
        ("readers", "good"),
        ("card", "good"),
        ("ATR", "good"),
        ("ISD-R", "good"),
        ("EID", "good"),
        ("clock", "good"),
        *[("network", "good")] * 3,
    ]
    assert findings[2].message == f"The card in {reader.name!r} answers, over T=0."
    assert findings[3].message == card.atr.hex().upper()


def test_doctor_ends_at_a_mute_card(mute_card: VirtualReader) -> None:
    *_, last = doctor.examine(_handshake, mute_card.name)
    assert (last.step, last.verdict) == ("card", "bad")


def test_doctor_ends_at_a_reader_that_does_not_exist(virtual_reader: PlugIn) -> None:
    with virtual_reader(SimulatedEuicc.create(None)):
        *_, last = doctor.examine(_handshake, "another reader")
    assert (last.step, last.verdict) == ("readers", "bad")
