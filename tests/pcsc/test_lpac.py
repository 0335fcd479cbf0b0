"""`lpa lpac` with readers: how its variables choose one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support import command

from .conftest import READERS, PlugIn


@pytest.fixture
def eids(virtual_reader: PlugIn) -> Iterator[list[str]]:
    """Of the cards in both readers."""
    first = SimulatedEuicc.create(None)
    second = SimulatedEuicc.create(None, authority=first.authority)
    with virtual_reader(first), virtual_reader(second, slot=1):
        yield [first.eid, second.eid]


def payload(*words: str) -> dict[str, Any]:
    """Of the last line that a command prints."""
    found: dict[str, Any] = json.loads(command.run("lpac", *words).out.splitlines()[-1])["payload"]
    return found


def test_the_readers_are_listed_as_lpac_lists_them(eids: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LPAC_APDU_PCSC_DRV_IFID", "9")  # A reader is chosen when a card is used.
    assert command.run("lpac", "driver", "apdu", "list").out == (
        '{"type":"driver","payload":{"env":"LPAC_APDU_PCSC_DRV_IFID","data":['
        '{"env":"0","name":"Virtual PCD 00 00"},{"env":"1","name":"Virtual PCD 00 01"}]}}\n'
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LPAC_APDU_PCSC_DRV_IFID", "1"),
        ("DRIVER_IFID", "1"),
        ("LPAC_APDU_PCSC_DRV_NAME", READERS[1]),
        ("LPAC_APDU_PCSC_DRV_IGNORE_NAME", f"Yubico;{READERS[0]}"),
        ("LPA_READER", READERS[1]),
    ],
)
def test_a_variable_chooses_a_reader(
    eids: list[str], monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert payload("chip", "info")["data"]["eidValue"] == eids[1]


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({}, "More than one reader holds an eUICC: 'Virtual PCD 00 00', 'Virtual PCD 00 01'."),
        ({"LPAC_APDU_PCSC_DRV_IFID": "2"}, "LPAC_APDU_PCSC_DRV_IFID is 2, and there are 2 readers."),
        (
            {"LPAC_APDU_PCSC_DRV_IGNORE_NAME": "Virtual"},
            "LPAC_APDU_PCSC_DRV_IGNORE_NAME leaves these readers: none. "
            "Name one with LPAC_APDU_PCSC_DRV_NAME.",
        ),
        (
            {"LPAC_APDU_PCSC_DRV_IGNORE_NAME": "Yubico"},
            "LPAC_APDU_PCSC_DRV_IGNORE_NAME leaves these readers: 'Virtual PCD 00 00', 'Virtual PCD 00 01'. "
            "Name one with LPAC_APDU_PCSC_DRV_NAME.",
        ),
    ],
    ids=["none", "number", "all ignored", "two left"],
)
def test_without_one_reader_it_is_refused(
    eids: list[str], monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], reason: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    ran = command.run("lpac", "chip", "info")
    found = json.loads(ran.out)["payload"]
    assert (ran.code, found["code"], found["message"]) == (255, -1, "euicc_init")
    assert found["data"].startswith(reason)
