"""Read the short messages of the enabled profile from EF.SMS, with the parts of long ones joined."""

from __future__ import annotations

from functools import partial

from lpa.card.files.filesystem import TELECOM, UiccFiles, name
from lpa.card.files.problems import Problems, readable_records
from lpa.rsp.uicc.messages import Message, joined

_SMS = b"\x6f\x3c"


def read_messages(files: UiccFiles, problems: Problems) -> tuple[Message, ...]:
    """All short messages, also sent and unsent ones. Raises `WireError` if the card cannot be reached."""
    usim = files.usim()
    path, elsewhere = (usim.coded if usim else TELECOM, _SMS), (TELECOM, _SMS)
    records = [record for _, record in readable_records(files, path, problems)]
    # Most cards present the same messages in the USIM and in DF.TELECOM.
    if path != elsewhere and not problems.attempt(name(elsewhere), partial(files.alike, elsewhere, path)):
        others = readable_records(files, elsewhere, problems)
        records += [record for _, record in others if record not in records]
    messages = joined(message for record in records if (message := Message.from_record(record)))
    for message in messages:
        if message.problem:
            problems.note(f"A message cannot be read: {message.problem}")
    return messages
