"""The simulated servers ignore members that a later version appends to what they are sent."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.der import appended
from tests.support.minimal_server import PACKAGE
from tests.support.notifications import SIGNED, ask, codes, notification, pending
from tests.support.scripted_card import Client, SmallCard
from tests.support.tls_faults import CI

NEW = "9F7F0101"  # a member of no version
KEYS_V3 = "B116 0414" + "00" * 20

# Members by what they are appended to: the message, the members, and where they are in it. They are those of
# version 3 and of SGP.32 where these have some.
Case = tuple[str, str, tuple[int, ...]]
INFO2 = f"8D020780 8F00 900101 {KEYS_V3} 9303030100 B407 A000 81020780 950100"
CASES: dict[str, Case] = {
    "EUICCInfo1": ("info1", f"{KEYS_V3} 88020780 9303030100", ()),
    "AuthenticateServerResponse": ("authenticated", NEW, ()),
    "authenticateResponseOk": ("authenticated", "A0023000 A1023000", (0,)),
    "euiccSigned1": ("signed1", NEW, ()),
    "EUICCInfo2": ("signed1", INFO2, (3,)),
    "ctxParams1": ("signed1", "82020780 5A0A98449904000000009F73 A3028000 A4053003060188", (4,)),
    "deviceInfo": ("signed1", "83020000", (4, 1)),
    "deviceCapabilities": ("signed1", "88031000008B03030100 8C0101 AE058003030100", (4, 1, 1)),
    "PrepareDownloadResponse": ("prepared", NEW, ()),
    "downloadResponseOk": ("prepared", NEW, (0,)),
    "euiccSigned2": ("signed2", NEW, ()),
    "ProfileInstallationResult": ("reported", NEW, ()),
    "ProfileInstallationResultData": ("result", NEW, ()),
    "NotificationMetadata": ("result", NEW, (1,)),
    "finalResult": ("result", NEW, (3,)),
    "successResult": ("result", NEW, (3, 0)),
}


@pytest.fixture
def smdp() -> Iterator[SimulatedSmdp]:
    with SimulatedSmdp(CI) as running:
        running.order(PACKAGE, "ABC-1")
        yield running


def download(smdp: SimulatedSmdp, *cases: Case) -> None:
    """A whole download, with the members of `cases` in what is sent."""

    def extended(where: str, message: bytes) -> bytes:
        for message_name, more, path in cases:
            if message_name == where:
                message = appended(message, more, *path)
        return message

    client, card = Client(smdp, CI), SmallCard(CI)
    card.change_signed1 = partial(extended, "signed1")
    card.change_signed2 = partial(extended, "signed2")
    card.change_result = partial(extended, "result")
    members = card.initiate()
    begun = client.ask(
        "initiateAuthentication", **members | {"euiccInfo1": extended("info1", members["euiccInfo1"])}
    )
    in_session = partial(client.ask, transactionId=begun["transactionId"])
    response = extended("authenticated", card.authenticate(begun))
    offer = in_session("authenticateClient", authenticateServerResponse=response)
    prepared = extended("prepared", card.prepare(offer))
    bound = in_session("getBoundProfilePackage", prepareDownloadResponse=prepared)
    assert card.load(bound["boundProfilePackage"]) == PACKAGE.elements
    result = extended("reported", card.result(PACKAGE.iccid.coded))
    client.ask("handleNotification", pendingNotification=result)


@pytest.mark.parametrize("name", CASES)
def test_a_download_succeeds_with_members_of_later_versions(smdp: SimulatedSmdp, name: str) -> None:
    download(smdp, CASES[name])
    assert smdp.orders[0].state == "installed"


def test_a_download_succeeds_with_all_of_them(smdp: SimulatedSmdp) -> None:
    download(smdp, *CASES.values())
    assert smdp.orders[0].state == "installed"


@pytest.mark.parametrize("error", ["800105 81010C", "800105 81010C 82023000"])
@pytest.mark.parametrize("path", [(), (1,), (3,), (3, 0)])
def test_a_failed_result_may_have_them(smdp: SimulatedSmdp, error: str, path: tuple[int, ...]) -> None:
    card = SmallCard(CI)
    card.downloaded(Client(smdp, CI))
    card.change_result = partial(_appended, path)
    result = card.result(PACKAGE.iccid.coded, error=error)
    Client(smdp, CI).ask("handleNotification", pendingNotification=result)
    assert smdp.orders[0].facts.result == "loadProfileElements: installFailedDueToPEProcessingError"


def _appended(path: tuple[int, ...], coded: bytes) -> bytes:
    return appended(coded, NEW, *path)


@pytest.mark.parametrize("path", [(), (0,)])
def test_a_cancellation_may_have_them(smdp: SimulatedSmdp, path: tuple[int, ...]) -> None:
    card, client = SmallCard(CI), Client(smdp, CI)
    card.change_cancel = partial(_appended, ())
    card.offered(client)
    client.ask(
        "cancelSession",
        transactionId=card.transaction.hex(),
        cancelSessionResponse=appended(card.cancel(0), NEW, *path),
    )
    assert smdp.orders[0].facts.result == "endUserRejection"


@pytest.mark.parametrize("more", ["A100", "A1023000", NEW, "A1023000 9F7F0101"])
def test_a_notification_may_have_more_certificates_and_members(smdp: SimulatedSmdp, more: str) -> None:
    for _ in range(2):
        assert ask(smdp, pending(appended(notification(), more))) == (204, b"")
    (received,) = smdp.received
    assert received.raw.endswith(bytes.fromhex(more))


def test_what_is_signed_in_a_notification_is_verified_as_received(smdp: SimulatedSmdp) -> None:
    signed = appended(SIGNED, NEW)
    assert ask(smdp, pending(notification(signed))) == (204, b"")
    assert smdp.received[0].signed == signed
    assert codes(ask(smdp, pending(appended(notification(signed), NEW, 0)))) == "8.1/6.1"
