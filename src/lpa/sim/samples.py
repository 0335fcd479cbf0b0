"""Sample profiles of invented operators in several countries, with valid check digits."""

from __future__ import annotations

import functools
import struct
import zlib
from dataclasses import dataclass

from lpa.sim.contents import Contents, SimulatedContact
from lpa.sim.crypto.pki import Randomness
from lpa.sim.simulated_profile import SimulatedProfile

EID_PREFIX = "89999999"  # no manufacturer has it


@dataclass(frozen=True)
class _Operator:
    name: str
    product: str
    mcc_mnc: str
    prefix: str
    digits: int
    label: str  # of its server
    colour: int  # 0xRRGGBB


# A prefix is 89, the country code, and digits that give the first three ICCIDs the check digits 7, 5 and 3.
_OPERATORS = (
    _Operator("Albion Mobile", "Albion Travel", "234-99", "8944994", 19, "albion", 0xC81E32),
    _Operator("Nordlicht", "Nordlicht Prepaid", "262-98", "8949985", 19, "nordlicht", 0x1478B4),
    _Operator("示例移动", "示例日租卡", "460-99", "8986987", 20, "shili", 0x009650),
    _Operator("Océane Télécom", "Océane Liberté", "208-97", "8933970", 20, "oceane", 0x1E3CA0),
    _Operator("Sakura Mobile", "Sakura Data 3GB", "440-96", "8981960", 18, "sakura", 0xF08CAA),
)


_CONTACTS = (
    SimulatedContact("Ada Lovelace", ("+447700900123", "02079460018"), "ada@example.com"),
    SimulatedContact("张伟", ("+8613800138000",), nickname="小张"),
    SimulatedContact("José Núñez €", ("+34910000017",)),
    SimulatedContact("Conference room", ("+4930901820000,,1234567890#",)),
    SimulatedContact("Δημήτρης Ωμέγα", ("*100#",), "dimitris@example.org"),
)
# Records of EF.SMS: default alphabet, UCS-2 with a surrogate pair, a message in two parts, 8-bit data,
# Turkish shift tables, and a sent message.
_MESSAGES = (
    "010791447700090000040C914477000910320000623041906235401CC8329BFD0E819875F7180D0AD3413119C8FC9683"
    "62B04DF907",
    "030791447700090000040D91683108108300F0000862401081000023264F60597D002C60A876849A8C8BC17801662F00"
    "200034003800320039003100333002D83DDE00",
    "010791447700090000440BD041B638FD76030000625020015100403D0500032A02018220F6DB7D06B5CBF379F85C068D"
    "DFEDF21C947683E061397DAE03D1D1E939283D07A1DF77509A0E1297CF69F79C0502",
    "010791447700090000440BD041B638FD76030000625020015110401F0500032A0202C26E32888E4ECF41E93908FDBE83"
    "D27450D94D9EBB00",
    "030791447700090000040C9144770009909900045221133295954906DEADBEEF0001",
    "010791447700090000440C914477000950550000624052810000212E03240101C886E59BB41BB449CEE961B7B8CE3E91"
    "C3A0335FEEDFCCFD72BF9E050AE637F3F2D9CF7601",
    "05079144770009000011070B817007900054F60000A70A4F37A89D07DDC37917",
)


@functools.lru_cache(maxsize=16)  # a thousand cards share their sample profiles
def profiles(count: int) -> tuple[SimulatedProfile, ...]:
    """`count` different operational profiles, the first one enabled."""
    return tuple(_profile(number) for number in range(1, count + 1))


def eid(randomness: Randomness) -> str:
    """A new EID of 32 digits with valid check digits."""
    serial = int.from_bytes(randomness(8), "big") % 10**12
    body = f"{EID_PREFIX}0000000000{serial:012}"
    return f"{body}{98 - int(body) * 100 % 97:02}"


def _profile(number: int) -> SimulatedProfile:
    operator = _OPERATORS[(number - 1) % len(_OPERATORS)]
    events = ("enable", "disable", "delete")
    return SimulatedProfile(
        iccid=numbered_iccid(operator.prefix, operator.digits, number),
        state="enabled" if number == 1 else "disabled",
        service_provider=operator.name,
        name=operator.product,
        icon=icon(operator.colour),
        owner=operator.mcc_mnc,
        notifications=((events, f"{operator.label}.smdp.example"),),
        contents=_contents(operator, number),
    )


def _contents(operator: _Operator, number: int) -> Contents:
    """The same contacts and messages for each profile, in a phone book of another kind each time."""
    return Contents(
        contacts=_CONTACTS,
        messages=_MESSAGES,
        imsi=operator.mcc_mnc.replace("-", "") + f"{number:010}",
        msisdn=f"+{operator.prefix[2:4]}700900{number:04}",
        service_provider=operator.name,
        phone_book=("parallel", "linked", "plain")[(number - 1) % 3],
        local=number % 2 == 0,
    )


def numbered_iccid(prefix: str, digits: int, number: int) -> str:
    """An ICCID with its check digit (ITU-T E.118, Luhn)."""
    body = prefix + str(number).zfill(digits - len(prefix) - 1)
    doubled = (int(digit) * (2 - index % 2) for index, digit in enumerate(reversed(body)))
    total = sum(value - 9 if value > 9 else value for value in doubled)
    return f"{body}{-total % 10}"


def icon(colour: int) -> bytes:
    """A PNG of 64 x 64 pixels in one colour."""
    rows = b"".join(b"\0" + bytes(8) for _ in range(64))
    header = struct.pack(">IIBBBBB", 64, 64, 1, 3, 0, 0, 0)
    parts = (
        (b"IHDR", header),
        (b"PLTE", colour.to_bytes(3, "big")),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in parts
    )
