"""The lines of the fault language, what they mean, and what a wrong one is answered with."""

from __future__ import annotations

import re

import pytest

from lpa.sim.faults.language import Fault
from lpa.sim.faults.vocabulary import card_words, seconds, server_words
from tests.support.paths import DOCS

CARD, SERVER = card_words(), server_words()

# A line, and the same fault in full
CARD_LINES = [
    ("after DeleteProfile: unplug", "after 1st DeleteProfile: unplug"),
    ("3rd StoreData: sw 6F00", "instead of 3rd StoreData: sw 6F00"),
    ("every storedata: SW 6f00", "instead of every StoreData: SW 6f00"),
    ("reset: unplug for 2 commands", "before 1st reset: unplug for 2 commands"),
    ("block 3 of SetNickname: lose answer", "after 1st block 3 of SetNickname: lose answer"),
    ("before  byte 5000  of setnickname : reset", "before 1st byte 5000 of SetNickname: reset"),
    ("22nd any: delay 500ms", "before 22nd any: delay 500ms"),
    ("111th any: memory full", "before 111th any: memory full"),
    ("EnableProfile: busy", "instead of 1st EnableProfile: busy"),
    ("DeleteProfile: refuse", "instead of 1st DeleteProfile: refuse"),
]
SERVER_LINES = [
    ("HandleNotification: close after 200 bytes", "after 1st HandleNotification: close after 200 bytes"),
    ("2nd AuthenticateClient: status 503", "instead of 2nd AuthenticateClient: status 503"),
    ('CancelSession: body "a: {}"', 'instead of 1st CancelSession: body "a: {}"'),
    ("connection: wrong certificate", "after 1st connection: wrong certificate"),
    ("handlenotification: close", "before 1st HandleNotification: close"),
]


@pytest.mark.parametrize(("line", "full"), CARD_LINES)
def test_a_fault_of_a_card_is_written_in_full(line: str, full: str) -> None:
    fault = Fault.parse(line, CARD)
    assert str(fault) == full
    assert Fault.parse(full, CARD) == fault


@pytest.mark.parametrize(("line", "full"), SERVER_LINES)
def test_a_fault_of_a_server_is_written_in_full(line: str, full: str) -> None:
    fault = Fault.parse(line, SERVER)
    assert str(fault) == full
    assert Fault.parse(full, SERVER) == fault


@pytest.mark.parametrize(
    ("line", "possible"),
    [
        ("", "write \\[before"),
        ("DeleteProfile", "such as 'after DeleteProfile: unplug'"),
        ("while DeleteProfile: unplug", "is not a fault"),
        ("0th any: unplug", "is not a fault"),
        ("DeleteProfil: unplug", "a card has no point 'DeleteProfil': .*DeleteProfile.* or reset"),
        ("HandleNotification: unplug", "a card has no point"),
        ("DeleteProfile: explode", "no action 'explode': unplug \\[for N commands\\], reset, .*alter byte N"),
        ("DeleteProfile: sw 6F", "no action 'sw 6F': .*sw XXXX"),
        ("DeleteProfile: delay 2", "delay 2s"),
        (
            "reset: sw 6F00",
            "at reset a card has no action 'sw 6F00': unplug \\[for N commands\\] or delay 2s",
        ),
        ("before DeleteProfile: sw 6F00", "'sw' can stand instead of or after, not before"),
        ("DeleteProfile: refuse catBusy", "no result 'catBusy': .*disallowedByPolicy"),
        ("DeleteProfile: busy", "DeleteProfile has no result catBusy"),
        ("GetEID: refuse", "GetEID has no result to refuse with: use 'sw'"),
        ("block 2 of EnableProfile: refuse", "has no result to refuse with"),
        ("block 2 of StoreData: unplug", "only a function of a card has a block"),
    ],
)
def test_a_line_that_is_no_fault_of_a_card_is_answered_with_what_is_possible(
    line: str, possible: str
) -> None:
    with pytest.raises(ValueError, match=possible):
        Fault.parse(line, CARD)


@pytest.mark.parametrize(
    ("line", "possible"),
    [
        ("DeleteProfile: close", "a server has no point .*HandleNotification, CancelSession or connection"),
        ("HandleNotification: unplug", 'status N, body "TEXT", slow 2s'),
        ("HandleNotification: status 99", "status N"),
        ("HandleNotification: status 600", "200 to 599, not 600"),
        ("HandleNotification: altered", "is empty"),
        ("CancelSession: wrong certificate", "has no certificate"),
        ("connection: status 503", "slow 2s, close or wrong certificate"),
        ("block 2 of CancelSession: close", "only a function of a card has a block"),
    ],
)
def test_a_line_that_is_no_fault_of_a_server_is_answered_with_what_is_possible(
    line: str, possible: str
) -> None:
    with pytest.raises(ValueError, match=possible):
        Fault.parse(line, SERVER)


@pytest.mark.parametrize(("text", "number"), [("2s", 2.0), ("1.5 s", 1.5), ("500ms", 0.5)])
def test_a_duration_is_in_seconds(text: str, number: float) -> None:
    assert seconds(text) == number


def test_all_actions_and_points_are_documented_with_where_they_can_stand() -> None:
    text = (DOCS / "simulator" / "faults.md").read_text()
    rows = re.findall(r"^\| `([^`]+)`[^|]*\| ([^|]+) \|", text, re.MULTILINE)
    written = [
        (usage, whens) for usage, whens in rows if whens.split(",")[0] in ("before", "after", "instead of")
    ]
    forms = [*CARD.actions.values(), *SERVER.actions.values()]
    assert {(form.usage.partition(" [")[0], ", ".join(form.whens)) for form in forms} == {
        (usage.replace(" RESULT", ""), whens) for usage, whens in written if "for N commands" not in usage
    }
    for name, kind in {**CARD.points, **SERVER.points}.items():
        assert f"`{name}`" in text or kind == "function"
