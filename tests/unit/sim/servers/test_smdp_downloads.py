"""Downloads from the simulated SM-DP+, over TLS, by a card written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from lpa.rsp.codec.ber import Tlv
from lpa.sim.crypto.pki import Authority
from lpa.sim.servers.binding import Packaging
from lpa.sim.servers.packages import sample
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.minimal_server import BRAINPOOL, OTHER, PACKAGE, Clock, MinimalServer
from tests.support.scripted_card import EID, Client, SmallCard, point, tlv
from tests.support.tls_faults import CI


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def minimal(clock: Clock) -> Iterator[MinimalServer]:
    with SimulatedSmdp(CI, clock=clock) as smdp:
        yield MinimalServer(smdp)


# Successful downloads


@pytest.mark.parametrize("authority", [CI, BRAINPOOL])
@pytest.mark.parametrize("packaging", [Packaging(), Packaging(replaces_session_keys=True)])
def test_a_card_gets_its_profile(authority: Authority, packaging: Packaging) -> None:
    with SimulatedSmdp(authority) as smdp:
        minimal = MinimalServer(smdp, authority)
        smdp.packaging = packaging
        order = smdp.order(PACKAGE, "ABC-1")
        assert (order.activation_code, order.state) == ("LPA:1$smdp.example$ABC-1", "released")
        assert minimal.downloaded() == PACKAGE.elements
        assert (order.state, order.facts.eid) == ("downloaded", EID)
        minimal.reported()
        assert order.state == "installed"
        (received,) = smdp.received
        assert (received.event, received.iccid, received.eid) == ("install", PACKAGE.iccid, EID)


def test_the_offer_has_the_metadata_and_requires_no_code(minimal: MinimalServer) -> None:
    minimal.smdp.order(PACKAGE, "ABC-1")
    offer = minimal.offered()
    assert set(offer) == {
        "transactionId",
        "profileMetadata",
        "smdpSigned2",
        "smdpSignature2",
        "smdpCertificate",
    }
    assert offer["profileMetadata"] == PACKAGE.metadata
    transaction = bytes.fromhex(offer["transactionId"])
    assert offer["smdpSigned2"] == tlv("30", tlv("80", transaction), bytes.fromhex("010100"))


def test_a_default_order_needs_no_matching_identifier(minimal: MinimalServer) -> None:
    anybody = minimal.smdp.order(PACKAGE)
    mine = minimal.smdp.order(PACKAGE, eid=EID)
    other = minimal.smdp.order(PACKAGE, eid="89999999000000000000000000000122")
    assert mine.activation_code == "LPA:1$smdp.example$"
    for nothing, first in ((None, mine), ("", anybody)):
        minimal.card.matching_id = nothing
        minimal.downloaded()
        assert first.state == "downloaded"
        minimal.reported()
    assert [order.state for order in (mine, anybody, other)] == ["installed", "installed", "released"]


def test_a_server_under_two_authorities_uses_the_one_that_the_card_trusts() -> None:
    with SimulatedSmdp(CI, BRAINPOOL) as smdp:
        smdp.order(PACKAGE, "ABC-1")
        client = Client(smdp, CI)  # TLS uses the first authority.
        card = SmallCard(BRAINPOOL)
        assert card.load(card.downloaded(client)) == PACKAGE.elements
        preferring = SmallCard(CI)
        preferring.signing = [OTHER.key_identifier, CI.key_identifier, BRAINPOOL.key_identifier]
        preferring.verification = [CI.key_identifier]
        assert preferring.initiate()
        begun = client.ask("initiateAuthentication", **preferring.initiate())
        assert begun["euiccCiPKIdToBeUsed"] == tlv("04", CI.key_identifier)


def test_a_transaction_identifier_may_be_in_lower_case(minimal: MinimalServer) -> None:
    minimal.smdp.order(PACKAGE, "ABC-1")
    offer = minimal.offered()
    answer = minimal.client.ask(
        "getBoundProfilePackage",
        transactionId=offer["transactionId"].lower(),
        prepareDownloadResponse=minimal.card.prepare(offer),
    )
    assert answer["transactionId"] == offer["transactionId"] == offer["transactionId"].upper()


def test_an_icon_makes_more_than_one_segment_of_metadata(minimal: MinimalServer) -> None:
    package = sample(icon=bytes(range(256)) * 4)
    minimal.smdp.order(package, "ABC-1")
    raw = minimal.card.downloaded(minimal.client)
    assert len(Tlv.whole(raw).children[2].children) == 2
    assert minimal.card.load(raw) == package.elements


def test_configure_isdp_may_omit_the_server(minimal: MinimalServer) -> None:
    minimal.smdp.order(PACKAGE, "ABC-1")
    minimal.downloaded()
    assert minimal.card.configuration == bytes.fromhex("BF2407 B805 8003 88370A")
    minimal.smdp.packaging = Packaging(names_server=False)
    minimal.downloaded()
    assert minimal.card.configuration == bytes.fromhex("BF2400")


@pytest.mark.parametrize(("piece", "largest"), [(1007, 1020), (1008, 1036), (500, 524)])
def test_the_size_of_segments_can_be_chosen(minimal: MinimalServer, piece: int, largest: int) -> None:
    minimal.smdp.order(PACKAGE, "ABC-1")
    minimal.smdp.packaging = Packaging(piece=piece)
    assert minimal.downloaded() == PACKAGE.elements
    assert max(minimal.card.sizes) == largest


# Orders and their states


def test_the_right_code_is_accepted_after_a_wrong_one(minimal: MinimalServer) -> None:
    order = minimal.smdp.order(PACKAGE, "ABC-1", confirmation_code="Päß 1")
    assert order.activation_code == "LPA:1$smdp.example$ABC-1$$1"
    assert minimal.refusal(minimal.downloaded, "Pass 1") == "8.2.7/3.8"
    assert minimal.refusal(minimal.downloaded) == "8.2.7/2.2"
    assert minimal.downloaded("Päß 1") == PACKAGE.elements
    assert minimal.card.wants_code
    assert "Päß" not in repr(order)


def test_an_order_ends_after_too_many_wrong_codes(minimal: MinimalServer) -> None:
    order = minimal.smdp.order(PACKAGE, "ABC-1", confirmation_code="1234", code_tries=1)
    assert minimal.refusal(minimal.downloaded, "0") == "8.2.7/6.4"
    assert order.state == "error"
    assert minimal.refusal(minimal.downloaded, "1234") == "8.2.6/3.8"


def test_a_package_is_the_same_again_for_the_same_one_time_key(minimal: MinimalServer) -> None:
    order = minimal.smdp.order(PACKAGE, "ABC-1", binds_once=True)
    first = minimal.card.downloaded(minimal.client)
    assert minimal.card.asked_for is None
    assert minimal.card.load(first) == PACKAGE.elements
    second = minimal.card.downloaded(minimal.client)
    assert minimal.card.one_time is not None
    assert minimal.card.asked_for == point(minimal.card.one_time)
    assert minimal.card.load(second) == PACKAGE.elements
    assert Tlv.whole(first).children[1:] == Tlv.whole(second).children[1:]
    assert Tlv.whole(first).children[0] != Tlv.whole(second).children[0]
    minimal.reported()
    assert order.state == "installed"


def test_a_package_is_bound_again_for_another_one_time_key(minimal: MinimalServer) -> None:
    minimal.smdp.order(PACKAGE, "ABC-1")
    first = minimal.card.downloaded(minimal.client)
    minimal.card.one_time = None
    second = minimal.card.downloaded(minimal.client)
    assert Tlv.whole(first).children[1:] != Tlv.whole(second).children[1:]
    assert minimal.card.load(second) == PACKAGE.elements


def test_an_order_that_one_card_downloaded_is_refused_to_others(minimal: MinimalServer) -> None:
    minimal.smdp.order(PACKAGE, "ABC-1")
    minimal.downloaded()
    other = SmallCard(CI, eid="89999999000000000000000000000122")
    assert minimal.refusal(other.offered, minimal.client) == "8.1.1/3.8"


@pytest.mark.parametrize(
    ("reason", "state"),
    [
        (0, "error"),
        (1, "released"),
        (2, "released"),
        (3, "error"),
        (4, "error"),
        (5, "error"),
        (127, "error"),
    ],
)
def test_a_cancelled_order_can_be_retried_only_if_it_was_postponed(
    minimal: MinimalServer, reason: int, state: str
) -> None:
    order = minimal.smdp.order(PACKAGE, "ABC-1")
    offer = minimal.offered()
    minimal.card.cancelled(minimal.client, reason)
    assert order.state == state
    late = {"transactionId": offer["transactionId"], "cancelSessionResponse": minimal.card.cancel(reason)}
    assert minimal.refusal(minimal.client.ask, "cancelSession", **late) == "8.10.1/3.9"
    if state == "released":
        assert minimal.downloaded() == PACKAGE.elements
    else:
        assert minimal.refusal(minimal.offered) == "8.2.6/3.8"


def test_cancelling_a_session_keeps_the_state_downloaded(minimal: MinimalServer) -> None:
    order = minimal.smdp.order(PACKAGE, "ABC-1")
    minimal.downloaded()
    minimal.card.cancelled(minimal.client, 1)
    assert order.state == "downloaded"
    assert minimal.downloaded() == PACKAGE.elements


def test_an_ended_order_can_be_released_again(minimal: MinimalServer) -> None:
    order = minimal.smdp.order(PACKAGE, "ABC-1")
    minimal.offered()
    minimal.card.cancelled(minimal.client, 0)
    order.release()
    minimal.downloaded()
    assert order.state == "downloaded"


def test_an_order_can_be_read_after_its_server_is_closed() -> None:
    with SimulatedSmdp(CI) as smdp:
        order = smdp.order(PACKAGE, "ABC-1")
        MinimalServer(smdp).downloaded()
    assert order.state == smdp.orders[0].state == "downloaded"


def test_a_matching_identifier_is_unique(minimal: MinimalServer) -> None:
    minimal.smdp.order(PACKAGE, "ABC-1")
    with pytest.raises(ValueError, match="ABC-1 already"):
        minimal.smdp.order(PACKAGE, "ABC-1")
    assert len(minimal.smdp.orders) == 1


# The result of an installation


def test_a_failed_installation_ends_the_order_with_its_reason(minimal: MinimalServer) -> None:
    order = minimal.smdp.order(PACKAGE, "ABC-1")
    minimal.downloaded()
    minimal.reported("800105 81010A")
    assert order.state == "error"
    assert order.facts.result == "loadProfileElements: installFailedDueToInsufficientMemoryForProfile"
    assert minimal.refusal(minimal.offered) == "8.2.6/3.8"


def test_a_repeated_result_is_acknowledged_twice_and_stored_once(minimal: MinimalServer) -> None:
    order = minimal.smdp.order(PACKAGE, "ABC-1")
    minimal.downloaded()
    result = minimal.card.result(PACKAGE.iccid.coded)
    for _ in range(2):
        minimal.client.ask("handleNotification", pendingNotification=result)
    assert (order.state, len(minimal.smdp.received)) == ("installed", 1)


def test_a_failure_after_the_success_changes_nothing(minimal: MinimalServer) -> None:
    order = minimal.smdp.order(PACKAGE, "ABC-1")
    minimal.downloaded()
    failure = minimal.card.result(PACKAGE.iccid.coded, error="800105 81010B")
    minimal.card.sequence_number = 2
    minimal.downloaded()
    minimal.reported()
    minimal.client.ask("handleNotification", pendingNotification=failure)
    assert order.state == "installed"
    assert len(minimal.smdp.received) == 2


def test_a_result_without_the_servers_oid_is_accepted_as_in_version_2_2(minimal: MinimalServer) -> None:
    order = minimal.smdp.order(PACKAGE, "ABC-1")
    minimal.downloaded()
    minimal.reported(oid=b"")
    assert order.state == "installed"


def test_a_result_is_accepted_whatever_its_notification_address(minimal: MinimalServer) -> None:
    package = sample(address="other.example")
    order = minimal.smdp.order(package, "ABC-1")
    minimal.card.load(minimal.card.downloaded(minimal.client))
    minimal.card.notified = b"other.example"
    result = minimal.card.result(package.iccid.coded)
    minimal.client.ask("handleNotification", pendingNotification=result)
    assert order.state == "installed"


def test_a_server_may_be_named_by_an_ip_address() -> None:
    with SimulatedSmdp(CI, host="127.0.0.1") as smdp:
        smdp.order(PACKAGE, "ABC-1")
        minimal = MinimalServer(smdp)
        minimal.card.address = "127.0.0.1"
        assert minimal.downloaded() == PACKAGE.elements


def test_a_result_must_be_from_the_card_and_for_the_profile_of_its_session(minimal: MinimalServer) -> None:
    order = minimal.smdp.order(PACKAGE, "ABC-1")
    minimal.downloaded()
    assert minimal.refusal(minimal.reported, oid=bytes.fromhex("88370B")) == "8.8/3.10"
    other = minimal.card.result(bytes.fromhex("98890000000000000000"))
    assert minimal.refusal(minimal.client.ask, "handleNotification", pendingNotification=other) == "8.2.1/3.9"
    transaction, minimal.card.transaction = minimal.card.transaction, bytes(16)
    assert minimal.refusal(minimal.reported) == "8.10.1/3.9"
    minimal.card.transaction = transaction
    forged = replace(minimal.card.euicc, key=OTHER.key)
    minimal.card.euicc, own = forged, minimal.card.euicc
    assert minimal.refusal(minimal.reported) == "8.1/6.1"
    minimal.card.euicc = own
    assert (order.state, minimal.smdp.received) == ("downloaded", ())
    minimal.reported()
    assert order.state == "installed"
