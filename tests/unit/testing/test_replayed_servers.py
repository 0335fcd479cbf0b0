"""Servers that answer as a trace says, against traces written by hand and a recorded session."""

from __future__ import annotations

from pathlib import Path

import pytest

from lpa.assistant import Assistant
from lpa.errors import OutcomeUnknown
from lpa.rsp.names import ServerAddress
from lpa.rsp.trace import Trace
from lpa.testing import Replay, ReplayedServers, ReplayFailed
from tests.support import command
from tests.support.download_parties import made

SMDP = ServerAddress("smdp.example")
URL = "smdp.example/gsma/rsp2/es9plus/handleNotification"
NOTIFIED = f'>> POST {URL}\n>> {{"pendingNotification":"<8 characters>"}}\n'
BY_HAND = f"""\
lpa-trace 1 redacted
{NOTIFIED}<< 204
{NOTIFIED}"""


def servers(text: str, *, lenient: bool = False) -> ReplayedServers:
    return ReplayedServers(Trace.parse(text), lenient=lenient)


def test_a_notification_is_acknowledged_as_recorded(tmp_path: Path) -> None:
    (tmp_path / "server.trace").write_text(BY_HAND)
    replayed = ReplayedServers.load(tmp_path / "server.trace")
    server = replayed(SMDP, ci_pkids=())
    assert str(server.handshake()) == "the card's issuer replayed from a trace"
    assert server.handle_notification(b"signed")["http_status"] == "204"
    assert replayed.remaining == 1
    with pytest.raises(OutcomeUnknown, match=r"The request in line 5 of the trace was not answered\."):
        server.handle_notification(b"signed")
    with pytest.raises(ReplayFailed, match=f"The trace ends with the request in line 5, and one .* {URL}"):
        server.handle_notification(b"signed")


def test_a_strict_replay_insists_on_url_and_body() -> None:
    with pytest.raises(ReplayFailed, match=f"Line 2 of the trace has a request to {URL}, and one"):
        servers(BY_HAND)(ServerAddress("other.example")).handle_notification(b"signed")
    with pytest.raises(ReplayFailed, match="Line 2 of the trace has another body"):
        servers(BY_HAND)(SMDP).handle_notification(b"signed by another card")


def test_a_lenient_replay_looks_for_the_request() -> None:
    other = NOTIFIED.replace("smdp.", "other.")
    server = servers(f"lpa-trace 1 redacted\n{other}<< 503\n{NOTIFIED}<< 204", lenient=True)(SMDP)
    for _ in range(2):
        assert server.handle_notification(b"signed")["http_status"] == "204"
    with pytest.raises(ReplayFailed, match="no request like the one that was sent"):
        server.handle_notification(b"signed by another card")


def test_bodies_that_are_no_json_are_compared_as_bytes() -> None:
    asked = ">> POST smdp.example/gsma/rsp2/es9plus/cancelSession"
    trace = f"lpa-trace 1 redacted\n{asked}\n>> <64 bytes>\n<< 200\n<< 7B7D\n{asked}\n>> <9 bytes>"
    with pytest.raises(ReplayFailed, match="another body"):
        servers(trace.replace("<64", "<63"))(SMDP).cancel_session(b"\xaa", b"cancelled")
    with pytest.raises(ReplayFailed, match="another body"):
        servers(f'lpa-trace 1 whole\n{asked}\n>> {{"transactionId":')(SMDP).cancel_session(b"\xaa", b"")


def test_a_trace_without_a_server_cannot_be_replayed() -> None:
    with pytest.raises(ValueError, match="no exchange with a server"):
        servers("lpa-trace 1 whole\n> 00A40000\n< 9000")


def test_a_traced_deletion_is_replayed_with_its_server(tmp_path: Path) -> None:
    """The trace of the command has both sides; in the replay nothing is simulated or connected to."""
    for parties in made(tmp_path):
        trace = tmp_path / "delete.trace"
        assert command.run(*parties.options, "--trace", trace, "delete", "0025", "--yes").code == 0
        with Replay.load(trace, lenient=True) as card:
            replayed = ReplayedServers.load(trace)
            with Assistant(card, state_dir=tmp_path / "again", servers=replayed) as assistant:
                plan = assistant.review_deletion(assistant.plan_deletion("8949985000000000025"))
                outcome = assistant.delete(plan)
        assert not outcome.unacknowledged
        assert replayed.remaining == 0
