"""What no log shows, whoever listens, and at which level."""

from __future__ import annotations

import ast
import logging
from pathlib import Path

import pytest

import lpa
from lpa import redaction
from lpa.card.apdu import TRAFFIC
from lpa.rsp.names import Eid, Iccid

EID = "89049032123451234512345678901235"
ICCID = "8944994000000000017"
SOURCES = Path(lpa.__file__).parent


@pytest.fixture
def log() -> logging.Logger:
    return redaction.logger("lpa.test")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f"card {EID}", "card ...1235"),
        (f"profile {ICCID} is gone", "profile ...0017 is gone"),
        ("(89449940000000000A7)", "(...00A7)"),
        ("5a0a 984499040000000010f7", "5a0a ...10f7"),
        ("IMSI 234990000000001.", "IMSI ...0001."),
        ("from +447700900123", "from ...0123"),
        ("2026-11-25 12:00:00, 123456789 bytes", "2026-11-25 12:00:00, 123456789 bytes"),
    ],
)
def test_above_debug_a_long_number_is_its_last_four_digits(said: str, shown: str) -> None:
    assert redaction.without_names(said) == shown
    assert redaction.without_secrets(said) == said


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("LPA:1$smdp.example$M4TCH-1D$$1", "LPA:1$smdp.example$<hidden>"),
        ("'lpa:1$smdp.example$M4TCH-1D' is wrong", "'lpa:1$smdp.example$<hidden>' is wrong"),
        (
            "https://a.example/?carddata=LPA%3A1%24b.example%24M4TCH-1D",
            "https://a.example/?carddata=LPA%3A1%24b.example%24<hidden>",
        ),
        ("got 1$smdp.example$M4TCH-1D.", "got 1$smdp.example$<hidden>"),
        ('{"matchingId": "M4TCH-1D", "a": 1}', '{"matchingId": <hidden>, "a": 1}'),
        ('b\'{"transactionId":"0A0B', 'b\'{"transactionId":<hidden>'),
        ("confirmationCode=c0de, x", "confirmationCode=<hidden>, x"),
        ("{'hashCc': 'abc'}", "{'hashCc': <hidden>}"),
        ('{"boundProfilePackage":"vzaC..', '{"boundProfilePackage":<hidden>'),
        ("PIN: 24681357", "PIN: <hidden>"),
        ("Authorization: token", "Authorization: <hidden>"),
        ("the opinion: fine", "the opinion: fine"),
    ],
)
def test_codes_and_tokens_are_hidden_at_every_level(said: str, shown: str) -> None:
    assert redaction.without_secrets(said) == shown
    assert redaction.without_names(said) == shown


@pytest.mark.parametrize(
    ("level", "seen"),
    [(TRAFFIC, True), (logging.DEBUG, True), (logging.INFO, False), (logging.ERROR, False)],
)
def test_whoever_listens_hears_names_up_to_debug_only(
    log: logging.Logger, caplog: pytest.LogCaptureFixture, level: int, seen: bool
) -> None:
    with caplog.at_level(TRAFFIC, "lpa"):
        log.log(level, "%s and %s, %d%%", Eid.parse(EID), Iccid.parse(ICCID), 5)
    (said,) = caplog.messages
    assert said == (f"{EID} and {ICCID}, 5%" if seen else "...1235 and ...0017, 5%")


def test_a_traceback_is_hidden_too(log: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    try:
        int(f"{ICCID} with LPA:1$smdp.example$M4TCH")
    except ValueError:
        log.exception("it failed")
    assert "'...0017 with LPA:1$smdp.example$<hidden>'" in caplog.text
    assert "M4TCH" not in caplog.text
    assert ICCID not in caplog.text


def test_every_logger_is_made_where_it_is_made_safe() -> None:
    """The simulator's are not: its cards are nobody's. The command hides what they say, too."""
    makers = {
        path.relative_to(SOURCES).as_posix()
        for path in SOURCES.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and node.attr in ("getLogger", "addLevelName")
        and path.parent.name != "sim"
    }
    assert makers == {"redaction.py", "card/apdu.py", "cli/logs.py"}  # a level; the root of ours
