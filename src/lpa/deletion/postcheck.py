"""After a deletion: all that the card lists is compared with what should be true.

Every other profile must be untouched. What else is found is an error that says so; the deletion itself is not
undone by it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import replace

from lpa.card.es10 import Euicc
from lpa.errors import BadAnswer, LpaError, NotVerified
from lpa.notifications.changes import ProfileChange
from lpa.profiles.snapshot import differences, hidden
from lpa.rsp.listing import Listing
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.records import Notification, Profile

_STATES = {"enable": "enabled", "disable": "disabled"}


def problem(
    left: Listing[Profile], gone: Iccid, others: Iterable[Profile], unreadable: Iterable[bytes] = ()
) -> LpaError | None:
    """What is wrong after the deletion of `gone`; None if just `others` are left, as they were.

    `left`: what the card lists now. `unreadable`: the items that could not be read before either.
    """
    found = [*differences(others, left), *hidden(unreadable, left.unreadable)]
    if found:
        return BadAnswer(
            f"{gone} is gone, but something else is not as it was before. {' '.join(found)}",
            advice="Look at 'lpa list' before you do anything else; no other change was asked for.",
        )
    return None


def other_card(euicc: Euicc, eid: Eid, signed: Iterable[Notification] = ()) -> LpaError | None:
    """What is wrong if the card is not the one with this EID; None if it is.

    `signed`: what it signed about the deletion, just now. The certificate in that says who signs, and a card
    that has shown it need not be asked once more; one that has signed nothing is.
    """
    try:
        now = _signer(signed) or euicc.ask_eid()
    except LpaError as error:
        return error
    return None if now == eid else BadAnswer(f"The card says that it is {now} now; it was {eid}.")


def _signer(signed: Iterable[Notification]) -> Eid | None:
    from lpa.rsp.pki import chain  # noqa: PLC0415  (it loads cryptography)

    for notification in signed:
        with contextlib.suppress(BadAnswer, NotVerified):
            return chain.claimed_card(notification)
    return None


def expected(others: Iterable[Profile], changes: Iterable[ProfileChange]) -> tuple[Profile, ...]:
    """How `others` should be after what is known to have happened: a test profile gives way to another."""
    states = {change.profile.iccid: _STATES[change.event] for change in changes if change.event in _STATES}
    return tuple(replace(profile, state=states.get(profile.iccid, profile.state)) for profile in others)
