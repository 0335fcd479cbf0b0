"""Lost notifications: changes whose signed notification no longer exists, so the operator must be informed.

A card keeps few notifications, and other programs may send or remove what it signed. The journal keeps what
was lost until the person says that the operator is informed.
"""

from __future__ import annotations

from lpa.errors import LpaError, OutcomeUnknown, Refused
from lpa.journal import Journal, LostNotification
from lpa.rsp.names import Iccid


def advice(iccid: Iccid) -> str:
    """What to do about a lost notification of a profile."""
    return f"Inform the operator yourself; then run 'lpa notifications mark-informed {iccid}'."


def problem(lost: LostNotification) -> LpaError:
    """A lost notification as an error. Another program may have sent it, so the outcome is unknown."""
    return OutcomeUnknown(
        f"No signed notification remains for {lost.address}: {lost.event} of {lost.title} ({lost.iccid}).",
        advice=advice(lost.iccid),
    )


def mark_informed(journal: Journal, iccid: Iccid) -> tuple[LostNotification, ...]:
    """Record that the person informed the operator of a profile. Returns the lost notifications of it.

    Raises `Refused` if there are none.
    """
    of_profile = tuple(lost for lost in journal.lost() if lost.iccid == iccid)
    if not of_profile:
        raise Refused(
            "NotificationSent",
            "nothingLost",
            f"The profile {iccid} has no lost notification.",
            advice="'lpa notifications list' shows the lost notifications.",
        )
    journal.mark_informed(iccid)
    return of_profile
