"""`lpa receipts`: list, show, verify and export receipts without a card."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.errors import ConnectFailed
from lpa.journal import Journal
from lpa.notifications import receipts
from lpa.rsp.names import Eid, ServerAddress
from lpa.server.es9 import Server
from lpa.sim.crypto.pki import Authority
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support import command
from tests.support.forgery import loose, with_empty_member, with_unknown_member

ALBION = "8944994000000000017"
UNREACHABLE = ("--connect-to", "::127.0.0.1:1")  # nothing listens on port 1 of this computer
Options = tuple[str, ...]


def disabled(folder: Path, state: Path) -> Path:
    """A card whose profile was disabled while no server could be reached; its receipt is in `state`."""
    card = command.card(folder)
    place = ("--reader", f"sim:{card}", "--state-dir", state, "--ca-bundle", card / "ci.pem")
    assert command.run(*place, *UNREACHABLE, "disable", "0017").code == 4
    return card


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder with one receipt; the card is in `card`."""
    disabled(tmp_path / "card", tmp_path / "state")
    return tmp_path / "state"


@pytest.fixture
def options(state: Path, tmp_path: Path) -> Options:
    """The options for that folder, with the card's CI as trusted, and a reader without a card."""
    bundle = str(tmp_path / "card" / "ci.pem")
    return ("--reader", f"sim:{tmp_path / 'nothing'}", "--state-dir", str(state), "--ca-bundle", bundle)


@pytest.fixture
def path(state: Path) -> Path:
    """The path of that receipt."""
    (path,) = state.rglob("*.der")
    return path


def test_receipts_are_listed_by_card(options: Options, path: Path) -> None:
    card, heading, line = command.run(*options, "receipts", "list").out.splitlines()
    assert card == f"Card {path.parent.name}"
    assert heading.split() == ["Number", "Event", "ICCID", "File"]
    assert line.split() == ["1", "disable", ALBION, path.name]
    (receipt,) = command.run(*options, "receipts", "list", "--json").document["result"]["receipts"]
    about = {"sequence_number": 1, "event": "disable", "iccid": ALBION}
    assert receipt == {"eid": path.parent.name, "path": str(path), **about}


def test_without_receipts_the_list_says_so(options: Options, tmp_path: Path) -> None:
    other = "89049032000000000000000000000097"
    ran = command.run(*options, "receipts", "list", "--eid", other)
    assert ran == command.Ran(0, "", f"No receipts of the card {other}.\n")
    ran = command.run("--state-dir", tmp_path / "fresh", "receipts", "list")
    assert ran == command.Ran(0, "", "No receipts on this computer.\n")


@pytest.mark.parametrize("by", ["number", "file"])
def test_a_receipt_is_shown_by_number_or_file(options: Options, path: Path, by: str) -> None:
    name = "1" if by == "number" else path
    lines = command.run(*options, "receipts", "show", name).out.splitlines()
    shown = dict(re.split(r"  +", line, maxsplit=1) for line in lines)
    assert re.fullmatch("[0-9a-f]{64}", shown.pop("SHA-256"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d{4}", shown.pop("Read from the card"))
    assert shown.pop("Acknowledged").startswith("not yet; last problem: ")
    assert shown == {
        "Card": path.parent.name,
        "Number": "1",
        "Event": "disable",
        "ICCID": ALBION,
        "Server": "albion.smdp.example",
        "Size": f"{path.stat().st_size} bytes (DER)",
        "File": str(path),
        "Operator": "Albion Mobile",
    }
    (receipt,) = command.run(*options, "receipts", "show", name, "--json").document["result"]["receipts"]
    assert (receipt["path"], receipt["raw"]) == (str(path), path.read_bytes().hex())


def test_a_receipt_that_does_not_exist_is_refused(options: Options) -> None:
    ran = command.run(*options, "receipts", "show", "9")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "lpa: There is no receipt 9 on this computer.\n'lpa receipts list' lists them.\n"


def test_a_receipt_that_is_neither_a_number_nor_a_file_is_a_usage_error(options: Options) -> None:
    ran = command.run(*options, "receipts", "verify", "nothing.der")
    assert ran.code == 2
    assert "neither the number of a notification nor a file" in ran.err


def test_a_number_that_two_cards_have_needs_an_eid(
    options: Options, state: Path, path: Path, tmp_path: Path
) -> None:
    disabled(tmp_path / "other", state)
    ran = command.run(*options, "receipts", "verify", "1")
    assert ran.code == 1
    assert "Several cards have a receipt 1: " in ran.err
    assert command.run(*options, "receipts", "verify", "1", "--eid", path.parent.name).code == 0


def test_a_genuine_receipt_is_verified_with_what_it_does_not_prove(options: Options, path: Path) -> None:
    ran = command.run(*options, "receipts", "verify", "1")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    eid = path.parent.name
    assert lines[:3] == [
        "What is proven",
        f"  The card with EID {eid} signed the content of this notification: profile, event, server and "
        f"number are as signed. The signature covers 43 of the {path.stat().st_size} bytes of the receipt, "
        "the complete object BF2F.",
        f"  It reports the disabling of profile {ALBION} to albion.smdp.example, with number 1.",
    ]
    assert lines[4] == "What is not proven"
    assert any("closed the line" in line for line in lines[5:])
    (found,) = command.run(*options, "receipts", "verify", path, "--json").document["result"]["verifications"]
    assert (found["eid"], found["iccid"], found["event"]) == (path.parent.name, ALBION, "disable")
    assert found["unproven"] == ["privateIssuer", "time", "since", "delivery", "contract", "otherBytes"]
    assert (found["deviations"], found["size"]) == ([], path.stat().st_size)
    assert found["signed"].startswith("bf2f")
    assert found["signed"] in path.read_bytes().hex()


@pytest.mark.parametrize(
    ("change", "name", "sentence"),
    [
        (loose, "lengths", "lengths are encoded differently from what cards write."),
        (with_empty_member, "members", "it has an empty member (A1) that cards do not write."),
        (
            with_unknown_member,
            "unknownMembers",
            "it has members that this version of lpa does not know.",
        ),
    ],
)
def test_what_differs_outside_the_signed_bytes_is_said(
    change: Callable[[bytes], bytes], name: str, sentence: str, options: Options, path: Path, tmp_path: Path
) -> None:
    changed = tmp_path / "changed.der"
    changed.write_bytes(change(path.read_bytes()))
    ran = command.run(*options, "receipts", "verify", changed)
    assert (ran.code, ran.err) == (0, "")
    whole = "  That the receipt as a whole is as the card gave it: outside the signed bytes, "
    assert f"{whole}{sentence}\n" in ran.out
    assert "not changed" not in ran.out
    (found,) = command.run(*options, "--json", "receipts", "verify", changed).document["result"][
        "verifications"
    ]
    assert found["deviations"] == [name]
    for language, text in (("en", sentence), ("zh-CN", "凭证整体与卡片给出的相同：签名范围之外，")):
        page = tmp_path / f"{language}.html"
        made = command.run(*options, "receipts", "export", changed, "--html", page, "--lang", language)
        assert made.code == 0
        assert text in page.read_text("utf-8")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A receipt of a card whose EUM certificate expired in 2012, not in the state folder."""
    long_ago = datetime(1990, 1, 1, tzinfo=UTC)
    with (
        SimulatedEuicc.create(tmp_path / "old", clock=lambda: long_ago) as card,
        Assistant(card, state_dir=tmp_path / "elsewhere", servers=_unreachable) as assistant,
    ):
        assistant.disable(card.profiles[0].iccid)
    (path,) = (tmp_path / "elsewhere").rglob("*.der")
    return path


def _unreachable(address: ServerAddress, *, ci_pkids: object) -> Server:
    raise ConnectFailed(f"Cannot reach {address}.")


EXPIRED = (
    "That the certificate of the card manufacturer was valid when the card signed. "
    "It expired on 2012-12-26 (UTC)"
)


@pytest.mark.parametrize(
    ("at", "source", "name", "said"),
    [
        ((), "now", "expired", f"{EXPIRED}, and nothing shows that the receipt is older."),
        (
            ("--at", "2010-05-17"),
            "given",
            "expiredSinceGiven",
            f"{EXPIRED}; it was valid on 2010-05-1",
        ),
    ],
)
def test_a_receipt_with_expired_certificates_is_verified_and_says_so(
    at: Options, source: str, name: str, said: str, old: Path, tmp_path: Path
) -> None:
    place = ("--state-dir", str(tmp_path / "state"), "--ca-bundle", str(tmp_path / "old" / "ci.pem"))
    ran = command.run(*place, "receipts", "verify", old, *at)
    assert (ran.code, ran.err) == (0, "")
    assert said in ran.out
    document = command.run(*place, "receipts", "verify", old, *at, "--json").document
    (found,) = document["result"]["verifications"]
    assert [expired["name"] for expired in found["expired"]] == [name]
    assert found["moment"]["source"] == source
    page = tmp_path / "page.html"
    assert command.run(*place, "receipts", "export", old, *at, "--html", page).code == 0
    assert "Verified, with an expired certificate" in page.read_text()


def test_certificates_are_checked_for_the_time_when_the_receipt_was_kept(old: Path, tmp_path: Path) -> None:
    receipt, eid = receipts.read(old), Eid.parse(old.parent.name)
    state = tmp_path / "state"
    receipts.Receipts(state / "receipts").keep(eid, receipt.notification)
    kept = datetime(2009, 3, 4, 5, tzinfo=UTC)
    with closing(Journal(state, clock=kept.timestamp)) as journal:
        journal.keep(eid, receipt.notification)
    place = ("--state-dir", str(state), "--ca-bundle", str(tmp_path / "old" / "ci.pem"))
    ran = command.run(*place, "receipts", "verify", receipt.notification.metadata.sequence_number)
    assert ran.code == 0
    assert (
        f"{EXPIRED}; it was valid on 2009-03-04 (UTC), when this receipt was kept. That date is from the "
        "clock of the computer that kept it, and is not signed." in ran.out
    )


def test_an_invalid_date_is_a_usage_error(options: Options) -> None:
    assert command.run(*options, "receipts", "verify", "1", "--at", "yesterday").code == 2


def test_a_receipt_from_an_untrusted_issuer_is_refused(options: Options, path: Path) -> None:
    ran = command.run(*options[:-2], "receipts", "verify", path)
    assert (ran.code, ran.out) == (1, "")
    assert "was issued by an unknown authority" in ran.err


def test_a_changed_receipt_is_refused(options: Options, path: Path, tmp_path: Path) -> None:
    changed = bytearray(path.read_bytes())
    changed[10] ^= 1
    (tmp_path / "changed.der").write_bytes(changed)
    ran = command.run(*options, "receipts", "verify", tmp_path / "changed.der", "--json")
    assert ran.code == 1
    assert ran.document["error"]["kind"] == "NotVerified"


def test_a_receipt_in_the_folder_of_another_card_is_refused(
    options: Options, path: Path, state: Path
) -> None:
    other = "89049032000000000000000000000097"
    (state / "receipts" / other).mkdir()
    path.rename(state / "receipts" / other / path.name)
    ran = command.run(*options, "receipts", "verify", "1")
    assert ran.code == 1
    assert f"signed it, not {other}" in ran.err


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (("--eid", "89049032000000000000000000000097"), "signed it, not 89049032000000000000000000000097."),
        (("--iccid", "8949985000000000025"), f"is about the profile {ALBION}, not 8949985000000000025."),
        (("--event", "delete"), "is about disable, not delete."),
    ],
)
def test_a_receipt_from_somebody_else_is_checked_against_card_profile_and_event(
    wanted: Options, said: str, options: Options, path: Path, tmp_path: Path
) -> None:
    handed = tmp_path / "handed.der"
    handed.write_bytes(path.read_bytes())
    right = ("--eid", path.parent.name, "--iccid", ALBION, "--event", "disable")
    ran = command.run(*options, "receipts", "verify", handed, *right)
    assert (ran.code, ran.err) == (0, "")
    ran = command.run(*options, "receipts", "verify", handed, *right, *wanted)
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err
    assert "get the right receipt" in ran.err


def test_an_invalid_iccid_event_or_eid_is_a_usage_error(options: Options) -> None:
    for wrong in (("--iccid", "0017"), ("--event", "erase"), ("--eid", "1")):
        assert command.run(*options, "receipts", "verify", "1", *wrong).code == 2


def test_the_commands_on_the_page_verify_its_receipt(
    options: Options, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "out.html"
    assert command.run(*options, "receipts", "export", "1", "--html", page).code == 0
    text = page.read_text(encoding="utf-8")
    decode, verify = re.findall(r"<code>(.*?)</code>", text.split("Verify it yourself")[1])[:2]
    (held,) = re.findall(r'<p class="receipt">(.*?)</p>', text)
    monkeypatch.chdir(tmp_path)
    Path("receipt.b64").write_text(held)
    Path("issuer.pem").write_bytes((tmp_path / "card" / "ci.pem").read_bytes())
    assert unescape(decode) == "base64 -d receipt.b64 > receipt.der"
    Path("receipt.der").write_bytes(base64.b64decode(held))
    ran = command.run(*unescape(verify).split()[1:])
    assert (ran.code, ran.err) == (0, "")
    assert "What is proven" in ran.out


def test_a_file_without_a_receipt_is_refused(options: Options, tmp_path: Path) -> None:
    (tmp_path / "x.der").write_bytes(b"none")
    ran = command.run(*options, "receipts", "verify", tmp_path / "x.der")
    assert ran.code == 1
    assert ran.err.startswith(f"lpa: There is no receipt in {tmp_path / 'x.der'}: ")


@pytest.mark.parametrize(("language", "title"), [("en", "Proof of disabling"), ("zh-CN", "停用凭证")])
def test_a_receipt_is_exported_in_both_languages(
    options: Options, tmp_path: Path, language: str, title: str
) -> None:
    page = tmp_path / "out.html"
    ran = command.run(*options, "receipts", "export", "1", "--html", page, "--lang", language)
    assert ran == command.Ran(0, f"Page written to {page}.\n", "")
    assert f"<h1>{title}</h1>" in page.read_text(encoding="utf-8")


def test_the_page_shows_how_the_notification_was_acknowledged(options: Options, tmp_path: Path) -> None:
    card = ("--reader", f"sim:{tmp_path / 'card'}", *options[2:])
    with SimulatedSmdp(Authority.load(tmp_path / "card"), host="albion.smdp.example") as smdp:
        assert command.run(*card, "--connect-to", smdp.connect_to, "notifications", "send").code == 0
    page = tmp_path / "out.html"
    assert command.run(*options, "receipts", "export", "1", "--html", page).code == 0
    shown = re.sub("<[^>]*>", " ", page.read_text(encoding="utf-8"))
    assert re.search(r"Acknowledged +20\d\d-", shown)
    assert re.search(r"HTTP status +204", shown)

    trusted_through = "Server trusted through +the card(&#x27;|')s own list of issuers"
    assert re.search(trusted_through, shown)
    assert "trust_anchor" not in shown
    assert "issuer_key" not in shown
    facts = command.run(*options, "receipts", "show", "1").out
    assert re.search(trusted_through, facts)
    assert "issuer_key" not in facts


@pytest.mark.parametrize(
    "subcommand", [("show", "1"), ("verify", "1"), ("export", "1", "--html", "out.html")]
)
def test_receipts_work_with_a_damaged_journal(
    options: Options, state: Path, subcommand: Options, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    journal = state / "journal.db"
    journal.write_bytes(journal.read_bytes()[:5000])
    ran = command.run(*options, "receipts", *subcommand)
    assert ran.code == 0
    assert ran.err.startswith("This computer's record of it is not shown. The journal in ")
    assert ran.out


def test_an_unverified_receipt_is_exported_as_such(options: Options, tmp_path: Path) -> None:
    page = tmp_path / "out.html"
    ran = command.run(*options[:-2], "receipts", "export", "1", "--html", page)
    assert ran.code == 1
    assert "says that the receipt is not verified" in ran.err
    assert "<h1>Unverified receipt</h1>" in page.read_text(encoding="utf-8")


def test_a_page_that_cannot_be_written_is_exit_code_3(options: Options, tmp_path: Path) -> None:
    ran = command.run(*options, "receipts", "export", "1", "--html", tmp_path / "no" / "out.html")
    assert ran.code == 3
    assert "cannot be written" in ran.err


def test_a_profile_becomes_a_page_for_its_operator(state: Path, tmp_path: Path) -> None:
    page = tmp_path / "profile.html"
    reader = ("--reader", f"sim:{tmp_path / 'card'}")
    ran = command.run(*reader, "show", "0017", "--html", page, "--lang", "zh-CN")
    assert (ran.code, ran.err) == (0, f"Page written to {page}.\n")
    shown = re.sub("<[^>]*>", "", page.read_text(encoding="utf-8"))
    card = SimulatedEuicc.load(tmp_path / "card")
    card.close()
    assert f"卡片（EID）{card.eid}" in shown
    assert f"配置文件（ICCID）{ALBION}" in shown
