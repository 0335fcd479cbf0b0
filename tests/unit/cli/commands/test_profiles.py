"""`lpa list`, `show` and `rename`, as text and as JSON."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len

from lpa.cli.commands.profiles import _report_unlisted
from lpa.cli.screen import Screen
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.listing import Listing
from lpa.rsp.records import Profile
from lpa.sim import samples
from lpa.sim.contents import Contents
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.simulated_profile import SimulatedProfile
from tests.support import command

ALBION, NORDLICHT, SHILI = "8944994000000000017", "8949985000000000025", "89869870000000000033"


@pytest.fixture
def reader(tmp_path: Path) -> str:
    return f"sim:{command.card(tmp_path / 'card')}"


def test_list_is_a_table_with_the_states(reader: str) -> None:
    ran = command.run("--reader", reader, "list")
    assert (ran.code, ran.err) == (0, "")
    lines = [line.split() for line in ran.out.splitlines()]
    assert lines[0] == ["ICCID", "State", "Operator", "Profile", "Nickname"]
    assert [line[:2] for line in lines[1:]] == [
        [ALBION, "enabled"],
        [NORDLICHT, "disabled"],
        [SHILI, "disabled"],
    ]


def test_names_in_chinese_do_not_move_the_columns(tmp_path: Path) -> None:
    SimulatedEuicc.create(tmp_path / "card", profiles=8).close()
    reader = f"sim:{tmp_path / 'card'}"
    for number in (ALBION, SHILI):
        assert command.run("--reader", reader, "rename", number, "旅行 Reise").code == 0
    heading, *lines = command.run("--reader", reader, "list").out.splitlines()
    assert len(lines) == 8
    column = cell_len(heading.partition("Nickname")[0])
    named = [line for line in lines if line.endswith("旅行 Reise")]
    assert [cell_len(line.removesuffix("旅行 Reise")) for line in named] == [column, column]


def test_list_in_a_pipe_is_plain_and_not_shortened(reader: str) -> None:
    out = command.run("--reader", reader, "list").out
    assert "\x1b" not in out
    assert all(line == line.rstrip() for line in out.splitlines())
    assert len(out.splitlines()) == 4


def test_list_as_a_document_has_the_members_of_profiles(reader: str) -> None:
    ran = command.run("--reader", reader, "list", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.document["command"] == "list"
    assert ran.document["result"]["unreadable"] == []
    assert ran.document["result"]["profiles"][1] == {
        "iccid": NORDLICHT,
        "state": "disabled",
        "aid": "a0000005591010ffffffff8900001100",
        "nickname": "",
        "service_provider": "Nordlicht",
        "name": "Nordlicht Prepaid",
        "profile_class": "operational",
        "policy_rules": [],
        "protected": False,
    }


def test_test_profiles_are_listed_only_with_all(tmp_path: Path) -> None:
    test = SimulatedProfile("8949000000000000099", profile_class="test", name="Test")
    provisioning = SimulatedProfile("8949000000000000107", profile_class="provisioning")
    reader = f"sim:{command.card(tmp_path / 'card', test, provisioning)}"
    ran = command.run("--reader", reader, "list")
    assert ran == command.Ran(
        0, "", "Test and provisioning profiles not listed: 2. Use --all to list them.\n"
    )
    ran = command.run("--reader", reader, "list", "--all")
    assert "disabled, test" in ran.out
    assert "disabled, provisioning" in ran.out
    assert ran.err == ""


def test_list_says_that_a_card_has_no_profiles(tmp_path: Path) -> None:
    SimulatedEuicc.create(tmp_path / "card", profiles=0).close()
    ran = command.run("--reader", f"sim:{tmp_path / 'card'}", "list")
    assert ran == command.Ran(0, "", "No profiles on the card.\n")


def test_items_that_cannot_be_read_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    found = Listing[Profile]()
    found.unreadable = (Tlv.build(0xE3, b"\x01"),)
    _report_unlisted(Screen(json=False), found, hidden=0)
    assert capsys.readouterr().err == "1 more cannot be read; --json shows the bytes.\n"


def test_names_cannot_control_the_terminal(tmp_path: Path) -> None:
    evil = SimulatedProfile(
        "8949000000000000099",
        service_provider="\x1b[2J\x9b1m",
        name="[red]x[/]\n:smile:",
        nickname="\u202egnorw\u2066",
    )
    reader = f"sim:{command.card(tmp_path / 'card', evil)}"
    line = command.run("--reader", reader, "list").out.splitlines()[1]
    assert line.split() == [
        "8949000000000000099",
        "disabled",
        "\\x1b[2J\\x9b1m",
        "[red]x[/]\\n:smile:",
        "\\u202egnorw\\u2066",
    ]
    shown = command.run("--reader", reader, "show", "0099").out
    document = command.run("--reader", reader, "list", "--json").out
    assert all(sign.isprintable() for text in (shown, document) for sign in text if sign != "\n")


def test_show_prints_everything_about_a_profile(tmp_path: Path) -> None:
    profile = SimulatedProfile(
        "89490000000000000991",
        state="enabled",
        nickname="Reise",
        service_provider="Nordlicht",
        name="Prepaid",
        icon=b"1234",
        policy_rules=("ppr1", "ppr2"),
        owner="262-98",
        notifications=((("enable", "delete"), "rsp.example"),),
        aid="A0000005591010FFFFFFFF8900001100",
        contents=Contents(imsi="262980000000025", msisdn="+4970090000025"),
    )
    reader = f"sim:{command.card(tmp_path / 'card', profile)}"
    assert command.run("--reader", reader, "show", "0991", "--icon").out == (
        "ICCID         89490000000000000991\n"
        f"EID           {eid(reader)}\n"
        "Operator      Nordlicht\n"
        "Profile       Prepaid\n"
        "Nickname      Reise\n"
        "Network       262-98\n"
        "Notifies      rsp.example (enable, delete)\n"
        "IMSI          262980000000025\n"
        "Phone number  +4970090000025\n"
        "State         enabled\n"
        "Class         operational\n"
        "Rules         may not be disabled (PPR1)\n"
        "              may not be deleted (PPR2)\n"
        "ISD-P AID     A0000005591010FFFFFFFF8900001100\n"
        "Icon          4 bytes\n"
    )
    document = command.run("--reader", reader, "show", profile.aid, "--json", "--icon").document
    assert document["result"] == {
        "iccid": "89490000000000000991",
        "state": "enabled",
        "aid": "a0000005591010ffffffff8900001100",
        "nickname": "Reise",
        "service_provider": "Nordlicht",
        "name": "Prepaid",
        "profile_class": "operational",
        "policy_rules": ["ppr1", "ppr2"],
        "notifications": [{"events": ["enable", "delete"], "address": "rsp.example"}],
        "owner": {"mcc_mnc": "262-98", "gid1": "", "gid2": ""},
        "icon": "31323334",
        "eid": eid(reader),
        "subscriber": {
            "imsi": "262980000000025",
            "numbers": ["+4970090000025"],
            "service_provider": "",
            "reason": "",
        },
        "protected": False,
    }


def eid(reader: str) -> str:
    with SimulatedEuicc.load(Path(reader.removeprefix("sim:"))) as card:
        return card.eid


def test_show_reads_an_icon_only_if_it_is_asked_to(tmp_path: Path) -> None:
    """A kilobyte takes a second on a slow line."""
    reader = f"sim:{command.card(tmp_path / 'card', SimulatedProfile('89490000000000000991', icon=b'1234'))}"
    show = ("--reader", reader, "show", "0991")
    assert "Icon" not in command.run(*show).out
    assert "Icon          4 bytes\n" in command.run(*show, "--icon").out
    assert "icon" not in command.run(*show, "--json").document["result"]
    assert command.run(*show, "--json", "--icon").document["result"]["icon"] == b"1234".hex()


def test_imsi_and_number_of_a_disabled_profile_are_not_read(reader: str) -> None:
    ran = command.run("--reader", reader, "show", NORDLICHT)
    assert ran.code == 0
    assert "IMSI          not read: only the enabled profile can be read\n" in ran.out
    assert "Phone number  not read: only the enabled profile can be read\n" in ran.out
    subscriber = command.run("--reader", reader, "show", NORDLICHT, "--json").document["result"]["subscriber"]
    assert (subscriber["imsi"], subscriber["numbers"], subscriber["reason"]) == (None, None, "notEnabled")


@pytest.fixture
def locked(tmp_path: Path) -> str:
    """A card whose enabled profile is locked with the PIN 1234."""
    profile = samples.profiles(1)[0]
    contents = replace(profile.contents, pin="1234")
    return f"sim:{command.card(tmp_path / 'card', replace(profile, contents=contents))}"


def test_without_the_pin_the_rest_of_the_profile_is_shown(locked: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    ran = command.run("--reader", locked, "show", "0017", "--html", page)
    assert ran.code == 0
    assert "IMSI          not read: locked with a PIN; use --ask-pin\n" in ran.out
    assert "not read: locked with a PIN" in page.read_text()


@pytest.mark.parametrize(("pin", "code"), [("1234", 0), ("9999", 1)])
def test_the_right_pin_reads_the_imsi(pin: str, code: int, locked: str) -> None:
    ran = command.converse("--reader", locked, "show", "0017", "--ask-pin", types=f"{pin}\n")
    assert ran.code == code
    assert ("IMSI          234990000000001\n" in ran.out) is (code == 0)
    assert ("The PIN is wrong. Tries left: 2." in ran.err) is (code == 1)
    assert pin not in ran.out + ran.err


def test_without_a_terminal_no_pin_is_asked_for(locked: str) -> None:
    assert command.run("--reader", locked, "show", "0017", "--ask-pin").code == 1


def test_a_profile_that_does_not_exist_is_refused(reader: str) -> None:
    ran = command.run("--reader", reader, "show", "9999")
    assert ran.code == 1
    assert ran.err == "lpa: The card holds no profile 9999.\n'lpa list' shows what it holds.\n"


@pytest.mark.parametrize("name", ["017", "Nordlicht", "A0", ""])
def test_a_name_that_cannot_name_a_profile_is_a_usage_error(reader: str, name: str) -> None:
    assert command.run("--reader", reader, "rename", name, "Work").code == 2


def test_rename_sets_and_removes_the_nickname(reader: str) -> None:
    ran = command.run("--reader", reader, "rename", "0025", "旅行")
    assert ran.out == f"Nordlicht ({NORDLICHT}) now has the nickname '旅行'.\n"
    ran = command.run("--reader", reader, "rename", "0025", "", "--json")
    assert ran.document["result"] == {"iccid": NORDLICHT, "nickname": "", "nickname_before": "旅行"}
    assert "旅行" not in command.run("--reader", reader, "list").out


@pytest.mark.parametrize("nickname", ["👩‍🚀 Reise", "❤️", "🏳️‍🌈"])
def test_a_nickname_may_contain_emoji(reader: str, nickname: str) -> None:
    assert command.run("--reader", reader, "rename", "0025", nickname).code == 0
    assert nickname in command.run("--reader", reader, "list").out


@pytest.mark.parametrize("nickname", ["a\u200db", "\u202eabc", "x" * 65, "字" * 22, "a\nb", "\x1b[2J"])
def test_a_nickname_that_is_too_long_or_invisible_is_a_usage_error(reader: str, nickname: str) -> None:
    assert command.run("--reader", reader, "rename", "0025", nickname).code == 2
