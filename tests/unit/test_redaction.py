"""Secrets are hidden in every log, and long numbers above DEBUG."""

from __future__ import annotations

import ast
import logging
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import lpa
from lpa import redaction
from lpa.card.apdu import TRAFFIC
from lpa.rsp.names import Eid, Iccid

EID = "89049032123451234512345678901235"
ICCID = "8944994000000000017"
SECRET = "QR-G-5C-1LS-1W1Z9P7"
SOURCES = Path(lpa.__file__).parent


@pytest.fixture
def log() -> logging.Logger:
    return redaction.logger("lpa.test")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"card {EID}", "card ...1235"),
        (f"profile {ICCID} is gone", "profile ...0017 is gone"),
        ("(89449940000000000A7)", "(...00A7)"),
        ("5a0a 984499040000000010f7", "5a0a ...10f7"),
        ("IMSI 234990000000001.", "IMSI ...0001."),
        ("from +447700900123", "from ...0123"),
        ("ICCID8944994000000000017 gone", "ICCID...0017 gone"),
        ("0x8944994000000000017", "...0017"),
        ("0x984499040000000010F7A1", "...F7A1"),
        ("(8944 9940 0000 0000 017)", "(...0017)"),
        ("8904 9032 1234 5123 4512 3456 7890 1235", "...1235"),
        ("98 44 99 04 00 00 00 00 10 F7", "...10F7"),
        ("98:44:99:04:00:00:00:00:10:f7", "...10f7"),
        ("call +44 (0)20 7946 0018.", "call ...0018."),
        ("call 020-7946-0018", "call ...0018"),
        ("msisdn:491701234", "msisdn:...1234"),
        ('{"imsi": "23499000"}', '{"imsi": "...9000"}'),
        ("phone number 7700123", "phone number ...0123"),
        ("+447700", "...7700"),
        ("at 203.0.113.125:8443, 1.3.6.1.4.1.31746", "at 203.0.113.125:8443, 1.3.6.1.4.1.31746"),
        ("from 2026-11-25 to 2026-11-26, HTTP 500", "from 2026-11-25 to 2026-11-26, HTTP 500"),
        ("2026-11-25 12:00:00, 123456789 bytes", "2026-11-25 12:00:00, 123456789 bytes"),
    ],
)
def test_above_debug_a_long_number_is_its_last_four_digits(text: str, shown: str) -> None:
    assert redaction.without_names(text) == shown
    assert redaction.without_secrets(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("LPA:1$smdp.example$M4TCH-1D$$1", "LPA:1$smdp.example$<hidden>"),
        ("'lpa:1$smdp.example$M4TCH-1D' is wrong", "'lpa:1$smdp.example$<hidden>' is wrong"),
        (
            "https://a.example/?carddata=LPA%3A1%24b.example%24M4TCH-1D",
            "https://a.example/?carddata=LPA%3A1%24b.example%24<hidden>",
        ),
        ("got 1$smdp.example$M4TCH-1D.", "got 1$smdp.example$<hidden>"),
        ("LPA:1$smdp.example$M4TCH,1D_a, and more", "LPA:1$smdp.example$<hidden>, and more"),
        ("lpa: 1 $ smdp.example $ M4TCH-1D $ 1.3", "lpa: 1 $ smdp.example $ <hidden> $ 1.3"),
        (
            "No such command '1$ smdp.example$\u00a0M4TCH'.",
            "No such command '1$ smdp.example$\u00a0<hidden>'.",
        ),
        ("LPA：1＄smdp.example＄Ｍ4TCH", "LPA：1＄smdp.example＄<hidden>"),
        ("got ($smdp.example$M4TCH-1D)", "got ($smdp.example$<hidden>)"),
        ('{"matchingId": "M4TCH-1D", "a": 1}', '{"matchingId": <hidden>, "a": 1}'),
        ('b\'{"transactionId":"0A0B', 'b\'{"transactionId":<hidden>'),
        ("confirmationCode=c0de, x", "confirmationCode=<hidden>, x"),
        ("{'hashCc': 'abc'}", "{'hashCc': <hidden>}"),
        ('{"boundProfilePackage":"vzaC..', '{"boundProfilePackage":<hidden>'),
        ("PIN: 24681357", "PIN: <hidden>"),
        ("Authorization: token", "Authorization: <hidden>"),
        ("Authorization: Bearer a.b.c", "Authorization: <hidden>"),
        ("Set-Cookie: SESSION=a; Path=/", "Set-Cookie: <hidden>"),
        ("MatchingID M4TCH1NG unknown", "MatchingID <hidden> unknown"),
        ("<x:matchingId a='b'>M4TCHING</x:matchingId>", "<x:matchingId a='b'><hidden></x:matchingId>"),
        (r'{"e":"{\"matchingId\":\"M4TCH\",\"a\":1}"}', r'{"e":"{\"matchingId\":<hidden>,\"a\":1}"}'),
        (r'{"matchingId":"a\"M4TCH"} b', '{"matchingId":<hidden>} b'),
        ('{"matchingId": ["A-1", "B-2"], "c"', '{"matchingId": <hidden>, "c"'),
        ('{"activationCode":"LPA:1$a.b$M4TCH"}', '{"activationCode":<hidden>}'),
        ('{"confirmation_code": "c0de"}', '{"confirmation_code": <hidden>}'),
        ("smdp_matching_id=M4TCH&b=1", "smdp_matching_id=<hidden>&b=1"),
        ('{"access_token":"a.b"}', '{"access_token":<hidden>}'),
        ('{"eventID":"EVENT-1"}', '{"eventID":<hidden>}'),
        ("the opinion: fine", "the opinion: fine"),
        ("the confirmation code 'A-77' is", "the confirmation code '<hidden>' is"),
        ("refused GetBoundProfilePackage (8.2.6/3.8)", "refused GetBoundProfilePackage (8.2.6/3.8)"),
        ("the confirmation code 3 times", "the confirmation code 3 times"),
        ("the matching id is wrong", "the matching id is wrong"),
    ],
)
def test_codes_and_tokens_are_hidden_at_every_level(text: str, shown: str) -> None:
    assert redaction.without_secrets(text) == shown
    assert redaction.without_names(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<b>secret-12</b>", "<b><hidden></b>"),
        ("xSECRET-123x", "x<hidden>x"),
        ("'4711' or -4711-", "'<hidden>' or -<hidden>-"),
        ("WRONG, the code is wrong", "<hidden>, the code is wrong"),
        ("47110, a4711, 2, 471", "47110, a4711, 2, 471"),
    ],
)
def test_a_registered_secret_is_hidden_wherever_it_occurs(text: str, shown: str) -> None:
    """A short one only in the same case and as a whole word."""
    for secret in ("", "2", "471", "4711", "WRONG", "SECRET-12", "SECRET-123"):
        redaction.register_secret(secret)
    assert redaction.without_secrets(text) == shown


@pytest.mark.parametrize("before", ["x", "password=x", "1$a.example$x", "示"])
@pytest.mark.parametrize("end", [50, 200, 800, 1 << 16])
def test_no_cut_leaves_a_part_of_a_secret(before: str, end: int) -> None:
    redaction.register_secret(SECRET)
    for place in range(end - len(SECRET), end + 1):
        text = f"{before[:-1]}{before[-1] * (place - len(before))} {SECRET}{'.' * 9000}"
        shown = redaction.beginning(text, 200)
        assert len(shown) <= 201
        assert SECRET[:3] not in shown


def test_a_beginning_ends_with_an_ellipsis_if_there_is_more() -> None:
    assert redaction.beginning("abc", 3) == "abc"
    assert redaction.beginning("abcd", 3) == "abc…"
    assert redaction.beginning("x" * 100_000, 3) == "xxx…"
    # Of a longer text, the end of what is searched is not shown.
    assert redaction.beginning("token=" + "x" * 100_000, 20) == "…"


def test_only_the_latest_secrets_are_hidden() -> None:
    for number in range(1000):
        redaction.register_secret(f"SECRET-{number:04}")
    assert redaction.without_secrets("SECRET-0000 SECRET-0999") == "SECRET-0000 <hidden>"


def backslashes(length: int) -> str:
    """Half of them before a quotation mark, half of them after it."""
    half = length // 2 * "\\"
    return f'token={half}"{half}'


LENGTHENED: list[Callable[[int], str]] = [
    backslashes,
    *(
        lambda length, piece=piece: piece * (length // len(piece)) + "x"
        for piece in ("token a=b ", "token=", "1 ", "98 ", "98:", "1$", "cookie ", "pin 'a-", "a b=")
    ),
]


@pytest.mark.parametrize("text", LENGTHENED)
def test_the_time_is_linear_in_the_length(
    text: Callable[[int], str],
) -> None:
    """A text of eight times the length takes about eight times as long: a server may have written it."""

    def took(length: int) -> float:
        times = []
        for _ in range(3):
            start = time.thread_time()
            redaction.without_names(text(length))
            times.append(time.thread_time() - start)
        return min(times)

    assert took(80_000) < 24 * took(10_000)


@pytest.mark.parametrize(
    "piece", ["1 ", "98 ", "a-", "1$", 'matchingId="\\', "<pin a=", "+4", "tel ", "8", "ab"]
)
def test_a_long_text_is_redacted_in_time(piece: str) -> None:
    start = time.thread_time()
    redaction.without_names(piece * (100_000 // len(piece)) + "x")
    assert time.thread_time() - start < 2


@pytest.mark.parametrize(
    ("level", "seen"),
    [(TRAFFIC, True), (logging.DEBUG, True), (logging.INFO, False), (logging.ERROR, False)],
)
def test_a_handler_receives_whole_numbers_up_to_debug_only(
    log: logging.Logger, caplog: pytest.LogCaptureFixture, level: int, seen: bool
) -> None:
    with caplog.at_level(TRAFFIC, "lpa"):
        log.log(level, "%s and %s, %d%%", Eid.parse(EID), Iccid.parse(ICCID), 5)
    (message,) = caplog.messages
    assert message == (f"{EID} and {ICCID}, 5%" if seen else "...1235 and ...0017, 5%")


def test_a_traceback_is_hidden_too(log: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    try:
        int(f"{ICCID} with LPA:1$smdp.example$M4TCH")
    except ValueError:
        log.exception("it failed")
    assert "'...0017 with LPA:1$smdp.example$<hidden>'" in caplog.text
    assert "M4TCH" not in caplog.text
    assert ICCID not in caplog.text


def test_every_logger_is_made_by_the_redaction_module() -> None:
    """Except those of the simulator, whose cards are test cards; the command redacts their records too."""
    makers = {
        path.relative_to(SOURCES).as_posix()
        for path in SOURCES.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and node.attr in ("getLogger", "addLevelName")
        and (SOURCES / "sim") not in path.parents
    }
    assert makers == {"redaction.py", "card/apdu.py", "cli/logs.py"}  # apdu: a level; logs: the root logger
