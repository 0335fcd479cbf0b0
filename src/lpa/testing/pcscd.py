"""A private smart card service (pcscd) with virtual readers, in which simulated cards are real PC/SC cards.

pcscd has one fixed path for its socket and one for its drivers. So it runs in a mount namespace in which both
are folders of its own, apart from the machine's service and readers. Programs find it by the environment
variable PCSCLITE_CSOCK_NAME, which libpcsclite reads once per process, at its first use.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from lpa.advice.defaults import TRY_AGAIN
from lpa.advice.simulator import INSTALL_PACKAGES, NEEDS_NAMESPACES, RUN_AGAIN, WITHOUT_READER
from lpa.errors import NoService
from lpa.sim.euicc import vpcd

MOST_READERS = 16  # PCSCLITE_MAX_READERS_CONTEXTS
SOCKET_VARIABLE = "PCSCLITE_CSOCK_NAME"
_DRIVER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
_SLOTS = 2  # of a vpcd driver, on successive ports
_READER = """\
FRIENDLYNAME "{name}"
DEVICENAME /dev/null:{port:#x}
LIBPATH {driver}
CHANNELID {port:#x}
"""
_HOST = "127.0.0.1"
_PATIENCE = 10  # seconds that a start or a change in a reader may take
_INSERTED, _REMOVED = "Card inserted into {}", "Card Removed From {}"  # lines of pcscd's log
_REMOVAL = 0.01  # seconds: pcscd writes the line of a removal just before the reader is empty

CardAt = Callable[[int, threading.Event], None]
"""Be a card at this port until the event is set."""


@contextmanager
def private_pcscd(readers: int = 1) -> Iterator[PrivatePcscd]:
    """A private service until the block ends. Root is not needed where user namespaces are permitted.

    `readers`: 0 to 16; a driver has two, so an odd number gives one more. Raises ValueError for another
    number, and `NoService` if the service cannot run here: not Linux, pcscd or vpcd missing, no namespaces.
    """
    if not 0 <= readers <= MOST_READERS:
        raise ValueError(f"pcscd has 0 to {MOST_READERS} readers, not {readers}")
    with tempfile.TemporaryDirectory(prefix="lpa-pcsc-") as folder:  # a short path: a socket's has 107 bytes
        service = PrivatePcscd(Path(folder), -(-readers // _SLOTS))
        try:
            yield service
        finally:
            service.stop()


class PrivatePcscd:
    """A running service. `private_pcscd` makes one.

    `folder`: its files. `socket`: where programs reach it. `port`: where its first reader listens for a card;
    each further one has the next port. `readers`: their names, in the order of the service.
    """

    def __init__(self, folder: Path, drivers: int) -> None:
        self.folder = folder
        self.socket = folder / "run/pcscd/pcscd.comm"
        self.port = _free_ports(drivers * _SLOTS)
        names = ["Virtual PCD", *(f"Virtual PCD {number}" for number in range(1, drivers))][:drivers]
        self.readers = tuple(f"{name} 00 {slot:02}" for name in names for slot in range(_SLOTS))
        self._log: list[str] = []
        self._logged = threading.Condition()
        self._ended = False
        self._process = self._start(names)
        self._reading = threading.Thread(target=self._read_log, daemon=True)
        self._reading.start()
        if not (self._await("daemon ready") and self._listens()):
            self.stop()
            raise NoService(
                "The private smart card service (pcscd) does not start in its own namespace:"
                f"\n{self._last_lines}",
                advice=NEEDS_NAMESPACES,
            )
        self._await_first_look()

    @property
    def environment(self) -> dict[str, str]:
        """The environment variable for programs that shall use this service."""
        return {SOCKET_VARIABLE: str(self.socket)}

    def reader(self, card: vpcd.Card, slot: int = 0) -> VirtualReader:
        """A reader that has `card` in it inside a `with` block. `slot`: its place in `readers`."""
        return VirtualReader(self, slot, lambda port, pulled: vpcd.serve(card, _HOST, port, stop=pulled))

    @contextmanager
    def inserted(self, *cards: vpcd.Card) -> Iterator[tuple[VirtualReader, ...]]:
        """Have the first card in the first reader, the second in the second and so on, in a `with` block."""
        readers = tuple(self.reader(card, slot) for slot, card in enumerate(cards))
        with ExitStack() as undo:
            for reader in readers:
                undo.callback(reader.join)
            for reader in readers:
                undo.callback(reader.cut)  # All are inserted and removed at once: pcscd looks every 400 ms.
                reader.insert()
            for reader in readers:
                reader.await_inserted()
            yield readers

    def stop(self) -> None:
        """End the service."""
        self._process.terminate()
        self._process.wait(_PATIENCE)
        self._reading.join(_PATIENCE)
        if self._process.stdout:
            self._process.stdout.close()

    def mark(self) -> int:
        """This moment in the log, for `await_line`."""
        with self._logged:
            return len(self._log)

    def await_line(self, text: str, since: int) -> None:
        """Return when a line of the log has `text`. Raises `NoService` after ten seconds."""
        if not self._await(text, since):
            raise NoService(
                f"The private smart card service did not report {text!r} within {_PATIENCE} seconds."
                f"\n{self._last_lines}",
                advice=RUN_AGAIN,
            )

    @property
    def _last_lines(self) -> str:
        return "".join(line[:200] for line in self._log[-20:])

    def _await(self, text: str, since: int = 0) -> bool:
        def said() -> bool:
            return any(text in line for line in self._log[since:])

        with self._logged:
            self._logged.wait_for(lambda: said() or self._ended, _PATIENCE)
            return said()

    def _listens(self) -> bool:
        """Whether it accepts a connection: it reports that it is ready shortly before its socket exists."""
        if sys.platform == "win32":
            return False
        ends = time.monotonic() + _PATIENCE
        while time.monotonic() < ends:
            with socket.socket(socket.AF_UNIX) as caller, contextlib.suppress(OSError):
                caller.connect(str(self.socket))
                return True
            time.sleep(0.01)
        return False

    def _await_first_look(self) -> None:
        """Return when each reader was asked for a card, and has none.

        pcscd writes no line about a card that is there when it first looks.
        """
        with ExitStack() as held:
            callers = [
                held.enter_context(socket.create_connection((_HOST, self.port + slot), _PATIENCE))
                for slot in range(len(self.readers))
            ]
            for caller in callers:
                caller.recv(1)

    def _start(self, names: list[str]) -> subprocess.Popen[str]:
        program = _program()
        configuration, drivers = self.folder / "readers", self.folder / "drivers"
        for place in (configuration, drivers, self.folder / "run"):
            place.mkdir()
        entries = []
        for number, name in enumerate(names):
            # A copy for each: a driver that is loaded once has one set of slots.
            driver = shutil.copy(_DRIVER, drivers / f"libifdvpcd-{number}.so")
            entries.append(_READER.format(name=name, port=self.port + number * _SLOTS, driver=driver))
        (configuration / "vpcd").write_text("\n".join(entries))
        world = f"mount --bind '{drivers}' /usr/lib/pcsc/drivers && mount --bind '{self.folder}/run' /run"
        return subprocess.Popen(  # noqa: S603 - unshare, with paths of our own
            [*_unshare(), "sh", "-c", f"{world} && exec {program} {_options(program)} -c '{configuration}'"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _read_log(self) -> None:
        for line in self._process.stdout or ():
            with self._logged:
                self._log.append(line)
                self._logged.notify_all()
        with self._logged:
            self._ended = True
            self._logged.notify_all()


class VirtualReader:
    """A reader with a card in it, inside a `with` block or until `pull`. `name` is what PC/SC calls it.

    `environment`: the variable by which programs find the service of the reader.
    """

    def __init__(self, service: PrivatePcscd, slot: int, be_a_card: CardAt) -> None:
        self.name = service.readers[slot]
        self.environment = service.environment
        self._service = service
        self._pulled = threading.Event()
        self._card = threading.Thread(target=be_a_card, args=(service.port + slot, self._pulled))
        self._begin = 0

    def __enter__(self) -> Self:
        self.insert()
        try:
            self.await_inserted()
        except BaseException:
            self.cut()
            self.join()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.pull()

    def insert(self) -> None:
        """Put the card in, and do not wait."""
        self._begin = self._service.mark()
        self._card.start()

    def await_inserted(self) -> None:
        """Return when PC/SC has seen the card."""
        self._service.await_line(_INSERTED.format(self.name), self._begin)

    def pull(self) -> None:
        """Take the card out; returns when PC/SC has seen it."""
        self.cut()
        self.join()
        self._service.await_line(_REMOVED.format(self.name), self._begin)
        time.sleep(_REMOVAL)

    def cut(self) -> None:
        """Take the card out and do not wait; called from inside the card, too."""
        self._pulled.set()

    def join(self) -> None:
        """Return when the card has ended, after `cut`."""
        if self._card.ident:
            self._card.join(_PATIENCE)


def _program() -> str:
    """The path of pcscd. Raises `NoService` if something is missing that a private one needs."""
    if sys.platform != "linux":
        raise NoService(
            f"A private smart card service needs the mount namespaces of Linux, and this is {sys.platform}.",
            advice=WITHOUT_READER,
        )
    program = shutil.which("pcscd", path=os.environ.get("PATH", "") + ":/usr/sbin")
    needed = {"pcscd": program, "vpcd": _DRIVER.exists(), "unshare": shutil.which("unshare")}
    missing = " and ".join(name for name, found in needed.items() if not found)
    if program is None or missing:
        raise NoService(
            f"A private smart card service cannot be started: {missing} is not installed.",
            advice=INSTALL_PACKAGES,
        )
    return program


def _unshare() -> list[str]:
    """The command that runs another one in a mount namespace of its own."""
    if sys.platform == "linux" and os.geteuid() == 0:
        return ["unshare", "--mount"]
    return ["unshare", "--mount", "--map-root-user"]


def _options(program: str) -> str:
    """The options to run pcscd with. A build with polkit would refuse users without a session."""
    asked = subprocess.run(  # noqa: S603 - the program that was found
        [program, "--help"], check=True, capture_output=True, text=True, timeout=_PATIENCE
    )
    return "--foreground --info" + (" --disable-polkit" if "--disable-polkit" in asked.stdout else "")


def _free_ports(count: int) -> int:
    """The first of so many free ports in a row, below the range of ephemeral ports."""
    for port in random.sample(range(20000, 32000, 2), k=100):
        with ExitStack() as held:
            try:
                for number in range(port, port + count):
                    held.enter_context(socket.socket()).bind(("", number))
            except OSError:
                continue
            return port
    raise NoService(f"No {count} free ports in a row for virtual card readers.", advice=TRY_AGAIN)
