"""Lost notifications: changes whose signed notification no longer exists, so the operator must be informed.

A card keeps few notifications, and other programs may send or remove what it signed. The journal keeps what
was lost until the person says that the operator is informed.
"""

from __future__ import annotations

from collections.abc import Iterable

from lpa.advice import Advice
from lpa.advice.notifications import INFORM_THEN_MARK, LIST_LOST
from lpa.advice.profiles import MORE_DIGITS
from lpa.errors import LpaError, OutcomeUnknown, Refused
from lpa.journal import Journal, LostNotification
from lpa.rsp.names import Iccid

_FUNCTION = "MarkInformed"  # SGP.22 has none for it


def advice(iccid: Iccid) -> Advice:
    """What to do about a lost notification of a profile."""
    return INFORM_THEN_MARK.filled(iccid=iccid)


def problem(lost: LostNotification) -> LpaError:
    """A lost notification as an error. Another program may have sent it, so the outcome is unknown."""
    return OutcomeUnknown(
        f"No signed notification remains for {lost.address}: {lost.event} of {lost.title} ({lost.iccid}).",
        advice=advice(lost.iccid),
        reason="lostNotification",
    )


def profile_named(digits: str, lost: Iterable[LostNotification]) -> Iccid:
    """The profile that a person means: its ICCID is `digits`, or ends with them.

    Raises `Refused` if none of `lost` is of such a profile ("nothingLost"), or several are ("ambiguous").
    """
    matching = [*dict.fromkeys(one.iccid for one in lost if str(one.iccid).endswith(digits))]
    for iccid in matching:
        if len(matching) == 1 or str(iccid) == digits:
            return iccid
    if not matching:
        raise Refused(
            _FUNCTION,
            "nothingLost",
            f"There is no lost notification of a profile {digits}.",
            advice=LIST_LOST,
        )
    raise Refused(
        _FUNCTION,
        "ambiguous",
        f"Several profiles with lost notifications have an ICCID that ends with {digits}: "
        f"{', '.join(map(str, matching))}.",
        advice=MORE_DIGITS,
    )


def mark_informed(journal: Journal, iccid: Iccid) -> tuple[LostNotification, ...]:
    """Record that the person informed the operator of a profile. Returns the lost notifications of it.

    Raises `Refused` if there are none.
    """
    of_profile = tuple(lost for lost in journal.lost() if lost.iccid == iccid)
    if not of_profile:
        raise Refused(
            _FUNCTION,
            "nothingLost",
            f"The profile {iccid} has no lost notification.",
            advice=LIST_LOST,
        )
    journal.mark_informed(iccid)
    return of_profile
