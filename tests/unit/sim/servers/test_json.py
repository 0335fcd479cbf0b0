"""The simulated servers with JSON as other LPAs write it: whole downloads and discoveries."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator

import pytest

from lpa.sim.servers.packages import sample
from lpa.sim.servers.smdp import SimulatedSmdp
from lpa.sim.servers.smds import SimulatedSmds
from tests.support.der import tlv, value
from tests.support.raw_http import ROOT, Asking, Way, coded, line, post, understood
from tests.support.scripted_card import EID, INFO1, SmallCard
from tests.support.tls_faults import CI


@pytest.fixture
def smdp() -> Iterator[SimulatedSmdp]:
    with SimulatedSmdp(CI) as running:
        running.order(sample(), "ABC-1")
        yield running


def spaced(body: bytes) -> bytes:
    return json.dumps(json.loads(body), indent=4).encode() + b"\r\n"


def escaped(body: bytes) -> bytes:
    """As Java and PHP escape: `\\/`, and `\\u` with a number."""
    return body.replace(b"/", rb"\/").replace(b"+", rb"\u002B").replace(b"=", rb"\u003d")


def in_lines(body: bytes) -> bytes:
    return _with(body, lambda text: "\r\n".join(text[at : at + 76] for at in range(0, len(text), 76)))


def unpadded(body: bytes) -> bytes:
    return _with(body, lambda text: text.rstrip("="))


def in_small_letters(body: bytes) -> bytes:
    members = json.loads(body)
    return json.dumps(members | {"transactionId": members.get("transactionId", "").lower()}).encode()


def with_more(body: bytes) -> bytes:
    more = {
        "header": {"functionRequesterIdentifier": "1.2.3", "functionCallIdentifier": "x"},
        "lpaRspCapability": "AAAA",
        "matchingId": None,
        "unknown": [1, {"a": None}],
    }
    return json.dumps(more | json.loads(body)).encode()


def marked(body: bytes) -> bytes:
    return b"\xef\xbb\xbf" + body


def _with(body: bytes, how: Callable[[str], str]) -> bytes:
    members = json.loads(body)
    return json.dumps({name: text if name in PLAIN else how(text) for name, text in members.items()}).encode()


PLAIN = ("transactionId", "smdpAddress")


@pytest.mark.parametrize("way", [spaced, escaped, in_lines, unpadded, in_small_letters, with_more, marked])
@pytest.mark.parametrize("kept", [True, False], ids=["one connection", "one for each request"])
def test_a_download_works_however_the_json_is_written(smdp: SimulatedSmdp, way: Way, kept: bool) -> None:
    download(smdp, Asking(smdp, way, kept=kept))


@pytest.mark.parametrize("version", ["3.1.0", "3.0.0", "2.6.1", "4.0.0", "2"])
def test_a_client_of_any_version_is_answered_with_the_server_s_own(smdp: SimulatedSmdp, version: str) -> None:
    download(smdp, Asking(smdp, of_version_3, kept=True, version=version))


def of_version_3(body: bytes) -> bytes:
    """With the members that version 3 adds; lpaRspCapability is a BIT STRING."""
    members = json.loads(body)
    if "euiccInfo1" in members:
        members |= {"lpaRspCapability": "AwMDgAA=", "euiccInfo1": newer_info1(members["euiccInfo1"])}
    if "authenticateServerResponse" in members:
        members |= {"deviceChangeData": "MAA=", "useMatchingIdForAcr": False}
    return json.dumps(members).encode()


def newer_info1(text: str) -> str:
    """EUICCInfo1 with a list of keys for version 3, euiccRspCapability and highestSvn."""
    inside = value(base64.b64decode(text))
    assert bytes.fromhex(INFO1) in inside
    later = bytes.fromhex("B116 0414" + "00" * 20 + "88 02 0780 93 03 030100 9F7F 00")
    return base64.b64encode(tlv("BF20", inside, later)).decode()


def download(smdp: SimulatedSmdp, asking: Asking) -> None:
    """A whole download, from initiateAuthentication to the installed profile."""
    card = SmallCard(CI)
    with asking:
        begun = asking("initiateAuthentication", card.initiate())
        response = card.authenticate(begun)
        transaction = begun["transactionId"]
        offer = asking(
            "authenticateClient",
            {"transactionId": transaction, "authenticateServerResponse": response},
        )
        prepared = {"transactionId": transaction, "prepareDownloadResponse": card.prepare(offer)}
        card.load(asking("getBoundProfilePackage", prepared)["boundProfilePackage"])
        result = card.result(smdp.orders[0].package.iccid.coded)
        asking("handleNotification", {"pendingNotification": result})
    assert smdp.orders[0].state == "installed"


@pytest.mark.parametrize("matching_id", [None, ""], ids=["absent", "empty"])
def test_the_default_order_needs_no_matching_id(smdp: SimulatedSmdp, matching_id: str | None) -> None:
    order = smdp.order(sample("8944994000000000017"))
    card = SmallCard(CI, matching_id=matching_id)
    with Asking(smdp, lambda body: body, kept=True) as asking:
        begun = asking("initiateAuthentication", card.initiate())
        response = {
            "transactionId": begun["transactionId"],
            "authenticateServerResponse": card.authenticate(begun),
        }
        offer = asking("authenticateClient", response)
    assert offer["profileMetadata"] == bytes(order.package.metadata)


# Discovery


@pytest.mark.parametrize("root", [ROOT, "/gsma/rsp2/es11/"])
@pytest.mark.parametrize("member", ["smdpAddress", "smdsAddress"])
def test_a_discovery_server_has_both_paths_and_both_member_names(root: str, member: str) -> None:
    with SimulatedSmds(CI) as smds, line(smds) as stream:
        smds.register(EID, "smdp.example", "EVENT-1")
        card = SmallCard(CI, matching_id="", address="smds.example", role="7")
        members = card.initiate()
        members[member] = members.pop("smdpAddress")
        begun = understood(post(stream, f"{root}initiateAuthentication", coded(members)))
        response = {
            "transactionId": begun["transactionId"],
            "authenticateServerResponse": card.authenticate(begun),
        }
        found = understood(post(stream, f"{root}authenticateClient", coded(response)))
    assert found["eventEntries"] == [{"eventId": "EVENT-1", "rspServerAddress": "smdp.example"}]


def test_a_discovery_server_serves_clients_of_version_3() -> None:
    with SimulatedSmds(CI) as smds, Asking(smds, of_version_3, kept=True, version="3.1.0") as asking:
        card = SmallCard(CI, matching_id="", address="smds.example", role="7")
        begun = asking("initiateAuthentication", card.initiate())
        response = card.authenticate(begun)
        transaction = begun["transactionId"]
        found = asking(
            "authenticateClient", {"transactionId": transaction, "authenticateServerResponse": response}
        )
    assert found["eventEntries"] == []


def test_an_sm_dp_is_no_discovery_server(smdp: SimulatedSmdp) -> None:
    members = SmallCard(CI).initiate()
    with line(smdp) as stream:
        assert post(stream, "/gsma/rsp2/es11/initiateAuthentication", coded(members))[0] == 404
        members["smdsAddress"] = members.pop("smdpAddress")
        _, _, body = post(stream, f"{ROOT}initiateAuthentication", coded(members))
    assert b'"reasonCode": "2.2"' in body
