"""Storms: a random sequence of faults from one number. The same number always gives the same faults."""

from __future__ import annotations

import random
from dataclasses import dataclass

from lpa.sim.faults import refusals
from lpa.sim.faults.language import Fault
from lpa.sim.faults.vocabulary import card_words, server_words

_MOST_FAULTS = 4  # of a card, and of a server
_MOST_COMMANDS = 40  # after which a fault at a command is due at the latest
_DELAY = "20ms"

# Functions of a deletion with delivery come more often than those of a download.
_FUNCTIONS = (
    *("DeleteProfile", "DisableProfile", "EnableProfile") * 2,
    *("GetProfilesInfo", "ListNotification", "RetrieveNotificationsList", "NotificationSent") * 2,
    *("GetEID", "GetEuiccInfo1", "GetEuiccInfo2", "GetEuiccConfiguredAddresses"),
    *("GetEuiccChallenge", "AuthenticateServer", "PrepareDownload", "LoadBoundProfilePackage"),
)
_LONG = ("AuthenticateServer", "PrepareDownload", "LoadBoundProfilePackage")
_PARTS = ("block 1", "block 2", "block 3", "byte 1", "byte 300", "byte 600")
_COMMANDS = ("StoreData", "GetResponse", "Select", "ManageChannel", "any")
_AT_COMMANDS = (
    *("before {}: unplug", "after {}: unplug", "before {}: unplug for {n} commands"),
    *("after {}: unplug for {n} commands", "before {}: reset", "after {}: reset"),
    *("after {}: lose answer", "instead of {}: lose answer"),
    *("instead of {}: sw {sw}", "after {}: sw {sw}", "instead of {}: replay", "after {}: replay"),
    *("after {}: alter byte {n}", "after {}: truncate to {n}", "after {}: proactive command"),
    *("before {}: delay {delay}", "before {}: memory full"),
)
_STATUS_WORDS = ("6F00", "6985", "6A80", "6A82", "6A88", "6881", "6581", "6982", "9000", "9110")
_SERVER_FUNCTIONS = (
    *("HandleNotification",) * 6,
    *("InitiateAuthentication", "AuthenticateClient", "GetBoundProfilePackage", "CancelSession"),
)
_AT_SERVER = (
    *("instead of {}: status {status}", "after {}: status {status}"),
    *('instead of {}: body "{{}}"', 'instead of {}: body "<html>"', 'after {}: body ""'),
    *("before {}: slow {delay}", "before {}: close", "after {}: close", "after {}: close after {n} bytes"),
    *("after {}: lose answer", "after {}: duplicate answer", "instead of {}: early answer"),
)
_AT_ANSWERS = ("after {}: wrong answer", "after {}: altered")
_AT_CERTIFICATES = ("after {}: wrong certificate",)
_AT_CONNECTIONS = ("close", "slow {delay}", "wrong certificate")
_STATUSES = (400, 401, 403, 404, 408, 413, 429, 500, 502, 503, 504)


@dataclass(frozen=True)
class Storm:
    """The faults of one storm, for a card and for a server."""

    card: tuple[Fault, ...]
    server: tuple[Fault, ...]


def storm(seed: int) -> Storm:
    """The storm with this number."""
    numbers = random.Random(seed)  # noqa: S311 - it shall come again
    card = (_card_fault(numbers) for _ in range(numbers.randint(1, _MOST_FAULTS)))
    server = (_server_fault(numbers) for _ in range(numbers.randint(0, _MOST_FAULTS)))
    return Storm(
        tuple(Fault.parse(line, card_words()) for line in card),
        tuple(Fault.parse(line, server_words()) for line in server),
    )


def _card_fault(numbers: random.Random) -> str:
    kind = numbers.choice(("function", "function", "command", "command", "refusal", "part", "reset"))
    if kind == "reset":
        what = numbers.choice(("unplug", "delay {delay}", "unplug for {n} commands"))
        return _filled(numbers, f"{numbers.choice(('before', 'after'))} {{}}: {what}", "reset", most=2)
    if kind == "command":
        return _filled(numbers, numbers.choice(_AT_COMMANDS), numbers.choice(_COMMANDS), _MOST_COMMANDS)
    if kind == "part":
        part = f"{numbers.choice(_PARTS)} of {numbers.choice(_LONG)}"
        return _filled(numbers, numbers.choice(_AT_COMMANDS), part, most=1)
    function = numbers.choice(_FUNCTIONS)
    if kind == "refusal" and (reasons := refusals.reasons(function)):
        return _filled(numbers, f"instead of {{}}: refuse {numbers.choice(reasons)}", function)
    return _filled(numbers, numbers.choice(_AT_COMMANDS), function)


def _server_fault(numbers: random.Random) -> str:
    if numbers.choice(("connection", "request", "request", "request", "request")) == "connection":
        return _filled(numbers, f"{{}}: {numbers.choice(_AT_CONNECTIONS)}", "connection")
    function = numbers.choice(_SERVER_FUNCTIONS)
    has_body = function not in ("HandleNotification", "CancelSession")
    has_certificate = function in ("InitiateAuthentication", "AuthenticateClient")
    more = (_AT_ANSWERS if has_body else ()) + (_AT_CERTIFICATES if has_certificate else ())
    return _filled(numbers, numbers.choice((*_AT_SERVER, *more)), function)


def _filled(numbers: random.Random, line: str, point: str, most: int = 3) -> str:
    """The line, at one of the first `most` occurrences of `point`, and with its numbers."""
    return line.format(
        f"{numbers.randint(1, most)}th {point}",
        n=numbers.randint(2, 30),
        sw=numbers.choice(_STATUS_WORDS),
        status=numbers.choice(_STATUSES),
        delay=_DELAY,
    )
