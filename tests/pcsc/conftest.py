"""Virtual readers for simulated cards: those of a private smart card service (`lpa.testing.pcscd`)."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lpa.sim.euicc import vpcd
from lpa.testing.pcscd import PrivatePcscd, VirtualReader, private_pcscd

READERS = ("Virtual PCD 00 00", "Virtual PCD 00 01")
_HOST = "127.0.0.1"
_PATIENCE = 10  # seconds that another process may take

OtherProcess = Callable[..., str]
PlugIn = Callable[..., VirtualReader]


@pytest.fixture
def service(pcscd: PrivatePcscd) -> PrivatePcscd:
    """The service of this run."""
    return pcscd


@pytest.fixture
def empty_service() -> Iterator[PrivatePcscd]:
    """One more service, without any reader, for another process."""
    with private_pcscd(readers=0) as service:
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
def virtual_reader(service: PrivatePcscd) -> PlugIn:
    """`with virtual_reader(card, slot=1) as reader`: the card is in the reader `reader.name`."""

    def plug_in(card: vpcd.Card, slot: int = 0) -> VirtualReader:
        return service.reader(card, slot)

    return plug_in


@pytest.fixture
def mute_card(service: PrivatePcscd) -> Iterator[VirtualReader]:
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
