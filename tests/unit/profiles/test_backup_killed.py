"""A backup that was killed leaves nothing that stays: the next one into the same folder sweeps it away."""

from __future__ import annotations

from pathlib import Path

import pytest

from lpa.card.files.filesystem import UiccFiles
from lpa.host import files
from lpa.profiles.backup import back_up, staging_folder
from lpa.rsp.names import Iccid
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.journals import child, ready

DOCUMENTS = ["contacts.vcf", "identity.json", "messages.json", "messages.txt", "records.json"]


def save(folder: Path) -> None:
    card = SimulatedEuicc.create(None)
    back_up(UiccFiles(card), Iccid.parse(card.profiles[0].iccid), folder)


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """What a backup left beside its folder that was killed when all its files were written."""

    def save_all_but_the_name() -> None:
        files.sync_folder = lambda _folder: ready()  # type: ignore[assignment]
        save(tmp_path / "saved [1]")

    with child(save_all_but_the_name) as killed:
        killed.wait_until_ready()
        save_meanwhile(tmp_path)
    (found,) = tmp_path.iterdir()
    assert sorted(path.name for path in found.iterdir()) == DOCUMENTS
    return found


def save_meanwhile(tmp_path: Path) -> None:
    """One that is being written is left alone by another backup into the same folder."""
    (writing,) = tmp_path.iterdir()
    with pytest.raises(BlockingIOError), files.held(writing):
        raise AssertionError
    save(tmp_path / "saved [1]")
    assert sorted(path.name for path in writing.iterdir()) == DOCUMENTS
    for path in (tmp_path / "saved [1]").iterdir():
        path.unlink()
    (tmp_path / "saved [1]").rmdir()


def test_what_was_killed_is_swept_away_by_the_next_backup_there(left: Path, tmp_path: Path) -> None:
    save(tmp_path / "saved [1]")
    assert [path.name for path in tmp_path.iterdir()] == ["saved [1]"]


def test_what_was_begun_for_another_folder_is_left(left: Path, tmp_path: Path) -> None:
    save(tmp_path / "another")
    assert left.exists()


def test_a_folder_with_anything_else_in_it_is_left(left: Path, tmp_path: Path) -> None:
    (left / "mine").touch()
    save(tmp_path / "saved [1]")
    assert sorted(path.name for path in left.iterdir()) == [*DOCUMENTS[:4], "mine", "records.json"]


@pytest.mark.parametrize("written", [0, 2])
def test_what_was_killed_before_all_or_anything_was_written_is_swept_away_too(
    written: int, left: Path, tmp_path: Path
) -> None:
    for title in DOCUMENTS[written:]:
        (left / title).unlink()
    save(tmp_path / "saved [1]")
    assert [path.name for path in tmp_path.iterdir()] == ["saved [1]"]


def test_an_empty_one_that_is_being_written_is_left(tmp_path: Path) -> None:
    with staging_folder(tmp_path / "saved") as place:
        save(tmp_path / "saved")
        assert place.hidden.is_dir()


def test_a_folder_that_others_may_enter_is_left(left: Path, tmp_path: Path) -> None:
    left.chmod(0o755)
    save(tmp_path / "saved [1]")
    assert left.exists()


def test_a_link_is_not_followed(left: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    left.rename(elsewhere)
    left.symlink_to(elsewhere)
    save(tmp_path / "saved [1]")
    assert sorted(path.name for path in elsewhere.iterdir()) == DOCUMENTS
