"""A download in one call: what is offered is installed, postponed or rejected, as a function decides.

Law: only the answer "reject" rejects an order. An answer that is none of the three postpones it, and so does
an exception: the order stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from lpa.download.offer import ConfirmationCode, Offer
from lpa.profiles.switching import Outcome
from lpa.rsp.steps import Progress

Decision = Literal["install", "postpone", "reject"]
Decide = Callable[[Offer], Decision]
"""Looks at an offer (its profile, blockers and warnings), and says what to do with it."""


def carry_out(
    offer: Offer,
    decide: Decide,
    *,
    confirmation_code: ConfirmationCode = "",
    progress: Progress | None = None,
) -> Outcome:
    """Do with an offer what `decide` says. The outcome has no changes unless the profile was installed.

    Raises what `decide` raises, ValueError if it returns something else than a `Decision`, and as
    `Offer.install` and `Offer.reject` do.
    """
    try:
        decision: object = decide(offer)
    except BaseException:
        offer.postpone()
        raise
    if decision == "install":
        return offer.install(confirmation_code=confirmation_code, progress=progress)
    if decision == "reject":
        offer.reject()
        return Outcome(offer.profile)
    offer.postpone()
    if decision != "postpone":
        raise ValueError(f"decide returned {decision!r}, which is not 'install', 'postpone' or 'reject'")
    return Outcome(offer.profile)
