"""Read the members of a server's JSON answer strictly: a missing or malformed one is `BadAnswer`.

Lenient where servers are (SGP.22 §6.5): base64 may have line breaks and lack padding, and a transaction id
may have digits of either case.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from lpa import redaction
from lpa.errors import BadAnswer
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.limits import EVENT_CHARACTERS, EVENTS, MEMBER_BYTES, TRANSACTION_BYTES
from lpa.rsp.names import ServerAddress
from lpa.rsp.session import Event

_log = redaction.logger(__name__)

# An event id becomes a matching id, which the card signs. Servers use more characters than SGP.22 allows.
_EVENT_ID = re.compile(rf"[!-~]{{0,{EVENT_CHARACTERS}}}")


class AnswerMembers:
    """The members of one server's answer to one function."""

    def __init__(self, address: ServerAddress, function: str, members: dict[str, Any]) -> None:
        self._who = f"The server {address} answered {function}"
        self._members = members

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def text(self, name: str) -> str:
        """A member that is a text."""
        value = self._members.get(name)
        if not isinstance(value, str):
            raise self.wrong(name, "is missing" if name not in self._members else "is not a text")
        return value

    def tlv(self, name: str, tag: int) -> Tlv:
        """A member that is a TLV with this tag, in base64."""
        try:
            tlv = Tlv.whole(self.binary(name))
        except BadAnswer as error:
            raise self.wrong(name, "is not a TLV") from error
        if len(tlv) > MEMBER_BYTES:
            raise self.wrong(name, f"has {len(tlv)} bytes, more than {MEMBER_BYTES}")
        if tlv.tag != tag:
            raise self.wrong(name, f"has tag {tlv.tag:X} instead of {tag:X}")
        return tlv

    def binary(self, name: str) -> bytes:
        """A member that is bytes, in base64."""
        text = "".join(self.text(name).split()).rstrip("=")
        try:
            return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
        except (binascii.Error, ValueError) as error:
            raise self.wrong(name, "is not base64") from error

    def transaction_id(self) -> bytes:
        """The transaction id: 1 to 16 bytes, in hexadecimal digits."""
        try:
            found = bytes.fromhex(self.text("transactionId"))
        except ValueError as error:
            raise self.wrong("transactionId", "is not hexadecimal") from error
        if not 1 <= len(found) <= TRANSACTION_BYTES:
            raise self.wrong("transactionId", f"has {len(found)} bytes")
        return found

    def expect_transaction(self, transaction_id: bytes) -> None:
        """Check that the answer is for this session."""
        if self.transaction_id() != transaction_id:
            raise self.wrong("transactionId", "is that of another session")

    def events(self) -> tuple[Event, ...]:
        """The events of a discovery server. Invalid ones are ignored, unless all are invalid."""
        entries = self._members.get("eventEntries")
        if not isinstance(entries, list):
            raise self.wrong("eventEntries", "is missing or not a list")
        if len(entries) > EVENTS:
            raise self.wrong("eventEntries", f"has {len(entries)} entries, more than {EVENTS}")
        events, problems = [], []
        for entry in entries:
            try:
                events.append(self._event(entry))
            except BadAnswer as problem:
                _log.debug("an invalid event is ignored")
                problems.append(problem)
        if problems and not events:
            raise problems[0]
        return tuple(events)

    def _event(self, entry: object) -> Event:
        if not isinstance(entry, dict):
            raise self.wrong("eventEntries", "contains an item that is not an event")
        event_id, address = entry.get("eventId"), entry.get("rspServerAddress")
        if not isinstance(event_id, str) or not isinstance(address, str):
            raise self.wrong("eventEntries", "contains an event without eventId or rspServerAddress")
        if not _EVENT_ID.fullmatch(event_id):
            raise self.wrong(
                "eventEntries",
                f"contains an eventId that is not up to {EVENT_CHARACTERS} printable ASCII characters",
            )
        try:
            return Event(ServerAddress.parse(address), event_id)
        except ValueError as error:
            raise self.wrong("eventEntries", f"contains an invalid address: {error}") from error

    def wrong(self, name: str, what: str) -> BadAnswer:
        """The error for a member that is wrong. `what`: how, for the end of a sentence."""
        return BadAnswer(f"{self._who}, but '{name}' {what}.")
