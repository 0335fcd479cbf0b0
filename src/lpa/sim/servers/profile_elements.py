"""Makes a small profile: profile elements in DER, in the interoperable format of the TCA (SAIP 2.3).

Each function makes one element or one file in it. A file is a list of commands: A1 describes it, 83 fills it.
For a file of a template, only the differences from the template are given. Operators, numbers and keys are
invented.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from lpa.rsp.codec.ber import Tlv
from lpa.rsp.names import Iccid
from lpa.sim.crypto.certificate_parts import coded_oid

HEADER, END = 0xA0, 0xAA
_FILES, _PINS, _PUKS, _AKA, _SECURITY_DOMAIN = 0xA1, 0xA2, 0xA3, 0xA4, 0xA6
_MF, _TELECOM, _USIM = 0xB0, 0xB2, 0xB3
_TEMPLATES = {_MF: "2.23.143.1.2.1", _TELECOM: "2.23.143.1.2.3", _USIM: "2.23.143.1.2.4"}

_USIM_AID = bytes.fromhex("A0000000871002FF49FF0589")
_PIN, _SECOND_PIN, _ADM = 0x01, 0x81, 0x0A
_READ_ALWAYS = "80 01 01 90 00"
_READ_WITH_PIN = "80 01 01 A4 06 83 01 01 95 01 08"
_ELSE_ADM = "80 01 5A A4 06 83 01 0A 95 01 08"
_RULE_SIZE = 37  # bytes of a record of EF.ARR
_FIRST_FILLER = 0x2F50  # file identifiers of the padding files
_FULL_FILE = 32_000  # bytes


def elements(iccid: str, *, name: str, owner: str, size: int = 0, test: bool = False) -> bytes:
    """The elements of a profile with a USIM, of `size` bytes in all if that is enough for them.

    A few sizes, such as those where a length needs one more byte, are impossible; then the elements are one
    or two bytes shorter. `owner`: MCC and MNC as in "262-98". `test`: use the test algorithm and a test key.
    """
    parts = [
        _header(iccid, name, test=test),
        _mf(iccid),
        _puks(),
        _pins(2, (_PIN, b"0000", 0x01), (_ADM, b"55555555", None)),
        _telecom(),
        _usim(iccid, name, owner),
        _pins(5, (_SECOND_PIN, b"0000", 0x81)),
        _aka(iccid, test=test),
        _security_domain(iccid),
    ]
    number = 8
    for filler in _fillers(size - sum(map(len, parts)) - len(_end(number)), number):
        parts.append(filler)
        number += 1
    return b"".join([*parts, _end(number)])


def _header(iccid: str, name: str, *, test: bool) -> Tlv:
    """The header: version of the format, profile type, ICCID, and the features that the card must have."""
    services = (0x81, 0x91) if test else (0x81, 0x84)  # USIM, and the test algorithm or Milenage
    return Tlv.build(
        HEADER,
        _number(0x80, 2),
        _number(0x81, 3),
        Tlv.build(0x82, name.encode()[:100] or b"-"),
        Tlv.build(0x83, _plain(iccid)),
        Tlv.build(0xA5, *(Tlv.build(service) for service in services)),
        Tlv.build(0xA6, *(Tlv.build(0x06, coded_oid(oid)) for oid in _TEMPLATES.values())),
    )


def _plain(iccid: str) -> bytes:
    """The ICCID as in a header: its digits in order, padded with F. In EF.ICCID the nibbles are swapped."""
    return bytes.fromhex(str(Iccid.parse(iccid)).ljust(20, "F"))


def _mf(iccid: str) -> Tlv:
    application = Tlv.build(0x61, Tlv.build(0x4F, _USIM_AID), Tlv.build(0x50, b"USIM"))
    return _templated(
        _MF,
        0,
        _file(0xA2, _described(pins=(_PIN, _ADM))),
        _file(0xA4, _filled(Iccid.parse(iccid).coded)),
        _file(0xA5, _records(38), _filled(application)),
        _rules(0xA6),
    )


def _puks() -> Tlv:
    """The PUK codes of PIN1 (01) and of the second PIN (81)."""
    codes = [Tlv.build(0x30, _number(0x80, key), Tlv.build(0x81, b"12345678")) for key in (0x01, 0x81)]
    return Tlv.build(_PUKS, _element(1), Tlv.build(0xA1, *codes))


def _pins(identification: int, *pins: tuple[int, bytes, int | None]) -> Tlv:
    """The PIN codes of the previous folder: (key reference, digits, key reference of the PUK)."""
    codes = [
        Tlv.build(
            0x30,
            _number(0x80, key),
            Tlv.build(0x81, digits.ljust(8, b"\xff")),
            _number(0x82, puk) if puk else b"",
        )
        for key, digits, puk in pins
    ]
    return Tlv.build(_PINS, _element(identification), Tlv.build(0xA1, Tlv.build(0xA0, *codes)))


def _telecom() -> Tlv:
    return _templated(_TELECOM, 3, _file(0xA2, _described(pins=(_PIN, _ADM))))


def _usim(iccid: str, name: str, owner: str) -> Tlv:
    """A USIM: IMSI, access rules, services, SPN, enabled services, access class and emergency numbers."""
    adf = _described(identifier=b"\x7f\xd0", aid=_USIM_AID, pins=(_PIN, _SECOND_PIN, _ADM))
    spn = b"\x01" + name.encode("ascii", "replace")[:16].ljust(16, b"\xff")
    return _templated(
        _USIM,
        4,
        _file(0xA2, adf),
        _file(0xA3, _filled(_imsi(owner.replace("-", "") + iccid[-10:]))),
        _rules(0xA4),
        _file(0xA8, _filled(bytes.fromhex("020A14"))),  # SMS parameters, SMS, SPN
        _file(0xAD, _filled(spn)),
        _file(0xAE, _filled(b"\x00")),
        _file(0xB2, _filled(b"\x00\x01")),
        _file(0xB6, _records(4), _filled(bytes.fromhex("11F2FF00"))),  # 112
    )


def _aka(iccid: str, *, test: bool) -> Tlv:
    """The authentication algorithm and its keys: Milenage, or the test algorithm with a key of zeros."""
    algorithm = _number(0x80, 3 if test else 1)
    key, operator = (bytes(16), bytes(16)) if test else (_secret(iccid, "K"), _secret(iccid, "OPc"))
    parameters = (algorithm, Tlv.build(0x81, b"\x01"), Tlv.build(0x82, key), Tlv.build(0x83, operator))
    return Tlv.build(_AKA, _element(6), Tlv.build(0xA1, Tlv.build(0xA1, *parameters)))


def _security_domain(iccid: str) -> Tlv:
    """The operator's security domain, with three AES keys."""
    instance = (
        Tlv.build(0x4F, bytes.fromhex("A0000001515350")),
        Tlv.build(0x4F, bytes.fromhex("A000000151535041")),
        Tlv.build(0x4F, bytes.fromhex("A000000151000000")),
        Tlv.build(0x82, bytes.fromhex("82FC80")),
        Tlv.build(0x83, b"\x0f"),
        Tlv.build(0xC9, bytes.fromhex("81020370")),  # SCP03, option 70
    )
    keys = [_key(number, _secret(iccid, f"OTA {number}")) for number in (1, 2, 3)]
    return Tlv.build(_SECURITY_DOMAIN, _element(7), Tlv.build(0xA1, *instance), Tlv.build(0xA2, *keys))


def _key(number: int, key: bytes) -> Tlv:
    component = Tlv.build(0x30, Tlv.build(0x80, b"\x88"), Tlv.build(0x86, key))
    named = (Tlv.build(0x95, b"\x38"), Tlv.build(0x82, bytes([number])), Tlv.build(0x83, b"\x01"))
    return Tlv.build(0x30, *named, Tlv.build(0x30, component))


def _end(identification: int) -> Tlv:
    return Tlv.build(END, _element(identification))


def _fillers(size: int, identification: int) -> Iterator[Tlv]:
    """Elements of `size` bytes in all, which create padding files in the MF."""
    smallest = len(_filler(0, 0, identification))
    while size >= smallest:
        content = min(size - smallest, _FULL_FILE)
        filler = _filler(content, _FIRST_FILLER + identification, identification)
        while len(filler) > size:
            content -= 1
            filler = _filler(content, _FIRST_FILLER + identification, identification)
        yield filler
        size -= len(filler)
        identification += 1


def _filler(content: int, file: int, identification: int) -> Tlv:
    """A generic file management element that creates a transparent file of zeros in the MF."""
    description = Tlv.build(
        0x62,
        Tlv.build(0x82, b"\x41\x21"),
        Tlv.build(0x83, file.to_bytes(2, "big")),
        Tlv.build(0x8B, b"\x2f\x06\x01"),
        Tlv.build(0x80, content.to_bytes((content.bit_length() + 7) // 8 or 1, "big")),
        Tlv.build(0x88),
    )
    commands = Tlv.build(0x30, Tlv.build(0x80), description, Tlv.build(0x81, bytes(content)))
    return Tlv.build(_FILES, _element(identification), Tlv.build(0xA1, commands))


def _element(identification: int) -> Tlv:
    """The header of an element: mandated (80), and its number in the profile."""
    return Tlv.build(0xA0, Tlv.build(0x80), _number(0x81, identification))


def _templated(tag: int, identification: int, *files: Tlv) -> Tlv:
    return Tlv.build(tag, _element(identification), Tlv.build(0x81, coded_oid(_TEMPLATES[tag])), *files)


def _file(tag: int, *commands: Tlv) -> Tlv:
    return Tlv.build(tag, *commands)


def _described(*, identifier: bytes = b"", aid: bytes = b"", pins: tuple[int, ...]) -> Tlv:
    """The description of a folder, or of an application if it has an AID."""
    named = Tlv.build(0x83, identifier) + Tlv.build(0x84, aid) if aid else b""
    return Tlv.build(0xA1, named, Tlv.build(0xC6, bytes(pins)))


def _records(size: int, count: int = 1) -> Tlv:
    """The description of a file of `count` records of `size` bytes."""
    descriptor = bytes((0x42, 0x21, 0x00, size))
    return Tlv.build(0xA1, Tlv.build(0x82, descriptor), Tlv.build(0x80, bytes([size * count])))


def _rules(tag: int) -> Tlv:
    """EF.ARR: with rule 1 reading is free, with rule 2 it needs the PIN; all else needs the ADM code."""
    rules = [
        bytes.fromhex(rule + _ELSE_ADM).ljust(_RULE_SIZE, b"\xff") for rule in (_READ_ALWAYS, _READ_WITH_PIN)
    ]
    return _file(tag, _records(_RULE_SIZE, len(rules)), _filled(b"".join(rules)))


def _filled(content: bytes) -> Tlv:
    return Tlv.build(0x83, content)


def _imsi(digits: str) -> bytes:
    """The content of EF.IMSI: the length, then the swapped nibbles of parity and digits."""
    digits = f"{'9' if len(digits) % 2 else '1'}{digits}"
    digits += "F" * (len(digits) % 2)
    swapped = "".join(digits[place + 1] + digits[place] for place in range(0, len(digits), 2))
    return bytes([len(swapped) // 2]) + bytes.fromhex(swapped).ljust(8, b"\xff")


def _number(tag: int, value: int) -> Tlv:
    """A non-negative INTEGER in DER."""
    return Tlv.build(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _secret(iccid: str, purpose: str) -> bytes:
    """16 bytes that differ for each profile and purpose."""
    return hashlib.sha256(f"{purpose} of {iccid}".encode()).digest()[:16]
