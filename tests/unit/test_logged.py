"""The search for secrets in the logs of all tests finds them. It runs when all tests have ended."""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path

import pytest

from tests.support import command
from tests.support.logged import SECRETS, SHORT_SECRETS, violations
from tests.support.paths import ROOT

_CODE = re.compile(
    r"""1(?:\$|%24)[A-Za-z0-9.:-]+(?:\$|%24)([A-Za-z0-9-]+)
    |"((?!SHA)[A-Z]{3,}-[0-9]+)"
    |\b(?:matching_id|confirmation_code|event_id|pin)\ *=\ *"([^"]+)"
    |"--(?:confirmation-code|pin)",\ "([^"]+)\"""",
    re.VERBOSE,
)
# Codes that are only parsed, or refused at once by a server, or too short to be known by their value.
EXEMPT = {"SECRET", "M4TCH", "0000"}
FEWEST_CHARACTERS = 4


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("INFO lpa.x: profile 8944994000000000017 is gone", "a whole number above DEBUG"),
        ("WARNING lpa.x: 89049032123451234512345678901235", "a whole number above DEBUG"),
        ("2026-11-25 12:00:00,123 ERROR lpa.x: 984499040000000010F7", "a whole number above DEBUG"),
        ("INFO lpa.x: IMSI 234990000000001", "a whole number above DEBUG"),
        ("INFO lpa.x: from +447700900123", "a whole number above DEBUG"),
        ("INFO lpa.x: 020 7946 0018 calls", "a whole number above DEBUG"),
        ("INFO lpa.x: at +4477009", "a whole number above DEBUG"),
        ("DEBUG lpa.x: PIN 24681357", "a secret"),
        ("DEBUG lpa.x: 'm4tch1ng'", "a secret"),
        ("DEBUG lpa.x: code=1234", "a secret"),
        ("TRAFFIC lpa.card.apdu: 81e29100083234363831333537 -> 9000", "a secret"),
        ("DEBUG lpa.x: {'id': 'TTRUQ0gxTkc='}", "a secret"),
        ("TRAFFIC lpa.card.apdu: 00200001083132333435363738 ->  9000", "a PIN"),
        ("TRAFFIC lpa.card.apdu: 00b0000009 -> 082943990000000010 9000", "what a profile's file holds"),
        (
            "TRAFFIC lpa.card.apdu: 81e2910003bf3800 -> 9000",
            "a message of a download",
        ),
        ("DEBUG lpa.x: LPA:1$smdp.example$ABC", "an activation code"),
        ("# 2026-11-25 12:00:00,123 WARNING lpa.x: IMSI 234990000000001", "a whole number above DEBUG"),
        ('>> {"message":"8944994000000000017"}', "a whole number above DEBUG"),
        ("> 81E29100083234363831333537", "a secret"),
        ("> 00200001083132333435363738", "a PIN"),
        ("> 81E2910003BF3800", "a message of a download"),
    ],
)
def test_secrets_in_a_log_are_found(line: str, found: str) -> None:
    assert [hit.partition(":")[0] for hit in violations([line])] == [found]


def test_the_answer_in_a_trace_belongs_to_the_command_before() -> None:
    read, shown = "> 00B0000009\n", "< 082943990000000010 9000\n"
    assert list(violations([read, shown])) == [f"what a profile's file holds: {shown}"]
    assert list(violations([read, "< <9 bytes> 9000\n", "> 01C0000009\n", shown])) == []


@pytest.mark.parametrize(
    "line",
    [
        "DEBUG lpa.x: profile 8944994000000000017 is gone",
        "2026-11-25 12:00:00,123 TRAFFIC lpa.card.apdu: 81e2910003bf3e0000 -> 8944994000000000017f 9000",
        "WARNING lpa.x: profile ...0017 is gone",
        "WARNING lpa.x: from 2026-11-25 to 2026-11-26, of card ...1234, 12345 bytes",
        "TRAFFIC lpa.card.apdu: 0020000108 <8 bytes> ->  9000",
        "DEBUG lpa.x: LPA:1$smdp.example$<hidden>",
        "> 81E2910003BF3E00",
        "> 0020000108 <8 bytes>",
        "< BF2D5A0A984499040000000010F7 9000",
        "# 2026-11-25 12:00:00,123 DEBUG lpa.x: profile 8944994000000000017 is gone",
    ],
)
def test_harmless_lines_are_not_reported(line: str) -> None:
    assert list(violations([line])) == []


def test_every_code_in_tests_and_documents_is_searched_for() -> None:
    root = ROOT
    used = {
        next(filter(None, found.groups()))
        for folder in ("tests", "examples", "docs", "src/lpa/sim")
        for path in (root / folder).rglob("*.*")
        if path.suffix in (".py", ".md", ".sh")
        for found in _CODE.finditer(path.read_text())
    }
    assert used >= {"ABC-123", "EVENT-3", "1234", "4Y8TBX", "SECRET-1"}
    hidden = re.compile("|".join(map(re.escape, (*SECRETS, *SHORT_SECRETS))), re.IGNORECASE)
    unknown = {code for code in used if len(code) >= FEWEST_CHARACTERS and not hidden.search(code)}
    assert unknown == EXEMPT


def test_the_logs_of_this_process_and_its_children_are_searched(tmp_path: Path) -> None:
    folder = Path(os.environ["LPA_TESTS_LOGGED"])
    reader = f"sim:{command.card(tmp_path / 'card')}"
    logging.getLogger("lpa.searched").debug("a mark")
    assert command.run("--reader", reader, "list").code == 0
    assert "lpa.searched: a mark" in (folder / f"{os.getpid()}.log").read_text()
    assert re.search("^> .*BF2D", (folder / f"{os.getpid()}.trace").read_text(), re.MULTILINE)
