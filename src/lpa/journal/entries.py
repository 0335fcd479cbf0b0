"""What the journal tells: where a notification is on its way, and what a receipt is part of."""

from __future__ import annotations

from dataclasses import dataclass, field

from lpa.rsp.names import Eid, Iccid
from lpa.rsp.pki.key_identifier import KeyIdentifier
from lpa.rsp.records import Notification, Profile


@dataclass(frozen=True)
class Entry:
    """A notification on its way. `sent` and `removed` are None until the server and the card confirmed.

    Times are seconds since 1970. `eid`: None if nobody knows which card signed it. `problem`: of the last
    attempt; `objected`: it was the server that said no. `evidence`: how the server acknowledged. `abandoned`:
    when a person had it removed unsent, None if nobody did. `ci_pkids`: the issuers whom its card ci_pkids
    when it was kept; None if the card did not say, or was not there.
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
class LostNotification:
    """Something that happened to a profile, of which nothing signed is left for the server at `address`.

    So no server will hear of it from here. `title`: what the profile was called. `noticed`: when it was found
    out, in seconds since 1970.
    """

    eid: Eid
    iccid: Iccid
    title: str
    event: str
    address: str
    noticed: float


@dataclass(frozen=True)
class OperationRecord:
    """What this computer noted about the operation that a notification tells of. No card has signed this.

    `function`: what was asked for ("delete", "enable" ...), `begun` in seconds since 1970, for a `reason` in
    the person's own words (may be empty). `state`: where it stands (`lpa.journal.states`). `memory_before`
    and `memory_after`: the bytes that were free on the card, None if nobody looked. `entry`: the
    notification's own way, with the server's evidence. `profile`: which it was about, as it was before.
    """

    entry: Entry
    function: str
    reason: str
    begun: float
    state: str
    memory_before: int | None
    memory_after: int | None
    profile: Profile | None = None
