"""A package on the disk: in a private file without a name, however large, and never in memory."""

from __future__ import annotations

import os
import resource
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from lpa.download.package_file import PackageFile, package_file
from lpa.errors import StorageFailed
from lpa.rsp.bpp import Package
from lpa.rsp.codec.ber import Tlv
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.journals import child
from tests.support.orders import OrderedDownload, assistant_with, code_of, made
from tests.support.package_parts import CHANNEL, CONFIGURATION, MAC

_MIB = 1 << 20


@pytest.fixture
def ordered(euicc: SimulatedEuicc, tmp_path: Path) -> Iterator[OrderedDownload]:
    yield from made(euicc, tmp_path)


def test_the_file_has_no_name_and_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "receipts"
    with package_file(folder) as file:
        file.write(b"abc")
        assert list(folder.iterdir()) == []
        status = os.fstat(file._file.fileno())
        assert (status.st_mode & 0o777, status.st_nlink, status.st_size) == (0o600, 0, 3)
    assert list(folder.iterdir()) == []


def test_what_was_written_is_read_by_slices(tmp_path: Path) -> None:
    content = bytes(range(256)) * 1000
    with package_file(tmp_path) as file:
        for at in range(0, len(content), 999):
            file.write(content[at : at + 999])
        assert len(file) == len(content)
        for place in (slice(0, 10), slice(70_000, 70_300), slice(5, 5), slice(9, 3), slice(255_990, 300_000)):
            assert file[place] == content[place]


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "receipts").write_text("no folder")
    with (
        pytest.raises(StorageFailed, match=r"cannot be kept in .*: .*\. Nothing was installed\.$"),
        package_file(tmp_path / "receipts"),
    ):
        pass


def test_the_card_is_not_asked_for_a_key_before_the_package_can_be_kept(ordered: OrderedDownload) -> None:
    ordered.folder.mkdir()
    (ordered.folder / "receipts").write_text("no folder")
    assert isinstance(ordered.fails(), StorageFailed)
    assert "getBoundProfilePackage" not in ordered.https.called
    assert ordered.order.state == "released"
    (ordered.folder / "receipts").unlink()
    ordered.download()


def test_a_full_disk_is_reported_and_installs_nothing(ordered: OrderedDownload) -> None:
    """The limit on the size of files has the effect of a full disk."""

    def act() -> None:
        with assistant_with(ordered.card, ordered.https, ordered.folder) as assistant:
            assert not assistant.journal.unfinished()  # It exists now.
            with assistant.download(code_of(ordered.order)) as offer:
                resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
                with pytest.raises(StorageFailed) as caught:
                    offer.install()
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        folder = ordered.folder / "receipts"
        assert caught.value.message == (
            f"The profile package cannot be kept in {folder}: File too large. Nothing was installed."
        )
        assert caught.value.advice == "Free some disk space, or choose another folder with --state-dir."
        assert ordered.has_nothing()
        assert ordered.https.reasons == ["postponed"]

    with child(act) as process:
        assert process.result() == 0
    assert ordered.order.state == "downloaded"
    ordered.download()


def test_a_package_in_a_file_is_checked_and_cut_without_holding_it(tmp_path: Path) -> None:
    def written(items: int) -> Iterator[bytes]:
        elements = Tlv.build(0x86, bytes(100))
        channel = bytes.fromhex(CHANNEL + CONFIGURATION + f"A11A 880A BF25{MAC} 880C 00112233{MAC}")
        size = len(elements) * items
        yield b"\xbf\x36\x84" + (len(channel) + 6 + size).to_bytes(4, "big") + channel
        yield b"\xa3\x84" + size.to_bytes(4, "big")
        yield from (elements for _ in range(items))

    def peak(file: PackageFile) -> int:
        tracemalloc.start()
        try:
            package = Package.checked(file)
            assert package.metadata.hex() == "bf2500112233"
            assert sum(map(len, package.segments())) == len(file)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peaks = []
    for items in (1000, 10_000):
        with package_file(tmp_path) as file:
            for part in written(items):
                file.write(part)
            peaks.append(peak(file))
    assert peaks[1] < peaks[0] * 1.1 < _MIB
