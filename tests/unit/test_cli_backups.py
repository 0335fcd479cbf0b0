"""`lpa backup` and `lpa delete --backup`: saved before anything is done, or nothing is done."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lpa.sim.card import SimulatedEuicc
from tests.unit import command


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
    assert (ran.code, ran.out) == (0, f"Saved 5 contacts and 5 messages in {folder}.\n")
    assert "FN:张伟" in (folder / "contacts.vcf").read_text()
    assert json.loads((folder / "identity.json").read_text())["iccid"] == iccids(card)[0]
    assert folder.stat().st_mode & 0o777 == 0o700
    document = command.run(*place(card, tmp_path), "backup", tmp_path / "again", "--json").document
    assert (document["result"]["contacts"], document["result"]["messages"]) == (5, 5)


def test_a_backup_never_writes_over_another(card: Path, tmp_path: Path) -> None:
    (tmp_path / "saved").mkdir()
    ran = command.run(*place(card, tmp_path), "backup", tmp_path / "saved")
    assert ran.code == 3
    assert "is there already" in ran.err


def test_deleting_with_a_backup_saves_first(card: Path, tmp_path: Path) -> None:
    victim = iccids(card)[0]
    options = ("delete", victim, "--disable-first", "--backup", tmp_path / "saved", "--yes")
    ran = command.run(*place(card, tmp_path), *options)
    assert ran.code == 4  # The server is not reached in this test.
    assert ran.out.startswith("Saved 5 contacts and 5 messages")
    assert victim not in iccids(card)


def test_a_backup_that_fails_stops_the_deletion(card: Path, tmp_path: Path) -> None:
    victim = iccids(card)[1]
    options = ("delete", victim, "--backup", tmp_path / "saved", "--yes", "--json")
    ran = command.run(*place(card, tmp_path), *options)
    assert (ran.code, ran.document["error"]["reason"]) == (1, "notEnabled")
    assert victim in iccids(card)
    assert not (tmp_path / "saved").exists()
