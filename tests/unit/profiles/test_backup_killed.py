"""The next backup into the same folder removes the staging folder that a killed one left."""

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
    """The staging folder of a backup that was killed when all its files were written."""

    def save_all_but_the_name() -> None:
        pytest.MonkeyPatch().setattr(files, "sync_folder", lambda _folder: ready())
        save(tmp_path / "saved [1]")

    with child(save_all_but_the_name) as killed:
        killed.wait_until_ready()
        save_meanwhile(tmp_path)
    (found,) = tmp_path.iterdir()
    assert sorted(path.name for path in found.iterdir()) == DOCUMENTS
    return found


def save_meanwhile(tmp_path: Path) -> None:
    """A staging folder that is being written is kept by another backup into the same folder."""
    (writing,) = tmp_path.iterdir()
    with pytest.raises(BlockingIOError), files.held(writing):
        raise AssertionError
    save(tmp_path / "saved [1]")
    assert sorted(path.name for path in writing.iterdir()) == DOCUMENTS
    for path in (tmp_path / "saved [1]").iterdir():
        path.unlink()
    (tmp_path / "saved [1]").rmdir()


def test_the_next_backup_removes_what_a_killed_one_left(left: Path, tmp_path: Path) -> None:
    save(tmp_path / "saved [1]")
    assert [path.name for path in tmp_path.iterdir()] == ["saved [1]"]


def test_a_staging_folder_of_another_backup_is_kept(left: Path, tmp_path: Path) -> None:
    save(tmp_path / "another")
    assert left.exists()


def test_a_staging_folder_with_other_files_is_kept(left: Path, tmp_path: Path) -> None:
    (left / "mine").touch()
    save(tmp_path / "saved [1]")
    assert sorted(path.name for path in left.iterdir()) == [*DOCUMENTS[:4], "mine", "records.json"]


@pytest.mark.parametrize("written", [0, 2])
def test_an_incomplete_staging_folder_is_removed(written: int, left: Path, tmp_path: Path) -> None:
    for title in DOCUMENTS[written:]:
        (left / title).unlink()
    save(tmp_path / "saved [1]")
    assert [path.name for path in tmp_path.iterdir()] == ["saved [1]"]


def test_an_empty_staging_folder_that_is_held_is_kept(tmp_path: Path) -> None:
    with staging_folder(tmp_path / "saved") as target:
        save(tmp_path / "saved")
        assert target.staging.is_dir()


def test_a_staging_folder_open_to_others_is_kept(left: Path, tmp_path: Path) -> None:
    left.chmod(0o755)
    save(tmp_path / "saved [1]")
    assert left.exists()


def test_a_link_is_not_followed(left: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    left.rename(elsewhere)
    left.symlink_to(elsewhere)
    save(tmp_path / "saved [1]")
    assert sorted(path.name for path in elsewhere.iterdir()) == DOCUMENTS
