"""The simulated SM-DP+ as a server: stored notifications, HTTP, and several clients at once."""

import base64
import contextlib
import json
import resource
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lpa.errors import ConnectFailed, StorageFailed
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.notifications import (
    EID,
    HEADERS,
    PATH,
    SIGNED,
    ask,
    connection,
    deliver,
    notification,
    pending,
)
from tests.support.tls_faults import CI, NOW


@pytest.fixture
def smdp() -> Iterator[SimulatedSmdp]:
    with SimulatedSmdp(CI) as running:
        yield running


def test_an_accepted_notification_is_one_line_of_json_and_known_after_a_restart(tmp_path: Path) -> None:
    store = tmp_path / "received.jsonl"
    raw = notification()
    smdp = SimulatedSmdp(CI, store=store, clock=lambda: NOW)
    with smdp:
        deliver(smdp, raw)
        deliver(smdp, notification(SIGNED.replace(b"\x80\x01\x07", b"\x80\x01\x08")))
    first, second = store.read_text("utf-8").splitlines()
    assert json.loads(first) == {
        "received": NOW.isoformat(),
        "eid": EID,
        "iccid": "8944500000000000017",
        "event": "delete",
        "sequenceNumber": 7,
        "address": "smdp.example",
        "pendingNotification": base64.b64encode(raw).decode(),
    }
    assert json.loads(second)["sequenceNumber"] == 8
    with SimulatedSmdp(CI, store=store) as again:
        assert again.received == smdp.received
        deliver(again, raw)
        assert len(again.received) == 2
    assert len(store.read_text("utf-8").splitlines()) == 2


def test_half_a_line_left_by_a_power_cut_is_dropped(tmp_path: Path) -> None:
    store = tmp_path / "received.jsonl"
    with SimulatedSmdp(CI, store=store) as smdp:
        deliver(smdp, notification())
    whole = store.read_bytes()
    store.write_bytes(whole + whole[:100])
    with SimulatedSmdp(CI, store=store) as smdp:
        assert len(smdp.received) == 1
    assert store.read_bytes() == whole


@pytest.mark.parametrize(
    "content", [b"{}\n", b"[]\n", b"no JSON\n", b"\n", b'{"pendingNotification":"AA=="}\n']
)
def test_another_file_is_refused_and_unchanged(tmp_path: Path, content: bytes) -> None:
    store = tmp_path / "notes.txt"
    store.write_bytes(content)
    with pytest.raises(StorageFailed, match="is not a list of notifications"):
        SimulatedSmdp(CI, store=store)
    assert store.read_bytes() == content


def test_a_notification_that_cannot_be_stored_is_not_acknowledged(tmp_path: Path) -> None:
    with SimulatedSmdp(CI, store=tmp_path / "no" / "such" / "folder") as smdp:
        assert ask(smdp, pending(notification()))[0] == 500
        assert smdp.received == ()


def test_a_full_disk_leaves_no_half_line(tmp_path: Path) -> None:
    store = tmp_path / "received.jsonl"
    with SimulatedSmdp(CI, store=store) as smdp:
        deliver(smdp, notification())
        whole = store.read_bytes()
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + 100, hard))
        try:
            second = pending(notification(SIGNED.replace(b"\x80\x01\x07", b"\x80\x01\x08")))
            assert ask(smdp, second)[0] == 500
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert store.read_bytes() == whole
        assert ask(smdp, second) == (204, b"")


@pytest.mark.parametrize(
    "path", ["/", PATH + "//", "/gsma/rsp2/es11/initiateAuthentication", PATH.upper(), "//["]
)
def test_an_unknown_path_is_404(smdp: SimulatedSmdp, path: str) -> None:
    assert ask(smdp, pending(notification()), path=path) == (404, b"")


@pytest.mark.parametrize(
    ("length", "status"),
    [("65537", 413), ("9" * 5000, 413), ("-1", 411), ("x", 411), ("²", 411), (None, 411)],
)
def test_a_body_without_a_valid_length_is_refused(
    smdp: SimulatedSmdp, length: str | None, status: int
) -> None:
    client = connection(smdp)
    client.putrequest("POST", PATH)
    if length is not None:
        client.putheader("Content-Length", length)
    client.endheaders()
    response = client.getresponse()
    assert (response.status, response.headers["Connection"]) == (status, "close")
    client.close()


def test_two_posts_go_over_one_connection(smdp: SimulatedSmdp) -> None:
    client = connection(smdp)
    for body, status in ((b"", 200), (pending(notification()), 204)):
        client.request("POST", PATH, body, HEADERS)
        response = client.getresponse()
        response.read()
        assert response.status == status
        client.auto_open = 0  # From here on a closed connection is an error.
    client.close()


def test_clients_are_served_at_the_same_time(smdp: SimulatedSmdp) -> None:
    raws = [notification(SIGNED.replace(b"\x80\x01\x07", bytes([0x80, 1, n]))) for n in range(8)]
    with socket.create_connection((smdp.address, smdp.port)):  # a silent client
        threads = [threading.Thread(target=deliver, args=(smdp, raw)) for raw in raws]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(received.sequence_number for received in smdp.received) == list(range(8))


def test_closing_shuts_down_open_connections() -> None:
    with SimulatedSmdp(CI) as smdp:
        idle = connection(smdp)
        idle.connect()
        start = time.monotonic()
    assert time.monotonic() - start < 10  # The idle timeout is much longer.
    assert isinstance(idle.sock, ssl.SSLSocket)
    with contextlib.suppress(ssl.SSLError):  # Some versions of Python raise it at the end.
        assert idle.sock.recv(1) == b""
    idle.close()
    with pytest.raises(ConnectFailed):
        deliver(smdp, notification())


def test_the_port_can_be_chosen() -> None:
    with SimulatedSmdp(CI) as smdp:
        port = smdp.port
    with SimulatedSmdp(CI, port=port) as smdp:
        assert smdp.connect_to == f"::127.0.0.1:{port}"
