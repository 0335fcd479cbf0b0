"""The files of ADF.USIM with the subscription, and the table of services (TS 31.102 §4.2 and Annex E)."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lpa.rsp.names import Aid
from lpa.sim.euicc import phonebook_records
from lpa.sim.euicc.access_rules import ADM1, ALWAYS, PIN1, PIN2, Access
from lpa.sim.euicc.file_tree import ADF, ARR_OF_FOLDER, MF, File, linear_fixed, rules, transparent
from lpa.sim.operators import coded_operator
from lpa.sim.simulated_profile import SimulatedProfile

AID = Aid.parse("A0000000871002FFFFFFFF8900000100")
USIM = MF + ADF

_PUBLIC = Access(ALWAYS, ADM1)
_OPERATORS = Access(PIN1, ADM1)
_OWN = Access(PIN1, PIN1)
_LIMITED = Access(PIN1, PIN2)

_NO_KEYS = b"\x07" + b"\xff" * 32  # no key set, then both keys
_NO_NETWORK = bytes.fromhex("FFFFFF0000")
_EVERY_ACCESS = bytes.fromhex("C080")  # UTRAN, E-UTRAN and GSM
_NOT_REGISTERED = b"\x01"  # an update status
_EMERGENCY = ("112", "911")
_LANGUAGES = {"208": "fr", "262": "de", "440": "ja", "460": "zh"}  # by MCC
# Countries whose operators have an MNC of three digits, by MCC.
_LONG_MNC = ("302", *map(str, range(310, 317)), "334", "338", "342", "344", "346", "348", "722", "732")

# The files that a service needs (TS 31.102 §4.2.8). Service 33 is always available.
_SERVICES: dict[int, tuple[int, ...]] = {
    1: (0x5F3A,),  # the local phone book
    2: (0x6F3B,),
    10: (0x6F3C, 0x6F43),
    12: (0x6F42,),
    17: (0x6F3E,),
    18: (0x6F3F,),
    19: (0x6F46,),
    20: (0x6F60,),
    21: (0x6F40,),
    33: (),
    34: (0x6F56,),
    35: (0x6F57,),
    42: (0x6F61,),
    43: (0x6F62,),
    44: (0x6F4E,),
    85: (0x6FE3, 0x6FE4),
}


def languages(profile: SimulatedProfile) -> bytes:
    """The preferred languages: that of the country, and English."""
    own = _LANGUAGES.get(_operator(profile)[:3], "")
    return f"{own}en".encode()


def files(profile: SimulatedProfile) -> Iterator[File]:
    """ADF.USIM and its files, except those that are in other folders too and the table of services."""
    yield File(USIM, aid=AID.coded)
    yield rules(USIM + ARR_OF_FOLDER, sfi=0x17)
    yield from _identity(profile)
    yield from _location(profile)
    yield from _networks(profile)
    yield from _calls()


def services(present: Collection[bytes]) -> File:
    """EF.UST: the services whose files are all among the paths `present`."""
    table = 0
    for service, identifiers in _SERVICES.items():
        if all(USIM + identifier.to_bytes(2, "big") in present for identifier in identifiers):
            table |= 1 << service - 1
    size = (max(_SERVICES) + 7) // 8
    return transparent(USIM + b"\x6f\x38", table.to_bytes(size, "little"), _OPERATORS, sfi=0x04)


def _identity(profile: SimulatedProfile) -> Iterator[File]:
    contents = profile.contents
    name = phonebook_records.alpha(contents.service_provider)[:16].ljust(16, b"\xff")
    access_class = 1 << int(contents.imsi[-1:] or "0")  # the last digit of the IMSI, as operators assign it
    mnc_length = len(_operator(profile).partition("-")[2]) or 2
    yield transparent(USIM + b"\x6f\x05", languages(profile), Access(ALWAYS, PIN1), sfi=0x02)
    yield transparent(USIM + b"\x6f\x07", _imsi(contents.imsi), _OPERATORS, sfi=0x07)
    yield transparent(USIM + b"\x6f\x78", access_class.to_bytes(2, "big"), _OPERATORS, sfi=0x06)
    yield transparent(USIM + b"\x6f\xad", bytes([0, 0, 0, mnc_length]), _PUBLIC, sfi=0x03)
    yield transparent(USIM + b"\x6f\x46", b"\x01" + name, _PUBLIC)
    if profile.gid1:
        yield transparent(USIM + b"\x6f\x3e", bytes.fromhex(profile.gid1), _OPERATORS)
    if profile.gid2:
        yield transparent(USIM + b"\x6f\x3f", bytes.fromhex(profile.gid2), _OPERATORS)


def _location(profile: SimulatedProfile) -> Iterator[File]:
    """Location and keys of a USIM that was never registered: an area of the home network, no temporary
    identities, and no keys."""
    area = _home(profile) + b"\x00\x00"
    yield transparent(USIM + b"\x6f\x7e", b"\xff" * 4 + area + b"\xff" + _NOT_REGISTERED, _OWN, sfi=0x0B)
    yield transparent(USIM + b"\x6f\x73", b"\xff" * 7 + area + b"\xff" + _NOT_REGISTERED, _OWN, sfi=0x0C)
    yield transparent(USIM + b"\x6f\xe3", b"\xff" * 12 + area + _NOT_REGISTERED, _OWN, sfi=0x1E)
    yield linear_fixed(USIM + b"\x6f\xe4", [b"\xff" * 54], _OWN, sfi=0x18)
    yield transparent(USIM + b"\x6f\x08", _NO_KEYS, _OWN, sfi=0x08)
    yield transparent(USIM + b"\x6f\x09", _NO_KEYS, _OWN, sfi=0x09)
    yield transparent(USIM + b"\x6f\x5b", bytes.fromhex("F00000F00000"), _OWN, sfi=0x0F)
    yield transparent(USIM + b"\x6f\x5c", b"\xff" * 3, _OPERATORS, sfi=0x10)
    yield transparent(USIM + b"\x6f\xc4", b"\xff" * 46, _OWN)


def _networks(profile: SimulatedProfile) -> Iterator[File]:
    home = _home(profile) + _EVERY_ACCESS if _operator(profile) else _NO_NETWORK
    yield transparent(USIM + b"\x6f\x31", b"\x05", _OPERATORS, sfi=0x12)  # a search each 30 minutes
    yield transparent(USIM + b"\x6f\x60", _NO_NETWORK * 8, _OWN, sfi=0x0A)
    yield transparent(USIM + b"\x6f\x61", home + _NO_NETWORK * 7, _OPERATORS, sfi=0x11)
    yield transparent(USIM + b"\x6f\x62", home, _OPERATORS, sfi=0x13)
    yield transparent(USIM + b"\x6f\x7b", b"\xff" * 12, _OWN, sfi=0x0D)


def _calls() -> Iterator[File]:
    """Emergency numbers; fixed dialling numbers and access point names, both neither enabled nor filled."""
    emergency = [phonebook_records.digits(number, 3) + b"\x00" for number in _EMERGENCY]
    yield linear_fixed(USIM + b"\x6f\xb7", emergency, _PUBLIC, sfi=0x01)
    yield transparent(USIM + b"\x6f\x56", b"\x00", _LIMITED, sfi=0x05)
    yield linear_fixed(USIM + b"\x6f\x3b", [phonebook_records.FREE_ENTRY] * 10, _LIMITED)
    yield transparent(USIM + b"\x6f\x57", b"\x00" + b"\xff" * 31, _LIMITED)


def _home(profile: SimulatedProfile) -> bytes:
    operator = _operator(profile)
    return coded_operator(operator) if operator else b"\xff" * 3


def _operator(profile: SimulatedProfile) -> str:
    """The home network as "262-01": the profile's owner, unless the IMSI is of another one; "" if unknown."""
    imsi = profile.contents.imsi
    if not imsi or (profile.owner and imsi.startswith(profile.owner.replace("-", ""))):
        return profile.owner
    end = 6 if imsi[:3] in _LONG_MNC else 5
    return f"{imsi[:3]}-{imsi[3:end]}"


def _imsi(digits: str) -> bytes:
    """EF.IMSI: length, then the swapped nibbles of parity and digits (TS 31.102 §4.2.2)."""
    if not digits:
        return b"\xff" * 9
    nibbles = ("9" if len(digits) % 2 else "1") + digits
    nibbles += "F" * (len(nibbles) % 2)
    swapped = "".join(high + low for low, high in zip(nibbles[::2], nibbles[1::2], strict=True))
    return bytes([len(nibbles) // 2]) + bytes.fromhex(swapped).ljust(8, b"\xff")
