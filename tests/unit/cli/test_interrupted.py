"""Ctrl-C during `lpa delete`: it ends with advice to resume, and loses nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.card.apdu import Transport
from lpa.cli.cells import Line
from lpa.errors import StorageFailed
from lpa.notifications.delivery import Delivery
from lpa.profiles.switching import Outcome
from lpa.server.es9 import Server
from lpa.sim.crypto.pki import Authority
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support import command

ALBION = "8944994000000000017"
DISABLE, DELETE, RETRIEVE, SENT = 0xBF32, 0xBF33, 0xBF2B, 0xBF30


class InterruptedCard:
    """A card at which Ctrl-C is pressed before or after the first request with `tag`."""

    def __init__(self, card: SimulatedEuicc, tag: int, *, carried_out: bool) -> None:
        self._card, self._tag, self._carried_out = card, tag, carried_out

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        wanted = apdu[1] == 0xE2 and int.from_bytes(apdu[5:7], "big") == self._tag
        if wanted and not self._carried_out:
            self._interrupt()
        answer = self._card.transmit(apdu)
        if wanted and self._carried_out:
            self._interrupt()
        return answer

    def reset(self) -> None:
        self._card.reset()

    def close(self) -> None:
        self._card.close()

    def _interrupt(self) -> None:
        self._tag = 0
        signal.raise_signal(signal.SIGINT)


@pytest.fixture
def listening() -> Iterator[None]:
    """Ctrl-C works as at a terminal, even if the process that runs the tests ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def smdp(tmp_path: Path) -> Iterator[SimulatedSmdp]:
    command.card(tmp_path / "card")
    with SimulatedSmdp(Authority.load(tmp_path / "card"), host="*.smdp.example", any_address=True) as smdp:
        yield smdp


@pytest.fixture
def options(tmp_path: Path, smdp: SimulatedSmdp) -> tuple[str, ...]:
    place = ("--reader", f"sim:{tmp_path / 'card'}", "--state-dir", str(tmp_path / "state"))
    return (*place, "--ca-bundle", str(tmp_path / "card" / "ci.pem"), "--connect-to", smdp.connect_to)


def deletes(*options: str) -> command.Ran:
    return command.run(*options, "delete", "0017", "--disable-first", "--yes")


def ends_with_advice(ran: command.Ran) -> bool:
    return ran.code == 130 and ran.err.endswith(
        "lpa: Interrupted while changing the card; the outcome is unknown.\n"
        "'lpa resume' finds out what happened, keeps the signed notifications and sends them. "
        "It deletes nothing.\n"
    )


def says_deleted(ran: command.Ran) -> bool:
    message = f"Interrupted. Albion Mobile ({ALBION}) was deleted permanently."
    advice = "'lpa notifications list' lists pending notifications."
    if ran.out.startswith("{"):
        error = ran.document["error"]
        return (ran.code, error["message"], error["advice"]) == (130, message, advice)
    return ran.code == 130 and ran.err.endswith(f"lpa: {message}\n{advice}\n")


@pytest.mark.parametrize(
    ("tag", "carried_out", "recovered", "sent"),
    [
        (DISABLE, False, "  It changed nothing on the card.\n", []),
        (DISABLE, True, "  The profile was not deleted; run 'lpa delete'", ["disable"]),
        (DELETE, False, "  The profile was not deleted; run 'lpa delete'", ["disable"]),
        (DELETE, True, f"  Deleted Albion Mobile ({ALBION}).\n", ["disable", "delete"]),
        (RETRIEVE, False, "  The profile was not deleted; run 'lpa delete'", ["disable"]),
        (SENT, False, f"  Deleted Albion Mobile ({ALBION}).\n", ["disable", "delete"]),
    ],
)
def test_ctrl_c_during_a_card_command_is_reported_and_can_be_resumed(
    tag: int,
    carried_out: bool,
    recovered: str,
    sent: list[str],
    options: tuple[str, ...],
    smdp: SimulatedSmdp,
    monkeypatch: pytest.MonkeyPatch,
    listening: None,
) -> None:
    def interrupted(folder: Path) -> Transport:
        return InterruptedCard(SimulatedEuicc.load(folder), tag, carried_out=carried_out)

    with monkeypatch.context() as patch:
        command.put_in(patch, interrupted)
        assert ends_with_advice(deletes(*options))
    again = command.run(*options, "resume")
    assert again.code == 0
    assert recovered in again.out
    assert [one.event for one in smdp.received] == sent
    assert command.run(*options, "notifications", "list").err == "No notifications on the card.\n"


@pytest.mark.parametrize("received", [False, True])
def test_ctrl_c_while_sending_is_reported_and_can_be_resumed(
    received: bool,
    options: tuple[str, ...],
    smdp: SimulatedSmdp,
    monkeypatch: pytest.MonkeyPatch,
    listening: None,
) -> None:
    real = Server.handle_notification

    def interrupted(server: Server, pending: bytes) -> dict[str, str]:
        if received:
            real(server, pending)
        signal.raise_signal(signal.SIGINT)
        return {}

    with monkeypatch.context() as patch:
        patch.setattr(Server, "handle_notification", interrupted)
        assert ends_with_advice(deletes(*options))
    again = command.run(*options, "resume")
    assert again.code == 0
    assert f"  Deleted Albion Mobile ({ALBION}).\n" in again.out
    assert [one.event for one in smdp.received] == ["disable", "delete"]
    assert command.run(*options, "notifications", "list").err == "No notifications on the card.\n"


def test_ctrl_c_while_the_outcome_is_printed_does_not_deny_the_change(
    options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, listening: None
) -> None:
    def interrupted(_outcome: Outcome) -> Iterator[Line]:
        signal.raise_signal(signal.SIGINT)
        yield "Deleted.", ""

    monkeypatch.setattr("lpa.cli.commands.outcomes.change_lines", interrupted)
    ran = deletes(*options, "--json")
    assert says_deleted(ran)
    assert [change["event"] for change in ran.document["result"]["changes"]] == ["disable", "delete"]


def test_ctrl_c_while_earlier_notifications_are_sent_does_not_deny_the_change(
    options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, listening: None
) -> None:
    def interrupted(_assistant: Assistant, *, progress: object) -> tuple[Delivery, ...]:
        signal.raise_signal(signal.SIGINT)
        return ()

    monkeypatch.setattr(Assistant, "send_due_notifications", interrupted)
    ran = deletes(*options)
    assert says_deleted(ran)
    assert f"Albion Mobile ({ALBION}) was deleted permanently.\n" in ran.out


def test_an_unreadable_journal_does_not_hide_what_was_done(
    options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_assistant: Assistant, *, progress: object) -> tuple[Delivery, ...]:
        raise StorageFailed("The journal cannot be read.")

    monkeypatch.setattr(Assistant, "send_due_notifications", broken)
    ran = deletes(*options, "--json")
    assert ran.code == 0
    assert [was["event"] for was in ran.document["result"]["changes"]] == ["disable", "delete"]
    assert ran.err.endswith("The journal cannot be read.\n")


_AT_THE_START = """
import signal, sys
class Pressed:
    def find_spec(name, *_):
        if name == "lpa.errors":
            signal.raise_signal(signal.SIGINT)
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Pressed)
from lpa.cli.main import main
main()
"""


@pytest.mark.parametrize("options", [["--json"], []])
def test_ctrl_c_while_the_command_is_loaded_says_that_nothing_was_changed(options: list[str]) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _AT_THE_START, *options, "list"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 130
    if options:
        error = command.document(ran.stdout)["error"]
        assert (error["kind"], error["advice"]) == ("Interrupted", "Nothing was changed.")
    else:
        assert ran.stderr.splitlines() == ["lpa: Interrupted.", "Nothing was changed."]
