"""A profile put to use for a moment, because a card shows the files of the profile in use alone.

Law: before the card is changed it is certain, as far as the operators' rules go, that everything can be put
back; and it is put back whatever happens meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lpa import findings, selection, switching
from lpa.delivery import Outbox
from lpa.errors import LpaError
from lpa.rsp.names import Iccid
from lpa.switching import Outcome


@contextmanager
def using(outbox: Outbox, name: str | Iccid) -> Iterator[list[Outcome]]:
    """Enable a profile while the `with` block runs; then have in use what was in use before, or nothing.

    Gives a list of what was done, to which putting back adds its own at the end. Servers are told of each.
    Raises `Refused` before anything is done if an operator's rule forbids to put back, and as
    `switching.enable` does.
    """
    before, target = selection.read(outbox.euicc, name)
    in_use = [profile for profile in before if profile.enabled]
    if not target.enabled:
        for stop in findings.bound(target, "ppr1"):
            raise stop.refused
    outcomes = [switching.enable(outbox, target.iccid)]
    try:
        yield outcomes
    finally:
        try:
            if in_use:
                outcomes.append(switching.enable(outbox, in_use[0].iccid))
            else:
                outcomes.append(switching.disable(outbox, target.iccid))
        except LpaError as error:
            error.add(f"{target.title} was put to use before, and may still be.")
            raise
