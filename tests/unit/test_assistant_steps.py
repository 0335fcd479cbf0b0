"""The verbs of `Assistant` report their steps by the specification's names, in the order of their run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

import pytest

from lpa import Assistant, BadAnswer, ConnectFailed, LpaError, Progress, Step
from lpa.rsp import steps
from lpa.rsp.activation import ActivationCode
from lpa.rsp.names import ServerAddress
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers import packages
from lpa.sim.servers.smdp import SimulatedSmdp
from lpa.testing.simulated_lpa import SimulatedLpa, simulated
from tests.support.sweeps import sample

FIRST, SECOND, THIRD = "8944994000000000017", "8949985000000000025", "89869870000000000033"
AUTHENTICATION = ["InitiateAuthentication", "AuthenticateServer", "AuthenticateClient"]
OFFER = [*AUTHENTICATION, "metadata", "GetProfilesInfo"]
CANCELLED = ["ES10b.CancelSession", "ES9+.CancelSession"]
READ = ["GetProfilesInfo", "ListNotification"]


def delivered(count: int) -> list[str]:
    """Notifications that are sent, and removed from the card."""
    rows = (["NotificationSent", f"delivery {done}/{count}"] for done in range(1, count + 1))
    return [f"delivery 0/{count}", *(name for row in rows for name in row)]


def switched(function: str, count: int) -> list[str]:
    return [*READ, function, "GetProfilesInfo", "RetrieveNotificationsList", *delivered(count)]


class Seen(list[Step]):
    """The steps so far."""

    @property
    def names(self) -> list[str]:
        """Each once, with its parts if it has some."""
        return [f"{one.name} {one.done}/{one.total}" if one.total else one.name for one in self]

    @property
    def functions(self) -> list[str]:
        """Without their parts: a new one for each change of the name."""
        names = [step.name for step in self]
        return names[:1] + [name for before, name in pairwise(names) if name != before]

    def check(self) -> None:
        """Each is in the table of the documentation, and its parts only ever grow."""
        table = set(re.findall(r"`([\w.+]+)`", str(steps.__doc__).partition("A step lasts")[0]))
        assert {step.name for step in self} <= table
        last: dict[str, Step] = {}
        for step in self:
            before = last.get(step.name)
            if before and step.done:
                assert step.done >= before.done
                assert not before.total or step.total == before.total
            assert not step.total or step.done <= step.total
            last[step.name] = step


@pytest.fixture
def lpa(tmp_path: Path) -> Iterator[SimulatedLpa]:
    with simulated(state_dir=tmp_path / "state") as opened:
        yield opened


@pytest.fixture
def seen() -> Iterator[Seen]:
    steps_seen = Seen()
    yield steps_seen
    steps_seen.check()


def ordered(smdp: SimulatedSmdp, size: int = 3000) -> ActivationCode:
    return ActivationCode.parse(smdp.order(packages.sample(size=size), "ABC-1").activation_code)


def test_a_download(lpa: SimulatedLpa, seen: Seen) -> None:
    with lpa.assistant.download(ordered(lpa.smdp, 100_000), progress=seen.append) as offer:
        assert seen.functions == OFFER
        offer.install()
        size = offer.package_size
    assert seen.functions == [
        *OFFER,
        "PrepareDownload",
        "GetBoundProfilePackage",
        "LoadBoundProfilePackage",
        "delivery",
        "NotificationSent",
        "delivery",
    ]
    received = [step for step in seen if step.name == "GetBoundProfilePackage"]
    assert received[0] == Step("GetBoundProfilePackage", 0, 0)
    assert received[-1] == Step("GetBoundProfilePackage", size or 0, size or 0)
    assert {step.total for step in received[1:]} == {size}
    loaded = [step for step in seen if step.name == "LoadBoundProfilePackage"]
    assert loaded[0] == Step("LoadBoundProfilePackage", 0, size or 0)
    assert loaded[-1] == Step("LoadBoundProfilePackage", size or 0, size or 0)
    assert len(loaded) > 100_000 / 1020
    assert seen.names[-3:] == delivered(1)


def test_an_installation_with_a_callback_of_its_own(lpa: SimulatedLpa, seen: Seen) -> None:
    of_download = Seen()
    with lpa.assistant.download(ordered(lpa.smdp), progress=of_download.append) as offer:
        offer.install(progress=seen.append)
    assert of_download.functions == OFFER
    assert seen.functions[:3] == ["PrepareDownload", "GetBoundProfilePackage", "LoadBoundProfilePackage"]


def test_a_download_that_is_postponed(lpa: SimulatedLpa, seen: Seen) -> None:
    with lpa.assistant.download(ordered(lpa.smdp), progress=seen.append):
        pass
    assert seen.names == [*OFFER, *CANCELLED]


def test_an_enable_and_a_disable(lpa: SimulatedLpa, seen: Seen) -> None:
    lpa.assistant.enable(SECOND, progress=seen.append)
    assert seen.names == switched("EnableProfile", 2)
    seen.clear()
    lpa.assistant.disable(SECOND, progress=seen.append)
    assert seen.names == switched("DisableProfile", 1)


def test_a_temporary_enable(lpa: SimulatedLpa, seen: Seen) -> None:
    with lpa.assistant.temporarily_enabled(SECOND, progress=seen.append):
        assert seen.names == switched("EnableProfile", 2)
        seen.clear()
        lpa.assistant.profiles()
        assert seen.names == []
    assert seen.names == switched("EnableProfile", 2)


def test_a_deletion(lpa: SimulatedLpa, seen: Seen) -> None:
    plan = lpa.assistant.review_deletion(lpa.assistant.plan_deletion(THIRD), progress=seen.append)
    assert seen.names == ["ListNotification", "handshake 0/1", "handshake 1/1"]
    seen.clear()
    lpa.assistant.delete(plan, progress=seen.append)
    deleted = ["DeleteProfile", "GetProfilesInfo", "RetrieveNotificationsList", *delivered(1)]
    assert seen.names == deleted


def test_a_deletion_of_an_enabled_profile(lpa: SimulatedLpa, seen: Seen) -> None:
    plan = lpa.assistant.plan_deletion(FIRST, disable_first=True)
    lpa.assistant.delete(plan, progress=seen.append)
    assert seen.functions == [
        "ListNotification",
        "DisableProfile",
        "GetProfilesInfo",
        "RetrieveNotificationsList",
        "DeleteProfile",
        "GetProfilesInfo",
        "RetrieveNotificationsList",
        *("delivery", "NotificationSent") * 2,
        "delivery",
    ]


def test_a_reset(lpa: SimulatedLpa, seen: Seen) -> None:
    lpa.assistant.reset(["deleteOperationalProfiles"], progress=seen.append)
    assert seen.functions[:3] == ["GetProfilesInfo", "EuiccMemoryReset", "GetProfilesInfo"]
    assert seen.names[-5:] == delivered(3)[-5:]


def test_notifications_that_are_sent(lpa: SimulatedLpa, seen: Seen) -> None:
    lpa.assistant.euicc.enable_profile(lpa.assistant.find(SECOND).iccid, refresh=False)
    lpa.card.reset()
    lpa.assistant.euicc.restart()
    lpa.assistant.send_notifications(progress=seen.append)
    assert seen.names == ["ListNotification", "RetrieveNotificationsList", *delivered(2)]
    seen.clear()
    lpa.assistant.send_own_notifications(progress=seen.append)
    assert seen.names == ["ListNotification"]


def test_notifications_of_another_card_are_counted_for_that_card(
    lpa: SimulatedLpa, seen: Seen, tmp_path: Path
) -> None:
    _leave_one_of_another_card(tmp_path / "state")
    lpa.assistant.send_notifications(progress=seen.append)
    assert seen.names == ["ListNotification", "delivery 0/1", "delivery 1/1"]


def test_notifications_that_are_due(lpa: SimulatedLpa, seen: Seen, tmp_path: Path) -> None:
    _leave_one_of_another_card(tmp_path / "state")
    later = lpa.assistant.journal.clock() + 90
    lpa.assistant.journal.clock = lambda: later
    lpa.assistant.send_due_notifications(progress=seen.append)
    assert seen.names == ["delivery 0/1", "delivery 1/1"]


def _leave_one_of_another_card(state: Path) -> None:
    """Keep a notification that could not be sent."""

    def no_server(_address: ServerAddress, /, *, ci_pkids: object) -> NoReturn:
        raise ConnectFailed("no network")

    with Assistant(SimulatedEuicc.create(None), state_dir=state, servers=no_server) as other:
        other.disable(FIRST)


def test_a_backup(lpa: SimulatedLpa, seen: Seen, tmp_path: Path) -> None:
    lpa.assistant.back_up(tmp_path / "backup", progress=seen.append)
    assert seen.functions == ["GetProfilesInfo", "ReadFile"]
    read = [step for step in seen if step.name == "ReadFile"]
    assert Step("ReadFile", 10, 10) in read
    assert read[-1].done == read[-1].total


def test_a_backup_before_a_deletion(lpa: SimulatedLpa, seen: Seen, tmp_path: Path) -> None:
    plan = lpa.assistant.plan_deletion(THIRD)
    lpa.assistant.back_up_first(plan, tmp_path / "backup", progress=seen.append)
    names = seen.names
    restored = switched("EnableProfile", 2)
    assert names[: len(restored)] == restored
    assert names[-len(restored) :] == restored
    assert {step.name for step in seen[len(restored) : -len(restored)]} == {"ReadFile"}


def test_a_discovery(lpa: SimulatedLpa, seen: Seen) -> None:
    lpa.smdp.order(packages.sample(), "", eid=lpa.card.eid)
    with pytest.raises(BadAnswer, match="is not a discovery server"):
        lpa.assistant.discover(ServerAddress("albion.smdp.example"), progress=seen.append)
    assert seen.names == [*AUTHENTICATION, *CANCELLED]


def test_a_recovery_is_a_part_of_what_begins_with_it(lpa: SimulatedLpa, seen: Seen) -> None:
    class Ended(BaseException):
        """The process ends."""

    def end(step: Step) -> None:
        if step.name == "RetrieveNotificationsList":
            raise Ended

    with pytest.raises(Ended):
        lpa.assistant.disable(FIRST, progress=end)
    lpa.assistant.recover(progress=seen.append)
    assert seen.names == ["GetProfilesInfo", "RetrieveNotificationsList", *delivered(1)]


# A callback that raises


class Failed(Exception):
    """What a callback raises."""


def fails(name: str, done: int = 0) -> Progress:
    def progress(step: Step) -> None:
        if (step.name, step.done) == (name, done):
            raise Failed

    return progress


@pytest.mark.parametrize("name", sample([*OFFER, *CANCELLED], 3))
def test_a_callback_that_raises_before_the_installation_leaves_the_order(
    lpa: SimulatedLpa, name: str
) -> None:
    code = ordered(lpa.smdp)
    with pytest.raises(Failed), lpa.assistant.download(code, progress=fails(name)):
        pass
    assert not lpa.assistant.journal.unfinished()
    with lpa.assistant.download(code) as offer:
        assert offer.install().changes


@pytest.mark.parametrize(
    ("name", "done"),
    [("PrepareDownload", 0), ("GetBoundProfilePackage", 0), ("LoadBoundProfilePackage", 0)],
)
def test_a_callback_that_raises_during_the_installation_cancels_the_session(
    lpa: SimulatedLpa, name: str, done: int
) -> None:
    code = ordered(lpa.smdp)
    with pytest.raises(Failed), lpa.assistant.download(code) as offer:
        offer.install(progress=fails(name, done))
    assert not offer.loading
    assert not lpa.assistant.journal.unfinished()
    with lpa.assistant.download(code) as offer:
        assert offer.install().changes


def test_a_callback_that_raises_while_the_package_arrives_cancels_the_session(lpa: SimulatedLpa) -> None:
    def progress(step: Step) -> None:
        if step.name == "GetBoundProfilePackage" and step.done:
            raise Failed

    code = ordered(lpa.smdp, 200_000)
    with pytest.raises(Failed), lpa.assistant.download(code) as offer:
        offer.install(progress=progress)
    assert not offer.loading
    with lpa.assistant.download(code) as offer:
        assert offer.install().changes


@pytest.mark.parametrize("number", sample(range(len(switched("EnableProfile", 2))), 3))
@pytest.mark.parametrize("when", ["begins", "ends"])
def test_a_callback_that_raises_during_a_temporary_enable_does_not_leave_it(
    lpa: SimulatedLpa, number: int, when: str
) -> None:
    left = iter(range(number + (0 if when == "begins" else len(switched("EnableProfile", 2))), -1, -1))

    def progress(_step: Step) -> None:
        if next(left) == 0:
            raise Failed

    within: list[str] = []
    with pytest.raises(Failed), lpa.assistant.temporarily_enabled(SECOND, progress=progress):
        within.append("the block runs")
    assert bool(within) == (when == "ends")
    assert [profile.state for profile in lpa.card.profiles] == ["enabled", "disabled", "disabled"]
    assert not lpa.assistant.journal.unfinished()


def test_a_callback_that_raises_an_error_of_ours_is_not_taken_for_the_card(lpa: SimulatedLpa) -> None:
    def progress(step: Step) -> None:
        if step.name == "DeleteProfile":
            raise LpaError("The window is closed.")

    plan = lpa.assistant.plan_deletion(THIRD)
    with pytest.raises(LpaError, match=r"^The window is closed\.$"):
        lpa.assistant.delete(plan, progress=progress)
    assert len(lpa.card.profiles) == 3
    (recovered,) = lpa.assistant.recover()
    assert recovered.changes == ()


def test_what_is_not_sent_because_a_callback_raised_is_sent_later(lpa: SimulatedLpa) -> None:
    plan = lpa.assistant.plan_deletion(THIRD)
    with pytest.raises(Failed):
        lpa.assistant.delete(plan, progress=fails("delivery"))
    (recovered,) = lpa.assistant.recover()
    assert [change.event for change in recovered.changes] == ["delete"]
    assert [delivery.acknowledged for delivery in recovered.deliveries] == [True]
