"""The order book of the simulated SM-DP+: kept in a file that several programs use at once."""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from lpa.errors import StorageFailed
from lpa.sim.servers.orders import Facts, OrderBook, new_facts
from lpa.sim.servers.packages import sample
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.scripted_card import Client, SmallCard, point
from tests.support.tls_faults import CI, NOW

PACKAGE = sample()


def test_orders_are_known_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "orders.db"
    with SimulatedSmdp(CI, orders=file) as smdp:
        smdp.order(PACKAGE, "ABC-1", confirmation_code="Geheim-77", expires=NOW, downloads=7, code_tries=2)
        before = smdp.orders[0].facts
    assert b"Geheim-77" not in file.read_bytes()
    with SimulatedSmdp(CI, orders=file) as smdp:
        (order,) = smdp.orders
        assert order.facts == before
        assert (order.package, order.iccid) == (PACKAGE, "8949985000000090018")
        assert (before.downloads, before.code_tries, before.expires) == (7, 2, NOW.isoformat())


def test_a_server_restarts_between_a_package_and_its_result(tmp_path: Path) -> None:
    """With the same one-time key the package is the same again, and an earlier result is still accepted."""
    file, card = tmp_path / "orders.db", SmallCard(CI)
    with SimulatedSmdp(CI, orders=file) as smdp:
        smdp.order(PACKAGE, "ABC-1", binds_once=True)
        first = card.downloaded(Client(smdp, CI))
    result = card.result(PACKAGE.iccid.coded)
    with SimulatedSmdp(CI, orders=file) as smdp:
        second = card.downloaded(Client(smdp, CI))
        assert card.one_time is not None
        assert card.asked_for == point(card.one_time)
        assert card.load(second) == PACKAGE.elements
        assert first != second
        Client(smdp, CI).ask("handleNotification", pendingNotification=result)
        assert smdp.orders[0].state == "installed"


def test_a_new_order_is_visible_to_other_programs_immediately(tmp_path: Path) -> None:
    file, card = tmp_path / "orders.db", SmallCard(CI)
    with SimulatedSmdp(CI, orders=file) as smdp, closing(OrderBook(file)) as book:
        added = book.add(PACKAGE, new_facts("smdp.example", "ABC-1"))
        assert card.load(card.downloaded(Client(smdp, CI))) == PACKAGE.elements
        assert added.state == "downloaded"


def test_no_change_is_lost_between_programs(tmp_path: Path) -> None:
    file = tmp_path / "orders.db"
    with closing(OrderBook(file)) as book:
        order = book.add(PACKAGE, Facts(downloads=1000))

        def take() -> None:
            with closing(OrderBook(file)) as own:
                for _ in range(25):
                    own.orders[0].change(lambda facts: replace(facts, downloads=facts.downloads - 1))

        threads = [threading.Thread(target=take) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert order.facts.downloads == 900


def test_the_file_is_private(tmp_path: Path) -> None:
    file = tmp_path / "orders.db"
    OrderBook(file).close()
    assert file.stat().st_mode & 0o777 == 0o600


def test_books_in_memory_are_separate() -> None:
    with closing(OrderBook()) as first, closing(OrderBook()) as second:
        first.add(PACKAGE, Facts())
        assert (len(first.orders), len(second.orders)) == (1, 0)


def test_a_matching_identifier_is_unique_unless_it_is_empty() -> None:
    with closing(OrderBook()) as book:
        for _ in range(2):
            book.add(PACKAGE, Facts())
        book.add(PACKAGE, Facts(matching_id="ABC-1"))
        with pytest.raises(ValueError, match="ABC-1 already"):
            book.add(PACKAGE, Facts(matching_id="ABC-1"))
        assert len(book.orders) == 3


@pytest.mark.parametrize("content", [b"no database at all, but longer than a page" * 99, b"{}"])
def test_another_file_is_refused_and_unchanged(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "orders.db"
    file.write_bytes(content)
    with pytest.raises(StorageFailed, match="Cannot read or write"):
        OrderBook(file)
    assert file.read_bytes() == content


def test_a_malformed_order_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "orders.db"
    with closing(OrderBook(file)) as book:
        order = book.add(PACKAGE, Facts())
        book._database.execute("UPDATE orders SET facts = '{}'")
        with pytest.raises(StorageFailed):
            _ = order.facts


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed):
        OrderBook(tmp_path / "no" / "orders.db")


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (new_facts("smdp.example", "ABC-1"), "LPA:1$smdp.example$ABC-1"),
        (new_facts("smdp.example", "ABC-1", confirmation_code=""), "LPA:1$smdp.example$ABC-1$$1"),
        (new_facts("smdp.example"), "LPA:1$smdp.example$"),
    ],
)
def test_an_order_has_an_activation_code(facts: Facts, code: str) -> None:
    assert facts.activation_code == code


def test_an_invalid_eid_is_refused() -> None:
    with pytest.raises(ValueError, match="is not an EID"):
        new_facts("smdp.example", eid="123")
