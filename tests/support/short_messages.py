"""Parts of short messages as a card stores them, and one read."""

from __future__ import annotations

from lpa.rsp.uicc.messages import Message

FROM = "0C 91 447700091032"


NOON = "62304121000040"  # 14 March 2026, 12:00:00, one hour east


def message(coded: str) -> Message:
    read = Message.from_record(bytes.fromhex(coded).ljust(176, b"\xff"))
    assert read is not None
    return read
