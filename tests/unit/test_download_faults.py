"""A download that goes wrong: each field of each answer, a server that dies, a card that is pulled.

Whatever happens, it ends in an `LpaError`; the card has the whole profile or nothing, and says so to the
server; and nothing is left that would keep a later download from working.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lpa import Assistant
from lpa.card.apdu import SMALLEST_BLOCK
from lpa.errors import (
    BadAnswer,
    CardRemoved,
    ConnectFailed,
    EuiccRefused,
    LpaError,
    OutcomeUnknown,
    Refused,
    WireError,
)
from lpa.rsp.ber import Tlv
from lpa.server.es9 import Server
from lpa.sim import packages
from lpa.sim.card import SimulatedEuicc
from lpa.sim.orders import Order
from lpa.sim.smdp import SimulatedSmdp
from tests.interfering import Change, InterferedHttps
from tests.unit.ordering import assistant_with, code_of, holds, way_to

HOST = "smdp.example"
FIELDS = {
    "initiateAuthentication": [
        "transactionId",
        "serverSigned1",
        "serverSignature1",
        "euiccCiPKIdToBeUsed",
        "serverCertificate",
    ],
    "authenticateClient": [
        "transactionId",
        "profileMetadata",
        "smdpSigned2",
        "smdpSignature2",
        "smdpCertificate",
    ],
    "getBoundProfilePackage": ["transactionId", "boundProfilePackage"],
}
ALL = [(function, field) for function, fields in FIELDS.items() for field in fields]


def _missing(members: dict[str, Any], field: str) -> None:
    del members[field]


def _a_number(members: dict[str, Any], field: str) -> None:
    members[field] = 7


def _nothing(members: dict[str, Any], field: str) -> None:
    members[field] = None


def _empty(members: dict[str, Any], field: str) -> None:
    members[field] = ""


def _no_base64(members: dict[str, Any], field: str) -> None:
    members[field] = "M*A"


def _another_object(members: dict[str, Any], field: str) -> None:
    members[field] = base64.b64encode(bytes.fromhex("0500")).decode()


def _cut_short(members: dict[str, Any], field: str) -> None:
    members[field] = members[field][: len(members[field]) // 2 // 4 * 4]


def _flipped(members: dict[str, Any], field: str) -> None:
    """One bit of the last byte: of a signature, a certificate, a challenge, an encrypted profile."""
    if field == "transactionId":
        members[field] = f"{int(members[field], 16) ^ 1:0{len(members[field])}X}"
        return
    raw = bytearray(base64.b64decode(members[field]))
    raw[-1] ^= 1
    members[field] = base64.b64encode(raw).decode()


def _too_large(members: dict[str, Any], field: str) -> None:
    """More than any card takes in one command."""
    if field == "transactionId":
        members[field] = 70_000 * "AB"
        return
    tag = Tlv(base64.b64decode(members[field])).tag
    members[field] = base64.b64encode(Tlv.build(tag, bytes(70_000))).decode()


MUTATIONS = [
    _missing,
    _a_number,
    _nothing,
    _empty,
    _no_base64,
    _another_object,
    _cut_short,
    _flipped,
    _too_large,
]


class World:
    """A card, a server with one order, and the way between them."""

    def __init__(
        self, card: SimulatedEuicc, smdp: SimulatedSmdp, https: InterferedHttps, folder: Path
    ) -> None:
        self.card, self.smdp, self.https, self.folder = card, smdp, https, folder
        self.order = self.ordered()

    def ordered(self) -> Order:
        number = len(self.smdp.orders)
        return self.smdp.order(
            packages.sample(iccid=f"894998500000009{number:04}", size=2500), f"ABC-{number}", downloads=100
        )

    def download(self, order: Order | None = None) -> None:
        with (
            assistant_with(self.card, self.https, self.folder) as assistant,
            assistant.download(code_of(order or self.order)) as offer,
        ):
            offer.install()

    def fails(self) -> LpaError:
        with pytest.raises(LpaError) as caught:
            self.download()
        return caught.value

    def has_nothing(self) -> bool:
        return not holds(self.card, self.order.iccid)

    def check_that_it_works_again(self) -> None:
        """With another order: some failures end the first one."""
        self.download(self.ordered())
        with assistant_with(self.card, self.https, self.folder) as assistant:
            assert not assistant.journal.unfinished()


@pytest.fixture
def world(euicc: SimulatedEuicc, tmp_path: Path) -> Iterator[World]:
    with SimulatedSmdp(euicc.authority, host=HOST) as smdp, way_to(smdp, euicc, tmp_path / "pki") as https:
        yield World(euicc, smdp, https, tmp_path / "state")


@pytest.mark.parametrize("mutation", MUTATIONS)
@pytest.mark.parametrize(("function", "field"), ALL)
def test_whatever_field_of_whatever_answer_is_wrong_nothing_is_installed(
    function: str, field: str, mutation: Callable[[dict[str, Any], str], None], world: World
) -> None:
    world.https.change[function] = lambda members: mutation(members, field)
    error = world.fails()
    assert not isinstance(error, OutcomeUnknown)
    assert world.has_nothing()
    if mutation in (_missing, _a_number, _nothing) or (mutation is _no_base64 and field != "transactionId"):
        assert isinstance(error, BadAnswer)
        assert f"'{field}'" in error.message
    if mutation is _too_large and field != "boundProfilePackage":
        assert re.search(f"'{field}' has 700[0-9]+ bytes", error.message)
    world.check_that_it_works_again()


LENIENT: dict[str, Change] = {
    "base64 in lines": lambda members: members.update(
        boundProfilePackage="\r\n".join(
            members["boundProfilePackage"][at : at + 76]
            for at in range(0, len(members["boundProfilePackage"]), 76)
        )
    ),
    "no padding": lambda members: members.update(
        boundProfilePackage=members["boundProfilePackage"].rstrip("=")
    ),
    "small letters": lambda members: members.update(transactionId=members["transactionId"].lower()),
    "more members": lambda members: members.update(new={"a": [1]}),
    "with a warning": lambda members: members["header"]["functionExecutionStatus"].update(
        status="Executed-WithWarning"
    ),
}


@pytest.mark.parametrize("change", LENIENT.values(), ids=LENIENT)
def test_what_servers_are_free_to_do_does_not_matter(change: Change, world: World) -> None:
    world.https.change["getBoundProfilePackage"] = change
    world.download()
    assert world.order.state == "installed"


# The package


def _package(change: Callable[[list[Tlv]], object]) -> Change:
    """The same answer with the parts of the package changed."""

    def changed(members: dict[str, Any]) -> None:
        parts = list(Tlv.whole(base64.b64decode(members["boundProfilePackage"])).children)
        change(parts)
        members["boundProfilePackage"] = base64.b64encode(Tlv.build(0xBF36, *parts)).decode()

    return changed


def _in_part(number: int, change: Callable[[list[Tlv]], object]) -> Change:
    def changed(parts: list[Tlv]) -> None:
        items = list(parts[number].children)
        change(items)
        parts[number] = Tlv.build(parts[number].tag, *items)

    return _package(changed)


def _flip_mac(items: list[Tlv]) -> None:
    items[0] = Tlv(items[0][:-1] + bytes([items[0][-1] ^ 1]))


CONFIGURATION, METADATA, ELEMENTS = 1, 2, 3
SHAPES = {
    "no elements": _package(lambda parts: parts.pop()),
    "parts in another order": _package(lambda parts: parts.reverse()),
    "a part twice": _package(lambda parts: parts.append(parts[-1])),
    "a part that nobody knows": _package(lambda parts: parts.insert(1, Tlv.build(0xA4))),
    "no item in a part": _in_part(ELEMENTS, lambda items: items.clear()),
    "another item in a part": _in_part(ELEMENTS, lambda items: items.append(Tlv.build(0x87, bytes(24)))),
    "an item that no card takes": _in_part(
        ELEMENTS, lambda items: items.append(Tlv.build(0x86, bytes(70_000)))
    ),
    "an item without a MAC": _in_part(METADATA, lambda items: items.append(Tlv.build(0x88, bytes(7)))),
}
CONTENTS = {
    "MAC of 87": (_in_part(CONFIGURATION, _flip_mac), "scp03tSecurityError"),
    "MAC of 88": (_in_part(METADATA, _flip_mac), "scp03tSecurityError"),
    "MAC of 86": (_in_part(ELEMENTS, _flip_mac), "scp03tSecurityError"),
    "elements out of order": (_in_part(ELEMENTS, lambda items: items.reverse()), "scp03tSecurityError"),
    "elements missing": (_in_part(ELEMENTS, lambda items: items.pop()), ""),
    "signature": (
        _package(lambda parts: parts.__setitem__(0, Tlv(parts[0][:-1] + bytes([parts[0][-1] ^ 1])))),
        "invalidSignature",
    ),
}


def test_a_package_does_not_reach_a_card_that_would_need_more_blocks_than_can_be_counted(
    world: World,
) -> None:
    order = world.smdp.order(packages.sample(iccid="8949985000000098888", size=2500), "LARGE")
    larger = _in_part(ELEMENTS, lambda items: items.append(Tlv.build(0x86, bytes(1600))))
    world.https.change["getBoundProfilePackage"] = larger
    with (
        Assistant(
            world.card,
            state_dir=world.folder,
            directory=partial(Server, https=world.https),
            block_size=SMALLEST_BLOCK,
        ) as assistant,
        pytest.raises(BadAnswer, match="a piece of 1604 bytes; the card takes 1536 at once"),
        assistant.download(code_of(order)) as offer,
    ):
        offer.install()
    assert order.facts.result == "loadBppExecutionError"


@pytest.mark.parametrize("change", SHAPES.values(), ids=SHAPES)
def test_a_package_of_another_shape_never_reaches_the_card(change: Change, world: World) -> None:
    world.https.change["getBoundProfilePackage"] = change
    error = world.fails()
    assert isinstance(error, BadAnswer)
    assert "package" in error.message
    assert world.https.called[-1] == "cancelSession"
    assert world.order.facts.result == "loadBppExecutionError"
    assert world.has_nothing()
    world.check_that_it_works_again()


@pytest.mark.parametrize(("change", "reason"), CONTENTS.values(), ids=CONTENTS)
def test_a_package_that_was_changed_is_refused_by_the_card_and_its_server_hears_why(
    change: Change, reason: str, world: World
) -> None:
    world.https.change["getBoundProfilePackage"] = change
    error = world.fails()
    assert isinstance(error, EuiccRefused)
    assert reason in error.reason
    assert "smdp.example knows." in error.message
    assert world.order.state == "error"
    assert world.has_nothing()
    world.check_that_it_works_again()


def test_another_profile_than_the_one_that_was_offered_is_not_installed(world: World) -> None:
    other = packages.sample(iccid=world.order.iccid, name="Dear").metadata
    world.https.change["authenticateClient"] = lambda members: members.update(
        profileMetadata=base64.b64encode(other).decode()
    )
    error = world.fails()
    assert isinstance(error, Refused)
    assert error.reason == "metadataMismatch"
    assert world.order.facts.result == "metadataMismatch"
    assert world.has_nothing()


# A server that dies

CALLS = ["initiateAuthentication", "authenticateClient", "getBoundProfilePackage", "handleNotification"]


DEATHS = [
    ("dies_before", ConnectFailed("Nobody answers.")),
    ("dies_after", OutcomeUnknown("The request went, and no answer came.")),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(("when", "error"), DEATHS)
def test_a_server_may_die_between_any_two_calls(call: str, when: str, error: LpaError, world: World) -> None:
    getattr(world.https, when)[call] = error
    if call == "handleNotification":
        world.download()
        assert not world.has_nothing()
        with assistant_with(world.card, world.https, world.folder) as assistant:
            assert [delivery.acknowledged for delivery in assistant.send_notifications()] == [True]
            assert not assistant.notifications()
    else:
        raised = world.fails()
        assert type(raised) is type(error)
        if when == "dies_after":  # What the server did is not known; that the card has nothing of it, is.
            assert raised.message.endswith("Nothing was installed.")
            assert raised.advice == "Begin the download again."
        assert world.has_nothing()
        assert "boundProfilePackage" not in world.https.called[-1]
        world.download()
    assert world.order.state == "installed"
    world.check_that_it_works_again()


@pytest.mark.parametrize(("when", "error"), DEATHS)
def test_a_server_may_die_when_it_hears_of_a_no(when: str, error: LpaError, world: World) -> None:
    getattr(world.https, when)["cancelSession"] = error
    with (
        assistant_with(world.card, world.https, world.folder) as assistant,
        assistant.download(code_of(world.order)),
    ):
        pass
    assert world.https.called[-1] == "cancelSession"
    assert world.has_nothing()
    assert world.order.state == {"dies_before": "released", "dies_after": "error"}[when]
    world.check_that_it_works_again()


def test_a_package_is_never_asked_for_twice_in_a_session(world: World) -> None:
    world.https.dies_after["getBoundProfilePackage"] = OutcomeUnknown("No answer came.")
    world.fails()
    assert world.https.called.count("getBoundProfilePackage") == 1
    assert world.https.called[-1] == "cancelSession"


# A card that is pulled


class _Pulled:
    """A card that is pulled at the command `at` (from 1), before or after it was carried out."""

    def __init__(self, card: SimulatedEuicc, at: int, *, after: bool) -> None:
        self._card, self._at, self._after = card, at, after
        self.commands, self.away = 0, False

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        self._check()
        self.commands += 1
        if self.commands != self._at:
            return self._card.transmit(apdu)
        if self._after:
            self._card.transmit(apdu)
        self._card.reset()
        self.away = True
        raise CardRemoved("The card was pulled.")

    def reset(self) -> None:
        self._check()
        self._card.reset()

    def close(self) -> None:
        """It stays where it is."""

    def put_back(self) -> None:
        self.away, self._at = False, 0

    def _check(self) -> None:
        if self.away:
            raise CardRemoved("The card was pulled.")


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("comes_back", [False, True])
def test_the_card_may_be_pulled_at_every_command(
    after: bool, comes_back: bool, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lpa.card.isdr._RESTART_PAUSE", 0)
    for at in range(1, 200):
        world.card = SimulatedEuicc.create(None, authority=world.card.authority)
        world.order, heard = world.ordered(), len(world.smdp.received)
        wire = _Pulled(world.card, at, after=after)
        if comes_back:
            wire.reset = lambda wire=wire: (wire.put_back(), wire._card.reset())  # type: ignore[method-assign,assignment,misc]
        error = _one_download(world, wire)
        if wire.commands < at:
            break
        wire.put_back()
        with assistant_with(wire, world.https, world.folder) as assistant:
            before = [delivery for one in assistant.settle() for delivery in one.deliveries]
            assistant.send_notifications()
            assert not assistant.journal.unfinished(assistant.eid), at
            assert not assistant.notifications(), at
        told = [received for received in world.smdp.received[heard:] if received.event == "install"]
        assert len(told) == (not world.has_nothing()), (at, before)
        assert (world.order.state == "installed") == (not world.has_nothing()), at
        if error is None:
            assert not world.has_nothing()
        elif isinstance(error, WireError | Refused):
            assert world.has_nothing(), (at, error)
    else:
        pytest.fail("It does not come to an end.")


def _one_download(world: World, wire: _Pulled) -> LpaError | None:
    try:
        with (
            assistant_with(wire, world.https, world.folder) as assistant,
            assistant.download(code_of(world.order)) as offer,
        ):
            offer.install()
    except LpaError as error:
        return error
    return None


def test_ctrl_c_in_the_middle_of_the_package_cancels_on_both_sides(world: World) -> None:
    def interrupt(done: int, whole: int) -> None:
        if done * 2 > whole:
            raise KeyboardInterrupt

    with assistant_with(world.card, world.https, world.folder) as assistant:
        with pytest.raises(KeyboardInterrupt), assistant.download(code_of(world.order)) as offer:
            offer.install(progress=interrupt)
        assert not assistant.journal.unfinished()
        assert not assistant.notifications()
    assert world.https.called[-1] == "cancelSession"
    assert world.order.state in ("released", "downloaded")
    assert world.has_nothing()
    world.download()
    assert world.order.state == "installed"


def test_ctrl_c_after_the_last_byte_is_too_late_and_found_out(world: World) -> None:
    def interrupt(done: int, whole: int) -> None:
        if done == whole:
            raise KeyboardInterrupt

    with assistant_with(world.card, world.https, world.folder) as assistant:
        with pytest.raises(KeyboardInterrupt), assistant.download(code_of(world.order)) as offer:
            offer.install(progress=interrupt)
        (resumed,) = assistant.settle()
        assert (resumed.function, len(resumed.happenings)) == ("download", 1)
        assert [delivery.acknowledged for delivery in resumed.deliveries] == [True]
    assert world.order.state == "installed"
    assert not world.has_nothing()


def test_a_card_that_takes_a_segment_amiss_is_read_again(world: World, tmp_path: Path) -> None:
    class Objecting:
        """It says 6985 to the header of the profile elements."""

        reset, close = world.card.reset, staticmethod(lambda: None)

        def transmit(self, apdu: bytes) -> tuple[bytes, int]:
            if apdu[1] == 0xE2 and apdu[5] == 0xA3:
                return b"", 0x6985
            return world.card.transmit(apdu)

    with assistant_with(Objecting(), world.https, world.folder) as assistant:
        with (
            pytest.raises(WireError, match=r"6985.*the profile is not on it\."),
            assistant.download(code_of(world.order)) as offer,
        ):
            offer.install()
        assert not assistant.journal.unfinished()
    assert world.https.called[-1] == "cancelSession"
    assert world.order.facts.result == "loadBppExecutionError"
    world.check_that_it_works_again()
