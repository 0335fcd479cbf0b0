"""How many bytes of the card's memory a change of its state writes and erases.

The state is replaced as a whole, and a card writes only what changed. The elements and metadata of a profile
are counted when they are loaded, so a new profile counts here as an update alone.
"""

from __future__ import annotations

from lpa.sim.euicc.signed_notifications import SimulatedNotification
from lpa.sim.euicc.state import CardState
from lpa.sim.wire.card_work import CardWork

_SIGNATURE = 64
_KEY = 32


def count(work: CardWork, before: CardState, after: CardState) -> None:
    """Count an update of the memory from one state to another."""
    work.count("update")
    if after.notifications is not before.notifications:
        work.count("write", _size_without(after.notifications, before.notifications))
        work.count("erase", _size_without(before.notifications, after.notifications))
    if after.one_time_keys is not before.one_time_keys:
        work.count("write", _KEY * len({*after.one_time_keys} - {*before.one_time_keys}))
    if after.profiles is not before.profiles:
        kept = {profile.iccid for profile in after.profiles}
        work.count("erase", sum(profile.size for profile in before.profiles if profile.iccid not in kept))


def _size_without(
    notifications: tuple[SimulatedNotification, ...], others: tuple[SimulatedNotification, ...]
) -> int:
    """The bytes of those that are not among the others."""
    known = {notification.sequence_number for notification in others}
    return sum(
        len(notification.signed) + _SIGNATURE
        for notification in notifications
        if notification.sequence_number not in known
    )
