"""All servers together have a time limit, however many do not answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lpa.errors import ConnectFailed, LpaError, Postponed, ServerRefused
from lpa.journal import Journal
from lpa.notifications.send_queue import SendQueue
from lpa.notifications.sender import NotificationSender
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.limits import DELIVERY_SECONDS
from lpa.rsp.names import ServerAddress
from lpa.rsp.records import Notification
from tests.support.journals import EID, Clock

REFUSED = ServerRefused("HandleNotification", "8.1", "6.1", "no")


class Slow:
    """A factory of servers that each take `seconds`, and then acknowledge or raise `fault`."""

    def __init__(self, clock: Clock, seconds: float, fault: LpaError | None = None) -> None:
        self.clock, self.seconds, self.fault = clock, seconds, fault
        self.asked = 0

    def __call__(self, _address: ServerAddress, /, *, ci_pkids: object = ()) -> Slow:
        return self

    def handshake(self) -> None:
        self.asked += 1
        self.clock.now += self.seconds
        if self.fault:
            raise self.fault

    def handle_notification(self, _pending: bytes) -> dict[str, str]:
        self.handshake()
        return {}


def signed(number: int) -> Notification:
    """A notification with this number, for a server of its own."""
    metadata = Tlv.build(
        0xBF2F,
        Tlv.build(0x80, bytes([number])),
        bytes.fromhex("81020410"),
        Tlv.build(0x0C, f"s{number}.example".encode()),
        bytes.fromhex("5A0A98989898989898989898"),
    )
    return Notification.from_tlv(
        Tlv.build(0x30, metadata, bytes.fromhex("5F37020102"), b"\x30\0", b"\x30\0"),
    )


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path / "state")) as journal:
        yield journal


@pytest.mark.parametrize("fault", [None, ConnectFailed("down"), REFUSED])
def test_no_other_server_is_tried_when_the_time_is_used_up(fault: LpaError | None, journal: Journal) -> None:
    """A card may list a thousand notifications, each for another server that does not answer."""
    clock = Clock()
    servers = Slow(clock, DELIVERY_SECONDS / 3, fault)
    journal.keep(EID, *map(signed, range(1, 21)))
    send_queue = SendQueue(journal, servers)
    send_queue.sender = NotificationSender(servers, clock)
    deliveries = send_queue.send_all(journal.outbox())
    assert servers.asked == 3
    assert [delivery.acknowledged for delivery in deliveries] == [fault is None] * 3 + [False] * 17
    for delivery in deliveries[3:]:
        assert isinstance(delivery.problem, Postponed)
        assert (
            delivery.problem.message == "The time limit of 300 seconds for all servers together is used up."
        )
        assert delivery.problem.advice == "'lpa notifications send' sends the rest."
    left = [entry for entry in journal.outbox() if entry.sent is None]
    assert len(left) == (17 if fault is None else 20)
    assert [entry.attempts for entry in left[-17:]] == [0] * 17


def test_checking_whether_servers_are_reachable_counts_too() -> None:
    clock = Clock()
    servers = Slow(clock, DELIVERY_SECONDS / 2)
    sender = NotificationSender(servers, clock)
    assert [sender.check_reachable(f"s{number}.example", ()) for number in range(2)] == [None, None]
    assert isinstance(sender.check_reachable("s3.example", ()), Postponed)
    with pytest.raises(Postponed):
        sender.send(signed(4), ())
    assert servers.asked == 2


def test_the_time_between_two_servers_does_not_count() -> None:
    """Between the check and the deletion a person may think for as long as they like."""
    clock = Clock()
    sender = NotificationSender(Slow(clock, 1), clock)
    assert sender.check_reachable("s1.example", ()) is None
    clock.now += 10 * DELIVERY_SECONDS
    assert sender.send(signed(1), ()) == {}
