"""A private smart card service says why it cannot run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lpa.errors import NoService
from lpa.testing import pcscd
from lpa.testing.pcscd import private_pcscd


def test_a_missing_driver_is_named_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(pcscd, "_DRIVER", tmp_path / "libifdvpcd.so")
    with (
        pytest.raises(NoService, match="cannot be started: vpcd is not installed") as raised,
        private_pcscd(),
    ):
        pass
    assert raised.value.advice == "Install what it needs: apt-get install pcscd vsmartcard-vpcd util-linux."


def test_another_system_than_linux_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with (
        pytest.raises(NoService, match="needs the mount namespaces of Linux, and this is darwin"),
        private_pcscd(),
    ):
        pass


def test_a_service_that_ends_at_once_shows_its_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pcscd, "_options", lambda _program: "--no-such-option")
    with (
        pytest.raises(NoService, match=r"(?s)does not start in its own namespace:\n.*Options:"),
        private_pcscd(),
    ):
        pass


@pytest.mark.parametrize("number", [-1, 17])
def test_pcscd_has_at_most_sixteen_readers(number: int) -> None:
    with pytest.raises(ValueError, match=f"pcscd has 0 to 16 readers, not {number}"), private_pcscd(number):
        pass


@pytest.mark.parametrize(("number", "names"), [(0, 0), (1, 2), (3, 4)])
def test_readers_come_in_pairs_with_names_of_their_own(number: int, names: int) -> None:
    with private_pcscd(number) as service:
        assert len({*service.readers}) == len(service.readers) == names
        assert not {*service.environment.values()} - {str(service.socket)}
        folder = service.folder
    assert not folder.exists()
