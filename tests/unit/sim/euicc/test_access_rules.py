"""The access rules that the card states in EF.ARR are those that it enforces (TS 102 221 §9.2)."""

from __future__ import annotations

import functools
from dataclasses import replace

import pytest

from lpa.sim import samples
from lpa.sim.euicc import access_rules
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.exporter import CYCLIC, TRANSPARENT, Exported, content, exported, rule, select, verify
from tests.support.terminal import T1, made, send

PROFILE = samples.profiles(1)[0]
CONTENTS = replace(PROFILE.contents, pin="1234")
PIN1, PIN2, ADM1 = 0x01, 0x81, 0x0A
READ, UPDATE, DEACTIVATE, ACTIVATE = 0x01, 0x02, 0x08, 0x10


def test_the_records_of_ef_arr() -> None:
    pin, adm, pin2 = (f"A406 83 01 {key} 95 01 08" for key in ("01", "0A", "81"))
    records = [
        "80 01 01 90 00 80 01 7A 97 00",
        f"80 01 01 90 00 80 01 02 {adm} 80 01 78 97 00",
        f"80 01 01 90 00 80 01 02 {pin} 80 01 78 97 00",
        f"80 01 01 {pin} 80 01 02 {adm} 80 01 78 97 00",
        f"80 01 03 {pin} 80 01 78 97 00",
        f"80 01 01 {pin} 80 01 02 {pin2} 80 01 78 97 00",
        "80 01 7F 97 00",
    ]
    assert access_rules.records() == [bytes.fromhex(record).ljust(27, b"\xff") for record in records]


def permitted(card: SimulatedEuicc, file: Exported, old: bytes) -> tuple[bool, bool]:
    """Whether the card lets `file` be read and updated now. It is updated with its `old` content."""
    select(card, file.path)
    if file.structure == TRANSPARENT:
        commands = ("00B0000001", f"00D6000001{old[:1].hex()}")
    else:
        size = file.record_size
        mode = "0003" if file.structure == CYCLIC else "0104"
        commands = (f"00B20104{size:02X}", f"00DC{mode}{size:02X}{old[:size].hex()}")
    answers = [send(card, command)[-4:] for command in commands]
    assert set(answers) <= {"9000", "6982"}, file.path
    return answers[0] == "9000", answers[1] == "9000"


@functools.cache
def stated() -> dict[str, tuple[Exported, bytes, dict[int, int | None]]]:
    """The files of a card with a PIN, each with its content and the access rule in EF.ARR, by path."""
    card = SimulatedEuicc.create(None, profiles=[replace(PROFILE, contents=CONTENTS)], behaviour=T1)
    verify(card, CONTENTS, PIN1)
    files = exported(card)
    return {
        path: (file, content(card, file), rule(card, files, file))
        for path, file in files.items()
        if not file.is_folder
    }


@pytest.mark.parametrize("keys", [(), (PIN1,), (PIN2,), (ADM1,), (PIN1, PIN2), (PIN1, ADM1)])
@pytest.mark.parametrize("disabled", [False, True])
def test_the_card_enforces_what_its_rules_say(keys: tuple[int, ...], *, disabled: bool) -> None:
    contents = replace(CONTENTS, pin=None) if disabled else CONTENTS
    card = SimulatedEuicc.create(None, profiles=[replace(PROFILE, contents=contents)], behaviour=T1)
    verify(card, contents, *(key for key in keys if not (disabled and key == PIN1)))
    satisfied = {0, *keys, *((PIN1,) if disabled else ())}
    assert {path: permitted(card, file, old) for path, (file, old, _) in stated().items()} == {
        path: (conditions[READ] in satisfied, conditions[UPDATE] in satisfied)
        for path, (_, _, conditions) in stated().items()
    }


def test_what_no_rule_allows_is_refused_for_every_file() -> None:
    card = made(T1)
    files = exported(card)
    verify(card, samples.profiles(1)[0].contents, PIN2, ADM1)
    for path, file in files.items():
        conditions = rule(card, files, file)
        assert conditions[DEACTIVATE] is conditions[ACTIVATE] is None
        select(card, path)
        assert send(card, "00040000") == send(card, "00440000") == "6982"
        assert send(card, "00E40000") == send(card, "00E80000") == send(card, "00E000000100") == "6D00"


def test_without_a_profile_the_rules_are_in_the_files() -> None:
    card = made(T1, profiles=0)
    files = exported(card)
    assert sorted(files) == ["3F00", "3F00/2F08"]
    assert rule(card, files, files["3F00/2F08"])[READ] == 0
    assert content(card, files["3F00/2F08"]).hex() == "3c000000ff"
    assert set(rule(card, files, files["3F00"]).values()) == {None}
    assert files["3F00"].fcp.child(0xC6) is None
