"""Documents of states that other tests reach without `--json`. `command.run` checks each by its schema."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from lpa import Assistant, errors
from lpa.cli.commands import card as card_commands
from lpa.journal import DELETING, DISABLING, ENABLING, LOADING
from lpa.sim import samples
from lpa.sim.contents import Contents
from lpa.sim.crypto.pki import Authority
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers import packages
from lpa.sim.servers.smdp import SimulatedSmdp
from lpa.sim.simulated_profile import SimulatedProfile
from tests.support import command
from tests.support.download_parties import DownloadParties, made
from tests.support.unfinished import interrupt
from tests.support.unreadable_profile import UnreadableProfileCard

ALBION, NORDLICHT, SHILI = "8944994000000000017", "8949985000000000025", "89869870000000000033"


@pytest.fixture
def options(tmp_path: Path) -> tuple[str, ...]:
    folder = command.card(tmp_path / "card")
    return ("--reader", f"sim:{folder}", "--state-dir", str(tmp_path / "state"), "--json")


@pytest.fixture
def parties(tmp_path: Path) -> Iterator[DownloadParties]:
    yield from made(tmp_path, Behaviour(authorised_policy_rules=((("ppr1", "ppr2"), "EEE-EEE", True),)))


def result(*arguments: object) -> Any:
    """The result of a command that succeeds."""
    ran = command.run(*arguments)
    assert ran.code == 0, ran
    return ran.document["result"]


def findings(*arguments: object) -> dict[str, str]:
    """The findings of a plan or a preview by name, each with its level."""
    return {one["name"]: one["level"] for one in result(*arguments)["findings"]}


def card_with(folder: Path, *profiles: Any, **behaviour: Any) -> tuple[str, ...]:
    with SimulatedEuicc.create(folder / "card", profiles=profiles, behaviour=Behaviour(**behaviour)):
        return ("--reader", f"sim:{folder / 'card'}", "--state-dir", str(folder / "state"), "--json")


def test_an_error_names_the_profiles_that_are_meant(tmp_path: Path) -> None:
    iccids = [ALBION, "8949990000000000017"]
    options = card_with(tmp_path, *map(SimulatedProfile, iccids))
    ran = command.run(*options, "show", "0017")
    assert (ran.code, ran.document["error"]["kind"]) == (1, "AmbiguousProfile")
    assert ran.document["error"]["iccids"] == iccids


def test_a_receipt_is_shown_with_what_is_known_of_its_acknowledgement(
    options: tuple[str, ...], tmp_path: Path
) -> None:
    folder = tmp_path / "card"
    with SimulatedSmdp(Authority.load(folder), host="albion.smdp.example") as smdp:
        assert command.run(
            *options, "--connect-to", smdp.connect_to, "delete", ALBION, "--disable-first", "--yes"
        )
    (shown,) = result(*options, "receipts", "show", "2")["receipts"]
    record = shown["record"]
    assert datetime.fromisoformat(record["kept"]) <= datetime.fromisoformat(record["acknowledged"])
    assert (record["evidence"]["http_status"], record["operation"]) == (204, "delete")
    assert record["free_memory_after"] > record["free_memory_before"]
    moved = Path(shown["path"]).rename(tmp_path / "receipt.der")
    (elsewhere,) = result(*options, "receipts", "show", moved)["receipts"]
    assert (elsewhere["eid"], elsewhere["record"]["kept"]) == (None, None)
    trusting = (*options, "--ca-bundle", folder / "ci.pem")
    page = tmp_path / "page.html"
    assert result(*trusting, "receipts", "export", "1", "--html", page)["verification"]["iccid"] == ALBION
    unverified = command.run(*options, "receipts", "export", "1", "--html", page)
    assert (unverified.code, unverified.document["result"]["verification"]) == (1, None)


def test_a_notification_that_was_removed_unsent_is_recorded_as_abandoned(options: tuple[str, ...]) -> None:
    command.run(*options, "disable", ALBION)
    result(*options, "notifications", "remove", "1", "--unsent")
    (shown,) = result(*options, "receipts", "show", "1")["receipts"]
    assert datetime.fromisoformat(shown["record"]["abandoned"]).tzinfo
    assert shown["record"]["acknowledged"] is None


def test_a_plan_names_each_finding(tmp_path: Path) -> None:
    first, second, third = samples.profiles(3)
    locked = replace(first, contents=Contents(pin="1234"))
    card = card_with(
        tmp_path,
        locked,
        replace(second, policy_rules=("ppr1", "ppr2")),
        replace(third, profile_class="provisioning"),
    )
    found = findings(*card, "delete", ALBION, "--plan")
    assert (found["pin-needed"], found["profileNotInDisabledState"]) == ("note", "blocker")
    found = findings(*card, "delete", NORDLICHT, "--plan")
    assert (found["ppr1"], found["disallowedByPolicy"], found["no-backup"]) == ("note", "blocker", "note")
    assert findings(*card, "delete", SHILI, "--plan")["not-operational"] == "warning"
    result(*card, "protect", ALBION)
    assert findings(*card, "delete", ALBION, "--plan")["protected"] == "blocker"
    command.run(*card, "disable", ALBION)
    assert findings(*card, "delete", ALBION, "--plan")["notifications-pending"] == "warning"
    assert findings(*card, "delete", SHILI, "--plan")["notifications-pending-others"] == "note"


@pytest.mark.parametrize(("tries", "name"), [(0, "pin-blocked"), (1, "pin-last-try")])
def test_a_pin_that_cannot_be_tried_is_a_finding(tries: int, name: str, tmp_path: Path) -> None:
    (only,) = samples.profiles(1)
    card = card_with(tmp_path, replace(only, contents=Contents(pin="1234", pin_tries=tries)))
    found = findings(*card, "delete", ALBION, "--plan")
    assert (found[name], found["last-profile"]) == ("note", "warning")
    assert result(*card, "show", ALBION)["subscriber"]["reason"] == "pinNeeded"


def test_a_preview_names_each_finding(parties: DownloadParties) -> None:
    strict = packages.sample(ALBION, policy_rules=("ppr1", "ppr2"), size=100_000)
    order = parties.smdp.order(strict, "RULES")
    found = findings(*parties.options, "--json", "download", order.activation_code, "--preview")
    assert (found["ppr1"], found["ppr2"]) == ("warning", "warning")
    assert found["installFailedDueToIccidAlreadyExistsOnEuicc"] == "blocker"


@pytest.mark.parametrize(
    ("function", "state"),
    [
        ("enable", ENABLING),
        ("disable", DISABLING),
        ("delete", DELETING),
        ("reset", DELETING),
        ("download", LOADING),
    ],
)
def test_each_interrupted_operation_is_named(
    function: str, state: str, options: tuple[str, ...], tmp_path: Path
) -> None:
    with Assistant.open(options[1], state_dir=tmp_path / "state") as assistant:
        interrupt(assistant, function, state)
    assert findings(*options, "delete", NORDLICHT, "--plan")["unfinished"] == "note"
    other = command.card(tmp_path / "other")
    elsewhere = command.run("--reader", f"sim:{other}", *options[2:], "resume").document["result"]
    assert [one["operation"] for one in elsewhere["other_cards"]] == [function]
    assert [one["operation"] for one in result(*options, "resume")["recovered"]] == [function]


def test_what_cannot_be_read_is_in_the_document(
    options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def hiding(folder: Path) -> UnreadableProfileCard:
        return UnreadableProfileCard(SimulatedEuicc.load(folder), ALBION)

    with monkeypatch.context() as patch:
        command.put_in(patch, hiding)
        (listed,) = result(*options, "list")["unreadable"]
        (planned,) = result(*options, "delete", NORDLICHT, "--plan")["unreadable"]
    assert all(item.startswith("e3") for item in (listed, planned))


def test_a_plan_says_whether_the_server_is_verified(options: tuple[str, ...], tmp_path: Path) -> None:
    other = command.card(tmp_path / "other")
    with SimulatedSmdp(Authority.load(other), host="albion.smdp.example") as smdp:
        found = findings(*options, "--connect-to", smdp.connect_to, "delete", ALBION, "--plan")
    assert found["not-verified"] == "warning"


def test_the_simulated_server_prints_what_it_received_and_its_orders(
    options: tuple[str, ...], tmp_path: Path
) -> None:
    folder = tmp_path / "card"
    arguments = [*command.PROGRAM, "--json", "sim", "server", "--pki", str(folder)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr
            way = (*options, *server.stderr.readline().partition("with: ")[2].split())
            order = result("--json", "sim", "server", "order", "add", "--pki", folder)
            result(*way, "download", order["activation_code"], "--yes")
            server.send_signal(signal.SIGINT)
            out, _ = server.communicate(timeout=30)
        finally:
            server.kill()
    done = command.document(out)["result"]
    assert [(one["event"], one["iccid"]) for one in done["received"]] == [("install", order["iccid"])]
    assert [one["state"] for one in done["orders"]] == ["installed"]


@pytest.mark.parametrize(
    "error",
    [
        errors.WireError("x"),
        errors.NoService("x"),
        errors.TimedOut("x"),
        errors.CardRemoved("x"),
        errors.CardUnpowered("x"),
        errors.Stopped("x"),
        ZeroDivisionError("x"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_have_the_document_of_the_command(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(card_commands.info, "callback", fail)
    ran = command.run("--json", "info")
    assert ran.document["command"] == "info"
    assert ran.document["exit_code"] == ran.code
    assert "result" not in ran.document
