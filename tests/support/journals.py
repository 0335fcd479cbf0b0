"""For tests of the journal: a profile, notifications, a clock, and child processes to kill."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lpa.journal import Entry, Journal, Operation
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.records import Notification, NotificationConfiguration, Profile

EID = Eid.parse("89049032123451234512345678901235")
OTHER = Eid.parse("89999999000000000000000000000112")
PROFILE = Profile(
    iccid=Iccid.parse("8944994000000000017"),
    state="enabled",
    nickname="旅行",
    service_provider="Albion",
    name="Travel",
    profile_class="test",
    policy_rules=("ppr1",),
    notifications=(NotificationConfiguration(("enable", "delete"), "smdp.example"),),
)


class Clock:
    """A clock that the test sets."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def signed(number: str = "07", signature: str = "0102") -> Notification:
    body = bytes.fromhex(f"BF2F18 8001{number} 81020410 0C03612E62 5A0A98989898989898989898")
    body += bytes.fromhex(f"5F3702{signature} 3000 3000")
    return Notification.from_tlv(bytes([0x30, len(body)]) + body)


def everything(journal: Journal, eid: Eid) -> tuple[Entry, ...]:
    """All that was ever collected from a card, finished or not."""
    return journal.kept_since(Operation(journal._database, journal.clock, 0, eid, "", (), "", 0.0))


@contextmanager
def child(act: Callable[[], None]) -> Iterator[Child]:
    """A child process that runs `act`, and is killed at the end if it is still running."""
    started = Child(act)
    try:
        yield started
    finally:
        started.kill()


class Child:
    def __init__(self, act: Callable[[], None]) -> None:
        self._ready, ready = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            status = 1
            try:
                os.dup2(ready, 3)
                act()
                status = 0
            except BaseException:  # noqa: BLE001 - the child must not continue with the parent's tests
                traceback.print_exc()
            finally:
                os._exit(status)
        os.close(ready)
        self._ended = False

    def wait_until_ready(self) -> None:
        assert os.read(self._ready, 1) == b"."

    def kill(self) -> None:
        if not self._ended:
            os.kill(self.pid, signal.SIGKILL)
            self.result()

    def result(self) -> int:
        """0 if it succeeded, 1 if it raised, negative if a signal ended it."""
        _, status = os.waitpid(self.pid, 0)
        self._ended = True
        os.close(self._ready)
        return os.waitstatus_to_exitcode(status)


def ready() -> None:
    """Called by a child when it is ready: tell the parent, and wait to be killed."""
    os.write(3, b".")
    signal.pause()


def addressed(number: str, address: str) -> Notification:
    """As `signed`, for another server with as short an address."""
    return Notification.from_tlv(signed(number).raw.replace(b"a.b", address.encode("ascii")))
