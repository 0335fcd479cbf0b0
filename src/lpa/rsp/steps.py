"""The steps of what takes long, for whoever shows them.

```python
assistant.delete(plan, progress=lambda step: print(step.name, step.done, step.total))
```

| `name` | What runs | `done` of `total` |
|---|---|---|
| `InitiateAuthentication` | ES9+, or ES11 of a discovery server: it proves its identity | |
| `AuthenticateServer` | ES10b: the card verifies the server | |
| `AuthenticateClient` | ES9+ or ES11: the server verifies the card, and offers a profile or events | |
| `metadata` | what the server offers is compared with the card | |
| `PrepareDownload` | ES10b: the card makes a one-time key | |
| `GetBoundProfilePackage` | ES9+: the server binds the package to the card and sends it | bytes received |
| `LoadBoundProfilePackage` | ES10b: the card takes the package | bytes of it |
| `ES10b.CancelSession` | the card ends the session of a download | |
| `ES9+.CancelSession` | the server ends it | |
| `EnableProfile`, `DisableProfile`, `DeleteProfile` | ES10c | |
| `EuiccMemoryReset` | ES10c.eUICCMemoryReset | |
| `GetProfilesInfo` | ES10c: the card lists its profiles | |
| `ListNotification` | ES10b: the card lists its notifications | |
| `RetrieveNotificationsList` | ES10b: the card gives what it signed | |
| `delivery` | ES9+.HandleNotification: notifications are sent | notifications of a card |
| `NotificationSent` | ES10b.RemoveNotificationFromList: the card removes one that a server acknowledged | |
| `handshake` | it is checked whether servers can be reached | servers |
| `ReadFile` | READ RECORD of ETSI TS 102 221, for a backup | records of a file |

A step lasts until the next begins: the reset after a change belongs to the change. Which steps there are, and
how often, depends on the card and the server: ignore a name that you do not know. For one file, package or
delivery `done` never decreases; the next of its kind begins at 0 again. `total` is 0 as long as it is not
known.

Law: a step is reported between two commands to the card, never between a command and its answer. A callback
that raises ends the verb as Ctrl-C does, and is not called again: a session is cancelled, a temporary
enable is ended, and `Assistant.recover` completes the rest. Then what the callback raised leaves the verb; if
the card or a server fails meanwhile, that error does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import TypeVar

from lpa.rsp.facts import Fact, fact

_T = TypeVar("_T")

METADATA, DELIVERY, HANDSHAKE, READ_FILE = "metadata", "delivery", "handshake", "ReadFile"
CANCEL_ON_CARD, CANCEL_ON_SERVER = "ES10b.CancelSession", "ES9+.CancelSession"


@fact
class Step(Fact):
    """What has just begun, or how far it is.

    `name`: the function of the specification that runs, such as "AuthenticateClient" (§3.1.3) or
    "LoadBoundProfilePackage"; "delivery" for the notifications. `done`, `total`: in bytes for a package, in
    notifications for a delivery; 0 of 0 for a step without parts. `lpa.rsp.steps` lists them all.
    """

    name: str
    done: int = 0
    total: int = 0


Progress = Callable[[Step], None]
"""Called in the thread that works, before each step and after each part. It must not call the assistant."""


class ProgressFailed(KeyboardInterrupt):
    """A callback has raised: see the law. The block of `reporting` raises the callback's own exception."""


class Reporter:
    """Calls a callback until it raises. It is a `Progress` itself, for all `reporting` blocks of a verb."""

    def __init__(self, progress: Progress) -> None:
        self._progress: Progress | None = progress
        self._last: Step | None = None
        self.failure: BaseException | None = None
        self.must_complete = False  # whether what runs now is not ended by a failure

    def __call__(self, step: Step) -> None:
        """Report a step, unless it was the last one."""
        if self._progress is None or step == self._last:
            return
        self._last = step
        try:
            self._progress(step)
        except KeyboardInterrupt:
            self._progress = None
            raise
        except BaseException as error:
            self._progress, self.failure = None, error
            if not self.must_complete:
                raise ProgressFailed from error

    @property
    def ended(self) -> bool:
        """Whether the callback has raised."""
        return self._progress is None


_current: ContextVar[Reporter | None] = ContextVar("progress", default=None)


def shared(progress: Progress | None) -> Reporter | None:
    """A callback for several `reporting` blocks, none of which calls it once it has raised."""
    return progress if progress is None or isinstance(progress, Reporter) else Reporter(progress)


@contextmanager
def reporting(progress: Progress | None) -> Iterator[None]:
    """Report the steps of the block to `progress`. None: to that of the block around, if there is one.

    Raises what the callback raised.
    """
    reporter = shared(progress)
    if reporter is None or reporter.ended:
        yield
        return
    before = _current.set(reporter)
    try:
        yield
    except KeyboardInterrupt:
        if reporter.failure:
            raise reporter.failure  # noqa: B904  (what it interrupted is its context)
        raise
    finally:
        _current.reset(before)
    if reporter.failure:
        raise reporter.failure


class Reported(AbstractContextManager[_T]):
    """A `with` block of which the beginning and the end are reported, and not what runs in it.

    The end after an error is not reported: the error says more.
    """

    def __init__(self, block: AbstractContextManager[_T], progress: Progress | None) -> None:
        self._block = block
        self._progress = progress

    def __enter__(self) -> _T:
        with reporting(self._progress):
            return self._block.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        with reporting(self._progress if error is None else None):
            return self._block.__exit__(kind, error, traceback)


@contextmanager
def must_complete() -> Iterator[None]:
    """Have a callback that raises not end the block, but the verb after it: the block cleans up."""
    reporter = _current.get()
    if reporter is None:
        yield
        return
    before, reporter.must_complete = reporter.must_complete, True
    try:
        yield
    finally:
        reporter.must_complete = before


def raise_failure() -> None:
    """End the verb if the callback has raised in a `must_complete` block."""
    reporter = _current.get()
    if reporter is not None and reporter.failure:
        raise ProgressFailed from reporter.failure


def report(name: str, done: int = 0, total: int = 0) -> None:
    """Report a step to the block around, if it wants to know. See the law for where this may be called."""
    reporter = _current.get()
    if reporter is not None:
        reporter(Step(name, done, total))


def counted(name: str, items: Collection[_T]) -> Iterator[_T]:
    """The items, one by one: reports before each how many are done, and at the end that all are."""
    for done, item in enumerate(items):
        report(name, done, len(items))
        yield item
    if items:
        report(name, len(items), len(items))
