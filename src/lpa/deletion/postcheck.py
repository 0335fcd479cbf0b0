"""Check the card after a deletion: every other profile must be as it was before.

A difference is an error in the result. It does not undo the deletion, nor make it less certain.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from lpa.advice.profiles import LIST_FIRST
from lpa.card.es10 import Euicc
from lpa.errors import BadAnswer, LpaError
from lpa.notifications.changes import ProfileChange
from lpa.notifications.on_card import certified_card
from lpa.profiles.snapshot import differences, unreadable_differences
from lpa.rsp.listing import Listing
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.records import Notification, Profile

_STATES = {"enable": "enabled", "disable": "disabled"}


def problem(
    listed: Listing[Profile], deleted: Iccid, others: Iterable[Profile], unreadable: Iterable[bytes] = ()
) -> LpaError | None:
    """What is wrong after the deletion of `deleted`; None if the card lists `others`, and nothing else.

    `listed`: what the card lists now. `unreadable`: the items that could not be read before either.
    """
    found = [*differences(others, listed), *unreadable_differences(unreadable, listed.unreadable)]
    if found:
        return BadAnswer(
            f"{deleted} is deleted, but something else on the card has changed. {' '.join(found)}",
            advice=LIST_FIRST,
        )
    return None


def other_card(euicc: Euicc, eid: Eid, signed: Iterable[Notification] = ()) -> LpaError | None:
    """What is wrong if the card is not the one with this EID; None if it is.

    `signed`: the notifications that it has just signed about the deletion. Their certificate names the card;
    a card that has signed none is asked for its EID.
    """
    try:
        now = certified_card(signed) or euicc.ask_eid()
    except LpaError as error:
        return error
    return None if now == eid else BadAnswer(f"The EID of the card is {now} now; it was {eid} before.")


def expected_others(others: Iterable[Profile], changes: Iterable[ProfileChange]) -> tuple[Profile, ...]:
    """The `others` after these changes: a card may enable one when a test profile is disabled."""
    states = {change.profile.iccid: _STATES[change.event] for change in changes if change.event in _STATES}
    return tuple(replace(profile, state=states.get(profile.iccid, profile.state)) for profile in others)
