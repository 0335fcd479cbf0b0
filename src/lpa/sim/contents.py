"""The contents of a simulated profile's files: contacts, messages, subscriber data, PINs, and updates."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self, get_args

from lpa.sim import plain_json

PIN_TRIES, UNBLOCK_TRIES = 3, 10
PhoneBook = Literal["parallel", "linked", "plain"]
_PHONE_BOOKS: tuple[PhoneBook, ...] = get_args(PhoneBook)
_LONGEST_MESSAGE = 176  # bytes of a record of EF.SMS
_LONGEST_NUMBER = 42  # digits in one record and one extension
_MOST_CONTACTS = 1000  # four sets of EF.PBR


def _check_number(number: str) -> None:
    if not re.fullmatch(rf"\+?[0-9*#,?]{{1,{_LONGEST_NUMBER}}}", number, re.ASCII):
        raise ValueError(f"{number!r} is not a telephone number of at most {_LONGEST_NUMBER} digits")


@dataclass(frozen=True)
class SimulatedContact:
    """A contact with at most two numbers, as dialled: up to 42 digits, "+" before an international one."""

    name: str = ""
    numbers: tuple[str, ...] = ()
    email: str = ""
    nickname: str = ""

    def __post_init__(self) -> None:
        if len(self.numbers) > 2:
            raise ValueError(f"{self.name!r} has more than two numbers")
        for number in self.numbers:
            _check_number(number)


@dataclass(frozen=True)
class Contents:
    """The contents of a profile. Raises ValueError if a value does not fit its file.

    `messages`: EF.SMS records in hexadecimal (status, service centre, TPDU); the card pads them with FF.
    """

    contacts: tuple[SimulatedContact, ...] = ()
    messages: tuple[str, ...] = ()
    imsi: str = ""
    msisdn: str = ""
    service_provider: str = ""
    pin: str | None = None
    """PIN1, 4 to 8 digits; None if it is disabled."""
    pin_tries: int = PIN_TRIES
    phone_book: PhoneBook = "parallel"
    """How second numbers, e-mails and nicknames are stored: parallel to EF.ADN (type 1), linked by EF.IAP
    (type 2), or not at all ("plain": there is no EF.PBR)."""
    local: bool = False
    """The phone book is the local one of the USIM, not the global one in DF.TELECOM."""
    disabled_pin: str = "0000"
    """PIN1 while it is disabled: ENABLE PIN needs it."""
    puk: str = "12345678"
    """The 8 digits that unblock PIN1."""
    puk_tries: int = UNBLOCK_TRIES
    pin2: str = "0000"
    """4 to 8 digits, always enabled."""
    pin2_tries: int = PIN_TRIES
    puk2: str = "87654321"
    """The 8 digits that unblock PIN2."""
    puk2_tries: int = UNBLOCK_TRIES
    adm: str = "88888888"
    """The operator's key ADM1, 8 digits. Nothing unblocks it."""
    adm_tries: int = UNBLOCK_TRIES
    updates: tuple[tuple[str, str], ...] = ()
    """The files that a terminal has updated: (path from the MF, whole content), both in hexadecimal. They
    take precedence over all of the above."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"([0-9]{6,15})?", self.imsi, re.ASCII):
            raise ValueError(f"{self.imsi!r} is not an IMSI of 6 to 15 digits")
        if self.msisdn:
            _check_number(self.msisdn)
        if any(len(bytes.fromhex(message)) > _LONGEST_MESSAGE for message in self.messages):
            raise ValueError(f"a message has at most {_LONGEST_MESSAGE} bytes")
        if self.phone_book not in _PHONE_BOOKS:
            raise ValueError(f"a phone book is one of {_PHONE_BOOKS}")
        if len(self.contacts) > _MOST_CONTACTS or len(self.messages) > 255:
            raise ValueError(f"a profile holds at most {_MOST_CONTACTS} contacts and 255 messages")
        self._check_codes()
        for path, content in self.updates:
            bytes.fromhex(path), bytes.fromhex(content)

    def _check_codes(self) -> None:
        pins = (self.disabled_pin if self.pin is None else self.pin, self.disabled_pin, self.pin2)
        if not all(re.fullmatch(r"[0-9]{4,8}", pin, re.ASCII) for pin in pins):
            raise ValueError("a PIN has 4 to 8 digits")
        if not all(re.fullmatch(r"[0-9]{8}", code, re.ASCII) for code in (self.puk, self.puk2, self.adm)):
            raise ValueError("a PUK and an ADM key have 8 digits")
        if not {self.pin_tries, self.pin2_tries} <= {*range(PIN_TRIES + 1)}:
            raise ValueError(f"a PIN has 0 to {PIN_TRIES} tries")
        if not {self.puk_tries, self.puk2_tries, self.adm_tries} <= {*range(UNBLOCK_TRIES + 1)}:
            raise ValueError(f"a PUK and an ADM key have 0 to {UNBLOCK_TRIES} tries")

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """The inverse of `to_json`; a missing member has its default. Raises as `plain_json.restored`."""
        given = {field.name: getattr(cls(), field.name) for field in fields(cls)} | value
        contacts = tuple(
            plain_json.restored(SimulatedContact, contact | {"numbers": tuple(contact["numbers"])})
            for contact in value.get("contacts", ())
        )
        changed = {
            "contacts": contacts,
            "messages": tuple(given["messages"]),
            "updates": tuple((path, content) for path, content in given["updates"]),
        }
        return plain_json.restored(cls, given | changed)

    def to_json(self) -> dict[str, Any]:
        """The contents as JSON values."""
        return asdict(self)
