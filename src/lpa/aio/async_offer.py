"""A download in a coroutine: what `lpa.download.offer` does, and the steps of the installation.

```python
async with card.download(code) as offer:
    async for step in offer.install(confirmation_code=ask):
        print(step.name, step.done, step.total)
```
Law: as there. An installation that was begun and left alone goes on, and the block waits for it; if the block
is left with an exception, it is stopped.
"""

from __future__ import annotations

import asyncio
import inspect
import warnings
from collections.abc import Awaitable, Callable, Generator
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from lpa.aio.async_block import AsyncBlock
from lpa.aio.card_thread import CardCall, CardThread, in_loop
from lpa.errors import LpaError, Stopped
from lpa.rsp.steps import Progress, Step

if TYPE_CHECKING:
    from lpa.download.offer import Offer
    from lpa.profiles.blockers import Finding
    from lpa.profiles.switching import Outcome
    from lpa.rsp.deliver import Deliver
    from lpa.rsp.names import ServerAddress
    from lpa.rsp.records import Profile
    from lpa.rsp.session import Event
    from lpa.stop import Stop

ConfirmationCode = str | Callable[[], str | Awaitable[str]]
"""A confirmation code, or a function (also a coroutine function) that asks for it."""


class Installation:
    """An installation that has not begun: await it for its `Outcome`, or iterate over its `Step`s.

    It begins with whichever comes first. When the iteration has ended, the outcome is in `outcome`. A task
    that is cancelled meanwhile stops it.
    """

    def __init__(
        self,
        thread: CardThread,
        offer: Offer,
        code: ConfirmationCode,
        *,
        deliver: Deliver | None,
        progress: Progress | None,
        stop: Stop | None,
    ) -> None:
        self._thread = thread
        self._offer = offer
        self._code = code
        self._deliver = deliver
        self._progress = progress
        self._stop = stop
        self._steps: asyncio.Queue[Step | None] = asyncio.Queue()  # None: it has ended
        self._awaited = False
        self._beginning = asyncio.Lock()  # Two tasks may wait for it while the code is asked for.
        self.call: CardCall[Outcome] | None = None
        """The call in the card's thread, once it has begun."""

    def __await__(self) -> Generator[Any, None, Outcome]:
        self._awaited = True
        return self._finished().__await__()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Step:
        call = await self._begun()
        try:
            step = await self._steps.get()
        except asyncio.CancelledError as error:
            await call.result(error)
            raise
        if step:
            return step
        self._steps.put_nowait(None)
        await call.result()
        raise StopAsyncIteration

    def __del__(self) -> None:
        if not self._awaited:
            warnings.warn("an installation was never awaited", RuntimeWarning, stacklevel=2, source=self)

    @property
    def outcome(self) -> Outcome:
        """What was done. Raises what the installation raised; `asyncio.InvalidStateError` before its end."""
        if self.call is None or not self.call.future.done():
            raise asyncio.InvalidStateError("the installation has not ended")
        return self.call.future.result()

    async def _finished(self) -> Outcome:
        return await (await self._begun()).result()

    async def _begun(self) -> CardCall[Outcome]:
        self._awaited = True
        async with self._beginning:
            if self.call is None:
                self.call = self._begin(await self._asked())
        return self.call

    def _begin(self, code: str) -> CardCall[Outcome]:
        reports = [in_loop(one) for one in (self._steps.put_nowait, self._progress) if one]

        def report(step: Step) -> None:
            for one in reports:
                one(step)

        install = partial(_install, self._offer, code, self._deliver, report)
        call = self._thread.begin(install, self._stop)
        call.when_ended(lambda: self._steps.put_nowait(None))
        return call

    async def _asked(self) -> str:
        """The confirmation code. Nobody is asked for one that is not required."""
        if isinstance(self._code, str):
            return self._code
        if not self._offer.confirmation_code_required:
            return ""
        answer = self._code()
        return await answer if inspect.isawaitable(answer) else answer


class AsyncOffer:
    """What a server offers to this card: as `Offer`, with coroutines for what takes long."""

    def __init__(
        self, thread: CardThread, offer: Offer, progress: Progress | None, stop: Stop | None
    ) -> None:
        self._thread = thread
        self._offer = offer
        self._progress = progress
        self._stop = stop
        self.installation: Installation | None = None
        """The last one that `install` returned."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Blockers, and warnings that a person must accept."""
        return self._offer.findings

    @property
    def others(self) -> tuple[Event, ...]:
        """The other events for this card, if a discovery server led to this offer."""
        return self._offer.others

    @property
    def passed_over(self) -> tuple[LpaError, ...]:
        """Why the events before it led to no offer."""
        return self._offer.passed_over

    @property
    def package_size(self) -> int | None:
        """In bytes, once the package has been received."""
        return self._offer.package_size

    @property
    def profile(self) -> Profile:
        """What would be installed, as its server describes it."""
        return self._offer.profile

    @property
    def server(self) -> ServerAddress:
        """The server that offers it."""
        return self._offer.server

    @property
    def confirmation_code_required(self) -> bool:
        """Whether the server requires a confirmation code, which the operator gives to the person."""
        return self._offer.confirmation_code_required

    @property
    def free_memory(self) -> int | None:
        """The bytes that are free on the card for profiles; None if it does not say."""
        return self._offer.free_memory

    @property
    def estimated_size(self) -> int | None:
        """The bytes that it will take on the card, as its server states; None if it does not, as most."""
        return self._offer.estimated_size

    @property
    def loading(self) -> bool:
        """Whether the card may hold a part of the package. If not, `install` has changed nothing."""
        return self._offer.loading

    @property
    def blockers(self) -> tuple[Finding, ...]:
        """The findings that make the installation impossible."""
        return self._offer.blockers

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The findings that a person must accept, one by one."""
        return self._offer.warnings

    async def postpone(self, *, stop: Stop | None = None) -> None:
        """End the session now. The order stays as it is, and the profile can be offered again."""
        await self._thread.run(self._offer.postpone, stop)

    async def reject(self, *, stop: Stop | None = None) -> None:
        """Reject the profile for good: see `Offer.reject`."""
        await self._thread.run(self._offer.reject, stop)

    def install(
        self,
        *,
        confirmation_code: ConfirmationCode = "",
        deliver: Deliver | None = None,
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> Installation:
        """Have the card install the profile: await it, or iterate over its steps. Raises as `Offer.install`.

        `confirmation_code`: the code, or a function that is called in the loop if the server requires one.
        `deliver`: as for `Offer.install`. `progress`: called in the loop with each step; that of the download
        if None. `stop`: that of the download if None.
        """
        self.installation = Installation(
            self._thread,
            self._offer,
            confirmation_code,
            deliver=deliver,
            progress=progress or self._progress,
            stop=stop or self._stop,
        )
        return self.installation


class DownloadBlock:
    """The `async with` block of a download. See the law."""

    def __init__(
        self, thread: CardThread, block: AsyncBlock[Offer], progress: Progress | None, stop: Stop | None
    ) -> None:
        self._thread = thread
        self._block = block
        self._progress = progress
        self._stop = stop
        self._offer: AsyncOffer | None = None

    async def __aenter__(self) -> AsyncOffer:
        try:
            offer = await self._block.__aenter__()
            self._offer = AsyncOffer(self._thread, offer, self._progress, self._stop)
        except asyncio.CancelledError as error:
            if isinstance(error.__cause__, Stopped):
                error.__cause__.outcome = None  # An offer that was made is nothing that was done.
            raise
        return self._offer

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        installation = self._offer.installation if self._offer else None
        call = installation.call if installation else None
        if call is None or call.awaited:
            return await self._block.__aexit__(kind, error, traceback)
        if error is not None:
            call.cancel()
            suppressed = await self._block.__aexit__(kind, error, traceback)
            if isinstance(error, asyncio.CancelledError) and error.__cause__ is None:
                error.__cause__ = call.cause()
            return suppressed
        try:
            await call.result()
        except BaseException as failed:
            await self._block.__aexit__(type(failed), failed, failed.__traceback__)
            raise
        return await self._block.__aexit__(None, None, None)


def _install(offer: Offer, code: str, deliver: Deliver | None, report: Callable[[Step], None]) -> Outcome:
    """Install, in the card's thread. `report`: called with each step."""
    return offer.install(confirmation_code=code, deliver=deliver, progress=report)
