"""What each fault of a card does to those who send it commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from lpa.errors import CardRemoved, EuiccRefused, LpaError, WireError
from lpa.rsp.activation import ActivationCode
from lpa.rsp.codec import schema
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.testing import packages, simulated

SELECT = bytes.fromhex("00A4040010A0000005591010FFFFFFFF8900000100")
GET_EID = bytes.fromhex("BF3E035C015A")
LIST = bytes.fromhex("BF2800")
NO_MEMORY = "installFailedDueToInsufficientMemoryForProfile"
INFO1 = bytes.fromhex("BF2000")


class Terminal:
    """Sends ES10 requests on the basic channel, and collects the whole answer."""

    def __init__(self, card: SimulatedEuicc) -> None:
        self.card = card
        self.start()

    def start(self) -> None:
        self.card.reset()
        assert self.card.transmit(SELECT)[1] >> 8 == 0x61

    def ask(self, request: bytes) -> tuple[bytes, int]:
        data, sw = self.card.transmit(bytes([0x80, 0xE2, 0x91, 0, len(request)]) + request)
        while sw >> 8 == 0x61:
            more, sw = self.card.transmit(bytes([0x00, 0xC0, 0, 0, sw & 0xFF]))
            data += more
        return data, sw

    def delete(self) -> tuple[bytes, int]:
        return self.ask(bytes(schema.encode("DeleteProfileRequest", ("iccid", self.coded))))

    def enable(self) -> tuple[bytes, int]:
        members = {"profileIdentifier": ("iccid", self.coded), "refreshFlag": False}
        return self.ask(bytes(schema.encode("EnableProfileRequest", members)))

    @property
    def coded(self) -> bytes:
        return self.card.profiles[1].coded_iccid


@dataclass
class Download:
    """A card, and a download to it."""

    card: SimulatedEuicc
    run: Callable[[], None]


@pytest.fixture
def terminal(euicc: SimulatedEuicc) -> Terminal:
    return Terminal(euicc)


def test_a_card_that_is_removed_after_a_deletion_has_deleted(terminal: Terminal) -> None:
    card = terminal.card
    card.faults.add("after DeleteProfile: unplug")
    with pytest.raises(CardRemoved):
        terminal.delete()
    assert (len(card.profiles), card.inserted) == (2, False)
    for attempt in (card.reset, lambda: card.transmit(SELECT)):
        with pytest.raises(CardRemoved):
            attempt()
    card.insert()
    assert card.transmit(bytes.fromhex("81E2910003BF2000")) == (b"", 0x6881)
    terminal.start()
    assert [str(fault) for fault in card.faults.happened] == ["after 1st DeleteProfile: unplug"]
    assert card.faults.planned == ()
    assert len(terminal.ask(GET_EID)[0]) == 21


def test_a_card_that_is_removed_before_a_deletion_has_not_deleted(terminal: Terminal) -> None:
    terminal.card.faults.add("before DeleteProfile: unplug")
    with pytest.raises(CardRemoved):
        terminal.delete()
    assert len(terminal.card.profiles) == 3


def test_a_card_can_be_removed_for_some_commands(terminal: Terminal) -> None:
    terminal.card.faults.add("GetEID: unplug for 2 commands")
    with pytest.raises(CardRemoved):
        terminal.ask(GET_EID)
    with pytest.raises(CardRemoved):
        terminal.card.reset()
    assert terminal.ask(GET_EID) == (b"", 0x6D00)
    terminal.start()
    assert terminal.ask(GET_EID)[1] == 0x9000


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_card_can_be_removed_at_a_reset(terminal: Terminal, when: str) -> None:
    terminal.card.faults.add(f"{when} 2nd reset: unplug")
    terminal.start()
    with pytest.raises(CardRemoved):
        terminal.start()


def test_a_card_that_resets_itself_before_a_function_has_no_isdr_selected(terminal: Terminal) -> None:
    terminal.card.faults.add("before DeleteProfile: reset")
    assert terminal.delete() == (b"", 0x6D00)
    assert len(terminal.card.profiles) == 3


def test_a_card_that_resets_itself_after_a_function_has_carried_it_out(terminal: Terminal) -> None:
    terminal.card.faults.add("after DeleteProfile: reset")
    with pytest.raises(WireError, match="reset itself"):
        terminal.delete()
    assert len(terminal.card.profiles) == 2
    assert terminal.ask(GET_EID) == (b"", 0x6D00)


@pytest.mark.parametrize(("line", "left"), [("lose answer", 2), ("instead of DeleteProfile: lose answer", 3)])
def test_an_answer_can_be_lost_while_the_card_stays(terminal: Terminal, line: str, left: int) -> None:
    terminal.card.faults.add(line if ":" in line else f"DeleteProfile: {line}")
    with pytest.raises(WireError, match="answer"):
        terminal.delete()
    assert len(terminal.card.profiles) == left
    assert terminal.ask(GET_EID)[1] == 0x9000


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("DeleteProfile: refuse disallowedbypolicy", "BF3303800103"),
        ("DeleteProfile: refuse", "BF330380017F"),
        ("EnableProfile: busy", "BF3103800105"),
        ("ListNotification: refuse undefinedError", "BF280381017F"),
        ("GetEID: sw 6F00", ""),
    ],
)
def test_a_function_can_be_refused_with_each_of_its_results(
    terminal: Terminal, line: str, answer: str
) -> None:
    before = terminal.card.profiles
    terminal.card.faults.add(line)
    request = GET_EID if "GetEID" in line else LIST
    changes = {"DeleteProfile": terminal.delete, "EnableProfile": terminal.enable}
    ask = changes.get(line.partition(":")[0]) or (lambda: terminal.ask(request))
    assert ask() == (bytes.fromhex(answer), 0x9000 if answer else 0x6F00)
    assert terminal.card.profiles == before


@pytest.mark.parametrize(("when", "left"), [("instead of", 3), ("after", 2)])
def test_a_status_word_replaces_the_answer_or_the_function(terminal: Terminal, when: str, left: int) -> None:
    terminal.card.faults.add(f"{when} DeleteProfile: sw 6F00")
    assert terminal.delete() == (b"", 0x6F00)
    assert len(terminal.card.profiles) == left


def test_the_nth_command_is_counted_from_when_the_fault_was_added(terminal: Terminal) -> None:
    terminal.ask(INFO1)
    terminal.card.faults.add("2nd StoreData: sw 6F01", "every GetResponse: truncate to 1")
    answers = [terminal.ask(LIST) for _ in range(3)]
    assert answers == [(b"\xbf", 0x9000), (b"", 0x6F01), (b"\xbf", 0x9000)]
    assert [str(fault) for fault in terminal.card.faults.planned] == [
        "after every GetResponse: truncate to 1"
    ]
    terminal.card.faults.clear()
    assert terminal.ask(LIST) == (bytes.fromhex("BF2802A000"), 0x9000)


@pytest.mark.parametrize(
    ("action", "answer"),
    [
        ("alter byte 5", "BF2802A0FF 9000"),
        ("alter byte 99", "BF2802A0FF 9000"),
        ("truncate to 3", "BF2802 9000"),
        ("truncate to 99", "BF2802A000 9000"),
        ("replay", "BF3E125A10"),
        ("proactive command", "BF2802A000 910B"),
    ],
)
@pytest.mark.parametrize("protocol", ["T=0", "T=1"])
def test_the_whole_answer_of_a_function_can_be_changed(action: str, answer: str, protocol: str) -> None:
    behaviour = Behaviour(protocol="T=1" if protocol == "T=1" else "T=0")
    with SimulatedEuicc.create(None, behaviour=behaviour) as card:
        card.reset()
        card.transmit(SELECT + (b"\0" if protocol == "T=1" else b""))
        terminal = Terminal.__new__(Terminal)
        terminal.card = card
        terminal.ask(GET_EID)
        card.faults.add(f"ListNotification: {action}")
        data, sw = terminal.ask(LIST)
        assert (data + sw.to_bytes(2, "big")).hex().upper().startswith(answer.replace(" ", ""))


def test_a_proactive_command_can_be_fetched_and_answered(terminal: Terminal) -> None:
    terminal.card.faults.add("GetEID: proactive command")
    assert terminal.ask(GET_EID)[1] == 0x910B
    fetched, sw = terminal.card.transmit(bytes.fromhex("801200000B"))
    assert (fetched.hex().upper(), sw) == ("D009810301020082028182", 0x9000)
    assert terminal.card.transmit(bytes.fromhex("801400000C810301020082028281830100")) == (b"", 0x9000)
    assert terminal.card.transmit(bytes.fromhex("801200000B")) == (b"", 0x6985)


def test_a_replayed_answer_is_that_of_the_command_before(terminal: Terminal) -> None:
    terminal.card.faults.add("2nd StoreData: replay")
    assert terminal.card.transmit(bytes.fromhex("80E2910006BF3E035C015A")) == (b"", 0x6115)
    assert terminal.card.transmit(bytes.fromhex("80E2910003BF2800")) == (b"", 0x6115)


def test_a_delay_waits_by_a_function_that_can_be_replaced(terminal: Terminal) -> None:
    waited: list[float] = []
    terminal.card.faults.sleep = waited.append
    terminal.card.faults.add("GetEID: delay 2s", "after GetEID: delay 250ms", "reset: delay 1s")
    assert terminal.ask(GET_EID)[1] == 0x9000
    terminal.start()
    assert waited == [2.0, 0.25, 1.0]


def test_with_its_memory_full_a_card_changes_nothing(terminal: Terminal) -> None:
    terminal.card.faults.add("DeleteProfile: memory full", "2nd StoreData: memory full")
    assert terminal.delete() == (b"", 0x6581)
    assert terminal.delete() == (b"", 0x6581)
    assert (len(terminal.card.profiles), terminal.card.notifications) == (3, ())
    assert terminal.delete()[1] == 0x9000


def test_with_its_notification_store_full_a_new_notification_replaces_the_oldest(terminal: Terminal) -> None:
    terminal.enable()
    assert [one.sequence_number for one in terminal.card.notifications] == [1, 2]
    terminal.start()
    terminal.card.faults.add("EnableProfile: notification store full")
    coded = terminal.card.profiles[2].coded_iccid
    members = {"profileIdentifier": ("iccid", coded), "refreshFlag": False}
    terminal.ask(bytes(schema.encode("EnableProfileRequest", members)))
    assert [one.sequence_number for one in terminal.card.notifications] == [3, 4]


def test_the_functions_that_arrived_are_listed_by_name(terminal: Terminal) -> None:
    terminal.ask(GET_EID)
    terminal.ask(bytes.fromhex("BF9900"))
    terminal.delete()
    assert terminal.card.faults.functions == ["GetEID", "BF99", "DeleteProfile"]


def test_each_fault_is_reported_as_it_happens(terminal: Terminal) -> None:
    reported: list[str] = []
    terminal.card.faults.on_fault = lambda fault: reported.append(str(fault))
    terminal.card.faults.add("after GetEID: alter byte 1", "after GetEID: unplug", "after GetEID: reset")
    with pytest.raises(CardRemoved):
        terminal.ask(GET_EID)
    assert reported == ["after 1st GetEID: alter byte 1", "after 1st GetEID: unplug"]


@pytest.mark.parametrize("point", ["GetEID", "StoreData"])
def test_nothing_happens_after_what_was_not_carried_out(terminal: Terminal, point: str) -> None:
    terminal.card.faults.add(f"{point}: sw 6F00", f"after {point}: unplug", f"2nd {point}: sw 6F01")
    assert [terminal.ask(GET_EID)[1] for _ in range(3)] == [0x6F00, 0x6F01, 0x9000]


@pytest.fixture
def downloading(euicc: SimulatedEuicc) -> Iterator[Download]:
    with simulated(euicc) as (assistant, card, smdp):
        order = smdp.order(packages.sample(size=4000), "ABC-1")

        def download() -> None:
            with assistant.download(ActivationCode.parse(order.activation_code)) as offer:
                offer.install()

        yield Download(card, download)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("LoadBoundProfilePackage: refuse", "installFailedDueToUnknownError"),
        ("LoadBoundProfilePackage: memory full", NO_MEMORY),
        ("byte 3000 of LoadBoundProfilePackage: memory full", NO_MEMORY),
        ("block 5 of LoadBoundProfilePackage: refuse incorrectInputValues", "incorrectInputValues"),
    ],
)
def test_a_package_fails_with_a_signed_result(downloading: Download, line: str, reason: str) -> None:
    downloading.card.faults.add(line)
    with pytest.raises(EuiccRefused) as raised:
        downloading.run()
    assert raised.value.reason == reason
    assert len(downloading.card.profiles) == 3


@pytest.mark.parametrize(
    "line", ["block 7 of LoadBoundProfilePackage: unplug", "byte 3000 of LoadBoundProfilePackage: unplug"]
)
def test_a_card_can_be_removed_within_a_package(downloading: Download, line: str) -> None:
    downloading.card.faults.add(line)
    with pytest.raises(LpaError):
        downloading.run()
    assert [fault.point.unit for fault in downloading.card.faults.happened] == [line.split(maxsplit=1)[0]]
    assert len(downloading.card.profiles) == 3


def test_the_end_of_a_package_is_after_its_last_segment(downloading: Download) -> None:
    downloading.card.faults.add("after LoadBoundProfilePackage: unplug")
    with pytest.raises(LpaError):
        downloading.run()
    assert len(downloading.card.profiles) == 4
