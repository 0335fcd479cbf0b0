"""Faulty responses of the simulated servers, for tests of clients."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import pytest

from lpa.rsp.codec.ber import Tlv
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.minimal_server import PACKAGE, Clock, MinimalServer
from tests.support.tls_faults import CI


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def minimal(clock: Clock) -> Iterator[MinimalServer]:
    with SimulatedSmdp(CI, clock=clock) as smdp:
        yield MinimalServer(smdp)


def test_a_response_can_be_replaced(minimal: MinimalServer) -> None:
    minimal.smdp.distort = lambda function, answer: answer.changed(transactionId="00", serverSigned1=None)
    begun = minimal.client.ask("initiateAuthentication", **minimal.card.initiate())
    assert begun["transactionId"] == "00"
    assert "serverSigned1" not in begun
    assert "serverSignature1" in begun
    minimal.smdp.distort = lambda function, answer: replace(
        answer,
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        headers={"Content-Type": "text/html;charset=utf-8"},
        body=b"<html>",
    )
    status, headers, body = minimal.client.post("initiateAuthentication", b"{}")
    assert (status, headers["Content-Type"], body) == (500, "text/html;charset=utf-8", b"<html>")


def test_the_segments_of_a_package_can_be_reordered(minimal: MinimalServer) -> None:
    minimal.smdp.order(PACKAGE, "ABC-1")

    def reordered(function: str, answer: Any) -> Any:
        if function != "getBoundProfilePackage":
            return answer
        whole = Tlv.whole(base64.b64decode(answer.members["boundProfilePackage"]))
        *parts, last = whole.children
        again = Tlv.build(0xA3, *reversed(last.children))
        return answer.changed(boundProfilePackage=bytes(Tlv.build(0xBF36, *parts, again)))

    minimal.smdp.distort = reordered
    raw = minimal.card.downloaded(minimal.client)
    minimal.smdp.distort = None
    good = minimal.card.downloaded(minimal.client)
    assert raw != good
    assert sorted(Tlv.whole(raw).children[-1].children) == sorted(Tlv.whole(good).children[-1].children)


def test_a_response_is_json_with_the_header_first(minimal: MinimalServer) -> None:
    members = {
        name: base64.b64encode(value).decode() if isinstance(value, bytes) else value
        for name, value in minimal.card.initiate().items()
    }
    status, headers, body = minimal.client.post("initiateAuthentication", json.dumps(members).encode())
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert headers["X-Admin-Protocol"] == "gsma/rsp/v2.2.2"
    assert body.startswith(b'{"header": {"functionExecutionStatus": {"status": "Executed-Success"}}, ')
