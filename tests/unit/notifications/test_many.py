"""A hundred pending notifications: all are sent, in order, while a person waits."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.sim.crypto.pki import Authority
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support import command
from tests.support.sweeps import WHOLE

MANY = 300 if WHOLE else 100
NO_SERVER = ("--connect-to", "::127.0.0.1:1")  # nothing listens on port 1
_LIMIT = 60  # seconds; it takes two or three


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A card whose first two profiles were enabled in turn until many notifications were pending."""
    folder = tmp_path_factory.mktemp("many") / "card"
    euicc = SimulatedEuicc.create(folder, behaviour=Behaviour(notification_capacity=MANY))
    with Assistant(euicc) as assistant:
        first, second, _ = assistant.profiles()
        for turn in range(MANY // 2):
            assistant.euicc.enable_profile((second, first)[turn % 2].iccid, refresh=False)
            assistant.euicc.restart()
        assert len(assistant.notifications()) == MANY
    return folder


@pytest.fixture
def time_limit() -> Iterator[None]:
    """The test must end in time."""
    start = time.monotonic()
    yield
    assert time.monotonic() - start < _LIMIT


def test_many_are_listed_tried_and_sent_in_the_order_of_their_numbers(
    folder: Path, tmp_path: Path, time_limit: None
) -> None:
    options = ("--reader", f"sim:{folder}", "--state-dir", tmp_path, "--ca-bundle", folder / "ci.pem")
    listed = command.run(*options, "notifications", "list", "--json").document["result"]["notifications"]
    assert [metadata["sequence_number"] for metadata in listed] == list(range(1, MANY + 1))

    failed = command.run(*options, *NO_SERVER, "notifications", "send", "--json")
    assert failed.code == 4
    outbox = failed.document["result"]["pending"]
    assert len(outbox) == MANY
    assert sum(entry["attempts"] for entry in outbox) == 2  # once for each server
    now = datetime.now(UTC)
    assert all(datetime.fromisoformat(entry["next_try"]) > now for entry in outbox)

    with SimulatedSmdp(Authority.load(folder), host="*.smdp.example", any_address=True) as smdp:
        ran = command.run(*options, "--connect-to", smdp.connect_to, "notifications", "send")
        assert ran.code == 0
        numbers_of = defaultdict(list)
        for received in smdp.received:
            numbers_of[received.address].append(received.sequence_number)
    assert sum(map(len, numbers_of.values())) == MANY
    assert len(numbers_of) == 2
    for numbers in numbers_of.values():
        assert numbers == sorted(numbers)
    assert command.run(*options, "notifications", "list").err == "No notifications on the card.\n"
