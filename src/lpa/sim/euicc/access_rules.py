"""Who may read and update a file: the rules in EF.ARR (TS 102 221 §9.2, ISO 7816-4 §5.4.3.2).

Law: the card enforces exactly these rules. Every EF.ARR has the same records, one for each rule, and nobody
may update it. What no rule allows (CREATE, DELETE, ACTIVATE FILE ...) is never allowed.
"""

from __future__ import annotations

from dataclasses import dataclass

from lpa.rsp.codec.ber import Tlv

# Conditions: the reference of the key that must be verified (TS 102 221 §9.5.1), always, or never.
ALWAYS, PIN1, ADM1, PIN2, NEVER = 0x00, 0x01, 0x0A, 0x81, 0xFF

_READ, _UPDATE = 0x01, 0x02
_CHANGE_THE_FILE = 0x78  # deactivate, activate, terminate or delete it
_ANYTHING_IN_A_FOLDER = 0x7F
_ACCESS_MODE, _ALWAYS, _NEVER, _AUTHENTICATION = 0x80, 0x90, 0x97, 0xA4
_KEY, _USAGE, _USER_AUTHENTICATION = 0x83, 0x95, b"\x08"
_FREE = b"\xff"


@dataclass(frozen=True)
class Access:
    """The conditions for reading and updating a file."""

    read: int
    update: int


FOLDER = Access(NEVER, NEVER)  # the rule of every folder, and of no other file
# The order of the records in EF.ARR.
_RULES = (
    Access(ALWAYS, NEVER),
    Access(ALWAYS, ADM1),
    Access(ALWAYS, PIN1),
    Access(PIN1, ADM1),
    Access(PIN1, PIN1),
    Access(PIN1, PIN2),
    FOLDER,
)


def records() -> list[bytes]:
    """The records of EF.ARR."""
    rules = [_rule(access) for access in _RULES]
    size = max(map(len, rules))
    return [rule.ljust(size, _FREE) for rule in rules]


def reference(access: Access, file: bytes) -> Tlv:
    """The security attribute that names a record of the EF.ARR with identifier `file`."""
    return Tlv.build(0x8B, file, bytes([_RULES.index(access) + 1]))


def expanded(access: Access) -> Tlv:
    """The security attribute that contains the rule itself, for a card without EF.ARR."""
    return Tlv.build(0xAB, _rule(access))


def _rule(access: Access) -> bytes:
    if access == FOLDER:
        return _allowed(_ANYTHING_IN_A_FOLDER, NEVER)
    if access.read == access.update:
        return _allowed(_READ | _UPDATE, access.read) + _allowed(_CHANGE_THE_FILE, NEVER)
    if access.update == NEVER:
        return _allowed(_READ, access.read) + _allowed(_UPDATE | _CHANGE_THE_FILE, NEVER)
    return _allowed(_READ, access.read) + _allowed(_UPDATE, access.update) + _allowed(_CHANGE_THE_FILE, NEVER)


def _allowed(mode: int, condition: int) -> bytes:
    """An access mode, and the condition for it."""
    return Tlv.build(_ACCESS_MODE, bytes([mode])) + _condition(condition)


def _condition(condition: int) -> Tlv:
    if condition in (ALWAYS, NEVER):
        return Tlv.build(_ALWAYS if condition == ALWAYS else _NEVER)
    key = Tlv.build(_KEY, bytes([condition]))
    return Tlv.build(_AUTHENTICATION, key, Tlv.build(_USAGE, _USER_AUTHENTICATION))
