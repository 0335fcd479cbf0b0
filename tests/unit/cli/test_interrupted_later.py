"""Ctrl-C after a command has changed something: it says what was done, and never that nothing was changed."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import click
import pytest

from lpa import Assistant, pages
from lpa.card.es10 import Euicc
from lpa.cli.screen import Screen
from lpa.journal import Journal
from lpa.notifications import lost
from lpa.notifications.send_queue import SendQueue
from lpa.profiles import backup
from lpa.sim.euicc.card_folder import CardFolder
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.orders import Order, OrderBook
from tests.support import command

ALBION, NORDLICHT, SHILI = "8944994000000000017", "8949985000000000025", "89869870000000000033"
CLOSE_CHANNEL = (0x70, 0x80)


@pytest.fixture(autouse=True)
def listening() -> Iterator[None]:
    """Ctrl-C works as at a terminal, even if the process that runs the tests ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class CardThatHangs:
    """A card that a person presses Ctrl-C at while it is released: at its channel, or at its reader."""

    def __init__(self, folder: Path, *, at: str) -> None:
        self._card, self._at = SimulatedEuicc.load(folder), at

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        if self._at == "channel" and (apdu[1], apdu[2]) == CLOSE_CHANNEL:
            signal.raise_signal(signal.SIGINT)
        return self._card.transmit(apdu)

    def reset(self) -> None:
        self._card.reset()

    def close(self) -> None:
        self._card.close()
        if self._at == "reader":
            signal.raise_signal(signal.SIGINT)


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A card on which a notification is pending."""
    card = command.card(tmp_path / "card")
    assert command.run(*options(card), "delete", SHILI, "--yes").code == 4
    return card


def order(card: Path) -> None:
    """Add an order with the matching identifier K."""
    ran = command.run("sim", "server", "order", "add", "--pki", card, "--matching-id", "K", "--unreleased")
    assert ran.code == 0


def options(card: Path) -> tuple[object, ...]:
    return ("--reader", f"sim:{card}", "--state-dir", card.parent / "state")


@pytest.mark.parametrize("at", ["channel", "reader"])
@pytest.mark.parametrize(
    ("arguments", "code", "member"),
    [
        (("delete", NORDLICHT, "--yes"), 4, "changes"),
        (("enable", NORDLICHT), 4, "changes"),
        (("rename", NORDLICHT, "Trip"), 0, "nickname"),
        (("protect", NORDLICHT), 0, "protected"),
        (("backup", "{new}"), 0, "folder"),
        (("default-server", "rsp.example.com"), 0, "default_dp"),
        (("notifications", "remove", "1", "--unsent"), 0, "receipts"),
        (("list",), 0, "profiles"),
    ],
)
def test_ctrl_c_while_the_card_is_released_keeps_the_result(
    card: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    at: str,
    arguments: tuple[str, ...],
    code: int,
    member: str,
) -> None:
    named = (argument.format(new=tmp_path / "new") for argument in arguments)
    with monkeypatch.context() as patch:
        command.put_in(patch, lambda folder: CardThatHangs(folder, at=at))
        ran = command.run(*options(card), "--json", *named)
    assert (ran.code, ran.document["ok"]) == (code, code == 0)
    assert member in ran.document["result"]
    assert "Interrupted" not in ran.out + ran.err
    assert command.run(*options(card), "list").code == 0, "the card and its lock are released"


def press(*_arguments: object, **_options: object) -> NoReturn:
    signal.raise_signal(signal.SIGINT)
    raise AssertionError("Ctrl-C does nothing")


PENDING = "'lpa notifications list' lists pending notifications."
LISTS = "'lpa notifications list' lists pending and lost notifications."
PROTECTED = "'lpa protect --list' lists the protected profiles."
STATE = "'lpa list' shows the card's state."
ORDERS = "'lpa sim server order list' lists the orders."
DONE: list[tuple[tuple[str, ...], str, str, str]] = [
    (("enable", NORDLICHT), f"Nordlicht ({NORDLICHT}) is enabled.", PENDING, "changes"),
    (("disable", ALBION), f"Albion Mobile ({ALBION}) is disabled; enabled now: none.", PENDING, "changes"),
    (("delete", NORDLICHT, "--yes"), f"Nordlicht ({NORDLICHT}) was deleted permanently.", PENDING, "changes"),
    (
        ("reset", "--yes-delete-everything", "{eid}"),
        "The card was reset.",
        PENDING,
        "changes",
    ),
    (
        ("protect", NORDLICHT),
        f"Nordlicht ({NORDLICHT}) is protected: 'lpa delete' and 'lpa reset' refuse to delete it.",
        PROTECTED,
        "protected",
    ),
    (("unprotect", NORDLICHT), f"Nordlicht ({NORDLICHT}) is not protected.", PROTECTED, "protected"),
    (
        ("rename", NORDLICHT, "Trip"),
        f"Nordlicht ({NORDLICHT}) now has the nickname 'Trip'.",
        STATE,
        "nickname",
    ),
    (
        ("default-server", "rsp.example.com"),
        "The default server is rsp.example.com.",
        "'lpa default-server' shows it.",
        "",
    ),
    (("backup", "{new}"), "Saved 5 contacts and 6 messages in {new}.", "", "folder"),
    (("show", NORDLICHT, "--html", "{new}"), "Page written to {new}.", STATE, ""),
    (("receipts", "export", "1", "--html", "{new}"), "Page written to {new}.", STATE, "path"),
    (
        ("notifications", "remove", "1", "--unsent"),
        "Notification 1 removed from the card.",
        LISTS,
        "notification",
    ),
    (("notifications", "send"), "0 of 1 notifications were acknowledged.", PENDING, "deliveries"),
    (
        ("notifications", "send", "--without-card"),
        "0 of 1 notifications were acknowledged.",
        PENDING,
        "deliveries",
    ),
    (("notifications", "send", "{state}"), "0 of 1 notifications were acknowledged.", PENDING, "deliveries"),
    (("resume",), "What was interrupted before is recovered.", PENDING, "deliveries"),
    (("sim", "new", "{new}"), "Created a card with EID ", "", "eid"),
    (("sim", "server", "order", "add", "--pki", "{card}"), "The order is added.", ORDERS, "activation_code"),
    (
        ("sim", "server", "order", "release", "--pki", "{card}", "K"),
        "The order is released.",
        ORDERS,
        "activation_code",
    ),
]


@pytest.mark.parametrize(("arguments", "sentence", "advice", "member"), DONE)
def test_ctrl_c_while_the_result_is_printed_says_what_was_done(
    card: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    sentence: str,
    advice: str,
    member: str,
) -> None:
    order(card)
    with SimulatedEuicc.load(card) as held:
        names = {"new": tmp_path / "new", "state": tmp_path / "state", "card": card, "eid": held.eid}
    for printing in ("line", "facts", "say"):
        monkeypatch.setattr(Screen, printing, interrupted_if_done(getattr(Screen, printing)))
    named = [argument.format_map(names) for argument in arguments]
    ran = command.run(*options(card), "--json", *named)
    error = ran.document["error"]
    assert (ran.code, error["kind"], error["advice"]) == (130, "Interrupted", advice)
    assert error["message"].startswith(f"Interrupted. {sentence.format_map(names)}")
    assert not member or member in ran.document["result"]
    assert "Nothing was changed." not in ran.out + ran.err


def interrupted_if_done(real: Callable[..., None]) -> Callable[..., None]:
    """As `real`, but Ctrl-C is pressed at the first output after something was done."""

    def printed(screen: Screen, *arguments: object, **more: object) -> None:
        if screen.interruption[1] != "Nothing was changed." and "was interrupted" not in str(arguments):
            press()
        real(screen, *arguments, **more)

    return printed


@pytest.mark.parametrize(
    ("owner", "function", "arguments", "message", "advice"),
    [
        (Journal, "protect", ("protect", NORDLICHT), "Interrupted while changing the protection.", PROTECTED),
        (
            Euicc,
            "set_nickname",
            ("rename", NORDLICHT, "Trip"),
            "Interrupted while changing the nickname.",
            STATE,
        ),
        (
            Euicc,
            "set_default_dp_address",
            ("default-server", "rsp.example.com"),
            "Interrupted while changing the default server.",
            "'lpa default-server' shows it.",
        ),
        (
            backup,
            "_write",
            ("backup", "{new}"),
            "Interrupted while saving.",
            "Nothing was changed on the card. The backup is complete, or does not exist.",
        ),
        (
            pages,
            "save",
            ("show", NORDLICHT, "--html", "{new}"),
            "Interrupted while a page was written.",
            "The file is as before, or has the whole page.",
        ),
        (
            SendQueue,
            "send_all",
            ("notifications", "send", "--without-card"),
            "Interrupted while sending notifications: each is acknowledged, or still pending.",
            PENDING,
        ),
        (
            Assistant,
            "remove_notification",
            ("notifications", "remove", "1", "--unsent"),
            "Interrupted while removing the notification.",
            LISTS,
        ),
        (
            CardFolder,
            "save",
            ("sim", "new", "{new}"),
            "Interrupted while creating the card.",
            "'lpa --reader sim:{new} list' shows whether the card is complete.",
        ),
        (
            OrderBook,
            "add",
            ("sim", "server", "order", "add", "--pki", "{card}"),
            "Interrupted while changing the orders.",
            ORDERS,
        ),
        (lost, "profile_named", ("notifications", "mark-informed", SHILI), "Interrupted.", LISTS),
        (
            Order,
            "release",
            ("sim", "server", "order", "release", "--pki", "{card}", "K"),
            "Interrupted while changing the orders.",
            ORDERS,
        ),
    ],
)
def test_ctrl_c_during_a_change_claims_neither_that_it_was_made_nor_that_it_was_not(
    card: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    owner: object,
    function: str,
    arguments: tuple[str, ...],
    message: str,
    advice: str,
) -> None:
    order(card)
    monkeypatch.setattr(owner, function, press)
    names = {"new": tmp_path / "new", "card": card}
    ran = command.run(*options(card), *(argument.format_map(names) for argument in arguments))
    assert ran.code == 130
    assert ran.err.endswith(f"lpa: {message}\n{advice.format_map(names)}\n")


def test_ctrl_c_while_the_document_is_written_does_not_cut_it(
    card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real: Callable[..., None] = click.echo

    def interrupted(text: str, **more: object) -> None:
        signal.raise_signal(signal.SIGINT)
        real(text, **more)

    monkeypatch.setattr(click, "echo", interrupted)
    ran = command.run(*options(card), "--json", "list")
    assert (ran.code, ran.document["ok"]) == (0, True)


def test_ctrl_c_before_a_change_says_that_nothing_was_changed(
    card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Euicc, "profiles", press)
    ran = command.run(*options(card), "delete", NORDLICHT, "--yes")
    assert (ran.code, ran.err.lstrip("\n")) == (130, "lpa: Interrupted.\nNothing was changed.\n")
