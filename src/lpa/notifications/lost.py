"""What happened to a profile, and its server will not hear of: a person has to tell the operator.

A card keeps few notifications, and other programs may send or remove what it signed. So the journal keeps
what was lost, until the person says that the operator knows.
"""

from __future__ import annotations

from lpa.errors import LpaError, OutcomeUnknown, Refused
from lpa.journal import Journal, LostNotification
from lpa.rsp.names import Iccid


def advice(iccid: Iccid) -> str:
    """What to do about a loss."""
    return f"Tell the operator yourself; then say so with 'lpa notifications told {iccid}'."


def problem(loss: LostNotification) -> LpaError:
    """A loss as an error: nobody here can know whether the server heard of it in another way."""
    return OutcomeUnknown(
        f"Nothing signed is left that tells {loss.address}: {loss.event} of {loss.title} ({loss.iccid}).",
        advice=advice(loss.iccid),
    )


def told(journal: Journal, iccid: Iccid) -> tuple[LostNotification, ...]:
    """Note that the person has told the operator of all that was lost of one profile. Returns what was.

    Raises `Refused` if nothing was.
    """
    lost = tuple(loss for loss in journal.lost() if loss.iccid == iccid)
    if not lost:
        raise Refused(
            "NotificationSent",
            "nothingLost",
            f"Nothing is noted as lost of the profile {iccid}.",
            advice="'lpa notifications list' shows what is.",
        )
    journal.mark_informed(iccid)
    return lost
