"""`lpa backup` and `lpa delete --backup`: nothing is deleted without a backup."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lpa.card.files.filesystem import UiccFiles
from lpa.sim import samples
from lpa.sim.contents import Contents
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.simulated_profile import SimulatedProfile
from tests.support import command


@pytest.fixture
def card(tmp_path: Path) -> Path:
    return command.card(tmp_path / "card")


def place(card: Path, tmp_path: Path) -> tuple[str, ...]:
    return (
        "--reader",
        f"sim:{card}",
        "--state-dir",
        str(tmp_path / "state"),
        "--connect-to",
        "::127.0.0.1:1",
    )


def iccids(card: Path) -> list[str]:
    with SimulatedEuicc.load(card) as euicc:
        return [profile.iccid for profile in euicc.profiles]


def test_a_backup_is_a_private_folder_with_contacts_and_messages(card: Path, tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    ran = command.run(*place(card, tmp_path), "backup", folder)
    assert (ran.code, ran.out) == (0, f"Saved 5 contacts and 6 messages in {folder}.\n")
    assert "FN:张伟" in (folder / "contacts.vcf").read_text()
    assert json.loads((folder / "identity.json").read_text())["iccid"] == iccids(card)[0]
    assert folder.stat().st_mode & 0o777 == 0o700
    document = command.run(*place(card, tmp_path), "backup", tmp_path / "again", "--json").document
    assert (document["result"]["contacts"], document["result"]["messages"]) == (5, 6)


def tries(card: Path) -> int:
    with SimulatedEuicc.load(card) as euicc:
        return UiccFiles(euicc).pin_tries_left()


@pytest.mark.parametrize("typed", ["", "12x", "123456789"])
@pytest.mark.parametrize(
    "asked", [("backup",), ("show",), ("delete", "--disable-first", "--yes", "--backup")]
)
def test_an_invalid_pin_is_asked_for_again_and_uses_no_try(
    typed: str, asked: tuple[str, ...], tmp_path: Path
) -> None:
    locked = command.card(tmp_path / "locked", held(imsi="234990000000001", pin="1234"))
    profile, folder = iccids(locked)[0], str(tmp_path / "saved")
    what = {"backup": (folder,), "show": (profile,), "delete": (folder, "--accept", "last-profile", profile)}
    options = (*place(locked, tmp_path), *asked, *what[asked[0]], "--ask-pin")
    ran = command.dialogue(*options, answers=[typed, "1234"])
    assert ran.code == (4 if asked[0] == "delete" else 0)
    assert "A PIN has 4 to 8 digits. Nothing was sent to the card, and no try was used." in ran.err
    wrong = command.dialogue(
        *place(locked, tmp_path), "backup", tmp_path / "more", "--ask-pin", answers=[typed, "\x04"]
    )
    assert (wrong.code, "There was no answer." in wrong.err) == (1, True)
    if asked[0] != "delete":
        assert tries(locked) == 3


def test_a_backup_never_overwrites_another(card: Path, tmp_path: Path) -> None:
    (tmp_path / "saved").mkdir()
    ran = command.run(*place(card, tmp_path), "backup", tmp_path / "saved")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (f"lpa: {tmp_path / 'saved'} already exists.\nName a folder that does not exist yet.\n")
    error = command.run(*place(card, tmp_path), "backup", tmp_path / "saved", "--json").document["error"]
    assert (error["kind"], error["reason"]) == ("Refused", "folderExists")


def test_an_existing_folder_is_refused_before_a_card_is_needed_or_a_pin(tmp_path: Path) -> None:
    options = ("--reader", f"sim:{tmp_path / 'nothing'}", "--state-dir", tmp_path)
    ran = command.run(*options, "backup", tmp_path, "--ask-pin")
    assert (ran.code, ran.err.splitlines()[0]) == (1, f"lpa: {tmp_path} already exists.")


def test_delete_with_backup_saves_first(card: Path, tmp_path: Path) -> None:
    victim = iccids(card)[0]
    options = ("delete", victim, "--disable-first", "--backup", tmp_path / "saved", "--yes")
    ran = command.run(*place(card, tmp_path), *options)
    assert ran.code == 4  # The server is not reached in this test.
    assert ran.out.startswith("Saved 5 contacts and 6 messages")
    assert victim not in iccids(card)


def test_a_failed_backup_prevents_the_deletion(card: Path, tmp_path: Path) -> None:
    victim = iccids(card)[0]
    (tmp_path / "file").touch()
    options = ("delete", victim, "--disable-first", "--backup", tmp_path / "file" / "saved", "--yes")
    ran = command.run(*place(card, tmp_path), *options)
    assert ran.code == 3
    assert "cannot be written" in ran.err
    assert "Nothing was deleted. Use --accept backup-failed to delete it anyway." in ran.err
    assert victim in iccids(card)
    document = command.run(*place(card, tmp_path), *options, "--json").document
    assert (document["ok"], document["error"]["kind"]) == (False, "StorageFailed")
    ran = command.run(*place(card, tmp_path), *options, "--accept", "backup-failed")
    assert ran.code == 4
    assert victim not in iccids(card)


def test_an_incomplete_backup_prevents_the_deletion(card: Path, tmp_path: Path) -> None:
    spoiled = command.card(tmp_path / "spoiled", held(messages=("0100" + "03FF",)))
    victim = iccids(spoiled)[0]
    options = ("delete", victim, "--disable-first", "--accept", "last-profile", "--yes", "--backup")
    ran = command.run(*place(spoiled, tmp_path), *options, tmp_path / "saved", "--json")
    assert (ran.code, ran.document["error"]["reason"]) == (1, "backupIncomplete")
    assert ran.document["result"]["backup_first"]["backup"]["folder"] == str(tmp_path / "saved")
    assert victim in iccids(spoiled)


def held(**contents: Any) -> SimulatedProfile:
    """An enabled profile that contains only `contents`."""
    return replace(samples.profiles(1)[0], contents=Contents(**contents))


def states(card: Path) -> list[str]:
    with SimulatedEuicc.load(card) as euicc:
        return [profile.state for profile in euicc.profiles]


def test_a_disabled_profile_is_enabled_temporarily_for_its_backup_if_confirmed(
    card: Path, tmp_path: Path
) -> None:
    victim = iccids(card)[1]
    options = ("delete", victim, "--backup", tmp_path / "saved", "--yes", "--enable-first")
    ran = command.run(*place(card, tmp_path), *options)
    assert ran.code == 4  # The servers are not reached in this test.
    switches = [line for line in ran.out.splitlines() if line.startswith(("Enabled", "Disabled"))]
    assert sorted(switches) == [
        "Disabled Albion Mobile (8944994000000000017).",
        "Disabled Nordlicht (8949985000000000025).",
        "Enabled Albion Mobile (8944994000000000017).",
        "Enabled Nordlicht (8949985000000000025).",
    ]
    assert "Saved 5 contacts and 6 messages" in ran.out
    assert json.loads((tmp_path / "saved" / "identity.json").read_text())["iccid"] == victim
    assert victim not in iccids(card)
    assert states(card) == ["enabled", "disabled"]


def test_without_confirmation_the_profile_is_not_enabled_temporarily(card: Path, tmp_path: Path) -> None:
    victim = iccids(card)[1]
    options = ("delete", victim, "--backup", tmp_path / "saved", "--yes")
    ran = command.run(*place(card, tmp_path), *options)
    assert ran.code == 1
    assert "it is enabled temporarily and then disabled again." in ran.err
    assert "Albion Mobile (8944994000000000017) is disabled meanwhile" in ran.err
    assert "Use --enable-first to confirm without being asked." in ran.err
    assert (victim in iccids(card), states(card)[0]) == (True, "enabled")
    assert not (tmp_path / "saved").exists()


@pytest.mark.parametrize(("typed", "code"), [("enable\n", 4), ("no\n", 1)])
def test_a_terminal_is_asked_to_confirm_the_temporary_enable(
    typed: str, code: int, card: Path, tmp_path: Path
) -> None:
    victim = iccids(card)[1]
    options = ("delete", victim, "--backup", tmp_path / "saved", "--yes")
    ran = command.converse(*place(card, tmp_path), *options, types=typed)
    assert ran.code == code
    assert "To confirm, type the word 'enable':" in ran.err
    assert (victim in iccids(card)) is (code == 1)
    assert (tmp_path / "saved").exists() is (code == 4)


def test_the_previous_profile_is_restored_after_a_failed_backup(tmp_path: Path) -> None:
    first, second = samples.profiles(2)
    locked = replace(second, contents=replace(second.contents, pin="1234"))
    card = command.card(tmp_path / "locked", first, locked)
    options = ("delete", second.iccid, "--backup", tmp_path / "saved", "--yes", "--enable-first")
    ran = command.run(*place(card, tmp_path), *options, "--json")
    assert (ran.code, ran.document["error"]["reason"]) == (1, "pinNeeded")
    assert states(card) == ["enabled", "disabled"]
    assert len(ran.document["result"]["backup_first"]["switches"]) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["locked", "state"]


def test_nothing_is_switched_if_the_backup_folder_cannot_be_made(card: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "saved"
    options = ("delete", iccids(card)[1], "--backup", folder, "--yes", "--enable-first", "--json")
    ran = command.run(*place(card, tmp_path), *options)
    assert (ran.code, ran.document["error"]["kind"]) == (3, "StorageFailed")
    assert ran.document["error"]["advice"] == "Choose another folder."
    assert (states(card), events(card)) == (["enabled", "disabled", "disabled"], [])
    ran = command.run(*place(card, tmp_path), *options, "--accept", "backup-failed")
    assert ran.document["result"]["backup_first"]["switches"] == []
    assert (ran.code, states(card)) == (4, ["enabled", "disabled"])


def test_the_plan_offers_a_backup(card: Path, tmp_path: Path) -> None:
    ran = command.run(*place(card, tmp_path), "delete", iccids(card)[1], "--plan")
    assert "Its contacts and messages can be saved first if it is enabled temporarily." in ran.out


@pytest.mark.parametrize("accepted", [(), ("--accept", "backup-failed")])
def test_an_existing_folder_is_refused_before_anything_is_switched(
    accepted: tuple[str, ...], card: Path, tmp_path: Path
) -> None:
    (tmp_path / "saved").mkdir()
    options = ("delete", iccids(card)[1], "--backup", tmp_path / "saved", "--yes", "--enable-first")
    ran = command.run(*place(card, tmp_path), *options, *accepted, "--json")
    assert (ran.code, ran.document["error"]["reason"]) == (1, "folderExists")
    assert (states(card), events(card)) == (["enabled", "disabled", "disabled"], [])


@pytest.mark.parametrize("bound", [0, 1])
def test_a_backup_without_a_possible_restoration_is_refused_before_asking(bound: int, tmp_path: Path) -> None:
    pair = list(samples.profiles(2))
    pair[bound] = replace(pair[bound], policy_rules=("ppr1",))
    card = command.card(tmp_path / "bound", *pair)
    options = ("delete", pair[1].iccid, "--backup", tmp_path / "saved", "--yes", "--enable-first")
    ran = command.run(*place(card, tmp_path), *options, "--json")
    assert (ran.code, ran.document["error"]["reason"]) == (1, "disallowedByPolicy")
    assert "is enabled temporarily and then" not in ran.err
    assert (states(card), events(card)) == (["enabled", "disabled"], [])
    shown = command.run(*place(card, tmp_path), "delete", pair[1].iccid, "--plan").out
    assert "Note: Its contacts and messages cannot be saved." in shown


def locked(tmp_path: Path, tries: int = 3) -> Path:
    """A card with two profiles, of which the enabled one is locked with the PIN 1234."""
    first, second = samples.profiles(2)
    contents = replace(first.contents, pin="1234", pin_tries=tries)
    return command.card(tmp_path / "locked", replace(first, contents=contents), second)


def test_the_plan_says_that_a_pin_is_needed_without_using_a_try(tmp_path: Path) -> None:
    card = locked(tmp_path)
    ran = command.run(*place(card, tmp_path), "delete", "0017", "--disable-first", "--plan")
    assert "Note: Its contacts and messages are locked with a PIN. Tries left: 3.\n" in ran.out
    assert "      Use --backup with --ask-pin to enter it.\n" in ran.out
    with SimulatedEuicc.load(card) as euicc:
        assert euicc.profiles[0].contents.pin_tries == 3


def test_a_terminal_is_asked_for_the_pin_of_a_locked_profile(tmp_path: Path) -> None:
    card = locked(tmp_path)
    options = ("delete", "0017", "--disable-first", "--backup", tmp_path / "saved")
    ran = command.dialogue(*place(card, tmp_path), *options, answers=("0017", "1234"))
    assert ran.code == 4
    assert "PIN of the profile: " in ran.err
    assert "1234" not in ran.err
    assert (tmp_path / "saved" / "contacts.vcf").exists()


def test_without_a_terminal_a_locked_profile_with_backup_is_not_deleted(tmp_path: Path) -> None:
    card = locked(tmp_path)
    options = ("delete", "0017", "--disable-first", "--backup", tmp_path / "saved", "--yes", "--json")
    ran = command.run(*place(card, tmp_path), *options)
    assert (ran.code, ran.document["error"]["reason"]) == (1, "pinNeeded")
    assert len(iccids(card)) == 2


def test_no_pin_is_asked_for_where_none_is_needed_or_allowed(card: Path, tmp_path: Path) -> None:
    options = ("delete", "0017", "--disable-first", "--backup", tmp_path / "saved")
    ran = command.dialogue(*place(card, tmp_path), *options, answers=("0017",))
    assert (ran.code, "PIN of" in ran.err) == (4, False)
    last = locked(tmp_path, tries=1)
    ran = command.dialogue(*place(last, tmp_path), *options[:-1], tmp_path / "other", answers=("0017",))
    assert (ran.code, "PIN of" in ran.err) == (1, False)
    assert len(iccids(last)) == 2


def events(card: Path) -> list[str]:
    """What the card signed."""
    with SimulatedEuicc.load(card) as euicc:
        return [notification.event for notification in euicc.notifications]
