"""Requests that a simulated server rejects, beside those of the authentication in `refusals`.

Each has one fault, and the status codes of the rejection (SGP.22 §5.2.6).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lpa.sim.servers.packages import sample
from lpa.sim.servers.rejection import Rejection
from tests.support.minimal_server import BRAINPOOL, OTHER, PACKAGE, MinimalServer
from tests.support.refusals import Scene, instead
from tests.support.scripted_card import SMDP_OID, Client, SmallCard, point, tlv
from tests.support.tls_faults import NOW

HEADERS_REFUSED: list[tuple[str, dict[str, str]]] = [
    ("1.2.1/2.1", {"Content-Type": "text/plain"}),
    ("1.2.1/2.1", {"Content-Type": ""}),
    ("1.2.2/2.1", {"X-Admin-Protocol": "gsma/rsp/2.2.2"}),
    ("1.2.2/2.1", {"X-Admin-Protocol": "v3.1.0"}),
    ("1.2.2/2.1", {"X-Admin-Protocol": ""}),
]


# Downloads from an SM-DP+


def no_room(minimal: MinimalServer) -> None:
    minimal.card.free = len(PACKAGE.elements) - 1
    minimal.smdp.order(PACKAGE, "ABC-1")
    minimal.offered()


def wrong_signature2(minimal: MinimalServer) -> None:
    minimal.smdp.order(PACKAGE, "ABC-1")
    offer = minimal.offered()
    minimal.card.prepare(offer)
    # The signature of this answer covers another smdpSignature2.
    answer = minimal.card.answer_download(tlv("5F37", bytes(64)), None)
    minimal.client.ask(
        "getBoundProfilePackage", transactionId=offer["transactionId"], prepareDownloadResponse=answer
    )


def wrong_cancel_signature(minimal: MinimalServer) -> None:
    minimal.smdp.order(PACKAGE, "ABC-1")
    minimal.offered()
    minimal.card.euicc = replace(minimal.card.euicc, key=OTHER.key)
    minimal.card.cancelled(minimal.client, 0)


def point_of_another_curve(minimal: MinimalServer) -> None:
    minimal.smdp.order(PACKAGE, "ABC-1")
    minimal.card.change_signed2 = instead(0x5F49, point(BRAINPOOL.key))
    minimal.downloaded()


def another_card(minimal: MinimalServer) -> None:
    minimal.smdp.order(PACKAGE, "ABC-1", eid="89999999000000000000000000000122")
    minimal.offered()


def not_released(minimal: MinimalServer) -> None:
    minimal.smdp.order(PACKAGE, "ABC-1", released=False)
    minimal.offered()


def bound_to_another_key(minimal: MinimalServer) -> None:
    minimal.smdp.order(PACKAGE, "ABC-1", binds_once=True)
    minimal.downloaded()
    minimal.card.one_time = None
    minimal.downloaded()


def no_test_profiles(minimal: MinimalServer) -> None:
    minimal.smdp.order(sample(profile_class="test"), "ABC-1")
    minimal.card.capability = "0780"
    minimal.offered()


def not_for_this_server(minimal: MinimalServer) -> None:
    def eligible(package: object, info: object) -> None:
        raise Rejection("8.1.1", "2.1", "cards of this range are not served")

    minimal.smdp.order(PACKAGE, "ABC-1")
    minimal.smdp.eligibility = eligible
    minimal.offered()


def unknown_matching_id(minimal: MinimalServer) -> None:
    minimal.smdp.order(PACKAGE, "ABC-2")
    minimal.offered()


def nothing_by_default(minimal: MinimalServer) -> None:
    minimal.smdp.order(PACKAGE, eid="89999999000000000000000000000122")
    minimal.card.matching_id = ""
    minimal.offered()


def installed_already(minimal: MinimalServer) -> None:
    minimal.smdp.order(PACKAGE, "ABC-1")
    minimal.downloaded()
    minimal.reported()
    minimal.offered()


def code_missing(minimal: MinimalServer) -> None:
    minimal.smdp.order(PACKAGE, "ABC-1", confirmation_code="1234")
    minimal.downloaded()


def code_wrong(minimal: MinimalServer) -> None:
    minimal.smdp.order(PACKAGE, "ABC-1", confirmation_code="1234")
    minimal.downloaded("12345")


def code_wrong_too_often(minimal: MinimalServer) -> None:
    minimal.smdp.order(PACKAGE, "ABC-1", confirmation_code="1234", code_tries=2)
    assert minimal.refusal(minimal.downloaded, "0000") == "8.2.7/3.8"
    minimal.downloaded("9999")


def cancelled_with_another(minimal: MinimalServer) -> None:
    minimal.smdp.order(PACKAGE, "ABC-1")
    minimal.offered()
    minimal.card.change_cancel = lambda value: value.replace(SMDP_OID, bytes.fromhex("88370B"))
    minimal.card.cancelled(minimal.client, 0)


def too_late(minimal: MinimalServer) -> None:
    minimal.smdp.order(PACKAGE, "ABC-1", expires=NOW)
    minimal.offered()


def too_often(minimal: MinimalServer) -> None:
    minimal.smdp.order(PACKAGE, "ABC-1", downloads=1)
    minimal.downloaded()
    minimal.offered()


def another_transaction_signed_later(minimal: MinimalServer) -> None:
    minimal.smdp.order(PACKAGE, "ABC-1")
    minimal.card.change_signed2 = lambda value: value.replace(minimal.card.transaction, bytes(16))
    minimal.downloaded()


def another_transaction_cancelled(minimal: MinimalServer) -> None:
    minimal.smdp.order(PACKAGE, "ABC-1")
    minimal.offered()
    minimal.card.change_cancel = lambda value: value.replace(minimal.card.transaction, bytes(16))
    minimal.card.cancelled(minimal.client, 0)


def package_before_authentication(minimal: MinimalServer) -> None:
    begun = minimal.client.ask("initiateAuthentication", **minimal.card.initiate())
    minimal.client.ask(
        "getBoundProfilePackage", transactionId=begun["transactionId"], prepareDownloadResponse=b""
    )


def authenticated_twice(minimal: MinimalServer) -> None:
    minimal.smdp.order(PACKAGE, "ABC-1")
    begun = minimal.client.ask("initiateAuthentication", **minimal.card.initiate())
    members = {
        "transactionId": begun["transactionId"],
        "authenticateServerResponse": minimal.card.authenticate(begun),
    }
    minimal.client.ask("authenticateClient", **members)
    minimal.client.ask("authenticateClient", **members)


def card_refused_the_download(minimal: MinimalServer) -> None:
    minimal.smdp.order(PACKAGE, "ABC-1")
    offer = minimal.offered()
    refusal = tlv("BF21", tlv("A1", tlv("80", minimal.card.transaction), bytes.fromhex("020101")))
    minimal.client.ask(
        "getBoundProfilePackage", transactionId=offer["transactionId"], prepareDownloadResponse=refusal
    )


def card_did_not_cancel(minimal: MinimalServer) -> None:
    minimal.smdp.order(PACKAGE, "ABC-1")
    offer = minimal.offered()
    minimal.client.ask(
        "cancelSession",
        transactionId=offer["transactionId"],
        cancelSessionResponse=bytes.fromhex("BF4103 810105"),
    )


DOWNLOADS: list[tuple[str, Callable[[MinimalServer], None]]] = [
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


# Events of an SM-DS


def unknown_event(client: Client, asking: SmallCard) -> None:
    asking.matching_id = "EVENT-9"
    asking.offered(client)


def event_of_another_card(client: Client, asking: SmallCard) -> None:
    asking.matching_id = "EVENT-2"
    asking.offered(client)


def authenticated_twice_for_events(client: Client, asking: SmallCard) -> None:
    answer = asking.offered(client)
    client.ask(
        "authenticateClient",
        transactionId=answer["transactionId"],
        authenticateServerResponse=asking.answer_server(b"smds.example", bytes(16)),
    )


EVENTS: list[tuple[str, Scene]] = [
    ("8.9.5/3.9", unknown_event),
    ("8.9.5/3.9", event_of_another_card),
    ("8.10.1/3.9", authenticated_twice_for_events),
]
