"""Decode short messages: records of EF.SMS (TS 51.011 §10.5.3) with their TPDUs (TS 23.040 §9.2).

A message that cannot be decoded is still a `Message`, with its bytes and a sentence about the problem.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

from lpa.errors import BadAnswer
from lpa.rsp.uicc import alphabets, user_data
from lpa.rsp.uicc.user_data import MessagePart

_STATUSES = {0x01: "read", 0x03: "unread", 0x05: "sent", 0x07: "to be sent"}
_DELIVER, _SUBMIT, _STATUS_REPORT = 0, 1, 2
_USER_DATA_HEADER = 0x40
_VALIDITY_BYTES = (0, 7, 1, 7)  # by bits 5 and 4: none, enhanced, relative, absolute
_BCD = "0123456789*#abc"
_LONGEST_JOURNEY = timedelta(days=1)  # between the parts of one message

__all__ = ["Message", "MessagePart", "joined"]


@dataclass(frozen=True)
class Message:
    """A short message. `text` is None if it has no readable text; then `data` are its bytes.

    `status`: "read", "unread", "sent" or "to be sent". `direction`: "received", "sent", "report" (of a sent
    message's delivery) or "unknown". `number`: of the sender or recipient. `time`: of arrival at the service
    centre, with its zone. `missing`: the indices of the parts of a long message that are not on the card.
    """

    raw: tuple[bytes, ...]
    status: str
    direction: str = "unknown"
    number: str = ""
    centre: str = ""
    time: datetime | None = None
    text: str | None = None
    data: bytes = b""
    part: MessagePart | None = None
    missing: tuple[int, ...] = ()
    problem: str = ""

    @classmethod
    def from_record(cls, record: bytes) -> Message | None:
        """From a record of EF.SMS (176 bytes); None if it is free."""
        if not record or record == b"\xff" * len(record) or not record[0] & 0x01:
            return None
        message = cls(raw=(bytes(record),), status=_STATUSES.get(record[0] & 0x07, "unknown"))
        try:
            return _read(message, _Cursor(record[1:]))
        except BadAnswer as error:
            return replace(message, problem=error.message)


def joined(messages: Iterable[Message]) -> tuple[Message, ...]:
    """The messages with the parts of long ones joined, each in the place of the part that was found first."""
    groups: list[dict[int, Message]] = []
    for message in messages:
        index = message.part.index if message.part else 1
        group = min(
            (group for group in groups if _belongs(message, group)),
            key=lambda group: _apart(message, group),
            default=None,
        )
        if group is None:
            groups.append({index: message})
        else:
            group[index] = message
    return tuple(_whole(group) for group in groups)


class _Cursor:
    """Takes bytes from the front. Raises `BadAnswer` if there are too few."""

    def __init__(self, data: bytes) -> None:
        self._rest = data

    def take(self, size: int) -> bytes:
        if size > len(self._rest):
            raise BadAnswer(f"The message ends {size - len(self._rest)} bytes too early.")
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken

    def octet(self) -> int:
        return self.take(1)[0]


def _read(message: Message, cursor: _Cursor) -> Message:
    size = cursor.octet()
    if size not in (0x00, 0xFF):
        coded = cursor.take(size)
        message = replace(message, centre=_address(coded[0], coded[1:], 2 * len(coded[1:])))
    first = cursor.octet()
    kind = first & 0x03
    if kind == _DELIVER:
        return _deliver(message, cursor, first)
    if kind == _SUBMIT:
        return _submit(message, cursor, first)
    if kind == _STATUS_REPORT:
        return _status_report(message, cursor)
    raise BadAnswer("The message has a reserved type (TS 23.040).")


def _deliver(message: Message, cursor: _Cursor, first: int) -> Message:
    """SMS-DELIVER (§9.2.2.1)."""
    number = _party(cursor)
    coding = cursor.take(2)[1]
    message = replace(message, direction="received", number=number, time=_time(cursor.take(7)))
    return _with_user_data(message, cursor, first, coding)


def _submit(message: Message, cursor: _Cursor, first: int) -> Message:
    """SMS-SUBMIT (§9.2.2.2), which has no time stamp."""
    cursor.octet()
    number = _party(cursor)
    coding = cursor.take(2)[1]
    cursor.take(_VALIDITY_BYTES[first >> 3 & 0x03])
    return _with_user_data(replace(message, direction="sent", number=number), cursor, first, coding)


def _status_report(message: Message, cursor: _Cursor) -> Message:
    """SMS-STATUS-REPORT (§9.2.2.3): `time` is that of the reported message, `text` the outcome."""
    reference = cursor.octet()
    number = _party(cursor)
    sent, done = _time(cursor.take(7)), _time(cursor.take(7))
    outcome = cursor.octet()
    arrived = "delivered" if outcome == 0 else f"status {outcome:02X}"
    text = f"message {reference}: {arrived}" + (f" {done.isoformat()}" if done else "")
    return replace(message, direction="report", number=number, time=sent, text=text)


def _with_user_data(message: Message, cursor: _Cursor, first: int, coding: int) -> Message:
    """The message with its user data: the header, if `first` announces one, and text as `coding` says."""
    length = cursor.octet()
    octets = cursor.take(user_data.size(coding, length))
    data = user_data.read(coding, length, octets, has_header=bool(first & _USER_DATA_HEADER))
    return replace(message, text=data.text, data=data.data, part=data.part, problem=data.problem)


def _party(cursor: _Cursor) -> str:
    digits, kind = cursor.octet(), cursor.octet()
    return _address(kind, cursor.take((digits + 1) // 2), digits)


def _address(kind: int, coded: bytes, digits: int) -> str:
    """A number or a name (§9.1.2.5); `digits`: the number of half bytes."""
    if kind & 0x70 == 0x50:
        return alphabets.gsm(alphabets.septets(coded, digits * 4 // 7))
    nibbles = [nibble for octet in coded for nibble in (octet & 0x0F, octet >> 4)]
    number = "".join(_BCD[nibble] for nibble in nibbles[:digits] if nibble < len(_BCD))
    return f"+{number}" if kind & 0x70 == 0x10 and number else number


def _time(coded: bytes) -> datetime | None:
    """A time stamp with its zone (§9.2.3.11); None if it is invalid. Years before 90 are of this century."""
    year, month, day, hour, minute, second = (
        (octet & 0x0F) * 10 + (octet >> 4) if octet >> 4 < 10 and octet & 0x0F < 10 else 99
        for octet in coded[:6]
    )
    quarters = (coded[6] & 0x07) * 10 + (coded[6] >> 4)
    zone = timedelta(minutes=15 * (-quarters if coded[6] & 0x08 else quarters))
    try:
        century = 1900 if year >= 90 else 2000
        return datetime(century + year, month, day, hour, minute, second, tzinfo=timezone(zone))
    except ValueError:
        return None


def _belongs(message: Message, group: dict[int, Message]) -> bool:
    """Whether a part belongs to this group. References are reused, so a part of the same index does not."""
    other = next(iter(group.values()))
    if not (message.part and other.part) or message.part.index in group:
        return False
    if _apart(message, group) > _LONGEST_JOURNEY:
        return False
    return (message.part.reference, message.part.total, message.number, message.direction) == (
        other.part.reference,
        other.part.total,
        other.number,
        other.direction,
    )


def _apart(message: Message, group: dict[int, Message]) -> timedelta:
    """The time between the message and the nearest of the group; 0 if it is unknown."""
    if message.time is None:
        return timedelta()
    times = [part.time for part in group.values() if part.time]
    return min((abs(message.time - time) for time in times), default=timedelta())


def _whole(group: dict[int, Message]) -> Message:
    """One message from its parts, in their order. All other attributes are those of the first."""
    parts = [group[index] for index in sorted(group)]
    first = parts[0]
    texts = [part.text for part in parts if part.text is not None]
    problems = dict.fromkeys(part.problem for part in parts if part.problem)
    total = first.part.total if first.part else 1
    return replace(
        first,
        raw=tuple(record for part in parts for record in part.raw),
        text=user_data.whole("".join(texts)) if texts else None,
        data=b"".join(part.data for part in parts),
        missing=tuple(index for index in range(1, total + 1) if index not in group),
        problem=" ".join(problems),
    )
