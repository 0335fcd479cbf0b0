"""The simulated SM-DP+ answers any input, and accepts no message that was changed on its way."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from email.message import Message
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lpa.sim.servers.packages import sample
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.scripted_card import HEADERS, SmallCard, tlv
from tests.support.tls_faults import CI

FUNCTIONS = {
    "initiateAuthentication": ("euiccChallenge", "euiccInfo1", "smdpAddress"),
    "authenticateClient": ("transactionId", "authenticateServerResponse"),
    "getBoundProfilePackage": ("transactionId", "prepareDownloadResponse"),
    "cancelSession": ("transactionId", "cancelSessionResponse"),
    "handleNotification": ("pendingNotification",),
}
PACKAGE = sample()


class Refused(Exception):
    """The server rejected a request."""


@pytest.fixture(scope="module")
def smdp() -> Iterator[SimulatedSmdp]:
    with SimulatedSmdp(CI, any_address=True) as running:
        running.order(PACKAGE, "ABC-1", downloads=100_000)
        yield running


def ask(smdp: SimulatedSmdp, function: str, **members: object) -> dict[str, Any]:
    """Call a function as over HTTPS, without a connection."""
    headers = Message()
    for name, value in HEADERS.items():
        headers[name] = value
    plain = {
        name: base64.b64encode(value).decode() if isinstance(value, bytes) else value
        for name, value in members.items()
    }
    body = json.dumps(plain).encode()
    status, _, answer = smdp.answer(f"/gsma/rsp2/es9plus/{function}", headers, body)
    if status == 204:
        return {}
    assert status == 200
    found = json.loads(answer)
    if found.pop("header")["functionExecutionStatus"]["status"] == "Failed":
        raise Refused
    return {
        name: base64.b64decode(value) if name != "transactionId" else value for name, value in found.items()
    }


class Steps:
    """Leads a card to each of its messages, so that a changed message can be sent instead."""

    def __init__(self, smdp: SimulatedSmdp) -> None:
        self.smdp = smdp
        self.card = SmallCard(CI)

    def authenticate_client(self) -> tuple[str, dict[str, Any], str]:
        begun = ask(self.smdp, "initiateAuthentication", **self.card.initiate())
        response = self.card.authenticate(begun)
        members = {"transactionId": begun["transactionId"], "authenticateServerResponse": response}
        return "authenticateClient", members, "authenticateServerResponse"

    def get_bound_profile_package(self) -> tuple[str, dict[str, Any], str]:
        function, members, _ = self.authenticate_client()
        response = self.card.prepare(ask(self.smdp, function, **members))
        request = {"transactionId": members["transactionId"], "prepareDownloadResponse": response}
        return "getBoundProfilePackage", request, "prepareDownloadResponse"

    def cancel_session(self) -> tuple[str, dict[str, Any], str]:
        function, members, _ = self.authenticate_client()
        ask(self.smdp, function, **members)
        request = {"transactionId": members["transactionId"], "cancelSessionResponse": self.card.cancel(1)}
        return "cancelSession", request, "cancelSessionResponse"

    def handle_notification(self) -> tuple[str, dict[str, Any], str]:
        function, members, _ = self.get_bound_profile_package()
        ask(self.smdp, function, **members)
        result = self.card.result(PACKAGE.iccid.coded, error="800105 81010A")
        return "handleNotification", {"pendingNotification": result}, "pendingNotification"


STEPS = ("authenticate_client", "get_bound_profile_package", "cancel_session", "handle_notification")


@pytest.mark.parametrize("step", STEPS)
def test_a_message_with_a_changed_byte_is_refused(smdp: SimulatedSmdp, step: str) -> None:
    steps = Steps(smdp)
    again = getattr(steps, step)
    _, members, name = again()
    size, unused = len(members[name]), set()
    for certificate in (steps.card.euicc.certificate, steps.card.eum):
        # The number of unused bits before a certificate's signature: it is neither signed nor checked.
        unused.add(members[name].find(certificate.signature) - 1)
    for place in range(0, size, 5 if size > 500 else 1):
        if place in unused:
            continue
        function, members, name = again()
        changed = bytearray(members[name])
        changed[min(place, len(changed) - 1)] ^= 0x01
        with pytest.raises(Refused):
            ask(smdp, function, **members | {name: bytes(changed)})


@pytest.mark.parametrize("step", STEPS)
def test_unchanged_messages_are_accepted(smdp: SimulatedSmdp, step: str) -> None:
    function, members, _ = getattr(Steps(smdp), step)()
    ask(smdp, function, **members)
    for order in smdp.orders:
        order.change(lambda facts: replace(facts, state="released"))


@pytest.mark.parametrize("step", STEPS)
def test_missing_and_wrong_members_are_refused(smdp: SimulatedSmdp, step: str) -> None:
    function, members, _ = getattr(Steps(smdp), step)()
    for name in members:
        wrong: tuple[Any, ...] = (None, 1, [], {}, "", "*", b"")
        for instead in wrong:
            with pytest.raises(Refused):
                ask(smdp, function, **members | {name: instead})


anything = st.none() | st.integers() | st.text() | st.binary().map(lambda raw: base64.b64encode(raw).decode())
messages = st.binary().flatmap(
    lambda raw: st.sampled_from(["BF20", "BF38", "BF21", "BF41", "BF37", "30"]).map(lambda tag: tlv(tag, raw))
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_garbage_is_refused(smdp: SimulatedSmdp, data: st.DataObject) -> None:
    function = data.draw(st.sampled_from(list(FUNCTIONS)))
    members = {name: data.draw(anything | messages) for name in FUNCTIONS[function]}
    with pytest.raises(Refused):
        ask(smdp, function, **members)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(STEPS), messages)
def test_garbage_in_a_session_is_refused(smdp: SimulatedSmdp, step: str, garbage: bytes) -> None:
    function, members, name = getattr(Steps(smdp), step)()
    with pytest.raises(Refused):
        ask(smdp, function, **members | {name: garbage})
