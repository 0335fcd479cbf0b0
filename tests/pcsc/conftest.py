"""A private smart card service (pcscd) with two virtual readers for simulated cards.

pcscd has one fixed path for its socket and one for its drivers. So it runs in a mount namespace in which both
are folders of the tests, apart from the machine's own service. Tests find it by PCSCLITE_CSOCK_NAME.
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
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
from smartcard import scard

from lpa.sim.euicc import vpcd

READERS = ("Virtual PCD 00 00", "Virtual PCD 00 01")
_DRIVER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
TWO_READERS = """\
FRIENDLYNAME "Virtual PCD"
DEVICENAME /dev/null:{port}
LIBPATH {driver}
CHANNELID {port}
"""
_HOST = "127.0.0.1"
_PATIENCE = 10  # seconds that a start or a change in a reader may take

CardAt = Callable[[int, threading.Event], None]  # be a card at this port until the event
OtherProcess = Callable[..., str]
PlugIn = Callable[..., AbstractContextManager["VirtualReader"]]


class Service:
    """A running pcscd. `folder` has its files; its first reader listens for a card on `port`.

    `readers` is what its reader.conf says, with {port} and {driver} for the two that change.
    """

    def __init__(self, folder: Path, readers: str = TWO_READERS) -> None:
        self.folder = folder
        self.port = _free_ports()
        self.socket = folder / "run/pcscd/pcscd.comm"
        self._ready = False
        self._ready_or_ended = threading.Event()
        self._log: list[str] = []
        self._process = self._start(readers)
        self._reading = threading.Thread(target=self._read_log, daemon=True)
        self._reading.start()
        self._ready_or_ended.wait(_PATIENCE)
        if not (self._ready and self._listens()):
            self.stop()
            pytest.fail("pcscd does not start in a mount namespace of its own:\n" + "".join(self._log))

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(_PATIENCE)
        self._reading.join(_PATIENCE)

    def _listens(self) -> bool:
        """Whether it accepts a connection: it reports that it is ready shortly before its socket exists."""
        ends = time.monotonic() + _PATIENCE
        while time.monotonic() < ends:
            with socket.socket(socket.AF_UNIX) as caller, contextlib.suppress(OSError):
                caller.connect(str(self.socket))
                return True
            time.sleep(0.01)
        return False

    def _start(self, readers: str) -> subprocess.Popen[str]:
        program = shutil.which("pcscd", path=os.environ["PATH"] + ":/usr/sbin")
        if program is None or not _DRIVER.exists():
            pytest.fail("these tests need pcscd and vsmartcard-vpcd: apt-get install pcscd vsmartcard-vpcd")
        configuration, drivers = self.folder / "readers", self.folder / "drivers"
        for place in (configuration, drivers, self.folder / "run"):
            place.mkdir()
        driver = shutil.copy(_DRIVER, drivers)
        (configuration / "vpcd").write_text(readers.format(port=hex(self.port), driver=driver))
        world = f"mount --bind '{drivers}' /usr/lib/pcsc/drivers && mount --bind '{self.folder}/run' /run"
        private = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
        return subprocess.Popen(
            [*private, "sh", "-c", f"{world} && exec {program} {_options(program)} -c '{configuration}'"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _read_log(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._log.append(line)
                if "daemon ready" in line:
                    self._ready = True
                    self._ready_or_ended.set()
        self._ready_or_ended.set()


def _options(program: str) -> str:
    """The options to run pcscd with. A build with polkit would refuse users without a session."""
    asked = subprocess.run([program, "--help"], check=True, capture_output=True, text=True, timeout=_PATIENCE)
    return "--foreground --info" + (" --disable-polkit" if "--disable-polkit" in asked.stdout else "")


class VirtualReader:
    """A reader with a card in it, until `pull`. `name` is what PC/SC calls it."""

    def __init__(self, service: Service, slot: int, be_a_card: CardAt) -> None:
        self.name = READERS[slot]
        self._pulled = threading.Event()
        self._wire = threading.Thread(target=be_a_card, args=(service.port + slot, self._pulled))
        self._wire.start()
        try:
            _wait_for(self.name, scard.SCARD_STATE_PRESENT)
        except BaseException:
            self._take_out()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.pull()

    def pull(self) -> None:
        """Take the card out; returns when PC/SC has seen it."""
        self._take_out()
        _wait_for(self.name, scard.SCARD_STATE_EMPTY)

    def cut(self) -> None:
        """Take the card out and do not wait; called from inside the card."""
        self._pulled.set()

    def _take_out(self) -> None:
        self.cut()
        self._wire.join(_PATIENCE)


@contextmanager
def running_service(readers: str = TWO_READERS) -> Iterator[Service]:
    """A service until the block ends. Its folder has a short path: that of a socket has at most 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="lpa-pcsc-") as folder:
        service = Service(Path(folder), readers)
        try:
            yield service
        finally:
            service.stop()


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    """The service of this run. Its address stays set: libpcsclite reads it once per process."""
    with running_service() as service:
        os.environ["PCSCLITE_CSOCK_NAME"] = str(service.socket)
        yield service


@pytest.fixture
def empty_service() -> Iterator[Service]:
    """One more service, without any reader, for another process."""
    with running_service(readers="") as service:
        yield service


@pytest.fixture
def other_process() -> OtherProcess:
    """Run Python code in another process, perhaps with another service; returns what it printed."""

    def run(code: str, *arguments: str, service_socket: Path | None = None) -> str:
        environment = dict(os.environ)
        if service_socket:
            environment["PCSCLITE_CSOCK_NAME"] = str(service_socket)
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.run(
            command, env=environment, check=True, capture_output=True, text=True, timeout=_PATIENCE
        ).stdout.strip()

    return run


@pytest.fixture
def virtual_reader(service: Service) -> PlugIn:
    """`with virtual_reader(card, slot=1) as reader`: the card is in the reader `reader.name`."""

    def plug_in(card: vpcd.Card, slot: int = 0) -> VirtualReader:
        return VirtualReader(service, slot, lambda port, pulled: vpcd.serve(card, _HOST, port, stop=pulled))

    return plug_in


@pytest.fixture
def mute_card(service: Service) -> Iterator[VirtualReader]:
    """A reader with a mute card. For vpcd, only a broken connection is a mute card."""

    def break_off_when_powered(port: int, pulled: threading.Event) -> None:
        while not pulled.is_set():
            silent = threading.Event()
            vpcd.serve(_Mute(silent, pulled), _HOST, port, stop=silent)

    with VirtualReader(service, 0, break_off_when_powered) as reader:
        yield reader


class _Mute:
    """A card that breaks its connection when it gets power."""

    def __init__(self, silent: threading.Event, pulled: threading.Event) -> None:
        self._silent = silent
        self._pulled = pulled

    @property
    def atr(self) -> bytes:
        if self._pulled.is_set():
            self._silent.set()
        return bytes.fromhex("3B00")

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        raise AssertionError(f"a card without power was sent {apdu.hex()}")

    def reset(self) -> None:
        self._silent.set()

    def power_off(self) -> None:
        pass

    def insert(self) -> None:
        pass


def _wait_for(reader: str, state: int) -> None:
    """Return when the service sees the reader in `state`."""
    code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    assert code == scard.SCARD_S_SUCCESS, scard.SCardGetErrorMessage(code)
    try:
        seen = scard.SCARD_STATE_UNAWARE
        while not seen & state:
            code, [(_, seen, _)] = scard.SCardGetStatusChange(context, 1000 * _PATIENCE, [(reader, seen)])
            assert code == scard.SCARD_S_SUCCESS, scard.SCardGetErrorMessage(code)
    finally:
        scard.SCardReleaseContext(context)


def _free_ports() -> int:
    """A port that is free together with the next one, below the range of ephemeral ports."""
    for port in random.sample(range(20000, 32000, 2), k=100):
        with socket.socket() as first, socket.socket() as second:
            try:
                first.bind(("", port))
                second.bind(("", port + 1))
            except OSError:
                continue
            return port
    pytest.fail("no two free ports side by side")
