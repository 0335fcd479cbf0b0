"""The words of the language: the points and actions of a card, and those of a server."""

from __future__ import annotations

import functools

from lpa.sim import codec as schema
from lpa.sim.faults import refusals
from lpa.sim.faults.language import Form, Kind, Point, Vocabulary, When

ANY, RESET, CONNECTION = "any", "reset", "connection"
# Points that are command APDUs, by instruction (ISO 7816-4, TS 102 221)
INSTRUCTIONS = {
    0xA4: "Select",
    0x70: "ManageChannel",
    0xC0: "GetResponse",
    0xE2: "StoreData",
    0xB0: "ReadBinary",
    0xB2: "ReadRecord",
    0x20: "VerifyPin",
    0xAA: "TerminalCapability",
    0x10: "TerminalProfile",
    0x12: "Fetch",
    0x14: "TerminalResponse",
}
WITH_CERTIFICATE = {"initiateauthentication": "serverCertificate", "authenticateclient": "smdpCertificate"}
_ES9 = (
    "InitiateAuthentication",
    "AuthenticateClient",
    "GetBoundProfilePackage",
    "HandleNotification",
    "CancelSession",
)
_WITHOUT_BODY = ("HandleNotification", "CancelSession")
_MEMORY = "installFailedDueToInsufficientMemoryForProfile"

_DURATION = r"(\d{1,6}(?:\.\d{1,6})? ?(?:ms|s))"
_BEFORE_OR_AFTER: tuple[When, ...] = ("before", "after")
_INSTEAD_OR_AFTER: tuple[When, ...] = ("instead of", "after")
_COMMANDS: tuple[Kind, ...] = ("command", "function", "part")


@functools.cache
def card_words() -> Vocabulary:
    """The vocabulary of a card."""
    points: dict[str, Kind] = dict.fromkeys((*INSTRUCTIONS.values(), ANY), "command")
    points |= dict.fromkeys((*sorted(schema.functions().values()), refusals.LOAD), "function")
    return Vocabulary("a card", points | {RESET: "reset"}, _CARD)


@functools.cache
def server_words() -> Vocabulary:
    """The vocabulary of a server."""
    points: dict[str, Kind] = dict.fromkeys(_ES9, "function")
    return Vocabulary("a server", points | {CONNECTION: "connection"}, _SERVER)


def seconds(duration: str) -> float:
    """The seconds in "2s" or "500ms"."""
    number = float(duration.rstrip("ms "))
    return number / 1000 if duration.endswith("ms") else number


def _refusal(point: Point, reason: str) -> str:
    possible = refusals.reasons(point.name) if point.kind == "function" or point.name == refusals.LOAD else ()
    if not possible:
        raise ValueError(f"{point} has no result to refuse with: use 'sw'")
    default = "undefinedError" if "undefinedError" in possible else "installFailedDueToUnknownError"
    found = next((one for one in possible if one.lower() == (reason or default).lower()), None)
    if found is None:
        raise ValueError(f"{point.name} has no result {reason!r}: {', '.join(possible)}")
    return found


def _busy(point: Point, _: str) -> str:
    if "catBusy" not in refusals.reasons(point.name):
        raise ValueError(f"{point.name} has no result catBusy")
    return "catBusy"


def _memory(point: Point, _: str) -> str:
    return _MEMORY if point.name == refusals.LOAD else ""


def _upper(_: Point, sw: str) -> str:
    return sw.upper()


def _http_status(_: Point, number: str) -> str:
    if not 200 <= int(number) <= 599:
        raise ValueError(f"an HTTP status of an answer is 200 to 599, not {number}")
    return number


def _certificate(point: Point, _: str) -> str:
    if point.kind == "function" and point.name.lower() not in WITH_CERTIFICATE:
        raise ValueError(f"the answer of {point.name} has no certificate")
    return ""


def _body(point: Point, _: str) -> str:
    if point.name in _WITHOUT_BODY:
        raise ValueError(f"the answer of {point.name} is empty: use 'body' or 'status'")
    return ""


_CARD = {
    "unplug": Form(
        "unplug [for N commands]",
        r"unplug(?: for ([1-9]\d{0,8}) commands?)?",
        _BEFORE_OR_AFTER,
        (*_COMMANDS, "reset"),
    ),
    "reset": Form("reset", "reset", _BEFORE_OR_AFTER, _COMMANDS),
    "lose answer": Form("lose answer", "lose answer", ("after", "instead of"), _COMMANDS),
    "refuse": Form(
        "refuse [RESULT]", r"refuse(?: (\w+))?", ("instead of",), ("function", "part"), normal=_refusal
    ),
    "busy": Form("busy", "busy", ("instead of",), ("function",), normal=_busy),
    "sw": Form("sw XXXX", r"sw ([0-9a-f]{4})", _INSTEAD_OR_AFTER, _COMMANDS, normal=_upper),
    "replay": Form("replay", "replay", _INSTEAD_OR_AFTER, _COMMANDS),
    "alter": Form("alter byte N", r"alter byte ([1-9]\d{0,8})", ("after",), _COMMANDS),
    "truncate": Form("truncate to N", r"truncate to (\d{1,9})", ("after",), _COMMANDS),
    "proactive command": Form("proactive command", "proactive command", ("after",), _COMMANDS),
    "delay": Form("delay 2s", f"delay {_DURATION}", _BEFORE_OR_AFTER, (*_COMMANDS, "reset")),
    "memory full": Form("memory full", "memory full", ("before",), _COMMANDS, normal=_memory),
    "notification store full": Form(
        "notification store full", "notification store full", ("before",), _COMMANDS
    ),
}

_SERVER = {
    "status": Form("status N", r"status (\d{3})", _INSTEAD_OR_AFTER, ("function",), normal=_http_status),
    "body": Form('body "TEXT"', r'body "(.*)"', _INSTEAD_OR_AFTER, ("function",)),
    "slow": Form("slow 2s", f"slow {_DURATION}", _BEFORE_OR_AFTER, ("function", "connection")),
    "close": Form("close", "close", _BEFORE_OR_AFTER, ("function", "connection")),
    "close after": Form("close after N bytes", r"close after (\d{1,9}) bytes?", ("after",), ("function",)),
    "lose answer": Form("lose answer", "lose answer", ("after",), ("function",)),
    "wrong certificate": Form(
        "wrong certificate", "wrong certificate", ("after",), ("function", "connection"), normal=_certificate
    ),
    "wrong answer": Form("wrong answer", "wrong answer", ("after",), ("function",), normal=_body),
    "altered": Form("altered", "altered", ("after",), ("function",), normal=_body),
    "duplicate answer": Form("duplicate answer", "duplicate answer", ("after",), ("function",)),
    "early answer": Form("early answer", "early answer", ("instead of",), ("function",)),
}
