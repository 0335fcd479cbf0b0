"""Every way a command can end: exit code, message, document."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from lpa import errors, redaction
from lpa.cli.app import app
from lpa.cli.console import Console
from lpa.cli.exits import Interrupted
from lpa.cli.json_output import CommandResult
from tests.support import command

FIXTURE = "failing"


@pytest.fixture
def fail_with(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Give `lpa` a command that raises a given error."""

    def prepare(error: BaseException) -> None:
        @click.command()
        @click.option("--json", is_flag=True, expose_value=False)
        def failing() -> None:
            raise error

        monkeypatch.setitem(app.commands, FIXTURE, failing)

    return prepare


Prepare = Callable[[BaseException], None]

CODES: list[tuple[errors.LpaError, int]] = [
    (errors.WireError("x"), 3),
    (errors.NoService("x"), 3),
    (errors.NoReader("x"), 3),
    (errors.NoCard("x"), 3),
    (errors.CardBusy("x"), 3),
    (errors.CardUnpowered("x"), 3),
    (errors.TimedOut("x"), 3),
    (errors.CardRemoved("x"), 3),
    (errors.NotAnEuicc("x"), 3),
    (errors.ConnectFailed("x"), 3),
    (errors.Postponed("x"), 3),
    (errors.OutcomeUnknown("x"), 3),
    (errors.BadAnswer("x"), 3),
    (errors.Refused("f", "r", "x"), 1),
    (errors.NoSuchProfile("f", "x"), 1),
    (errors.AmbiguousProfile("f", "x", iccids=()), 1),
    (errors.NoSuchNotification("f", "x", sequence_number=1), 1),
    (errors.EuiccRefused("f", "r", 1, "x"), 1),
    (errors.NoSuchProfileOnCard("f", "r", 1, "x"), 1),
    (errors.ServerRefused("f", "8.1", "4.8", "x"), 1),
    (errors.NotVerified("x"), 1),
    (errors.StorageFailed("x"), 3),
    (errors.Declined("x"), 1),
    (errors.Stopped("x"), 3),
]


def test_every_error_has_an_exit_code() -> None:
    def below(kind: type[errors.LpaError]) -> set[type[errors.LpaError]]:
        return {kind}.union(*(below(sub) for sub in kind.__subclasses__()))

    ours = {kind for kind in below(errors.LpaError) if kind.__module__ == "lpa.errors"}
    assert {type(error) for error, _ in CODES} == ours - {errors.LpaError}


@pytest.mark.parametrize(("error", "code"), CODES, ids=lambda value: getattr(value, "kind", str(value)))
def test_an_error_has_its_exit_code_and_its_document(
    fail_with: Prepare, error: errors.LpaError, code: int
) -> None:
    fail_with(error)
    ran = command.run("--json", FIXTURE)
    assert ran.code == code
    known = {"kind": error.kind, "reason": error.reason, "message": "x", "advice": error.advice}
    document = {"command": FIXTURE, "ok": False, "exit_code": code, "error": error.to_json()}
    assert ran.document == document
    assert known.items() <= error.to_json().items()
    assert ran.err == ""


def test_a_person_gets_the_message_and_the_advice_on_stderr(fail_with: Prepare) -> None:
    fail_with(errors.NoCard("There is no card in 'R'.", advice="Put it in."))
    assert command.run(FIXTURE) == command.Ran(3, "", "lpa: There is no card in 'R'.\nPut it in.\n")


def test_a_message_cannot_control_the_terminal(fail_with: Prepare) -> None:
    fail_with(errors.Refused("f", "r", "\x1b[2Jgone\u202edeleted\nlpa: done", advice="\x9b31m"))
    assert command.run(FIXTURE).err == "lpa: \\x1b[2Jgone\\u202edeleted\\nlpa: done\n\\x9b31m\n"
    assert "\\u202e" in command.run(FIXTURE, "--json").out


def test_a_bug_is_a_message_and_not_a_traceback(fail_with: Prepare) -> None:
    fail_with(ZeroDivisionError("by zero"))
    ran = command.run(FIXTURE)
    assert ran.code == 70
    assert ran.err.startswith("lpa: This is a bug in lpa: ZeroDivisionError: by zero.\n")
    assert "Traceback" not in ran.err
    assert command.run("--json", FIXTURE).document["error"]["kind"] == "Bug"


def test_a_bug_shows_its_traceback_with_vv(fail_with: Prepare) -> None:
    fail_with(ZeroDivisionError("by zero"))
    assert "Traceback (most recent call last):\n" in command.run("-vv", FIXTURE).err
    assert "Traceback" not in command.run("-v", FIXTURE).err


@pytest.mark.parametrize("options", [(), ("-v",), ("-vv",), ("--json",), ("--json", "-vv")], ids=" ".join)
def test_the_report_of_a_bug_shows_neither_iccids_nor_codes(
    fail_with: Prepare, options: tuple[str, ...]
) -> None:
    """It may be published in a report. The cause names the card too; one code is known by its value only."""
    redaction.register_secret("M4TCH-1D")
    cause = KeyError("8944994000000000017")
    error = ValueError("8944994000000000017 by LPA:1$smdp.example$SECRET-1, which is m4tch-1d")
    error.__cause__ = cause
    fail_with(error)
    ran = command.run(*options, FIXTURE)
    assert ran.code == 70
    said = ran.out + ran.err
    assert "ValueError: ...0017 by LPA:1$smdp.example$<hidden>, which is <hidden>" in said
    assert ("KeyError: '...0017'" in said) == ("-vv" in options)
    for secret in ("8944994000000000017", "SECRET-1", "M4TCH", "m4tch"):
        assert secret not in said


@pytest.mark.parametrize("options", [(), ("--json",)], ids=" ".join)
def test_a_code_as_a_wrong_argument_is_not_repeated(options: tuple[str, ...]) -> None:
    ran = command.run("list", *options, "LPA:1$smdp.example$SECRET-1")
    assert ran.code == 2
    assert "LPA:1$smdp.example$<hidden>" in ran.out + ran.err
    assert "SECRET-1" not in ran.out + ran.err


@pytest.mark.parametrize("options", [(), ("--json",)], ids=" ".join)
def test_an_error_does_not_repeat_a_secret(fail_with: Prepare, options: tuple[str, ...]) -> None:
    redaction.register_secret("M4TCH-1D")
    fail_with(errors.Refused("f", "r", "It says M4TCH-1D.", advice="Not M4TCH-1D."))
    ran = command.run(*options, FIXTURE)
    assert "It says <hidden>." in ran.out + ran.err
    assert "Not <hidden>." in ran.out + ran.err
    assert "M4TCH" not in ran.out + ran.err


def test_ctrl_c_says_that_nothing_was_changed(fail_with: Prepare) -> None:
    fail_with(KeyboardInterrupt())
    ran = command.run(FIXTURE)
    assert (ran.code, ran.err.lstrip("\n")) == (130, "lpa: Interrupted.\nNothing was changed.\n")


@pytest.mark.parametrize(
    "error", [errors.BadAnswer("x"), Interrupted(), KeyboardInterrupt(), ValueError("x")]
)
def test_the_document_has_what_was_done_before_any_error(
    error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    @click.command()
    @click.pass_obj
    def failing(console: Console) -> None:
        console.screen.done["backup_first"] = {"backup": None}
        raise error

    monkeypatch.setitem(app.commands, FIXTURE, failing)
    document = command.run("--json", FIXTURE).document
    assert (document["ok"], document["result"]) == (False, {"backup_first": {"backup": None}})


def test_ctrl_c_during_a_change_says_that_the_outcome_is_unknown(fail_with: Prepare) -> None:
    fail_with(Interrupted())
    ran = command.run("--json", FIXTURE)
    assert ran.code == 130
    assert ran.document["error"]["kind"] == "Interrupted"
    assert "the outcome is unknown" in ran.document["error"]["message"]


def test_a_wrong_option_is_a_usage_error_in_text_and_json() -> None:
    shown = command.run("list", "--bogus")
    assert (shown.code, shown.out) == (2, "")
    assert "No such option" in shown.err
    ran = command.run("list", "--bogus", "--json")
    assert ran.code == 2
    assert (ran.document["command"], ran.document["error"]["kind"]) == ("list", "Usage")
    assert ran.document["error"]["advice"] == "'lpa list --help' shows how."


def test_json_can_be_requested_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LPA_JSON", "1")
    assert command.run("--bogus").document["error"]["kind"] == "Usage"


def test_json_after_two_hyphens_is_not_the_option(tmp_path: Path) -> None:
    ran = command.run("--reader", f"sim:{tmp_path}", "rename", "--", "0017", "--json")
    assert ran.out == ""
    assert ran.err.startswith("lpa: ")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--ca-bundle", "/nowhere.pem"),
        ("--connect-to", "smdp.example"),
        ("--aid", "A0"),
        ("--block-size", "5"),
        ("--trace", "/nowhere/trace"),
    ],
)
def test_a_wrong_global_option_is_a_usage_error(tmp_path: Path, option: str, value: str) -> None:
    ran = command.run("--reader", f"sim:{command.card(tmp_path / 'card')}", option, value, "list")
    assert (ran.code, ran.out) == (2, "")
    assert option in ran.err


def test_a_result_without_a_problem_is_a_document_that_is_ok(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        app.commands, "fine", click.Command("fine", callback=lambda: CommandResult({"a": b"\x01"}))
    )
    ran = command.run("--json", "fine")
    assert ran == command.Ran(
        0,
        '{\n  "command": "fine",\n  "ok": true,\n  "exit_code": 0,\n  "result": {\n    "a": "01"\n  }\n}\n',
        "",
    )


def test_a_closed_pipe_is_not_an_error(tmp_path: Path) -> None:
    arguments = [*command.PROGRAM, "--reader", f"sim:{command.card(tmp_path / 'card')}", "list"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
