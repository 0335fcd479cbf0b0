"""A card with two secure elements in a reader: each is reached by name, and is an eUICC of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from lpa import Assistant, doctor
from lpa.errors import CardBusy, NotAnEuicc
from lpa.notifications.sender import ServerFactory
from lpa.rsp.names import Eid, ServerAddress
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support import command
from tests.support.two_elements import AIDS, TwoElements

from .conftest import READERS, PlugIn


def _handshake(address: ServerAddress, /, *, ci_pkids: object) -> None:
    """Every server can be reached."""


def test_readers_lists_both_elements_with_the_names_that_reach_them(virtual_reader: PlugIn) -> None:
    card = TwoElements()
    with virtual_reader(card):
        ran = command.run("readers")
        names = [line.split()[0] for line in ran.out.splitlines()[1:3]]
        eids = [command.run("--reader", name, "info", "--json").document["result"]["eid"] for name in names]
        (probe, _) = command.run("readers", "--json").document["result"]["readers"]
    first, second = (element.eid for element in card.elements)
    assert [line.split(maxsplit=5) for line in ran.out.splitlines()[1:3]] == [
        ["0", *READERS[0].split(), f"eUICC {first}"],
        ["0#2", *READERS[0].split(), f"eUICC {second}, secure element 2 of this card"],
    ]
    assert eids == [first, second]
    assert (probe["eid"], probe["other_elements"]) == (first, [{"number": 2, "eid": second}])


def test_info_and_doctor_name_the_other_element(virtual_reader: PlugIn) -> None:
    card = TwoElements()
    first, second = (element.eid for element in card.elements)
    with virtual_reader(card) as reader:
        plain = command.run("info").out
        of_second = command.run("--reader", f"{reader.name}#2", "info").out
        diagnoses = list(doctor.examine(_handshake, f"{reader.name}#1"))
    reached = "an eUICC of its own, reached with '#{}' behind the reader's name"
    assert f"Secure element 2  {second}: {reached.format(2)}\n" in plain
    assert f"Secure element 1  {first}: {reached.format(1)}\n" in of_second
    assert [one.message for one in diagnoses if one.step in ("ISD-R", "EID")] == [
        f"{AIDS[0]} answers.",
        first,
        f"{second} is that of secure element 2 of this card, an eUICC of its own: "
        "'#2' behind the reader's name means it.",
    ]
    assert {one.verdict for one in diagnoses} == {"good"}


def test_a_change_of_the_second_element_leaves_the_first_alone(
    virtual_reader: PlugIn, servers: ServerFactory, tmp_path: Path
) -> None:
    card = TwoElements()
    victim = card.elements[1].profiles[1].iccid
    with (
        virtual_reader(card) as reader,
        Assistant.open(f"{reader.name}#2", state_dir=tmp_path, servers=servers) as assistant,
    ):
        assert assistant.reader == f"{READERS[0]}#2"
        assistant.enable(victim)  # which resets the card
        assert assistant.euicc.aid.coded.hex().upper() == AIDS[1]
        assert str(assistant.eid) == card.elements[1].eid
    assert [profile.state for profile in card.elements[0].profiles] == ["enabled", "disabled", "disabled"]
    assert [profile.state for profile in card.elements[1].profiles] == ["disabled", "enabled", "disabled"]


def test_each_element_has_its_own_lock(virtual_reader: PlugIn, tmp_path: Path) -> None:
    card = TwoElements()
    first, second = (Eid.parse(element.eid) for element in card.elements)
    with (
        virtual_reader(card) as reader,
        Assistant.open(f"{reader.name}#2", state_dir=tmp_path) as assistant,
        assistant.journal.lock(assistant.eid),
    ):
        with assistant.journal.try_lock(first):
            pass
        with pytest.raises(CardBusy), assistant.journal.try_lock(second):
            pass


def test_a_card_with_one_element_has_no_second(virtual_reader: PlugIn) -> None:
    with virtual_reader(SimulatedEuicc.create(None)) as reader:
        with pytest.raises(NotAnEuicc, match="No second secure element"):
            Assistant.open(f"{reader.name}#2")
        with Assistant.open(f"{reader.name}#1") as assistant:
            assert assistant.reader == f"{reader.name}#1"
