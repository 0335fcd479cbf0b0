"""A download from the simulated SM-DP+, over TLS, by a card that was written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from lpa.rsp.codec.ber import Tlv
from lpa.sim.crypto.pki import Authority
from lpa.sim.servers.binding import Packaging
from lpa.sim.servers.packages import sample
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.minimal_server import BRAINPOOL, OTHER, PACKAGE, Clock, World
from tests.support.scripted_card import EID, Client, SmallCard, point, tlv
from tests.support.tls_faults import CI


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(clock: Clock) -> Iterator[World]:
    with SimulatedSmdp(CI, clock=clock) as smdp:
        yield World(smdp)


# What goes well


@pytest.mark.parametrize("authority", [CI, BRAINPOOL])
@pytest.mark.parametrize("packaging", [Packaging(), Packaging(replaces_session_keys=True)])
def test_a_card_gets_its_profile(authority: Authority, packaging: Packaging) -> None:
    with SimulatedSmdp(authority) as smdp:
        world = World(smdp, authority)
        smdp.packaging = packaging
        order = smdp.order(PACKAGE, "ABC-1")
        assert (order.activation_code, order.state) == ("LPA:1$smdp.example$ABC-1", "released")
        assert world.downloaded() == PACKAGE.elements
        assert (order.state, order.facts.eid) == ("downloaded", EID)
        world.reported()
        assert order.state == "installed"
        (received,) = smdp.received
        assert (received.event, received.iccid, received.eid) == ("install", PACKAGE.iccid, EID)


def test_the_offer_is_the_metadata_and_no_code_is_wanted(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1")
    offer = world.offered()
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


def test_a_default_order_is_for_whom_names_nothing(world: World) -> None:
    anybody = world.smdp.order(PACKAGE)
    mine = world.smdp.order(PACKAGE, eid=EID)
    other = world.smdp.order(PACKAGE, eid="89999999000000000000000000000122")
    assert mine.activation_code == "LPA:1$smdp.example$"
    for nothing, first in ((None, mine), ("", anybody)):
        world.card.matching_id = nothing
        world.downloaded()
        assert first.state == "downloaded"
        world.reported()
    assert [order.state for order in (mine, anybody, other)] == ["installed", "installed", "released"]


def test_a_server_under_two_authorities_shows_the_one_that_the_card_trusts() -> None:
    with SimulatedSmdp(CI, BRAINPOOL) as smdp:
        smdp.order(PACKAGE, "ABC-1")
        client = Client(smdp, CI)  # TLS is the first one's
        card = SmallCard(BRAINPOOL)
        assert card.load(card.downloaded(client)) == PACKAGE.elements
        preferring = SmallCard(CI)
        preferring.signing = [OTHER.key_identifier, CI.key_identifier, BRAINPOOL.key_identifier]
        preferring.verification = [CI.key_identifier]
        assert preferring.initiate()
        begun = client.ask("initiateAuthentication", **preferring.initiate())
        assert begun["euiccCiPKIdToBeUsed"] == tlv("04", CI.key_identifier)


def test_a_transaction_may_be_named_in_lower_case(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1")
    offer = world.offered()
    answer = world.client.ask(
        "getBoundProfilePackage",
        transactionId=offer["transactionId"].lower(),
        prepareDownloadResponse=world.card.prepare(offer),
    )
    assert answer["transactionId"] == offer["transactionId"] == offer["transactionId"].upper()


def test_an_icon_makes_more_than_one_segment_of_metadata(world: World) -> None:
    package = sample(icon=bytes(range(256)) * 4)
    world.smdp.order(package, "ABC-1")
    raw = world.card.downloaded(world.client)
    assert len(Tlv.whole(raw).children[2].children) == 2
    assert world.card.load(raw) == package.elements


def test_configuration_names_the_server_or_nothing(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1")
    world.downloaded()
    assert world.card.configuration == bytes.fromhex("BF2407 B805 8003 88370A")
    world.smdp.packaging = Packaging(names_server=False)
    world.downloaded()
    assert world.card.configuration == bytes.fromhex("BF2400")


@pytest.mark.parametrize(("piece", "largest"), [(1007, 1020), (1008, 1036), (500, 524)])
def test_the_size_of_segments_can_be_chosen(world: World, piece: int, largest: int) -> None:
    world.smdp.order(PACKAGE, "ABC-1")
    world.smdp.packaging = Packaging(piece=piece)
    assert world.downloaded() == PACKAGE.elements
    assert max(world.card.sizes) == largest


# Orders and their states


def test_a_wrong_code_can_be_typed_again_and_a_right_one_leads_on(world: World) -> None:
    order = world.smdp.order(PACKAGE, "ABC-1", confirmation_code="Päß 1")
    assert order.activation_code == "LPA:1$smdp.example$ABC-1$$1"
    assert world.refusal(world.downloaded, "Pass 1") == "8.2.7/3.8"
    assert world.refusal(world.downloaded) == "8.2.7/2.2"
    assert world.downloaded("Päß 1") == PACKAGE.elements
    assert world.card.wants_code
    assert "Päß" not in repr(order)


def test_an_order_whose_codes_are_used_up_has_ended(world: World) -> None:
    order = world.smdp.order(PACKAGE, "ABC-1", confirmation_code="1234", code_tries=1)
    assert world.refusal(world.downloaded, "0") == "8.2.7/6.4"
    assert order.state == "error"
    assert world.refusal(world.downloaded, "1234") == "8.2.6/3.8"


def test_what_was_lost_on_its_way_is_the_same_again_for_the_same_key(world: World) -> None:
    order = world.smdp.order(PACKAGE, "ABC-1", binds_once=True)
    first = world.card.downloaded(world.client)
    assert world.card.asked_for is None
    assert world.card.load(first) == PACKAGE.elements
    second = world.card.downloaded(world.client)
    assert world.card.one_time is not None
    assert world.card.asked_for == point(world.card.one_time)
    assert world.card.load(second) == PACKAGE.elements
    assert Tlv.whole(first).children[1:] == Tlv.whole(second).children[1:]
    assert Tlv.whole(first).children[0] != Tlv.whole(second).children[0]
    world.reported()
    assert order.state == "installed"


def test_a_card_that_lost_its_key_gets_the_package_made_anew(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1")
    first = world.card.downloaded(world.client)
    world.card.one_time = None
    second = world.card.downloaded(world.client)
    assert Tlv.whole(first).children[1:] != Tlv.whole(second).children[1:]
    assert world.card.load(second) == PACKAGE.elements


def test_what_one_card_downloaded_no_other_gets(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1")
    world.downloaded()
    other = SmallCard(CI, eid="89999999000000000000000000000122")
    assert world.refusal(other.offered, world.client) == "8.1.1/3.8"


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
def test_a_cancelled_order_can_be_tried_again_only_if_it_was_put_off(
    world: World, reason: int, state: str
) -> None:
    order = world.smdp.order(PACKAGE, "ABC-1")
    offer = world.offered()
    world.card.cancelled(world.client, reason)
    assert order.state == state
    late = {"transactionId": offer["transactionId"], "cancelSessionResponse": world.card.cancel(reason)}
    assert world.refusal(world.client.ask, "cancelSession", **late) == "8.10.1/3.9"
    if state == "released":
        assert world.downloaded() == PACKAGE.elements
    else:
        assert world.refusal(world.offered) == "8.2.6/3.8"


def test_a_cancelled_download_is_still_downloaded(world: World) -> None:
    order = world.smdp.order(PACKAGE, "ABC-1")
    world.downloaded()
    world.card.cancelled(world.client, 1)
    assert order.state == "downloaded"
    assert world.downloaded() == PACKAGE.elements


def test_an_ended_order_can_be_released_again(world: World) -> None:
    order = world.smdp.order(PACKAGE, "ABC-1")
    world.offered()
    world.card.cancelled(world.client, 0)
    order.release()
    world.downloaded()
    assert order.state == "downloaded"


def test_an_order_tells_how_it_stands_after_its_server_was_closed() -> None:
    with SimulatedSmdp(CI) as smdp:
        order = smdp.order(PACKAGE, "ABC-1")
        World(smdp).downloaded()
    assert order.state == smdp.orders[0].state == "downloaded"


def test_a_matching_identifier_is_given_once(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1")
    with pytest.raises(ValueError, match="ABC-1 already"):
        world.smdp.order(PACKAGE, "ABC-1")
    assert len(world.smdp.orders) == 1


# The result of an installation


def test_a_failed_installation_ends_the_order_and_says_why(world: World) -> None:
    order = world.smdp.order(PACKAGE, "ABC-1")
    world.downloaded()
    world.reported("800105 81010A")
    assert order.state == "error"
    assert order.facts.result == "loadProfileElements: installFailedDueToInsufficientMemoryForProfile"
    assert world.refusal(world.offered) == "8.2.6/3.8"


def test_a_result_that_comes_twice_is_acknowledged_twice_and_kept_once(world: World) -> None:
    order = world.smdp.order(PACKAGE, "ABC-1")
    world.downloaded()
    result = world.card.result(PACKAGE.iccid.coded)
    for _ in range(2):
        world.client.ask("handleNotification", pendingNotification=result)
    assert (order.state, len(world.smdp.received)) == ("installed", 1)


def test_a_failure_that_comes_after_the_success_changes_nothing(world: World) -> None:
    order = world.smdp.order(PACKAGE, "ABC-1")
    world.downloaded()
    failure = world.card.result(PACKAGE.iccid.coded, error="800105 81010B")
    world.card.sequence_number = 2
    world.downloaded()
    world.reported()
    world.client.ask("handleNotification", pendingNotification=failure)
    assert order.state == "installed"
    assert len(world.smdp.received) == 2


def test_a_result_without_the_server_is_accepted_as_in_version_2_2(world: World) -> None:
    order = world.smdp.order(PACKAGE, "ABC-1")
    world.downloaded()
    world.reported(oid=b"")
    assert order.state == "installed"


def test_a_result_counts_whoever_else_wants_to_hear_of_it(world: World) -> None:
    package = sample(address="other.example")
    order = world.smdp.order(package, "ABC-1")
    world.card.load(world.card.downloaded(world.client))
    world.card.notified = b"other.example"
    result = world.card.result(package.iccid.coded)
    world.client.ask("handleNotification", pendingNotification=result)
    assert order.state == "installed"


def test_a_server_may_be_called_by_an_ip_address() -> None:
    with SimulatedSmdp(CI, host="127.0.0.1") as smdp:
        smdp.order(PACKAGE, "ABC-1")
        world = World(smdp)
        world.card.address = "127.0.0.1"
        assert world.downloaded() == PACKAGE.elements


def test_a_result_must_be_the_cards_own_and_about_this_profile(world: World) -> None:
    order = world.smdp.order(PACKAGE, "ABC-1")
    world.downloaded()
    assert world.refusal(world.reported, oid=bytes.fromhex("88370B")) == "8.8/3.10"
    other = world.card.result(bytes.fromhex("98890000000000000000"))
    assert world.refusal(world.client.ask, "handleNotification", pendingNotification=other) == "8.2.1/3.9"
    transaction, world.card.transaction = world.card.transaction, bytes(16)
    assert world.refusal(world.reported) == "8.10.1/3.9"
    world.card.transaction = transaction
    forged = replace(world.card.euicc, key=OTHER.key)
    world.card.euicc, own = forged, world.card.euicc
    assert world.refusal(world.reported) == "8.1/6.1"
    world.card.euicc = own
    assert (order.state, world.smdp.received) == ("downloaded", ())
    world.reported()
    assert order.state == "installed"
