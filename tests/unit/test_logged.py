"""The hunt through the logs of all tests finds what it is to find. It takes place when they have ended."""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path

import pytest

from tests.logged import violations
from tests.unit import command


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("INFO lpa.x: profile 8944994000000000017 is gone", "a whole EID or ICCID above DEBUG"),
        ("WARNING lpa.x: 89049032123451234512345678901235", "a whole EID or ICCID above DEBUG"),
        ("2026-11-25 12:00:00,123 ERROR lpa.x: 984499040000000010F7", "a whole EID or ICCID above DEBUG"),
        ("DEBUG lpa.x: PIN 24681357", "a secret"),
        ("TRAFFIC lpa.card.apdu: 81e29100083234363831333537 -> 9000", "a secret"),
        ("DEBUG lpa.x: {'id': 'TTRUQ0gxTkc='}", "a secret"),
        ("TRAFFIC lpa.card.apdu: 00200001083132333435363738 ->  9000", "a PIN"),
        ("TRAFFIC lpa.card.apdu: 00b0000009 -> 082943990000000010 9000", "what a profile's file holds"),
        (
            "TRAFFIC lpa.card.apdu: 81e2910003bf3800 -> 9000",
            "a message of a download",
        ),
        ("DEBUG lpa.x: LPA:1$smdp.example$ABC", "an activation code"),
    ],
)
def test_what_may_not_be_logged_is_found(line: str, found: str) -> None:
    assert [hit.partition(":")[0] for hit in violations([line])] == [found]


@pytest.mark.parametrize(
    "line",
    [
        "DEBUG lpa.x: profile 8944994000000000017 is gone",
        "2026-11-25 12:00:00,123 TRAFFIC lpa.card.apdu: 81e2910003bf3e0000 -> 8944994000000000017f 9000",
        "WARNING lpa.x: profile ...0017 is gone",
        "TRAFFIC lpa.card.apdu: 0020000108 <8 bytes> ->  9000",
        "DEBUG lpa.x: LPA:1$smdp.example$<hidden>",
    ],
)
def test_what_may_be_logged_is_not_found(line: str) -> None:
    assert list(violations([line])) == []


def test_what_is_logged_here_and_in_a_process_of_its_own_is_hunted_through(tmp_path: Path) -> None:
    folder = Path(os.environ["LPA_TESTS_LOGGED"])
    reader = f"sim:{command.card(tmp_path / 'card')}"
    logging.getLogger("lpa.hunted").debug("a mark")
    assert command.run("--reader", reader, "list").code == 0
    assert "lpa.hunted: a mark" in (folder / f"{os.getpid()}.log").read_text()
    assert re.search("TRAFFIC lpa.card.apdu: .*bf2d", (folder / f"{os.getpid()}.trace").read_text())
