"""The simulated card with other LPAs: whole lives of a profile, in the APDUs that their drivers send.

Each difference between LPAs is an argument of `Lpa`, which uses no code of this library.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from lpa.sim.euicc.behaviour import STANDARD_ISDR, Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.simulated_profile import SimulatedProfile
from tests.support.der import parts, tlv, value
from tests.support.downloads import CODED, Package, Server, piecewise, signature, store_metadata
from tests.support.terminal import EID, send

CAPABILITY = "80AA00000AA9088100820101830107"
EVERY_TAG = "5A4F9F70909192939495B6B7B899BF22BF76"
ICON = bytes(1000)


def _with_icon(behaviour: Behaviour | None = None) -> SimulatedEuicc:
    """A card with a profile that has an icon."""
    profile = SimulatedProfile("8944994000000000017", icon=ICON)
    return SimulatedEuicc.create(None, eid=EID, behaviour=behaviour or Behaviour(), profiles=[profile])


@dataclass
class Lpa:
    """How an LPA communicates with a card.

    `fetch`: the class of GET RESPONSE, from that of the previous command and the channel. `split`: how the
    segments of a package are split. `le`: appended to each command.
    """

    block: int = 255
    capability: str = CAPABILITY
    opens: str = "0070000001"
    select: str = "0400"
    le: str = ""
    fetch: Callable[[int, int], int] = lambda own, channel: channel
    channel_per_command: bool = False
    basic_channel: bool = False
    selects_again: bool = False
    split: Callable[[list[bytes]], list[bytes]] = list
    context: str = "A014 A112 8004 35290611 A10A 8003 0E0000 8503 0E0000"
    true: str = "FF"
    card: SimulatedEuicc = field(default_factory=_with_icon)
    channel: int | None = None

    def begin(self) -> None:
        """Reset the card, and send TERMINAL CAPABILITY."""
        self.card.reset()
        self.channel = None
        if self.capability:
            assert send(self.card, self.capability) == "9000"
        if not self.channel_per_command:
            self.open()

    def open(self) -> None:
        """Open a channel, and select the ISD-R on it."""
        self.channel = 0
        if not self.basic_channel:
            data, sw = self.card.transmit(bytes.fromhex(self.opens))
            assert sw == 0x9000
            self.channel = data[0] if data else int(self.opens[6:8], 16)
        select = f"{self._class(0x00):02X}A4{self.select}10{STANDARD_ISDR}{self.le}"
        template, sw = self._exchange(select)
        assert sw == 0x9000
        assert (b"\xe0\x08\x82\x03" in template) == (self.select != "040C")

    def close(self) -> None:
        """Close the channel, from the basic one."""
        if self.channel:
            assert send(self.card, f"007080{self.channel:02X}{self.le}") == "9000"

    def ask(self, request: str, *, sw: int = 0x9000) -> bytes:
        """The response to an ES10 request."""
        if self.channel_per_command:
            self.open()
        data = bytes.fromhex(request)
        blocks = [data[at : at + self.block] for at in range(0, len(data), self.block)]
        for number, block in enumerate(blocks):
            last = number == len(blocks) - 1
            head = f"{self._class(0x80):02X}E2{0x91 if last else 0x11:02X}{number:02X}{len(block):02X}"
            answer, ended = self._exchange(f"{head}{block.hex()}{self.le}")
            assert ended == (sw if last else 0x9000)
        if self.channel_per_command:
            self.close()
        return answer

    def _class(self, kind: int) -> int:
        assert self.channel is not None
        return kind | self.channel if self.channel < 4 else kind | 0x40 | (self.channel - 4)

    def _exchange(self, apdu: str) -> tuple[bytes, int]:
        assert self.channel is not None
        command = bytes.fromhex(apdu)
        data, sw = self.card.transmit(command)
        while sw >> 8 == 0x61:
            own = self.fetch(command[0], self.channel)
            more, sw = self.card.transmit(bytes([own, 0xC0, 0, 0, sw & 0xFF]))
            data += more
        return data, sw


def life(lpa: Lpa) -> None:
    """All that an LPA does with a card: read, download, rename, switch, delete, send notifications."""
    lpa.begin()
    assert lpa.ask("BF3E035C015A") == bytes.fromhex(f"BF3E125A10{EID}")
    for request, head in (("BF2000", "BF20"), ("BF2200", "BF22"), ("BF3C00", "BF3C"), ("BF4300", "BF43")):
        assert lpa.ask(request).hex().upper()[:4] == head
    everything = f"BF2D{len(EVERY_TAG) // 2 + 2:02X}5C{len(EVERY_TAG) // 2:02X}{EVERY_TAG}"
    assert tlv("94", ICON) in lpa.ask(everything)
    assert downloaded(lpa)[:2] == bytes.fromhex("BF37")
    assert lpa.ask(f"BF29115A0A{CODED}9003486F6C") == bytes.fromhex("BF2903800100")
    enable = f"BF3111A00C5A0A{CODED}8101{lpa.true}"
    assert lpa.ask(enable, sw=0x910B) == bytes.fromhex("BF3103800100")
    lpa.begin()  # without closing the channel
    assert state(lpa) == "01"
    assert lpa.ask(f"BF3211A00C5A0A{CODED}810100") == bytes.fromhex("BF3203800100")
    if lpa.selects_again:
        lpa.open()
    assert state(lpa) == "00"
    assert lpa.ask(f"BF330C5A0A{CODED}") == bytes.fromhex("BF3303800100")
    for note in parts(parts(lpa.ask("BF2800"))[0]):
        number = parts(note)[0]
        (notification,) = parts(parts(lpa.ask(tlv("BF2B", tlv("A0", number)).hex()))[0])
        assert note[2:] in notification
        assert lpa.ask(tlv("BF30", number).hex()) == bytes.fromhex("BF3003800100")
    assert lpa.ask("BF2800") == bytes.fromhex("BF2802A000")
    if not lpa.channel_per_command:
        lpa.close()


def downloaded(lpa: Lpa) -> bytes:
    """The result of a download from a server written by hand."""
    server = Server(lpa.card.authority, EID)
    server.context = bytes.fromhex(lpa.context)
    challenge = lpa.ask("BF2E00")[-16:]
    _, euicc_signature, *_ = parts(parts(lpa.ask(server.authenticate_server(challenge).hex()))[0])
    prepared = lpa.ask(server.prepare_download(euicc_signature).hex())
    key = value(parts(parts(parts(prepared)[0])[0])[1])
    for segment in lpa.split(server.segments(key, Package(replaced_keys=True))):
        result = lpa.ask(segment.hex())
        if result:
            return result
    raise AssertionError("there was no result")


def state(lpa: Lpa) -> str:
    """The state of the new profile: 01 if it is enabled."""
    asked = tlv("BF2D", tlv("A0", bytes.fromhex(f"5A0A{CODED}")), bytes.fromhex("5C029F70"))
    (profile,) = parts(parts(lpa.ask(asked.hex()))[0])
    return value(parts(profile)[0]).hex()


ANNOUNCING = Behaviour(announces_terminal_capability=True)
MANY, T1 = Behaviour(channels=19), Behaviour(protocol="T=1")
EMPTY_MATCHING_ID = "A016 8000 A112 8004 35290611 A10A 8003 0E0000 8503 0E0000"
LPAS = {
    "blocks of 120 bytes, and the class of STORE DATA": Lpa(
        block=120, fetch=lambda own, channel: 0x80 | channel
    ),
    "a channel for each command": Lpa(channel_per_command=True, context=EMPTY_MATCHING_ID),
    "the class of the previous command": Lpa(fetch=lambda own, channel: own),
    "Le with every command": Lpa(block=240, le="00"),
    "no TERMINAL CAPABILITY": Lpa(capability=""),
    "TERMINAL CAPABILITY that the card requires": Lpa(card=_with_icon(ANNOUNCING)),
    "SELECT for the FCP": Lpa(select="0404"),
    "SELECT without response data": Lpa(select="040C"),
    "the basic channel": Lpa(basic_channel=True, card=_with_icon(Behaviour(channels=0))),
    "the basic channel, of a card that loses the ISD-R": Lpa(
        basic_channel=True,
        selects_again=True,
        card=_with_icon(Behaviour(channels=0, loses_isdr_at_switch=True)),
    ),
    "a channel by its number": Lpa(opens="0070000200"),
    "a channel above 3": Lpa(opens="0070000500", fetch=lambda own, channel: own, card=_with_icon(MANY)),
    "T=1": Lpa(le="00", card=_with_icon(T1)),
    "T=1 without Le": Lpa(card=_with_icon(T1)),
    "A0 and A2 in several segments, in small blocks": Lpa(block=8, split=piecewise),
    "TRUE as 01": Lpa(true="01"),
}


@pytest.mark.parametrize("lpa", LPAS)
def test_a_card_works_with_every_kind_of_lpa(lpa: str) -> None:
    life(LPAS[lpa])


ICCID = "984499040000000010F7"


@pytest.mark.parametrize(
    ("usual", "odd", "answer"),
    [
        ("BF3E 03 5C015A", "BF3E 8103 5C015A", f"BF3E125A10{EID}"),
        ("BF3E 03 5C015A", "BF3E 8400000004 5C81015A", f"BF3E125A10{EID}"),
        ("BF2D 03 5C015A", "BF2D 830000 05 5C8200015A", f"BF2D10A00EE30C5A0A{ICCID}"),
        ("BF28 04 81020640", "BF28 04 81020040", f"BF281DA01BBF2F18800101810206400C03612E625A0A{ICCID}"),
        ("BF30 03 800101", "BF30 04 80020001", "BF3003800100"),
        ("BF30 03 800101", "BF30 06 800101 9F7F00", "BF3003800100"),
        ("BF31 11 A00C5A0A{} 8101FF", "BF31 11 A00C5A0A{} 810101", "BF3103800100"),
        ("BF31 11 A00C5A0A{} 8101FF", "BF31 14 A00C5A0A{} 8101FF 820100", "BF3103800100"),
        ("BF31 11 A00C5A0A{} 8101FF", "BF31 13 A0810D5A810A{} 8101FF", "BF3103800100"),
        ("BF31 11 A00C5A0A{} 8101FF", "BF31 11 8101FF A00C5A0A{}", "BF3103800100"),
        ("BF34 04 820205E0", "BF34 04 820200E0", "BF3403800100"),
    ],
)
def test_a_request_may_be_coded_less_strictly(usual: str, odd: str, answer: str) -> None:
    for request in (usual, odd):
        lpa = Lpa(card=_after_a_switch())
        lpa.begin()
        coded = bytes.fromhex(request.format(ICCID))
        data, sw = lpa._exchange(f"81E29100{len(coded):02X}{coded.hex()}")
        assert (data.hex().upper(), sw in (0x9000, 0x910B)) == (answer, True), request


def _after_a_switch() -> SimulatedEuicc:
    """A card whose profile was enabled and disabled again, with notifications for the server a.b."""
    events = ((("enable", "disable"), "a.b"),)
    profile = SimulatedProfile("8944994000000000017", notifications=events)
    card = SimulatedEuicc.create(None, eid=EID, profiles=[profile])
    lpa = Lpa(card=card)
    lpa.begin()
    for function in ("31", "32"):
        assert lpa.ask(f"BF{function}11A00C5A0A{ICCID}810100").hex().endswith("800100")
    return card


def long(coded: bytes) -> bytes:
    """A TLV with a tag of one byte and a length of four."""
    return coded[:1] + b"\x83" + len(value(coded)).to_bytes(3, "big") + value(coded)


def test_a_server_may_code_signed_objects_less_strictly() -> None:
    """The card verifies the received bytes, not its own encoding of them."""
    lpa = Lpa()
    lpa.begin()
    server = Server(lpa.card.authority, EID)
    request = server.authenticate_server(lpa.ask("BF2E00")[-16:])
    signed, _, *rest = parts(request)
    odd = long(signed)
    response = lpa.ask(tlv("BF38", odd, signature(server.auth, odd), *rest).hex())
    assert parts(response)[0][0] == 0xA0
    euicc_signature = parts(parts(response)[0])[1]
    odd = long(bytes.fromhex("300D 80080123456789ABCDEF 010101"))  # TRUE as 01
    signed2 = signature(server.pb, odd + euicc_signature)
    request = tlv("BF21", odd, signed2, tlv("04", bytes(32)), server.binding)
    prepared = lpa.ask(request.hex())
    key = value(parts(parts(parts(prepared)[0])[0])[1])
    # The default class, written out, and unknown members.
    package = Package(metadata=store_metadata(CODED, "950102", "9F7B0101", "BF2200"))
    for segment in server.segments(key, package):
        result = lpa.ask(segment.hex())
    assert result[:2] == bytes.fromhex("BF37")
    assert lpa.card.profiles[-1].profile_class == "operational"
