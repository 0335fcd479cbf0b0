"""A download in coroutines: awaited or iterated over, and left in every way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest

from lpa import ActivationCode, Assistant, EuiccRefused, Outcome, Refused, ServerFactory, ServerRefused
from lpa.aio import AsyncAssistant, AsyncOffer, ConfirmationCode
from lpa.errors import Stopped
from lpa.rsp.steps import Step
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers import packages
from lpa.sim.servers.orders import Order
from lpa.sim.servers.smdp import SimulatedSmdp
from lpa.stop import Stop
from tests.support.async_session import PacedCard

ICCID = packages.SAMPLE_ICCID
LOAD = "LoadBoundProfilePackage"


class Download:
    """A card, and an order for it."""

    def __init__(
        self, card: SimulatedEuicc, smdp: SimulatedSmdp, servers: ServerFactory, folder: Path
    ) -> None:
        self.card, self.smdp, self.servers, self.folder = card, smdp, servers, folder
        self.order: Order

    def run(
        self,
        body: Callable[[AsyncOffer], Awaitable[None]],
        *,
        confirmation_code: str | None = None,
        stop: Stop | None = None,
    ) -> None:
        """Run `body` in the block of a download."""
        package = packages.sample(ICCID, size=5000)
        self.order = self.smdp.order(package, "ABC-1", confirmation_code=confirmation_code)

        async def main() -> None:
            code = ActivationCode.parse(self.order.activation_code)
            transport = PacedCard(self.card)
            opener = partial(Assistant, transport, state_dir=self.folder, servers=self.servers)
            async with AsyncAssistant(opener) as card, card.download(code, stop=stop) as offer:
                await body(offer)

        asyncio.run(main())

    @property
    def installed(self) -> bool:
        return ICCID in [profile.iccid for profile in self.card.profiles]


@pytest.fixture
def download(euicc: SimulatedEuicc, smdp: SimulatedSmdp, servers: ServerFactory, tmp_path: Path) -> Download:
    return Download(euicc, smdp, servers, tmp_path / "state")


def test_an_installation_is_awaited_for_its_outcome(download: Download) -> None:
    outcomes: list[Outcome] = []

    async def body(offer: AsyncOffer) -> None:
        assert str(offer.profile.iccid) == ICCID
        outcomes.append(await offer.install())

    download.run(body)
    assert [change.event for change in outcomes[0].changes] == ["install"]
    assert (download.order.state, download.installed) == ("installed", True)


def test_an_installation_gives_its_steps_and_then_has_the_outcome(download: Download) -> None:
    steps: list[Step] = []
    called: list[Step] = []

    async def body(offer: AsyncOffer) -> None:
        installation = offer.install(progress=called.append)
        with pytest.raises(asyncio.InvalidStateError):
            _ = installation.outcome
        async for step in installation:
            steps.append(step)
        assert [change.event for change in installation.outcome.changes] == ["install"]
        assert await installation is installation.outcome
        assert [step async for step in installation] == []

    download.run(body)
    loaded = [step for step in steps if step.name == LOAD]
    total = loaded[0].total
    assert total > 5000
    assert (loaded[0], loaded[-1]) == (Step(LOAD, 0, total), Step(LOAD, total, total))
    assert [step.done for step in loaded] == sorted(step.done for step in loaded)
    assert called == steps


def ask() -> str:
    return "1234"


async def ask_slowly() -> str:
    await asyncio.sleep(0)
    return "1234"


@pytest.mark.parametrize("code", ["1234", ask, ask_slowly])
def test_a_confirmation_code_may_be_asked_for(download: Download, code: ConfirmationCode) -> None:
    async def body(offer: AsyncOffer) -> None:
        assert offer.confirmation_code_required
        async for _ in offer.install(confirmation_code=code):
            pass

    download.run(body, confirmation_code="1234")
    assert download.installed


def test_two_tasks_that_wait_for_an_installation_ask_for_the_code_once(download: Download) -> None:
    asked: list[str] = []

    async def ask_once() -> str:
        asked.append("1234")
        return await ask_slowly()

    async def body(offer: AsyncOffer) -> None:
        installation = offer.install(confirmation_code=ask_once)

        async def steps() -> list[Step]:
            return [step async for step in installation]

        outcome, seen = await asyncio.gather(installation, steps())
        assert outcome is installation.outcome
        assert seen

    download.run(body, confirmation_code="1234")
    assert (asked, download.installed) == (["1234"], True)


def test_nobody_is_asked_for_a_code_that_is_not_required(download: Download) -> None:
    def unasked() -> str:
        raise AssertionError

    async def body(offer: AsyncOffer) -> None:
        await offer.install(confirmation_code=unasked)

    download.run(body)
    assert download.installed


def test_a_code_that_is_not_given_installs_nothing(download: Download) -> None:
    async def body(offer: AsyncOffer) -> None:
        await offer.install(confirmation_code=lambda: "")

    with pytest.raises(Refused, match="confirmation code"):
        download.run(body, confirmation_code="1234")
    assert (download.order.state, download.installed) == ("released", False)


def test_after_a_wrong_code_it_may_be_tried_again(download: Download) -> None:
    async def body(offer: AsyncOffer) -> None:
        with pytest.raises(ServerRefused):
            await offer.install(confirmation_code="4321")
        await offer.install(confirmation_code="1234")

    download.run(body, confirmation_code="1234")
    assert download.installed


def test_an_error_that_was_caught_is_not_raised_again(download: Download) -> None:
    async def body(offer: AsyncOffer) -> None:
        with pytest.raises(ServerRefused):
            async for _ in offer.install(confirmation_code="4321"):
                pass

    download.run(body, confirmation_code="1234")
    assert not download.installed


def test_without_an_installation_the_order_is_postponed(download: Download) -> None:
    async def body(offer: AsyncOffer) -> None:
        assert not offer.loading

    download.run(body)
    assert (download.order.state, download.installed) == ("released", False)


def test_an_offer_is_rejected(download: Download) -> None:
    download.run(lambda offer: offer.reject())
    assert (download.order.state, download.installed) == ("error", False)


def test_a_loop_that_is_left_lets_the_installation_end(download: Download) -> None:
    offers = []

    async def body(offer: AsyncOffer) -> None:
        offers.append(offer)
        async for _ in offer.install():
            break

    download.run(body)
    assert download.installed
    installation = offers[0].installation
    assert installation
    assert [change.event for change in installation.outcome.changes] == ["install"]


def test_the_error_of_an_installation_that_was_left_alone_is_raised(download: Download) -> None:
    download.card.faults.add("before LoadBoundProfilePackage: memory full")

    async def body(offer: AsyncOffer) -> None:
        async for _ in offer.install():
            break

    with pytest.raises(EuiccRefused, match="memory"):
        download.run(body)
    assert not download.installed


def test_an_exception_in_the_loop_stops_the_installation(download: Download) -> None:
    async def body(offer: AsyncOffer) -> None:
        async for step in offer.install():
            if step.done:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        download.run(body)
    assert (download.order.state, download.installed) == ("downloaded", False)


def test_a_task_that_is_cancelled_at_a_step_is_told_what_was_done(download: Download) -> None:
    async def body(offer: AsyncOffer) -> None:
        async for step in offer.install():
            if step.done:
                current().cancel()

    with pytest.raises(asyncio.CancelledError) as caught:
        download.run(body)
    assert isinstance(caught.value.__cause__, Stopped)
    assert (download.order.state, download.installed) == ("downloaded", False)


def test_a_task_that_is_cancelled_elsewhere_in_the_loop_is_told_too(download: Download) -> None:
    async def body(offer: AsyncOffer) -> None:
        async for step in offer.install():
            if step.done:
                current().cancel()
                await asyncio.sleep(0)

    with pytest.raises(asyncio.CancelledError) as caught:
        download.run(body)
    assert isinstance(caught.value.__cause__, Stopped)
    assert (download.order.state, download.installed) == ("downloaded", False)


def test_the_stop_of_the_download_ends_the_installation(download: Download) -> None:
    stop = Stop()

    async def body(offer: AsyncOffer) -> None:
        async for step in offer.install():
            if step.done:
                stop.set()

    with pytest.raises(Stopped):
        download.run(body, stop=stop)
    assert (download.order.state, download.installed) == ("downloaded", False)


def test_a_stop_before_the_offer_asks_no_server(download: Download) -> None:
    with pytest.raises(Stopped, match="before it began"):
        download.run(lambda offer: offer.reject(), stop=Stop(after=0))
    assert download.order.state == "released"


def test_an_installation_that_is_not_awaited_warns_and_does_nothing(download: Download) -> None:
    async def body(offer: AsyncOffer) -> None:
        installation = offer.install()
        with pytest.warns(RuntimeWarning, match="an installation was never awaited"):
            installation.__del__()
        installation._awaited = True

    download.run(body)
    assert (download.order.state, download.installed) == ("released", False)


def test_an_offer_has_what_the_other_one_has(download: Download) -> None:
    """What is set by `Offer` itself, too."""

    async def body(offer: AsyncOffer) -> None:
        theirs = offer._offer
        verbs = {"begin", "end", "install", "postpone", "reject"}
        names = [name for name in {*dir(theirs)} - verbs if name[0] != "_"]
        assert {name: getattr(offer, name) for name in names} == {
            name: getattr(theirs, name) for name in names
        }

    download.run(body)


def current() -> asyncio.Task[None]:
    task = asyncio.current_task()
    assert task
    return task
