"""Names, addresses and messages with control characters or markup, in every output that shows them."""

from __future__ import annotations

import json
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path

import pytest

from lpa.errors import NotVerified, ServerRefused
from lpa.journal import Journal
from lpa.profiles import backup
from lpa.rsp.display import brief, safe
from lpa.rsp.uicc.contacts import Contact
from lpa.rsp.uicc.messages import Message
from lpa.rsp.uicc.vcard import vcards
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.simulated_profile import SimulatedProfile
from tests.support import command
from tests.support.journals import EID, signed

ICCID = "8944994000000000017"
PLAIN = "Travel"
HOSTILE = {
    "a sequence that repaints the screen": "\x1b[2J\x1b[1;1H\x1b[32mverified\x1b[0m",
    "a terminal link": "\x1b]8;;http://evil.example\x1b\\operator\x1b]8;;\x1b\\",
    "a terminal title and a bell": "\x1b]0;root\x07\x07",
    "C1 controls": "\x9b2J\x9d0;x\x9c\x90q\x84",
    "line breaks": "x\nICCID     0\r\rState\tenabled\x0b\x0c\x85y\u2028z\u2029",
    "characters that change the direction": "\u202e0001 dellac\u202c\u2066\u2067\u200f",
    "invisible characters": "a\u200b\u2060\ufeff\u3164\u2800\u00ad\u034fb",
    "stacked accents": "Z" + "\u0335\u0300\u0317" * 10,
    "markup": "<script>alert(1)</script><img src=x onerror=y>",
    "quotes": '"\'&amp;&#x3c;" onload="x\'{0}{eid}%s$(id)`id`',
    "a rich tag": "[bold red]x[/] [link=http://evil.example]",
    "a vCard": "x\r\nEND:VCARD\r\nBEGIN:VCARD\r\nFN:y;,\\",
    "64 bytes": "\u202e" * 21 + "x",
}
every_text = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())


class HostileCard:
    """A card whose only profile has `text` for all its names and for its notification address."""

    def __init__(self, folder: Path, text: str) -> None:
        profile = SimulatedProfile(
            ICCID,
            "enabled",
            nickname=text,
            service_provider=text.encode()[:32].decode(errors="ignore"),
            name=text,
            notifications=((("enable", "disable", "delete"), text),),
        )
        SimulatedEuicc.create(folder / "card", profiles=[profile]).close()
        self.options = ("--reader", f"sim:{folder / 'card'}", "--state-dir", folder / "state")

    def run(self, *arguments: object) -> command.Ran:
        ran = command.run(*self.options, *arguments)
        assert ran.code != 70
        return ran


COMMANDS: tuple[tuple[object, ...], ...] = (
    ("list",),
    ("show", ICCID),
    ("info",),
    ("delete", ICCID, "--plan", "--disable-first"),
    ("delete", ICCID),
    ("protect", ICCID),
    ("disable", ICCID),
    ("notifications", "list"),
    ("notifications", "list", "--without-card"),
    ("notifications", "remove", "1"),
    ("receipts", "list"),
    ("receipts", "show", "1"),
    ("receipts", "verify", "1"),
    ("rename", ICCID, "harmless"),
)


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[int]:
    """How many lines each command prints for a profile with an ordinary name."""
    card = HostileCard(tmp_path_factory.mktemp("plain"), PLAIN)
    return [_lines(card.run(*arguments)) for arguments in COMMANDS]


@every_text
def test_a_terminal_shows_it_as_harmless_text(text: str, tmp_path: Path, lines: list[int]) -> None:
    card = HostileCard(tmp_path, text)
    for arguments, expected in zip(COMMANDS, lines, strict=True):
        ran = card.run(*arguments)
        _check_visible(ran.out + ran.err)
        assert _lines(ran) == expected, arguments
    assert safe(text) in card.run("receipts", "show", "1").out


@every_text
def test_a_json_document_contains_it_in_escaped_form(text: str, tmp_path: Path) -> None:
    card = HostileCard(tmp_path, text)
    for arguments in COMMANDS:
        ran = card.run("--json", *arguments)
        assert ran.document["command"].startswith(str(arguments[0]))
        _check_visible(ran.out + ran.err)
    assert card.run("--json", "receipts", "show", "1").document["result"]["receipts"][0]["notification"][
        "address"
    ] == brief(text, 255)


@every_text
def test_a_log_and_a_trace_contain_only_lines_of_text(text: str, tmp_path: Path) -> None:
    card = HostileCard(tmp_path, text)
    ran = card.run("-vv", "--trace", tmp_path / "trace", "disable", ICCID)
    _check_visible(ran.err + (tmp_path / "trace").read_text("utf-8"))
    assert all(line.startswith(("lpa.", "  ", "The ", "'lpa ", "1 ")) for line in ran.err.splitlines())


@every_text
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_a_page_shows_it_as_text(text: str, language: str, tmp_path: Path) -> None:
    card = HostileCard(tmp_path, text)
    card.run("disable", ICCID)
    for arguments in (("show", ICCID), ("receipts", "export", "1")):
        path = tmp_path / "page.html"
        card.run(*arguments, "--lang", language, "--html", path)
        page = path.read_text("utf-8")
        _check_visible(page)
        seen = _Seen(page)
        assert safe(text) in seen.text
        assert not seen.tags & {"script", "img", "a", "link", "iframe", "object"}
        assert not any(name.startswith("on") for name in seen.attributes)


@every_text
def test_a_message_of_a_server_stays_in_one_cell(text: str, tmp_path: Path) -> None:
    refused = ServerRefused("HandleNotification", "8.1", "3.1", f"The server says {text}.")
    with closing(Journal(tmp_path / "state")) as journal:
        journal.keep(EID, signed())
        journal.failed(EID, signed(), refused)
    ran = command.run("--state-dir", tmp_path / "state", "notifications", "list", "--without-card")
    _check_visible(ran.out)
    assert safe(f"The server says {text}.") in ran.out
    assert len(ran.out.splitlines()) == 3


@pytest.mark.parametrize("text", [*HOSTILE.values(), "\ud800\udfff\udc80", "x" * 10_000])
def test_a_contact_stays_one_vcard(text: str) -> None:
    written = vcards([Contact(text, (text,), (text,), (text, text))])
    lines = written.encode().decode().splitlines()
    assert lines == written.split("\r\n")[:-1]
    assert (lines[0], lines[-1]) == ("BEGIN:VCARD", "END:VCARD")
    known = ("VERSION:4.0", "FN:", "NICKNAME:", "TEL;VALUE=text:", "EMAIL:", " ")
    assert all(line.startswith(known) for line in lines[1:-1])
    assert not any(ord(sign) < 32 or 0x7F <= ord(sign) < 0xA0 for line in lines for sign in line)


@every_text
def test_a_message_in_a_backup_cannot_forge_another_message(text: str) -> None:
    forged = f"{text}\nFrom +1 (read)\nfalse"
    message = Message((b"",), "read", "received", number=text, text=forged)
    contents = backup.ProfileContents(backup.Identity(ICCID, service_provider=text), (), (message,), {}, ())
    documents = backup._documents(contents)
    for written in documents.values():
        _check_visible(written.replace("\r\n", "\n"))
    heading, *body = documents["messages.txt"].splitlines()
    assert heading.startswith("From ")
    assert all(line.startswith("    ") or not line for line in body)
    assert json.loads(documents["messages.json"])[0]["text"] == forged
    assert json.loads(documents["identity.json"])["service_provider"] == text


def test_names_of_10_kb_are_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SimulatedProfile, "__post_init__", lambda self: None)  # it would refuse them
    card = HostileCard(tmp_path, "\u202e" * 3_400)  # 3 bytes each
    for arguments in COMMANDS:
        ran = card.run(*arguments)
        assert "cannot be read" not in ran.out + ran.err
        assert all(len(line) < 3000 for line in (ran.out + ran.err).splitlines()), arguments
    assert card.run("list").out.splitlines()[1].startswith(ICCID)
    shown = json.loads(card.run("--json", "show", ICCID).out)["result"]
    assert shown["name"] == "\u202e" * 64 + "…"


def test_the_journal_cuts_a_long_problem(tmp_path: Path) -> None:
    with closing(Journal(tmp_path)) as journal:
        journal.keep(EID, signed())
        journal.failed(EID, signed(), NotVerified(f"Its name is {'x y' * 30_000}."))
        (entry,) = journal.outbox()
    assert entry.problem.startswith("Its name is x yx")
    assert len(entry.problem) <= 4096


class _Seen(HTMLParser):
    """The text, tags and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text = ""
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def _lines(ran: command.Ran) -> int:
    return len(ran.out.splitlines()) + len(ran.err.splitlines())


def _check_visible(text: str) -> None:
    assert {one for one in text if not (one == "\n" or one.isprintable() or one.isspace())} == set()
    assert not {"\r", "\t", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"} & set(text)
