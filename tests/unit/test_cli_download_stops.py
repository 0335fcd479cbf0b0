"""`lpa download` that a person stops: what becomes of the order, and what is said to be true."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lpa.cli.screen import Screen
from lpa.server.es9 import Server
from lpa.sim import packages
from tests.unit import command
from tests.unit.download_world import World, made


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    yield from made(tmp_path)


def test_ctrl_c_at_the_question_puts_it_off(world: World) -> None:
    order = world.order()
    ran = world.dialogue("download", order.activation_code, answers=(command.CTRL_C,))
    assert ran.code == 130
    assert "Nothing was changed" in ran.err
    assert order.state == "released"
    assert not world.installed


def test_ctrl_d_at_the_confirmation_code_puts_it_off(world: World) -> None:
    order = world.order(confirmation_code="4Y8TBX")
    ran = world.dialogue("download", order.activation_code, answers=("yes", command.CTRL_D))
    assert ran.code == 1
    assert "There was no answer." in ran.err
    assert ran.err.endswith("Nothing was changed.\n")
    assert order.state == "released"


@pytest.mark.parametrize(
    ("when", "truth", "resumed"),
    [
        ("binding", "lpa: Stopped.\nNothing was changed.\n", "Nothing was left unfinished."),
        ("loading", "lpa: Stopped.\nNothing was changed.\n", "Nothing was left unfinished."),
        (
            "loaded",
            "Stopped while the card was being changed: it may have been, or not.",
            "Installed Nordlicht",
        ),
    ],
)
def test_ctrl_c_while_it_is_installed_is_told_as_it_is(
    when: str, truth: str, resumed: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = world.order(package=packages.sample(size=5_000))

    @contextmanager
    def interrupted(_screen: Screen, _title: str, _before: str) -> Iterator[Callable[[int, int], None]]:
        def told(done: int, whole: int) -> None:
            if done >= {"binding": 0, "loading": whole // 2, "loaded": whole}[when]:
                raise KeyboardInterrupt

        if when == "binding":
            monkeypatch.setattr(Server, "get_bound_profile_package", _interrupt)
        yield told

    monkeypatch.setattr(Screen, "progress", interrupted)
    ran = world.run("download", order.activation_code, "--yes")
    assert ran.code == 130
    assert truth in ran.err
    monkeypatch.undo()
    again = world.run("resume")
    assert resumed in again.out + again.err
    assert world.installed is (when == "loaded")


def _interrupt(*_anything: object) -> bytes:
    raise KeyboardInterrupt
