"""`lpa download` that a person interrupts: what becomes of the order, and what is reported."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, NoReturn

import pytest

from lpa import Progress, Step
from lpa.cli.screen import Screen
from lpa.errors import OutcomeUnknown
from lpa.server.es9 import Server
from lpa.sim.samples import numbered_iccid
from lpa.sim.servers import packages
from lpa.sim.servers.smds import SimulatedSmds
from tests.support import command
from tests.support.download_parties import (
    DISCOVERY,
    HOST,
    DownloadParties,
    kept_secret,
    made,
    register,
    way_through,
)
from tests.support.orders import ICCID


@pytest.fixture
def parties(tmp_path: Path) -> Iterator[DownloadParties]:
    yield from made(tmp_path)


def test_ctrl_c_at_the_question_postpones_the_order(parties: DownloadParties) -> None:
    order = parties.order()
    ran = parties.dialogue("download", order.activation_code, answers=(command.CTRL_C,))
    assert ran.code == 130
    assert "Nothing was changed" in ran.err
    assert order.state == "released"
    assert not parties.installed


def test_ctrl_c_during_a_rejection_does_not_say_that_nothing_was_changed(
    parties: DownloadParties, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = parties.order()
    cancel = Server.cancel_session

    def interrupted(server: Server, transaction_id: bytes, signed: bytes) -> None:
        cancel(server, transaction_id, signed)
        raise KeyboardInterrupt

    monkeypatch.setattr(Server, "cancel_session", interrupted)
    monkeypatch.setattr(Screen, "require_terminal", lambda _screen, otherwise: None)
    monkeypatch.setattr("sys.stdin", io.StringIO("reject\n"))
    ran = parties.run("download", order.activation_code)
    assert ran.code == 130
    assert "Interrupted while the server was informed that you rejected the profile" in ran.err
    assert "Nothing was changed" not in ran.err
    assert order.state == "error"


def test_ctrl_d_at_the_confirmation_code_postpones_the_order(parties: DownloadParties) -> None:
    order = parties.order(confirmation_code="4Y8TBX")
    ran = parties.dialogue("download", order.activation_code, answers=("yes", command.CTRL_D))
    assert ran.code == 1
    assert "There was no answer." in ran.err
    assert ran.err.endswith("Nothing was changed.\n")
    assert order.state == "released"


@pytest.mark.parametrize(
    ("when", "truth", "recovered"),
    [
        ("binding", "lpa: Interrupted.\nNothing was changed.\n", "Nothing to resume."),
        ("loading", "lpa: Interrupted.\nNothing was changed.\n", "Nothing to resume."),
        (
            "loaded",
            "Interrupted while changing the card; the outcome is unknown.",
            "Installed Nordlicht",
        ),
    ],
)
def test_ctrl_c_during_the_installation_says_what_is_known(
    when: str, truth: str, recovered: str, parties: DownloadParties, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = parties.order(package=packages.sample(size=5_000))

    def interrupted(_screen: Screen) -> AbstractContextManager[Progress]:
        def progress(step: Step) -> None:
            loading = step.name == "LoadBoundProfilePackage"
            if loading and step.done >= {"loading": step.total // 2, "loaded": step.total}[when]:
                raise KeyboardInterrupt

        return nullcontext(progress)

    if when == "binding":
        monkeypatch.setattr(Server, "get_bound_profile_package", _interrupt)
    monkeypatch.setattr(Screen, "progress", interrupted)
    ran = parties.run("download", order.activation_code, "--yes")
    assert ran.code == 130
    assert truth in ran.err
    monkeypatch.undo()
    again = parties.run("resume")
    assert recovered in again.out + again.err
    assert parties.installed is (when == "loaded")


def _interrupt(*_anything: object) -> NoReturn:
    raise KeyboardInterrupt


# After it is installed


def test_ctrl_d_at_the_question_to_enable_it_means_no(parties: DownloadParties) -> None:
    order = parties.order()
    ran = parties.dialogue("--json", "download", order.activation_code, answers=("yes", command.CTRL_D))
    assert (ran.code, ran.document["ok"]) == (0, True)
    assert "Nothing was changed" not in ran.err
    assert "'lpa enable' enables it." in ran.err
    assert ran.document["result"]["profile"]["iccid"] == ICCID
    assert ran.document["result"]["deliveries"][0]["acknowledged"]
    assert parties.installed


def test_ctrl_c_at_the_question_to_enable_it_says_that_it_is_installed(
    parties: DownloadParties,
) -> None:
    order = parties.order()
    ran = parties.dialogue("--json", "download", order.activation_code, answers=("yes", command.CTRL_C))
    assert (ran.code, ran.document["ok"]) == (130, False)
    assert "Nothing was changed" not in ran.err + ran.out
    assert f"Interrupted. Nordlicht ({ICCID}) is installed." in ran.err
    assert ran.document["result"]["profile"]["iccid"] == ICCID
    assert "is installed" in ran.document["error"]["message"]
    assert (parties.installed, order.state) == (True, "installed")


def test_ctrl_c_while_the_installation_is_reported_says_that_it_is_installed(
    parties: DownloadParties, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = parties.order()
    with monkeypatch.context() as interrupted:
        interrupted.setattr(Screen, "line", _interrupt)
        ran = parties.run("download", order.activation_code, "--yes")
    assert ran.code == 130
    assert "is installed." in ran.err
    assert "Nothing was changed" not in ran.err
    assert parties.installed


def test_a_bar_moves_while_the_package_goes_to_the_card(
    parties: DownloadParties, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    order = parties.order(package=packages.sample(size=300_000))
    ran = parties.dialogue("download", order.activation_code, answers=("yes", "no"))
    assert ran.code == 0
    assert "Waiting for the server" in ran.err
    frames = re.findall(r"Installing (.*?)(\d+) of (\d+) KiB", ran.err)
    steps = [(int(done), int(whole)) for _, done, whole in frames]
    assert steps == sorted(steps)
    assert steps[0][0] == 0
    assert steps[-1][0] == steps[-1][1] > 293
    empty, full = frames[0][0], frames[-1][0]
    assert empty.count("━") == full.count("━") > 10
    assert empty != full  # in its colours


TWO = tuple(numbered_iccid("8949985", 19, at) for at in (1, 3))


def test_a_server_that_does_not_answer_does_not_prevent_the_next_download(
    parties: DownloadParties, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_answer() -> NoReturn:
        raise OutcomeUnknown("The server did not answer.")

    ran, states = _two_downloads(parties, monkeypatch, fails=0, by=no_answer)
    assert ran.code == 3
    assert "Nothing was installed." in ran.err
    assert states == ["released", "installed"]


def test_ctrl_c_during_the_second_download_says_that_the_first_is_installed(
    parties: DownloadParties, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran, states = _two_downloads(parties, monkeypatch, "--json", fails=1, by=_interrupt)
    assert ran.code == 130
    assert ran.document["error"]["message"].startswith("Interrupted. ")
    assert ran.document["error"]["message"].endswith(f"({TWO[0]}) is installed.")
    (done,) = ran.document["result"]["downloads"]
    assert done["profile"]["iccid"] == str(TWO[0])
    assert states == ["installed", "released"]


def _two_downloads(
    parties: DownloadParties,
    monkeypatch: pytest.MonkeyPatch,
    *options: str,
    fails: int,
    by: Callable[[], NoReturn],
) -> tuple[command.Ran, list[str]]:
    """Discover and download two profiles, of which one package cannot be had; also the orders' states."""
    orders = [parties.smdp.order(packages.sample(iccid), f"SECRET-1{iccid[-1]}") for iccid in TWO]
    asked: list[bytes] = []
    real = Server.get_bound_profile_package

    def failing(server: Server, transaction_id: bytes, *rest: Any) -> None:
        asked.append(transaction_id)
        return by() if len(asked) == fails + 1 else real(server, transaction_id, *rest)

    monkeypatch.setattr(Server, "get_bound_profile_package", failing)
    with SimulatedSmds(parties.authority, host=DISCOVERY) as smds:
        register(parties, smds, HOST, *(order.facts.matching_id for order in orders))
        line = ("discover", "--server", DISCOVERY, "--download", "--yes", *options)
        ran = kept_secret(command.run(*way_through(parties, smds), *line))
    return ran, [order.state for order in orders]
