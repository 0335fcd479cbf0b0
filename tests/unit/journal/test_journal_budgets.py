"""How often a deletion waits for the disk."""

from __future__ import annotations

from pathlib import Path

from tests.support import bench_journal


def test_a_deletion_waits_for_the_disk_as_seldom_as_the_budget_says(tmp_path: Path) -> None:
    for measure in bench_journal.syncs(tmp_path):
        assert measure.kept, measure
        assert measure.value >= 6, "intent, proof (journal, file, folder) and acknowledgement, and at the end"
