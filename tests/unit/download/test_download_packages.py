"""Packages that were changed on their way, or hold another profile than the offered one."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lpa import Assistant
from lpa.card.apdu import SMALLEST_BLOCK
from lpa.errors import BadAnswer, EuiccRefused, Refused
from lpa.rsp.codec.ber import Tlv
from lpa.server.es9 import Server
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers import packages
from lpa.sim.servers.binding import Packaging
from tests.support.interfering import Change
from tests.support.orders import OrderedDownload, code_of, made


@pytest.fixture
def ordered(euicc: SimulatedEuicc, tmp_path: Path) -> Iterator[OrderedDownload]:
    yield from made(euicc, tmp_path)


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


def _flip_content(items: list[Tlv]) -> None:
    items[0] = Tlv(items[0][:5] + bytes([items[0][5] ^ 1]) + items[0][6:])


def _cut_short(items: list[Tlv]) -> None:
    items[0] = Tlv.build(items[0].tag, items[0].value[:-16])


CONFIGURATION, METADATA, ELEMENTS = 1, 2, 3
KEYS = 3  # ReplaceSessionKeys (A2), where there are some
SHAPES = {
    "no elements": _package(lambda parts: parts.pop()),
    "parts in another order": _package(lambda parts: parts.reverse()),
    "a part twice": _package(lambda parts: parts.append(parts[-1])),
    "an unknown part": _package(lambda parts: parts.insert(1, Tlv.build(0xA4))),
    "no item in a part": _in_part(ELEMENTS, lambda items: items.clear()),
    "another item in a part": _in_part(ELEMENTS, lambda items: items.append(Tlv.build(0x87, bytes(24)))),
    "an item too long for any card": _in_part(
        ELEMENTS, lambda items: items.append(Tlv.build(0x86, bytes(70_000)))
    ),
    "an item without a MAC": _in_part(METADATA, lambda items: items.append(Tlv.build(0x88, bytes(7)))),
}
CONTENTS = {
    "MAC of 87": (_in_part(CONFIGURATION, _flip_mac), "scp03tSecurityError"),
    "MAC of 88": (_in_part(METADATA, _flip_mac), "scp03tSecurityError"),
    "MAC of 86": (_in_part(ELEMENTS, _flip_mac), "scp03tSecurityError"),
    "elements out of order": (_in_part(ELEMENTS, lambda items: items.reverse()), "scp03tSecurityError"),
    "encrypted bytes of 86": (_in_part(ELEMENTS, _flip_content), "scp03tSecurityError"),
    "a segment of 86 that is cut short": (_in_part(ELEMENTS, _cut_short), "scp03tSecurityError"),
    "the last elements missing": (
        _in_part(ELEMENTS, lambda items: items.pop()),
        "installFailedDueToPEProcessingError",
    ),
    "signature": (
        _package(lambda parts: parts.__setitem__(0, Tlv(parts[0][:-1] + bytes([parts[0][-1] ^ 1])))),
        "invalidSignature",
    ),
}


def test_a_package_with_too_long_a_segment_does_not_reach_the_card(
    ordered: OrderedDownload,
) -> None:
    order = ordered.smdp.order(packages.sample(iccid="8949985000000098888", size=2500), "ABC-9")
    larger = _in_part(ELEMENTS, lambda items: items.append(Tlv.build(0x86, bytes(1600))))
    ordered.https.change["getBoundProfilePackage"] = larger
    with (
        Assistant(
            ordered.card,
            state_dir=ordered.folder,
            servers=partial(Server, https=ordered.https),
            block_size=SMALLEST_BLOCK,
        ) as assistant,
        pytest.raises(BadAnswer, match="has 1604 bytes; the card takes at most 1536"),
        assistant.download(code_of(order)) as offer,
    ):
        offer.install()
    assert order.facts.result == "loadBppExecutionError"


@pytest.mark.parametrize("change", SHAPES.values(), ids=SHAPES)
def test_a_malformed_package_does_not_reach_the_card(change: Change, ordered: OrderedDownload) -> None:
    ordered.https.change["getBoundProfilePackage"] = change
    error = ordered.fails()
    assert isinstance(error, BadAnswer)
    assert "package" in error.message
    assert ordered.https.called[-1] == "cancelSession"
    assert ordered.order.facts.result == "loadBppExecutionError"
    assert ordered.has_nothing()
    ordered.check_that_it_works_again()


@pytest.mark.parametrize(("change", "reason"), CONTENTS.values(), ids=CONTENTS)
def test_a_changed_package_is_refused_by_the_card_and_its_server_gets_the_reason(
    change: Change, reason: str, ordered: OrderedDownload
) -> None:
    ordered.https.change["getBoundProfilePackage"] = change
    error = ordered.fails()
    assert isinstance(error, EuiccRefused)
    assert error.reason == reason
    assert "smdp.example has acknowledged the result." in error.message
    assert ordered.order.state == "error"
    assert ordered.has_nothing()
    ordered.check_that_it_works_again()


def test_a_profile_other_than_the_offered_one_is_not_installed(ordered: OrderedDownload) -> None:
    other = packages.sample(iccid=ordered.order.iccid, name="Dear").metadata
    ordered.https.change["authenticateClient"] = lambda members: members.update(
        profileMetadata=base64.b64encode(other).decode()
    )
    error = ordered.fails()
    assert isinstance(error, Refused)
    assert error.reason == "metadataMismatch"
    assert ordered.order.facts.result == "metadataMismatch"
    assert ordered.has_nothing()


def _a_second(items: list[Tlv]) -> None:
    items.append(items[0])


NEW_KEYS = {
    "MAC of the keys": (_in_part(KEYS, _flip_mac), "scp03tSecurityError"),
    "encrypted bytes of the keys": (_in_part(KEYS, _flip_content), "scp03tSecurityError"),
    "keys that are cut short": (_in_part(KEYS, _cut_short), "scp03tSecurityError"),
    "keys twice": (_in_part(KEYS, _a_second), "scp03tSecurityError"),
    "no keys, though the elements are protected with them": (
        _package(lambda parts: parts.pop(KEYS)),
        "scp03tSecurityError",
    ),
    "MAC of the elements after them": (_in_part(KEYS + 1, _flip_mac), "scp03tSecurityError"),
}


@pytest.mark.parametrize(("change", "reason"), NEW_KEYS.values(), ids=NEW_KEYS)
def test_changed_session_keys_are_refused_by_the_card_and_their_server_gets_the_reason(
    change: Change, reason: str, ordered: OrderedDownload
) -> None:
    ordered.smdp.packaging = Packaging(replaces_session_keys=True)
    test_a_changed_package_is_refused_by_the_card_and_its_server_gets_the_reason(change, reason, ordered)


@pytest.mark.parametrize("place", [1, 2])
def test_misplaced_session_keys_do_not_reach_the_card(place: int, ordered: OrderedDownload) -> None:
    ordered.smdp.packaging = Packaging(replaces_session_keys=True)
    change = _package(lambda parts: parts.insert(place, parts.pop(KEYS)))
    test_a_malformed_package_does_not_reach_the_card(change, ordered)
