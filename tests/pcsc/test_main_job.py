"""The main job as a person does it: a card in a reader, the smart card service, the library, the server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.card.pcsc import readers
from lpa.card.probing import choose, probe
from lpa.errors import CardBusy, NoCard, NoReader, NotAnEuicc, OutcomeUnknown
from lpa.host.locks import Holder, Locks
from lpa.notifications.sender import ServerFactory
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from lpa.testing.pcscd import PrivatePcscd
from tests.support.paths import EXAMPLES

from .conftest import READERS, PlugIn

DELETE, DISABLE = 0xBF33, 0xBF32


@pytest.fixture(params=["T=0", "T=1"])
def euicc(request: pytest.FixtureRequest) -> SimulatedEuicc:
    """A card with either protocol, instead of the plugin's fixture."""
    return SimulatedEuicc.create(None, behaviour=Behaviour(protocol=request.param))


class Torn:
    """A card that is pulled from its reader at a request with `tag`, before or after it carries it out."""

    inserted = True

    def __init__(self, card: SimulatedEuicc, tag: int, *, before: bool) -> None:
        self._card, self._tag, self._before = card, tag, before
        self.cut: Callable[[], None] = lambda: None
        self.atr = card.atr
        self.reset, self.power_off, self.insert = card.reset, card.power_off, card.insert

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        requested = apdu[1] == 0xE2 and int.from_bytes(apdu[5:7], "big") == self._tag
        answer = (b"", 0x6F00) if requested and self._before else self._card.transmit(apdu)
        if requested:
            self.cut()
        return answer


@pytest.fixture
def assistant(
    euicc: SimulatedEuicc, virtual_reader: PlugIn, servers: ServerFactory, tmp_path: Path
) -> Iterator[Assistant]:
    with (
        virtual_reader(euicc),
        Assistant.open(state_dir=tmp_path / "state", servers=servers) as assistant,
    ):
        yield assistant


def test_profiles_are_listed(assistant: Assistant, euicc: SimulatedEuicc) -> None:
    assert str(assistant.eid) == euicc.eid
    listed = [(str(profile.iccid), profile.state) for profile in assistant.profiles()]
    assert listed == [(profile.iccid, profile.state) for profile in euicc.profiles]


def test_profiles_are_switched(assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp) -> None:
    assistant.disable(euicc.profiles[0].iccid)
    assistant.enable(euicc.profiles[1].iccid)
    assert [profile.state for profile in euicc.profiles] == ["disabled", "enabled", "disabled"]
    assert [received.event for received in smdp.received] == ["disable", "enable"]


def test_the_enabled_profile_is_deleted_and_its_server_notified(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    victim = euicc.profiles[0].iccid
    outcome = assistant.delete(assistant.plan_deletion(assistant.find(victim[-4:]), disable_first=True))
    assert [str(profile.iccid) for profile in assistant.profiles()] == [
        profile.iccid for profile in euicc.profiles
    ]
    assert len(euicc.profiles) == 2
    assert [(received.event, str(received.iccid)) for received in smdp.received] == [
        ("disable", victim),
        ("delete", victim),
    ]
    assert not outcome.unacknowledged
    assert not outcome.problem


def test_the_enabled_profile_is_backed_up_and_the_card_keeps_working(
    assistant: Assistant, euicc: SimulatedEuicc, tmp_path: Path
) -> None:
    backup = assistant.back_up(tmp_path / "saved", euicc.profiles[0].iccid)
    assert (backup.contacts, backup.messages, backup.problems) == (5, 6, ())
    assert len(assistant.profiles()) == 3


def test_an_empty_reader_and_an_ordinary_sim_are_skipped(
    euicc: SimulatedEuicc, virtual_reader: PlugIn
) -> None:
    with virtual_reader(euicc, slot=1):
        assert choose().name == READERS[1]
        sim = SimulatedEuicc.create(None, behaviour=Behaviour(not_an_euicc=True))
        with virtual_reader(sim, slot=0):
            assert choose().name == READERS[1]
            problems = [found.problem for found in map(probe, readers())]
            assert [type(problem) for problem in problems] == [NotAnEuicc, type(None)]


def test_finding_the_reader_takes_no_further_command(
    euicc: SimulatedEuicc, virtual_reader: PlugIn, tmp_path: Path
) -> None:
    """The session in which the eUICC was found is the session that is used."""
    counts: list[int] = []
    for name in (READERS[1], None):
        with virtual_reader(euicc, slot=1), Assistant.open(name, state_dir=tmp_path) as assistant:
            assert assistant.reader == READERS[1]
            assert len(assistant.profiles()) == 3
        counts.append(euicc.apdus - sum(counts))
    assert counts[0] == counts[1]


def test_two_euiccs_need_a_choice_of_reader(euicc: SimulatedEuicc, virtual_reader: PlugIn) -> None:
    other = SimulatedEuicc.create(None)
    with virtual_reader(euicc, slot=0), virtual_reader(other, slot=1):
        for choice in (choose, Assistant.open):
            with pytest.raises(NoReader, match="More than one reader holds an eUICC"):
                choice()
        for name in ("1", READERS[1], "00 01"):
            with Assistant.open(name) as assistant:
                assert str(assistant.eid) == other.eid


def test_no_card_in_any_reader_is_reported_for_each_reader(service: PrivatePcscd) -> None:
    with pytest.raises(NoReader, match=r"no card in .*00 00.*no card in .*00 01"):
        choose()
    assert [type(found.problem) for found in map(probe, readers())] == [NoCard, NoCard]


@pytest.mark.parametrize("before", [True, False])
def test_a_card_pulled_during_the_deletion_is_recovered(
    before: bool,
    euicc: SimulatedEuicc,
    virtual_reader: PlugIn,
    servers: ServerFactory,
    smdp: SimulatedSmdp,
    tmp_path: Path,
) -> None:
    torn = Torn(euicc, DELETE, before=before)
    victim = euicc.profiles[1].iccid
    with virtual_reader(torn) as reader, Assistant.open(state_dir=tmp_path, servers=servers) as assistant:
        torn.cut = reader.cut
        plan = assistant.plan_deletion(victim)
        with pytest.raises(OutcomeUnknown):
            assistant.delete(plan)
    assert smdp.received == ()
    assert (victim in [profile.iccid for profile in euicc.profiles]) is before
    with virtual_reader(euicc), Assistant.open(state_dir=tmp_path, servers=servers) as assistant:
        (settled,) = assistant.recover()
    assert [change.event for change in settled.changes] == ["delete"] * (not before)
    assert [delivery.acknowledged for delivery in settled.deliveries] == [True] * (not before)
    assert len(smdp.received) == (not before)


def test_a_second_process_is_told_which_process_uses_the_card(
    euicc: SimulatedEuicc, virtual_reader: PlugIn
) -> None:
    with virtual_reader(euicc) as reader, Assistant.open(reader.name):
        with pytest.raises(CardBusy, match=f"process {os.getpid()}"):
            Assistant.open(reader.name)
        taken = command("list", "--no-wait", "--reader", reader.name)
        assert taken.returncode == 3
        assert f"(process {os.getpid()})" in taken.stderr
        assert "Traceback" not in taken.stderr
    assert command("list", "--reader", reader.name).returncode == 3


def test_a_waiting_process_gets_the_card_when_its_holder_is_killed(
    euicc: SimulatedEuicc, virtual_reader: PlugIn
) -> None:
    """The service notices the end of the process later than the waiting process does."""
    hold = "import sys, lpa; held = lpa.Assistant.open(sys.argv[1]); print('.', flush=True); input()"
    with virtual_reader(euicc) as reader:
        start = [sys.executable, "-c", hold, reader.name]
        with subprocess.Popen(start, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
            assert holder.stdout
            assert holder.stdout.readline() == ".\n"

            def kill(who: Holder) -> None:
                assert who.pid == holder.pid
                holder.kill()

            with Assistant.open(reader.name, locks=Locks.of_host(on_wait=kill)) as assistant:
                assert str(assistant.eid) == euicc.eid


def command(*words: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """One run of the command `lpa`, with the service of the tests."""
    options = tuple(word for word in words if word == "--no-wait")
    words = tuple(word for word in words if word not in options)
    options += words[words.index("--reader") :] if "--reader" in words else ()
    rest = words[: words.index("--reader")] if "--reader" in words else words
    return subprocess.run(
        [sys.executable, "-m", "lpa", *options, *rest],
        input=text,
        capture_output=True,
        text=True,
        env=dict(os.environ),
        timeout=60,
        check=False,
    )


def example(name: str, *arguments: str, text: str = "", trust: Path | None = None) -> str:
    environment = dict(os.environ) | ({"SSL_CERT_FILE": str(trust)} if trust else {})
    ran = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *arguments],
        input=text,
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in ran.stderr, ran.stderr
    return ran.stdout + ran.stderr


def test_the_example_that_lists_profiles(euicc: SimulatedEuicc, virtual_reader: PlugIn) -> None:
    with virtual_reader(euicc):
        printed = example("list_profiles.py")
    assert f"EID {euicc.eid}" in printed
    assert f"{euicc.profiles[0].iccid:20}  enabled   Albion Mobile" in printed


def test_the_example_that_deletes_a_profile(
    euicc: SimulatedEuicc, virtual_reader: PlugIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with virtual_reader(euicc):
        assert "Deleted" not in example("delete_profile.py", "0025", text="n\n")
        assert len(euicc.profiles) == 3
        printed = example("delete_profile.py", "0025", text="y\n")
    assert "Deleted." in printed
    assert "delete -> nordlicht.smdp.example: " in printed
    assert "acknowledged" not in printed  # No host has the name nordlicht.smdp.example.
    assert len(euicc.profiles) == 2
    assert len(list(tmp_path.rglob("*.der"))) == 1
