"""Every way in which an LPA can meet a no of the simulated SM-DP+, with its status codes (SGP.22 §5.2.6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from lpa.sim.servers.packages import sample
from lpa.sim.servers.rejection import Rejection
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.minimal_server import BRAINPOOL, OTHER, PACKAGE, Clock, World
from tests.support.refusals import AUTHENTICATION, Scene, instead
from tests.support.scripted_card import SMDP_OID, point, tlv
from tests.support.tls_faults import CI, NOW


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(clock: Clock) -> Iterator[World]:
    with SimulatedSmdp(CI, clock=clock) as smdp:
        yield World(smdp)


def no_room(world: World) -> None:
    world.card.free = len(PACKAGE.elements) - 1
    world.smdp.order(PACKAGE, "ABC-1")
    world.offered()


def wrong_signature2(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1")
    offer = world.offered()
    world.card.prepare(offer)  # but what is signed then belongs to another answer of the server
    answer = world.card.answer_download(tlv("5F37", bytes(64)), None)
    world.client.ask(
        "getBoundProfilePackage", transactionId=offer["transactionId"], prepareDownloadResponse=answer
    )


def wrong_cancel_signature(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1")
    world.offered()
    world.card.euicc = replace(world.card.euicc, key=OTHER.key)
    world.card.cancelled(world.client, 0)


def point_of_another_curve(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1")
    world.card.change_signed2 = instead(0x5F49, point(BRAINPOOL.key))
    world.downloaded()


def another_card(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1", eid="89999999000000000000000000000122")
    world.offered()


def not_released(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1", released=False)
    world.offered()


def bound_to_another_key(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1", binds_once=True)
    world.downloaded()
    world.card.one_time = None
    world.downloaded()


def no_test_profiles(world: World) -> None:
    world.smdp.order(sample(profile_class="test"), "ABC-1")
    world.card.capability = "0780"
    world.offered()


def not_for_this_server(world: World) -> None:
    def eligible(package: object, info: object) -> None:
        raise Rejection("8.1.1", "2.1", "cards of this range are not served")

    world.smdp.order(PACKAGE, "ABC-1")
    world.smdp.eligibility = eligible
    world.offered()


def unknown_matching_id(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-2")
    world.offered()


def nothing_by_default(world: World) -> None:
    world.smdp.order(PACKAGE, eid="89999999000000000000000000000122")
    world.card.matching_id = ""
    world.offered()


def installed_already(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1")
    world.downloaded()
    world.reported()
    world.offered()


def code_missing(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1", confirmation_code="1234")
    world.downloaded()


def code_wrong(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1", confirmation_code="1234")
    world.downloaded("12345")


def code_wrong_too_often(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1", confirmation_code="1234", code_tries=2)
    assert world.refusal(world.downloaded, "0000") == "8.2.7/3.8"
    world.downloaded("9999")


def cancelled_with_another(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1")
    world.offered()
    world.card.change_cancel = lambda value: value.replace(SMDP_OID, bytes.fromhex("88370B"))
    world.card.cancelled(world.client, 0)


def too_late(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1", expires=NOW)
    world.offered()


def too_often(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1", downloads=1)
    world.downloaded()
    world.offered()


def another_transaction_signed_later(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1")
    world.card.change_signed2 = lambda value: value.replace(world.card.transaction, bytes(16))
    world.downloaded()


def another_transaction_cancelled(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1")
    world.offered()
    world.card.change_cancel = lambda value: value.replace(world.card.transaction, bytes(16))
    world.card.cancelled(world.client, 0)


def package_before_authentication(world: World) -> None:
    begun = world.client.ask("initiateAuthentication", **world.card.initiate())
    world.client.ask(
        "getBoundProfilePackage", transactionId=begun["transactionId"], prepareDownloadResponse=b""
    )


def authenticated_twice(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1")
    begun = world.client.ask("initiateAuthentication", **world.card.initiate())
    members = {
        "transactionId": begun["transactionId"],
        "authenticateServerResponse": world.card.authenticate(begun),
    }
    world.client.ask("authenticateClient", **members)
    world.client.ask("authenticateClient", **members)


def card_refused_the_download(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1")
    offer = world.offered()
    refusal = tlv("BF21", tlv("A1", tlv("80", world.card.transaction), bytes.fromhex("020101")))
    world.client.ask(
        "getBoundProfilePackage", transactionId=offer["transactionId"], prepareDownloadResponse=refusal
    )


def card_did_not_cancel(world: World) -> None:
    world.smdp.order(PACKAGE, "ABC-1")
    offer = world.offered()
    world.client.ask(
        "cancelSession",
        transactionId=offer["transactionId"],
        cancelSessionResponse=bytes.fromhex("BF4103 810105"),
    )


DOWNLOADS: list[tuple[str, Callable[[World], None]]] = [
    ("8.8/4.2", card_refused_the_download),
    ("8.8/4.2", card_did_not_cancel),
    ("8.1/4.8", no_room),
    ("8.1/6.1", wrong_signature2),
    ("8.1/6.1", wrong_cancel_signature),
    ("8.1/6.1", point_of_another_curve),
    ("8.1.1/2.1", not_for_this_server),
    ("8.1.1/3.8", another_card),
    ("8.2/1.2", not_released),
    ("8.2/3.7", bound_to_another_key),
    ("8.2.5/4.3", no_test_profiles),
    ("8.2.6/3.8", unknown_matching_id),
    ("8.2.6/3.8", nothing_by_default),
    ("8.2.6/3.8", installed_already),
    ("8.2.7/2.2", code_missing),
    ("8.2.7/3.8", code_wrong),
    ("8.2.7/6.4", code_wrong_too_often),
    ("8.8/3.10", cancelled_with_another),
    ("8.8.5/4.10", too_late),
    ("8.8.5/6.4", too_often),
    ("8.10.1/3.9", another_transaction_signed_later),
    ("8.10.1/3.9", another_transaction_cancelled),
    ("8.10.1/3.9", package_before_authentication),
    ("8.10.1/3.9", authenticated_twice),
]


@pytest.mark.parametrize(("pair", "scene"), AUTHENTICATION)
def test_each_no_to_a_card_has_its_codes(world: World, pair: str, scene: Scene) -> None:
    assert world.refusal(scene, world.client, world.card) == pair


@pytest.mark.parametrize(("pair", "scene"), DOWNLOADS)
def test_each_no_to_a_download_has_its_codes(world: World, pair: str, scene: Callable[[World], None]) -> None:
    assert world.refusal(scene, world) == pair


def test_a_card_shows_the_certificates_that_were_asked_for() -> None:
    with SimulatedSmdp(CI, BRAINPOOL) as smdp:
        world = World(smdp)
        card = world.card
        card.signing = [BRAINPOOL.key_identifier]  # and then it shows those of the other one
        assert world.refusal(world.offered) == "8.11.1/3.9"
