"""The program lpac as a whole: its usage, its errors, and the link that is called so."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lpa import __version__
from lpa.card.apdu import Transport
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support import command, loaded
from tests.support.lpac_shim import NORDLICHT, SUCCESS, Shim

COMMANDS = "Usage: lpac <driver|chip|profile|notification|version>\n"
PROFILE = "Usage: profile <list|enable|disable|nickname|delete|download|discovery>\n"
NOTIFICATION = "Usage: notification <list|process|remove|dump|replay>\n"


@pytest.mark.parametrize(
    ("words", "out"),
    [
        ("", COMMANDS),
        ("bogus", f"Unknown command: bogus\n{COMMANDS}"),
        ("--version", f"Unknown command: --version\n{COMMANDS}"),
        ("driver", "Usage: driver <apdu|http|list>\n"),
        ("driver apdu", "Usage: apdu <list>\n"),
        ("chip", "Usage: chip <info|defaultsmdp|purge>\n"),
        ("chip defaultsmdp", "Usage: defaultsmdp <smdp>\n"),
        ("profile", PROFILE),
        ("profile bogus", f"Unknown command: bogus\n{PROFILE}"),
        ("profile enable", "Usage: enable [iccid/aid] [refreshflag]\n"),
        ("profile disable", "Usage: disable [iccid/aid] [refreshflag]\n"),
        ("profile delete", "Usage: delete [iccid/aid]\n"),
        ("profile nickname", "Usage: nickname [iccid] [new_name]\n"),
        ("notification", NOTIFICATION),
    ],
)
def test_an_incomplete_command_is_explained(words: str, out: str) -> None:
    ran = command.run("lpac", *words.split())
    assert (ran.code, ran.out, ran.err) == (255, out, "")


@pytest.mark.parametrize("words", ["profile download", "profile discovery", "notification process"])
@pytest.mark.parametrize("option", ["-h", "-?", "-x"])
def test_options_are_explained(words: str, option: str) -> None:
    ran = command.run("lpac", *words.split(), option)
    assert ran.code == 255
    assert ran.out.startswith(f"Usage: {words.split()[1]} [OPTIONS]")
    assert ("option -x not recognized" in ran.out) == (option == "-x")


def test_the_version_is_that_of_lpac_and_ours() -> None:
    ran = command.run("lpac", "version")
    assert json.loads(ran.out) == {
        "type": "lpa",
        "payload": {"code": 0, "message": "success", "data": f"v2.3.0-lpa-{__version__}"},
    }


def test_the_drivers_are_those_that_there_are() -> None:
    ran = command.run("lpac", "driver", "list")
    assert ran.out == '{"type":"driver","payload":{"LPAC_APDU":["pcsc"],"LPAC_HTTP":["curl"]}}\n'
    assert command.run("lpac", "driver", "http", "list") == command.Ran(0, "", "")


def test_a_card_that_is_not_opened_is_an_error_of_lpac(tmp_path: Path) -> None:
    ran = command.run("--reader", f"sim:{tmp_path}", "lpac", "profile", "list")
    payload = json.loads(ran.out)["payload"]
    assert (ran.code, payload["code"], payload["message"]) == (255, -1, "euicc_init")
    assert payload["data"] in ran.err.replace("lpa: ", "").replace("\n", " ")


def test_another_driver_is_refused_in_json(lpac: Shim) -> None:
    lpac.set(LPAC_APDU="qmi")
    ran = lpac("profile", "list")
    assert (ran.exit_code, ran.result["message"]) == (255, "euicc_init")
    assert ran.result["data"].startswith("LPAC_APDU is 'qmi'")


def test_a_block_size_and_an_aid_are_used(lpac: Shim) -> None:
    lpac.set(LPAC_CUSTOM_ES10X_MSS="20", LPAC_CUSTOM_ISD_R_AID="A0000005591010FFFFFFFF8900000100")
    assert lpac("profile", "nickname", NORDLICHT, "x" * 60).result == SUCCESS
    lpac.set(LPAC_CUSTOM_ISD_R_AID="A0000005591010FFFFFFFF8900000999")
    assert lpac("profile", "list").result["message"] == "euicc_init"


def test_ctrl_c_is_told_in_json(lpac: Shim) -> None:
    class Interrupted(SimulatedEuicc):
        def transmit(self, apdu: bytes) -> tuple[bytes, int]:
            if b"\xbf\x31" in apdu:  # EnableProfile
                raise KeyboardInterrupt
            return super().transmit(apdu)

    def interrupted(folder: Path) -> Transport:
        return Interrupted.load(folder)

    command.put_in(lpac.patch, interrupted)
    ran = lpac("profile", "enable", NORDLICHT)
    assert ran.exit_code == 255
    assert ran.result["message"] == "cancelled"
    assert ran.result["data"].startswith("Interrupted while changing the card; the outcome is unknown.")


def test_nothing_of_it_is_loaded_by_other_commands() -> None:
    assert not [name for name in loaded.by("--help") if name.startswith("lpa.cli.lpac")]


def test_a_link_called_lpac_is_lpac(lpac: Shim, tmp_path: Path) -> None:
    script = tmp_path / "lpa"
    script.write_text(f"#!{sys.executable}\nfrom lpa.cli.main import main\nmain()\n")
    script.chmod(0o755)
    link = tmp_path / "lpac"
    link.symlink_to(script)
    reader = dict(zip(lpac.parties.options[::2], lpac.parties.options[1::2], strict=True))["--reader"]
    lpac.set(LPA_READER=reader, LPA_STATE_DIR=str(tmp_path / "state"))
    ran = subprocess.run([link, "profile", "enable", NORDLICHT, "7"], capture_output=True, check=False)
    assert ran.returncode == 0, ran
    assert json.loads(ran.stdout) == {"type": "lpa", "payload": SUCCESS}
    assert lpac.on_card == [1, 2]
