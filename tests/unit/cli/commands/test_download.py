"""`lpa download`: what it shows, asks and reports."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lpa.rsp.codec.ber import Tlv
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers import packages
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support import command
from tests.support.command import CTRL_D
from tests.support.download_parties import HOST, SECRETS, DownloadParties, kept_secret, made
from tests.support.orders import ICCID

CONSENT = Behaviour(authorised_policy_rules=((("ppr1", "ppr2"), "EEE-EEE", True),))


@pytest.fixture
def parties(tmp_path: Path) -> Iterator[DownloadParties]:
    yield from made(tmp_path)


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[DownloadParties]:
    yield from made(tmp_path, CONSENT)


def test_a_profile_is_installed_and_enabled_if_confirmed(parties: DownloadParties) -> None:
    order = parties.order()
    ran = parties.dialogue("download", order.activation_code, answers=("yes", "yes"))
    assert ran.code == 0
    for fact in ("Nordlicht Prepaid", "by smdp.example", ICCID, "operational", "KiB", "unknown until"):
        assert fact in ran.err
    assert "Installed Nordlicht" in ran.out
    assert "smdp.example acknowledged" in ran.out
    assert "is installed." in ran.out
    assert "is enabled." in ran.out
    assert order.state == "installed"
    assert ("enable", ICCID) in [(item.event, str(item.iccid)) for item in parties.smdp.received]


def test_a_profile_is_not_enabled_without_confirmation(parties: DownloadParties) -> None:
    ran = parties.dialogue("download", parties.order().activation_code, answers=("y", "no"))
    assert ran.code == 0
    assert "'lpa enable' enables it." in ran.err
    assert "is enabled" not in ran.out


def test_with_yes_a_profile_is_installed_and_not_enabled(parties: DownloadParties) -> None:
    ran = parties.run("--json", "download", parties.order().activation_code, "--yes")
    assert ran.code == 0
    result = ran.document["result"]
    assert result["profile"]["iccid"] == ICCID
    assert [change["event"] for change in result["changes"]] == ["install"]
    assert result["deliveries"][0]["acknowledged"]
    assert 500 < result["package_size"] < 10_000
    assert f"Package size: {result['package_size']} bytes." in ran.err
    assert "enable" not in result


def test_a_trace_of_a_download_shows_neither_codes_nor_the_package(
    parties: DownloadParties, tmp_path: Path
) -> None:
    order = parties.order(confirmation_code="4Y8TBX")
    trace = tmp_path / "trace"
    (tmp_path / "code").write_text("4Y8TBX\n")
    code = ("--confirmation-code-file", tmp_path / "code")
    ran = parties.run("-vv", "--trace", trace, "download", order.activation_code, "--yes", *code)
    assert ran.code == 0
    written = trace.read_text()
    commands = [line for line in written.splitlines() if line.startswith("> ")]
    assert sum("<255 bytes>" in line or "<256 bytes>" in line for line in commands) > 3
    assert all("BF38" not in line and "BF21" not in line and "BF36" not in line for line in commands)
    assert ">> POST smdp.example/gsma/rsp2/es9plus/getBoundProfilePackage" in written
    assert [kind for secret in SECRETS for kind in (secret, secret.encode().hex()) if kind in written] == []


def test_with_the_option_enable_it_is_enabled(parties: DownloadParties) -> None:
    ran = parties.run("--json", "download", parties.order().activation_code, "--yes", "--enable")
    events = [change["event"] for change in ran.document["result"]["enable"]["changes"]]
    assert (ran.code, events) == (0, ["disable", "enable"])


def test_a_preview_changes_nothing_and_keeps_the_order(parties: DownloadParties) -> None:
    order = parties.order(confirmation_code="4Y8TBX")
    ran = parties.run("download", order.activation_code, "--preview")
    assert ran.code == 0
    assert "Nordlicht Prepaid" in ran.out
    assert "needs the operator's code" in ran.out
    document = parties.run("--json", "download", order.activation_code, "--preview").document
    assert document["result"]["confirmation_code_required"] is True
    assert document["result"]["address"] == HOST
    assert not parties.installed
    assert order.state == "released"


def test_a_rejection_is_sent_to_the_server(parties: DownloadParties) -> None:
    order = parties.order()
    ran = parties.dialogue("download", order.activation_code, answers=("reject",))
    assert ran.code == 1
    assert "was not installed, and the server has confirmed that you" in ran.err
    assert (order.state, order.facts.result) == ("error", "endUserRejection")
    assert not parties.installed


@pytest.mark.parametrize(
    "answers", [("", CTRL_D), ("mo", "yess", "", CTRL_D), ("no",), ("N",), ("rejec", CTRL_D)]
)
def test_no_other_answer_rejects_an_order(parties: DownloadParties, answers: tuple[str, ...]) -> None:
    order = parties.order()
    ran = parties.dialogue("download", order.activation_code, answers=answers)
    assert (ran.code, order.state) == (1, "released")
    assert order.facts.result != "endUserRejection"
    assert not parties.installed


def test_an_answer_that_is_none_is_asked_for_again(parties: DownloadParties) -> None:
    order = parties.order()
    ran = parties.dialogue("download", order.activation_code, answers=("", "yse", "YES", "no"))
    assert (ran.code, order.state) == (0, "installed")
    assert ran.err.count("Install it? Type yes, no (keeps the order) or reject") == 3


def test_typed_bytes_that_are_no_characters_are_asked_for_again(
    parties: DownloadParties, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8:strict")  # as with most settings of the language
    order = parties.order(confirmation_code="1234")
    answers = ("\udcff", "yes", "\udcff", "1234", "no")
    ran = parties.dialogue("download", order.activation_code, answers=answers)
    assert (ran.code, order.state, order.facts.code_tries) == (0, "installed", 3)
    assert "Please type one of these answers." in ran.err
    assert "What was typed cannot be read as text. Type it again." in ran.err


def test_a_download_that_is_not_wanted_now_keeps_the_order(parties: DownloadParties) -> None:
    order = parties.order()
    ran = parties.dialogue("download", order.activation_code, answers=("no",))
    assert "The profile was not installed. The order was not rejected." in ran.err
    assert (order.state, order.facts.result) == ("released", "")


def test_without_a_terminal_no_server_is_asked(parties: DownloadParties) -> None:
    order = parties.order()
    ran = parties.run("download", order.activation_code)
    assert ran.code == 1
    assert "Use --yes to confirm" in ran.err
    assert order.facts.downloads == parties.smdp.orders[0].facts.downloads
    assert order.state == "released"


def test_a_wrong_confirmation_code_is_asked_for_again(parties: DownloadParties) -> None:
    order = parties.order(confirmation_code="4Y8TBX")
    ran = parties.dialogue("download", order.activation_code, answers=("yes", "4y8tbx", "4Y8TBX", "no"))
    assert ran.code == 0
    assert "refused GetBoundProfilePackage (8.2.7/3.8)" in ran.err
    assert order.state == "installed"


def test_too_many_wrong_confirmation_codes_end_the_download(parties: DownloadParties) -> None:
    order = parties.order(confirmation_code="4Y8TBX", code_tries=2)
    ran = parties.dialogue("download", order.activation_code, answers=("yes", "1", "2"))
    assert ran.code == 1
    assert "8.2.7/6.4" in ran.err
    assert not parties.installed


def test_the_confirmation_code_may_be_in_a_file(parties: DownloadParties, tmp_path: Path) -> None:
    (tmp_path / "code").write_text("4Y8TBX\n")
    order = parties.order(confirmation_code="4Y8TBX")
    file = ("--confirmation-code-file", tmp_path / "code")
    assert parties.run("download", order.activation_code, "--yes", *file).code == 0
    assert order.state == "installed"


def test_a_wrong_confirmation_code_in_a_file_is_refused_by_the_server(
    parties: DownloadParties, tmp_path: Path
) -> None:
    (tmp_path / "code").write_text("4y8tbx\n")
    order = parties.order(confirmation_code="4Y8TBX")
    file = ("--confirmation-code-file", tmp_path / "code")
    ran = parties.run("--json", "download", order.activation_code, "--yes", *file)
    assert (ran.code, ran.document["error"]["kind"]) == (1, "ServerRefused")
    assert order.state == "released"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot be read: No such file or directory."),
        ("folder", "cannot be read: Is a directory."),
        (b"", "has no confirmation code in its first line."),
        (b"\n4Y8TBX\n", "has no confirmation code in its first line."),
        (b"4Y8T\xd6X\n", "is not UTF-8 text."),
        (bytes(3000), "is too long for a confirmation code."),
    ],
)
def test_an_unreadable_confirmation_code_file_is_a_usage_error_before_a_server_is_asked(
    content: bytes | str | None, sentence: str, parties: DownloadParties, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    if content == "folder":
        file.mkdir()
    elif isinstance(content, bytes):
        file.write_bytes(content)
    order = parties.order(confirmation_code="4Y8TBX")
    ran = parties.run("--json", "download", order.activation_code, "--yes", "--confirmation-code-file", file)
    assert ran.code == 2
    assert sentence in ran.document["error"]["message"]
    assert order.facts.downloads == parties.smdp.orders[0].facts.downloads
    assert order.state == "released"


def test_a_confirmation_code_in_a_file_is_not_stripped(parties: DownloadParties, tmp_path: Path) -> None:
    (tmp_path / "code").write_bytes(b"\xef\xbb\xbf 4Y8TBX \r\nanother line")  # as some editors save it
    order = parties.order(confirmation_code=" 4Y8TBX ")
    code = ("--confirmation-code-file", tmp_path / "code")
    assert parties.run("download", order.activation_code, "--yes", *code).code == 0
    assert order.state == "installed"


def test_a_confirmation_code_may_come_from_stdin(
    parties: DownloadParties, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = parties.order(confirmation_code="4Y8TBX")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"4Y8TBX\n")))
    ran = parties.run("download", order.activation_code, "--yes", "--confirmation-code-file", "-")
    assert (ran.code, order.state) == (0, "installed")


def test_contradicting_and_unknown_options_are_usage_errors(parties: DownloadParties) -> None:
    imei = ("--imei", "353490069873319", "--tac", "35349006")
    for options, sentence in ((imei, "--imei or --tac, not both"), (("--accept", "bogus"), "'ppr1', 'ppr2'")):
        ran = parties.run("--json", "download", "LPA:1$smdp.example$SECRET-1", "--yes", *options)
        assert ran.code == 2
        assert sentence in ran.document["error"]["message"]


def test_a_wrong_confirmation_code_in_a_file_is_tried_once(parties: DownloadParties, tmp_path: Path) -> None:
    (tmp_path / "code").write_text("1234")
    order = parties.order(confirmation_code="4Y8TBX")
    ran = parties.run(
        "download", order.activation_code, "--yes", "--confirmation-code-file", tmp_path / "code"
    )
    assert (ran.code, order.state) == (1, "released")
    assert "The confirmation code is wrong." in ran.err


def test_without_a_terminal_for_the_confirmation_code_the_order_is_postponed(
    parties: DownloadParties,
) -> None:
    order = parties.order(confirmation_code="4Y8TBX")
    ran = parties.run("download", order.activation_code, "--yes")
    assert (ran.code, order.state) == (1, "released")
    assert "--confirmation-code-file" in ran.err


def test_rules_of_the_operator_are_not_accepted_with_yes(strict: DownloadParties) -> None:
    order = strict.order(package=packages.sample(policy_rules=["ppr2"]))
    ran = strict.dialogue("download", order.activation_code, answers=("yes", "0000", "", CTRL_D))
    assert (ran.code, order.state) == (1, "released")
    assert "does not allow deleting it (PPR2)" in ran.err
    assert order.facts.result != "endUserRejection"
    ran = strict.dialogue("download", order.activation_code, answers=("0000", "reject"))
    assert (ran.code, order.facts.result) == (1, "endUserRejection")


def test_rules_of_the_operator_are_accepted_with_the_last_digits(strict: DownloadParties) -> None:
    order = strict.order(package=packages.sample(policy_rules=["ppr2"]))
    ran = strict.dialogue("download", order.activation_code, answers=(ICCID[-4:], "no"))
    assert (ran.code, order.state) == (0, "installed")


def test_the_option_yes_does_not_accept_rules(strict: DownloadParties) -> None:
    order = strict.order(package=packages.sample(policy_rules=["ppr1"]))
    ran = strict.run("download", order.activation_code, "--yes")
    assert (ran.code, order.state) == (1, "released")
    assert "--accept ppr1" in ran.err
    assert strict.run("download", order.activation_code, "--yes", "--accept", "ppr1").code == 0


def test_a_profile_that_is_already_installed_is_refused_once(parties: DownloadParties) -> None:
    order = parties.order()
    parties.run("download", order.activation_code, "--yes")
    again = parties.smdp.order(packages.sample(), "SECRET-12")
    ran = parties.run("--json", "download", again.activation_code, "--yes")
    assert ran.code == 1
    assert ran.document["error"]["reason"] == "installFailedDueToIccidAlreadyExistsOnEuicc"
    assert again.state == "released"
    assert "already" not in ran.err
    assert parties.run("download", again.activation_code, "--yes").err.count("already") == 1


def test_without_a_code_the_default_server_is_asked(parties: DownloadParties) -> None:
    with SimulatedEuicc.load(parties.card) as card:
        eid = card.eid
    order = parties.smdp.order(packages.sample(), eid=eid)
    assert parties.run("default-server", HOST).code == 0
    assert parties.run("download", "--yes", "--imei", "353490069873319").code == 0
    assert order.state == "installed"


def test_a_preview_warns_of_too_little_memory(tmp_path: Path) -> None:
    with SimulatedEuicc.create(tmp_path / "card", free_memory=3000) as card:
        authority = card.authority
    with SimulatedSmdp(authority, host=HOST) as smdp:
        smdp.eligibility = lambda package, info: None
        package = packages.sample()
        metadata = Tlv.build(0xBF25, package.metadata.value + bytes.fromhex("9F2103 00A410"))
        order = smdp.order(replace(package, metadata=metadata), "SECRET-1")
        options = ("--reader", f"sim:{tmp_path / 'card'}", "--state-dir", tmp_path / "state")
        way = ("--ca-bundle", tmp_path / "card" / "ci.pem", "--connect-to", smdp.connect_to)
        ran = kept_secret(command.run(*options, *way, "download", order.activation_code, "--preview"))
    assert "Size         about 41 KiB" in ran.out
    assert "Free memory  3000 bytes" in ran.out
    assert "Note: The profile takes 41 KiB, as its server states; the card has 3000 bytes free." in ran.out


def test_an_empty_confirmation_code_is_asked_for_again(parties: DownloadParties) -> None:
    order = parties.order(confirmation_code="4Y8TBX")
    ran = parties.dialogue("download", order.activation_code, answers=("yes", "", "4Y8TBX", "no"))
    assert (ran.code, ran.err.count("Confirmation code:")) == (0, 2)
    assert order.state == "installed"
