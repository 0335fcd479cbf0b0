"""Names with a scheme, and names that look like one."""

from pathlib import Path

import pytest

from lpa import Assistant
from lpa.card import schemes
from lpa.card.isdr_search import ISDR_AIDS
from lpa.card.secure_elements import ELEMENT_AIDS
from lpa.errors import CardBusy, NoReader, NotAnEuicc, WireError
from lpa.host.locks import Locks
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.testing import SimulatedModem
from tests.support import command
from tests.support.passing_card import PassingCard


def test_a_name_with_an_installed_scheme_is_opened_by_it(tmp_path: Path) -> None:
    SimulatedEuicc.create(tmp_path / "card").close()
    for name in (f"sim:{tmp_path / 'card'}", f"SIM:{tmp_path / 'card'}"):
        with Assistant.open(name) as assistant:
            assert assistant.reader == name


def test_a_scheme_may_open_a_modem_and_the_command_shows_what_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opener(path: str) -> SimulatedModem:
        return SimulatedModem(SimulatedEuicc.load(path), channel_in_class=False)

    SimulatedEuicc.create(tmp_path / "card").close()
    monkeypatch.setattr(schemes, "registered", lambda scheme: opener if scheme == "modem" else None)
    locks = Locks(tmp_path)
    name = f"modem:{tmp_path / 'card'}"
    with Assistant.open(name, locks=locks) as assistant:
        assert len(assistant.profiles()) == 3
        with pytest.raises(CardBusy):
            Assistant.open(name, locks=locks)
    shown = command.run("--reader", name, "show", "0017")
    assert (shown.code, "not read: a modem or phone gives no access to it" in shown.out) == (0, True)


class Unclosable(PassingCard):
    def close(self) -> None:
        super().close()
        raise RuntimeError("already closed")


def test_what_a_scheme_raises_is_a_wire_error_and_what_close_raises_is_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def missing(path: str) -> SimulatedEuicc:
        raise FileNotFoundError(path)

    monkeypatch.setattr(schemes, "registered", lambda _: missing)
    locks = Locks(tmp_path)
    with pytest.raises(WireError, match="FileNotFoundError: card"):
        Assistant.open("reader:card", locks=locks)
    monkeypatch.setattr(schemes, "registered", lambda _: lambda _: Unclosable(SimulatedEuicc.create(None)))
    for _ in range(2):  # the lock was released
        Assistant.open("reader:card", locks=locks).close()
    assert "RuntimeError: already closed" in caplog.text


def test_the_element_behind_a_scheme_is_not_part_of_its_path(tmp_path: Path) -> None:
    behaviour = Behaviour(isdr_aid=str(ELEMENT_AIDS[1]))
    SimulatedEuicc.create(tmp_path / "card", behaviour=behaviour).close()
    name = f"sim:{tmp_path / 'card'}#2"
    with Assistant.open(name) as assistant:
        assert (assistant.reader, assistant.euicc.aid) == (name, ELEMENT_AIDS[1])


def test_a_path_that_ends_like_an_element_is_a_path(tmp_path: Path) -> None:
    SimulatedEuicc.create(tmp_path / "card#2").close()
    with Assistant.open(f"sim:{tmp_path / 'card#2'}") as assistant:
        assert assistant.euicc.aid == ISDR_AIDS[0]
    with pytest.raises(NotAnEuicc, match="No second secure element"):
        Assistant.open(f"sim:{tmp_path / 'card#2'}#2")


def test_one_program_at_a_time_works_with_a_card_whichever_element_it_uses(tmp_path: Path) -> None:
    behaviour = Behaviour(isdr_aid=str(ELEMENT_AIDS[0]))
    SimulatedEuicc.create(tmp_path / "card", behaviour=behaviour).close()
    name, locks = f"sim:{tmp_path / 'card'}", Locks(tmp_path)
    with Assistant.open(f"{name}#1", locks=locks), pytest.raises(CardBusy, match="in use by"):
        Assistant.open(f"{name}#2", locks=locks)


@pytest.mark.parametrize("name", ["smi:card", "smi:/card", "SMI:card", "file:card#2"])
def test_a_scheme_that_is_not_installed_is_named_with_those_that_are(name: str) -> None:
    problem = schemes.misunderstood(name)
    assert isinstance(problem, NoReader)
    scheme = name.partition(":")[0].lower()
    assert problem.message == f"No scheme {scheme!r} is installed for {name!r}; installed: sim."
    assert "sim:PATH" in problem.advice


@pytest.mark.parametrize("name", ["./card", "/card", "~/card", "..", ".\\card"])
def test_a_path_without_a_scheme_gets_the_advice_to_add_it(name: str) -> None:
    problem = schemes.misunderstood(name)
    assert isinstance(problem, NoReader)
    assert problem.advice == f"If it is a simulated card, write sim:{name}."


def test_a_file_is_recognised_as_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert schemes.misunderstood("card") is None
    (tmp_path / "card").mkdir()
    for name in ("card", "card#2"):
        problem = schemes.misunderstood(name)
        assert problem
        assert problem.advice == f"If it is a simulated card, write sim:{name}."


@pytest.mark.parametrize("name", [None, "", "0", "ACS ACR38U 00 00", "Reader [CCID: x]", "C:"])
def test_the_name_of_a_reader_is_not_misunderstood(name: str | None) -> None:
    assert schemes.misunderstood(name) is None
