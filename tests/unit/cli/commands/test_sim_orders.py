"""`lpa sim server order`: the orders of the simulated server."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lpa.sim.servers.orders import OrderBook
from lpa.sim.servers.packages import from_der, sample
from tests.support import command


def orders(folder: Path) -> list[dict[str, Any]]:
    listed = command.run("sim", "server", "order", "list", "--pki", folder, "--json").document["result"]
    found = listed["orders"]
    assert isinstance(found, list)
    return found


def test_an_order_is_added_and_listed(tmp_path: Path) -> None:
    folder = command.card(tmp_path / "card")
    assert command.run("sim", "server", "order", "list", "--pki", folder).err == "No orders.\n"
    add = ("sim", "server", "order", "add", "--pki", folder)
    first = command.run(*add, "--matching-id", "ABC-1", "--confirmation-code", "1234", "--days", "1")
    assert (first.code, first.out) == (0, "LPA:1$smdp.example$ABC-1$$1\n")
    second = command.run(*add, "--matching-id", "", "--name", "Other", "--host", "dp.example").out
    assert second == "LPA:1$dp.example$\n"
    third = command.run(*add).out
    assert re.fullmatch(r"LPA:1\$smdp\.example\$([A-Z2-9]{4}-){2}[A-Z2-9]{4}\n", third)
    found = orders(folder)
    assert [item["name"] for item in found] == ["Nordlicht Prepaid", "Other", "Nordlicht Prepaid"]
    assert len({item["iccid"] for item in found}) == 3
    assert found[0]["expires"]
    assert found[1]["expires"] is None
    table = command.run("sim", "server", "--pki", folder, "order", "list").out
    assert "LPA:1$dp.example$" in table
    assert "released" in table


def test_an_order_can_be_for_a_file_with_its_iccid(tmp_path: Path) -> None:
    folder, file = command.card(tmp_path / "card"), tmp_path / "profile.der"
    package = sample("8944994000000000017", size=3_000)
    file.write_bytes(package.elements)
    ran = command.run("sim", "server", "order", "add", "--pki", folder, "--package", file, "--json")
    assert ran.document["result"]["iccid"] == "8944994000000000017"
    with closing(OrderBook(folder / "orders.db")) as book:
        assert book.orders[0].package == from_der(package.elements, sample())


@pytest.mark.parametrize(
    ("options", "objection"),
    [
        (("--matching-id", "ABC-1"), "ABC-1 already"),
        (("--announce",), "needs an EID"),
        (("--eid", "123"), "is not an EID"),
        (("--package", "no.der"), "cannot read no.der"),
        (("--name", "x" * 65), "is longer than 64 bytes"),
    ],
)
def test_an_invalid_order_is_a_usage_error(tmp_path: Path, options: tuple[str, ...], objection: str) -> None:
    folder = command.card(tmp_path / "card")
    assert command.run("sim", "server", "order", "add", "--pki", folder, "--matching-id", "ABC-1").code == 0
    ran = command.run("sim", "server", "order", "add", "--pki", folder, *options)
    assert ran.code == 2
    assert objection in ran.err
    assert len(orders(folder)) == 1


ORDER = ("sim", "server", "order")


def test_an_order_has_limits_that_are_listed(tmp_path: Path) -> None:
    folder = command.card(tmp_path / "card")
    limits = ("--confirmation-code", "1234", "--tries", "1", "--downloads", "2", "--binds-once")
    assert command.run(*ORDER, "add", "--pki", folder, "--matching-id", "ABC-1", *limits).code == 0
    assert command.run(*ORDER, "add", "--pki", folder, "--matching-id", "ABC-2", "--downloads", "1").code == 0
    assert command.run(*ORDER, "add", "--pki", folder, "--confirmation-code", "1234").code == 0
    with closing(OrderBook(folder / "orders.db")) as book:
        facts = [order.facts for order in book.orders]
    assert [(one.code_tries, one.downloads, one.binds_once) for one in facts] == [
        (1, 2, True),
        (3, 1, False),
        (3, 10, False),
    ]
    shown = command.run(*ORDER, "list", "--pki", folder).out.splitlines()
    assert [line.split("any")[1].strip() for line in shown[1:]] == [
        "2 downloads, 1 code, bound once",
        "1 download",
        "10 downloads, 3 codes",
    ]
    found = orders(folder)
    assert [(one["downloads"], one["code_tries"], one["binds_once"]) for one in found] == [
        (2, 1, True),
        (1, None, False),
        (10, 3, False),
    ]


def test_tries_need_a_confirmation_code(tmp_path: Path) -> None:
    folder = command.card(tmp_path / "card")
    ran = command.run(*ORDER, "add", "--pki", folder, "--tries", "2")
    assert (ran.code, "--confirmation-code" in ran.err) == (2, True)
    assert orders(folder) == []


def test_an_unreleased_order_can_be_released_later(tmp_path: Path) -> None:
    folder = command.card(tmp_path / "card")
    limits = ("--unreleased", "--downloads", "2")
    assert command.run(*ORDER, "add", "--pki", folder, "--matching-id", "ABC-1", *limits).code == 0
    (order,) = orders(folder)
    assert order["state"] == "confirmed"
    ran = command.run(*ORDER, "release", "--pki", folder, "ABC-1")
    assert (ran.code, ran.out) == (0, "LPA:1$smdp.example$ABC-1\n")
    (order,) = orders(folder)
    assert (order["state"], order["downloads"]) == ("released", 2)


def test_an_order_can_be_released_by_iccid(tmp_path: Path) -> None:
    folder = command.card(tmp_path / "card")
    added = command.run(
        *ORDER, "add", "--pki", folder, "--matching-id", "", "--unreleased", "--json"
    ).document
    ran = command.run(*ORDER, "release", "--pki", folder, added["result"]["iccid"], "--json")
    assert (ran.code, ran.document["result"]["state"]) == (0, "released")


@pytest.mark.parametrize(
    ("named", "said"), [("ABC-9", "no order"), ("8944994000000000017", "several orders")]
)
def test_release_needs_exactly_one_order(tmp_path: Path, named: str, said: str) -> None:
    folder, file = command.card(tmp_path / "card"), tmp_path / "profile.der"
    file.write_bytes(sample("8944994000000000017").elements)
    for _ in range(2):
        command.run(*ORDER, "add", "--pki", folder, "--package", file, "--unreleased")
    ran = command.run(*ORDER, "release", "--pki", folder, named)
    assert (ran.code, said in ran.err) == (2, True)
    assert [order["state"] for order in orders(folder)] == ["confirmed", "confirmed"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "begin with a header (A0) and end with an end element (AA).\n"),
        (b"hello", "these are not profile elements: An object announces 101 bytes, but only 3 follow.\n"),
        (
            sample().elements[:-1],
            "these are not profile elements: An object announces 7 bytes, but only 6 follow",
        ),
    ],
)
def test_a_file_without_profile_elements_is_a_usage_error(tmp_path: Path, content: bytes, said: str) -> None:
    folder, file = command.card(tmp_path / "card"), tmp_path / "profile.der"
    file.write_bytes(content)
    ran = command.run(*ORDER, "add", "--pki", folder, "--package", file)
    assert ran.code == 2
    assert "profile.der cannot be used:" in ran.err
    assert said in ran.err
    assert orders(folder) == []


@pytest.mark.parametrize("words", [("list",), ("add",), ("release", "ABC-1")])
def test_a_missing_folder_is_a_usage_error(tmp_path: Path, words: tuple[str, ...]) -> None:
    ran = command.run(*ORDER, *words, "--pki", tmp_path / "nowhere")
    assert (ran.code, "There is no folder" in ran.err) == (2, True)
    assert not (tmp_path / "nowhere").exists()
