"""What the commands show of cards of version 3 and of SGP.32 (IoT), and what they say of their refusals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lpa.sim import samples
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.generations import Generation
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support import command

SPARE = "8949985000000000025"


def options(folder: Path, generation: Generation) -> tuple[str, ...]:
    first, second = samples.profiles(2)
    profiles = [first, replace(second, fallback=True, fallback_allowed=True)]
    behaviour = Behaviour(generation=generation)
    with SimulatedEuicc.create(folder / "card", behaviour=behaviour, profiles=profiles):
        pass
    return ("--reader", f"sim:{folder / 'card'}", "--state-dir", str(folder / "state"))


def test_the_port_of_a_card_of_version_3_is_shown(tmp_path: Path) -> None:
    card = options(tmp_path, "v3")
    assert "SGP.22            2.2.2 to 3.1.0\n" in command.run(*card, "info").out
    assert "enabled, eSIM port 0 " in command.run(*card, "list").out
    shown = [line.split(maxsplit=2) for line in command.run(*card, "show", "0017").out.splitlines()]
    assert ["eSIM", "port", "0"] in shown
    first, second = command.run(*card, "--json", "list").document["result"]["profiles"]
    assert (first["esim_port"], "esim_port" in second, second["state"]) == (0, False, "disabled")


def test_an_iot_card_is_described(tmp_path: Path) -> None:
    card = options(tmp_path, "sgp32")
    ran = command.run(*card, "info")
    for line in ("IPA mode          ipad", "SGP.32            1.2.0", "Managed by        eIM eim.example"):
        assert f"{line}\n" in ran.out
    assert "IoT functions     fallback profile\n" in ran.out
    assert "an eIM manages its profiles" in ran.out + ran.err
    document = command.run(*card, "--json", "info").document["result"]
    assert [eim["identifier"] for eim in document["eims"]] == ["eim.example"]
    assert document["info2"]["iot"]["versions"] == ["1.2.0"]
    assert "disabled, fallback " in command.run(*card, "list").out
    assert "this is the fallback profile of the card\n" in command.run(*card, "show", SPARE).out


def test_the_fallback_profile_is_deleted_only_after_its_warning_is_accepted(tmp_path: Path) -> None:
    card = options(tmp_path, "sgp32")
    plan = command.run(*card, "--json", "delete", SPARE, "--plan").document["result"]
    levels = {finding["name"]: finding["level"] for finding in plan["findings"]}
    assert (levels["fallback-profile"], levels["managed-remotely"]) == ("warning", "note")


def test_a_reset_warns_of_the_fallback_profile_before_it_asks(tmp_path: Path) -> None:
    card = options(tmp_path, "sgp32")
    ran = command.converse(*card, "reset", types="no\n")
    assert (ran.code, f"Nordlicht ({SPARE}), disabled, fallback\n" in ran.err) == (1, True), ran.err
    said = " ".join(ran.err.split())
    warning = f"Warning Nordlicht ({SPARE}) is the fallback profile: it is enabled when"
    assert said.index(warning) < said.index("type the last six digits")
    assert "Without it, the device may become unreachable." in said
    assert "fallback" not in command.converse(*card, "reset", "--test", types="no\n").err


@pytest.mark.parametrize(
    "arguments",
    [
        ("enable", SPARE),
        ("disable", "8944994000000000017"),
        ("delete", SPARE, "--accept", "fallback-profile", "--yes"),
    ],
)
def test_the_refusal_of_an_iot_card_is_reported_as_that(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    ran = command.run(*options(tmp_path, "sgp32"), *arguments)
    assert ran.code == 1
    assert "The card refuses and gives no reason. It is an IoT eUICC (SGP.32)" in ran.err
    assert "Ask whoever operates the eIM" in ran.err
