"""Codes that a server repeats in its answers do not appear in logs, traces, errors or documents."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lpa.rsp.names import ServerAddress
from lpa.server.https import HttpAnswer, Https
from tests.support import command
from tests.support.download_parties import DownloadParties, made

MATCHING_ID, CODE = "SECRET-1", "4Y8TBX"
FUNCTIONS = ("initiateAuthentication", "authenticateClient", "getBoundProfilePackage", "cancelSession")
SAID = f"matching: {MATCHING_ID.lower()}, <cc>{CODE}</cc>"
REFUSED = {
    "status": "Failed",
    "statusCodeData": {
        "subjectCode": "8.2.6",
        "reasonCode": "3.8",
        "message": SAID,
        "subjectIdentifier": MATCHING_ID,
    },
}
STRANGE: dict[str, Callable[[dict[str, Any]], bytes]] = {
    "a page": lambda _: f"<html>{SAID}</html>".encode(),
    "a refusal": lambda _: json.dumps({"header": {"functionExecutionStatus": REFUSED}}).encode(),
    "no status": lambda _: json.dumps({"header": {"functionExecutionStatus": {"status": SAID}}}).encode(),
    "another session": lambda said: json.dumps(said | {"transactionId": SAID}).encode(),
}


@pytest.fixture
def parties(tmp_path: Path) -> Iterator[DownloadParties]:
    yield from made(tmp_path)


@pytest.mark.parametrize("options", [("-vv",), ("--json", "-v")], ids=" ".join)
@pytest.mark.parametrize("strange", STRANGE)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_secrets_repeated_by_a_server_are_not_shown(
    parties: DownloadParties,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    function: str,
    strange: str,
    options: tuple[str, ...],
) -> None:
    order = parties.order(confirmation_code=CODE)
    post = Https.post

    def echoing(self: Https, address: ServerAddress, path: str, *rest: Any, **more: Any) -> HttpAnswer:
        if not path.endswith(function):
            return post(self, address, path, *rest, **more)
        answer = post(self, address, path, *rest[:2], **more)  # whole, without a receiver
        return HttpAnswer(answer.status, STRANGE[strange](json.loads(answer.body or b"{}")))

    monkeypatch.setattr(Https, "post", echoing)
    (tmp_path / "code").write_text(CODE)
    last = ("--preview",) if function == "cancelSession" else ("--confirmation-code-file", tmp_path / "code")
    line = (*parties.options, *options, "--trace", tmp_path / "trace", "download", order.activation_code)
    ran = command.run(*line, "--yes", *last)
    assert ran.code == (0 if last == ("--preview",) else 3 if strange != "a refusal" else 1)
    said = f"{ran.out}{ran.err}{(tmp_path / 'trace').read_text()}".lower()
    assert MATCHING_ID.lower() not in said
    # Before the package is asked for, the code is not known to be one.
    if function in ("getBoundProfilePackage", "cancelSession"):
        assert CODE.lower() not in said
