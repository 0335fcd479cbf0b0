"""`lpa info`, `default-server`, `readers`, `doctor`, and the global options."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from lpa.card.pcsc import Reader
from lpa.card.probing import Probe
from lpa.cli.commands import card
from lpa.cli.commands.card import _report_doubts
from lpa.cli.screen import Screen
from lpa.errors import EuiccRefused
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.euicc_info import EuiccInfo1, EuiccInfo2, KeyIdentifier
from lpa.rsp.names import Eid
from lpa.rsp.reasons import explain
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support import command
from tests.support.disturbed import DisturbedCard


@pytest.fixture
def reader(tmp_path: Path) -> str:
    return f"sim:{command.card(tmp_path / 'card')}"


def test_info_shows_the_properties_of_the_card(reader: str) -> None:
    ran = command.run("--reader", reader, "info")
    assert (ran.code, ran.err) == (0, "")
    facts = dict(line.split("  ", 1) for line in ran.out.splitlines() if not line.startswith(" "))
    assert facts["ISD-R"].strip() == "A0000005591010FFFFFFFF8900000100"
    assert facts["SGP.22"].strip() == "2.2.2"
    assert facts["Memory"].strip() == "■■■□□□□□□  390 KiB free"
    assert facts["TS 102 241"].strip() == "15.0.0"
    assert facts["Allowed rules"].strip() == (
        "any operator, with your consent: may not be disabled (PPR1), may not be deleted (PPR2)"
    )
    document = command.run("--reader", reader, "info", "--json").document
    assert document["result"]["eid"] == facts["EID"].strip()
    assert document["result"]["info2"]["svn"] == "2.2.2"
    assert document["result"]["info1"] is None  # EUICCInfo2 has its lists.


def test_info_warns_of_wrong_check_digits_and_of_test_issuers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    issuer = KeyIdentifier(bytes.fromhex("F54172") + bytes(17))
    info = EuiccInfo1(Tlv.build(0xBF20, b""), ci_for_verification=(issuer,))
    _report_doubts(Screen(json=False), Eid.parse("8" * 32), info)
    assert capsys.readouterr().err == (
        "The check digits of the EID are wrong. Some genuine cards have such an EID.\n"
        "This card trusts only test issuers: no operator can install a profile on it.\n"
    )


def test_the_default_server_is_shown_set_and_cleared(reader: str) -> None:
    assert command.run("--reader", reader, "default-server").out.splitlines() == [
        "Default server    smdp.example",
        "Discovery server  smds.example",
    ]
    ran = command.run("--reader", reader, "default-server", "Mine.Example", "--json")
    assert ran.document["result"]["default_dp"] == "Mine.Example"
    ran = command.run("--reader", reader, "default-server", "--clear")
    assert ran.out.startswith("Default server    none\n")


@pytest.mark.parametrize("arguments", [("https://a.example",), ("a.example", "--clear")])
def test_an_invalid_server_address_is_a_usage_error(reader: str, arguments: tuple[str, ...]) -> None:
    assert command.run("--reader", reader, "default-server", *arguments).code == 2
    assert "smdp.example" in command.run("--reader", reader, "default-server").out


def test_doctor_checks_the_servers_and_names_what_fails(reader: str) -> None:
    ran = command.run("--reader", reader, "--connect-to", "::127.0.0.1:1", "doctor")
    assert (ran.code, ran.err) == (3, "")
    lines = ran.out.splitlines()
    assert lines[0] == "good      ISD-R    A0000005591010FFFFFFFF8900000100 answers."
    assert lines[3].startswith("bad       network  Cannot reach albion.smdp.example at 127.0.0.1:1: ")
    ran = command.run("--reader", reader, "--connect-to", "::127.0.0.1:1", "doctor", "--json")
    assert ran.document["error"]["kind"] == "ConnectFailed"
    steps = [(finding["step"], finding["verdict"]) for finding in ran.document["result"]["diagnoses"]]
    assert steps[:4] == [("ISD-R", "good"), ("EID", "good"), ("clock", "good"), ("network", "bad")]


def test_doctor_says_whether_the_journal_can_be_used(reader: str, tmp_path: Path) -> None:
    place = ("--reader", reader, "--state-dir", tmp_path / "state", "--connect-to", "::127.0.0.1:1")
    assert "journal" not in command.run(*place, "doctor").out
    assert not (tmp_path / "state").exists()
    assert command.run(*place, "protect", "0017").code == 0
    last = command.run(*place, "doctor").out.splitlines()[-1]
    assert last.split(maxsplit=2) == ["good", "journal", f"The journal in {tmp_path / 'state'} can be used."]
    (tmp_path / "state" / "journal.db").write_bytes(b"no database" * 1000)
    for options in (place, ("--reader", f"sim:{tmp_path / 'nothing'}", *place[2:])):
        *_, last = command.run(*options, "doctor", "--json").document["result"]["diagnoses"]
        assert (last["step"], last["verdict"], last["problem"]["kind"]) == ("journal", "bad", "StorageFailed")
        assert last["advice"] == last["problem"]["advice"] != ""


def test_without_a_smart_card_service_doctor_says_how_to_start_it(tmp_path: Path) -> None:
    ran = _run_without_service(tmp_path, "doctor")
    assert ran.code == 3
    assert ran.out.startswith("bad       service  The smart card service is not running.\n")
    assert len(ran.out.splitlines()) == 2


@pytest.mark.parametrize("name", ["readers", "list"])
def test_without_a_smart_card_service_there_is_an_error(tmp_path: Path, name: str) -> None:
    ran = _run_without_service(tmp_path, name)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("lpa: The smart card service is not running.\n")


@pytest.mark.parametrize("name", ["list", "doctor"])
def test_an_unknown_scheme_is_no_problem_of_the_smart_card_service(tmp_path: Path, name: str) -> None:
    ran = _run_without_service(tmp_path, "--reader", "smi:card", name)
    assert ran.code == 3
    assert "No scheme 'smi' is installed for 'smi:card'; installed: sim." in ran.out + ran.err
    assert "smart card service" not in ran.out + ran.err


@pytest.mark.parametrize("name", ["list", "info", "doctor"])
@pytest.mark.parametrize("status", [0x6982, 0x6985])
def test_a_card_that_refuses_everything_is_said_to_be_an_euicc(
    name: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Locked(SimulatedEuicc):
        def transmit(self, apdu: bytes) -> tuple[bytes, int]:
            return (b"", status) if apdu[1] == 0xE2 else super().transmit(apdu)

    command.put_in(monkeypatch, lambda _: Locked.create(None))
    ran = command.run("--reader", "sim:card", name)
    assert ran.code == 1
    text = " ".join((ran.out + ran.err).split())
    assert "The card is an eUICC, but it refuses to be read: " in text
    assert f"({status:04X})" in text
    assert "app of its maker" in text


def test_readers_says_what_a_card_that_refuses_is() -> None:
    reader = Reader("A", present=True, atr=b"", busy=False, mute=False)
    message, _ = explain("GetEID", "conditionsNotSatisfied")
    problem = EuiccRefused("GetEID", "conditionsNotSatisfied", 0x6985, message)
    assert list(card._rows(0, Probe(reader, problem=problem))) == [("0", "A", message)]


def test_another_isdr_is_found_by_its_name(tmp_path: Path) -> None:
    behaviour = Behaviour(isdr_aid="A0000005591010FFFFFFFF8900009999")
    SimulatedEuicc.create(tmp_path / "card", behaviour=behaviour).close()
    reader = f"sim:{tmp_path / 'card'}"
    ran = command.run("--reader", reader, "list", "--json")
    assert (ran.code, ran.document["error"]["kind"]) == (3, "NotAnEuicc")
    assert command.run("--reader", reader, "--aid", behaviour.isdr_aid, "list").code == 0


def test_global_options_can_come_from_the_environment(reader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LPA_READER", reader)
    assert command.run("list").code == 0
    monkeypatch.setenv("LPA_BLOCK_SIZE", "5")
    assert command.run("list").code == 2


def test_commands_to_the_card_are_logged_on_request(reader: str, tmp_path: Path) -> None:
    select = "A0000005591010FFFFFFFF8900000100".lower()
    assert select not in command.run("--reader", reader, "-v", "list").err
    assert select in command.run("--reader", reader, "-vv", "list").err
    trace = tmp_path / "trace"
    assert command.run("--reader", reader, "--trace", trace, "list").err == ""
    assert select.upper() in trace.read_text()
    assert trace.stat().st_mode & 0o077 == 0


def test_the_version_is_that_of_the_package() -> None:
    assert command.run("--version") == command.Ran(0, f"lpa {metadata.version('lpa')}\n", "")


def test_every_command_has_a_help_text() -> None:
    assert command.run("--help").code == 0
    for name in ("readers", "doctor", "info", "list", "show", "enable", "disable", "delete", "rename"):
        assert name in command.run("--help").out
        assert "--json" in command.run(name, "--help").out


def test_importing_the_command_imports_no_heavy_library() -> None:
    code = (
        "import sys, lpa.cli.app\n"
        "heavy = {'urllib3', 'cryptography', 'smartcard', 'platformdirs', 'rich', 'ssl', 'sqlite3'}\n"
        "print(sorted(heavy & set(sys.modules) | {m for m in sys.modules if 'lpa.s' in m[:5] and 'select' "
        "not in m and 'switch' not in m} - {'lpa.server', 'lpa.server.on_demand', 'lpa.stop'}))\n"
    )
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, env=unmeasured, capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def _run_without_service(tmp_path: Path, *arguments: str) -> command.Ran:
    folders = {"PCSCLITE_CSOCK_NAME": "nobody", "LPA_STATE_DIR": "state"}
    environment = os.environ | {name: str(tmp_path / folder) for name, folder in folders.items()}
    ran = subprocess.run(
        [*command.PROGRAM, *arguments], capture_output=True, text=True, check=False, env=environment
    )
    return command.Ran(ran.returncode, ran.stdout, ran.stderr)


def test_unknown_data_of_a_card_is_shown_as_hex() -> None:
    info = EuiccInfo2.from_tlv(bytes.fromhex("BF2207 8203020202 9E00"))
    assert ("Other data", ["9e00"]) in card._ability_facts(info)


def test_info_names_the_mode_of_an_iot_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command.card(tmp_path / "card")

    def iot_card(folder: Path) -> DisturbedCard:
        card = DisturbedCard(SimulatedEuicc.load(folder))
        card.instead(0xBF22, "BF220A 8203020202 900100 B400 9000")
        return card

    command.put_in(monkeypatch, iot_card)
    reader = ("--reader", f"sim:{tmp_path / 'card'}")
    ran = command.run(*reader, "info")
    assert "IPA mode          ipad\n" in ran.out
    assert "LPA mode" not in ran.out
    result = command.run(*reader, "--json", "info").document["result"]
    assert (result["info2"]["ipa_mode"], result["info2"]["lpa_mode"]) == ("ipad", "")
    assert result["info1"]["ci_for_verification"]  # This EUICCInfo2 has no list.
