"""What the journal returns: the state of a notification, lost notifications, the record of an operation."""

from __future__ import annotations

from dataclasses import dataclass, field

from lpa.rsp.facts import Fact
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.pki.key_identifier import KeyIdentifier
from lpa.rsp.records import Notification, NotificationEvent, Profile


@dataclass(frozen=True)
class Entry(Fact):
    """A notification and its state. Times are seconds since 1970.

    `eid`: the card that signed it; None if it came in a file and no card has given it. `kept`: when this
    computer kept it. `attempts`, `next_try`, `problem`: the failed attempts to send it, when the next one is
    due, and why the last one failed; `objected` if the server answered and refused it. `sent`: when its
    server acknowledged it, with the `evidence`; None until then. `removed`: when the card removed it; None
    until then. `abandoned`: when a person had it removed unsent, else None. `ci_pkids`: the trusted CI keys
    that its card listed when it was kept; None if it did not list them, or was not there.
    """

    eid: Eid | None
    notification: Notification
    kept: float
    attempts: int = 0
    next_try: float = 0.0
    problem: str = ""
    sent: float | None = None
    evidence: dict[str, str] = field(default_factory=dict)
    removed: float | None = None
    objected: bool = False
    abandoned: float | None = None
    ci_pkids: tuple[KeyIdentifier, ...] | None = None


@dataclass(frozen=True)
class LostNotification(Fact):
    """A change of a profile whose signed notification for the server at `address` no longer exists.

    The server cannot be notified of it; a person must inform the operator. `title`: what the profile was
    called. `event`: as in `ProfileChange`. `noticed`: when the loss was found, in seconds since 1970.
    """

    eid: Eid
    iccid: Iccid
    title: str
    event: NotificationEvent
    address: str
    noticed: float


@dataclass(frozen=True)
class OperationRecord(Fact):
    """What this computer recorded about the operation that a notification reports. No card has signed this.

    `entry`: the notification itself, with the server's evidence. `function`: what was asked for ("delete",
    "enable" ...). `reason`: why, in the person's words; may be empty. `begun`: in seconds since 1970.
    `state`: see `lpa.journal.states`. `memory_before`, `memory_after`: the free bytes on the card, None if
    they were not read. `profile`: the one that the notification is about, as it was before the operation.
    """

    entry: Entry
    function: str
    reason: str
    begun: float
    state: str
    memory_before: int | None
    memory_after: int | None
    profile: Profile | None = None
