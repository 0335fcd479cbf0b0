"""A profile put to use for a moment, because a card shows the files of the profile in use alone.

Law: before the card is changed it is certain, as far as the operators' rules and the card's list go, that
everything can be put back; and it is put back whatever happens meanwhile. The journal knows of it from
before the first switch until after the last, so that a process that is killed in between leaves it to the
next one: the person's yes to a moment was a yes to its end.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lpa.deletion import findings
from lpa.errors import BadAnswer, CardBusy, LpaError, OutcomeUnknown, Refused, StorageFailed, WireError
from lpa.journal import Operation
from lpa.notifications.outbox import Outbox
from lpa.profiles import selection, switching
from lpa.profiles.switching import Outcome
from lpa.rsp.listing import Listing
from lpa.rsp.names import Iccid
from lpa.rsp.records import CHANGE_TAGS, Profile

OPERATION = "interlude"


@dataclass(frozen=True)
class Ending:
    """How an interlude was ended after its process had died in it: the `truth` now, in a sentence.

    `outcome`: what was done to put everything back; None if nothing was. `problem`: the card's no to that.
    """

    truth: str
    outcome: Outcome | None = None
    problem: LpaError | None = None


@contextlib.contextmanager
def using(outbox: Outbox, name: str | Iccid) -> Iterator[list[Outcome]]:
    """Enable a profile while the `with` block runs; then have in use what was in use before, or nothing.

    Gives a list of what was done, to which putting back adds its own at the end. Servers are told of each.
    Raises `Refused` before anything is done if an operator's rule forbids putting back or the card does not
    say what is in use, and as `switching.enable` does.
    """
    before, target = selection.read(outbox.euicc, name)
    if target.enabled:
        yield [Outcome(target)]
        return
    for stop in (*findings.bound(target, "ppr1"), *findings.hidden(before.unreadable)):
        raise stop.refused
    eid = outbox.euicc.eid
    with outbox.journal.interlude(eid) as mine:
        if not mine:
            raise CardBusy("Another profile of this card is in use for a moment.", advice="Wait for its end.")
        operation = outbox.journal.begin(eid, OPERATION, tuple(before), target=target.iccid)
        outcomes = [_first(outbox, operation, target)]
        try:
            yield outcomes
        finally:
            outcomes.append(_put_back(outbox, operation))


def end(outbox: Outbox, operation: Operation) -> Ending:
    """Put back what was in use before an interlude whose process ended in it.

    Only if the card is as the interlude left it. What somebody else did since is theirs. Raises what leaves
    it open: `WireError`, `OutcomeUnknown` and `StorageFailed`.
    """
    profiles = outbox.euicc.profiles(CHANGE_TAGS)
    was, now = _in_use(operation.before), _in_use(profiles)
    _refuse_if_hidden(operation, was, profiles)
    numbers = [profile.iccid for profile in now]
    if numbers == [profile.iccid for profile in was]:
        operation.settle("everything is as before")
        return Ending(f"{_named(now)} in use, as before.")
    if numbers != [operation.target]:
        operation.settle("something else switched meanwhile")
        return Ending(f"{_named(now)} in use, by something else's doing, and it is left so.")
    if not _among(profiles, was):
        operation.settle("what was in use before is not on the card")
        return Ending(f"{_named(now)} in use still; {_named(was)} not on the card any more.")
    try:
        outcome = _put_back(outbox, operation)
    except (BadAnswer, Refused) as problem:
        return Ending(f"{_named(now)} in use still; before that {_named(was, 'was')}.", problem=problem)
    return Ending(f"{_named(was)} in use again.", outcome)


def _refuse_if_hidden(operation: Operation, was: Sequence[Profile], profiles: Listing[Profile]) -> None:
    """Raise `OutcomeUnknown` if what is in use, or was, may be what the card lists and nobody can read."""
    if profiles.unreadable and not (_in_use(profiles) and _among(profiles, was)):
        raise OutcomeUnknown(
            f"{_title(operation)} was put to use for a moment, and the card lists a profile that cannot be "
            "read: nobody knows what is in use now."
        )


def _among(profiles: Sequence[Profile], some: Sequence[Profile]) -> bool:
    return {profile.iccid for profile in some} <= {profile.iccid for profile in profiles}


def _first(outbox: Outbox, operation: Operation, target: Profile) -> Outcome:
    try:
        return switching.enable(outbox, target.iccid)
    except (Refused, WireError) as error:  # The card shows that nothing was done.
        with contextlib.suppress(StorageFailed):
            operation.settle(error.message)
        raise


def _put_back(outbox: Outbox, operation: Operation) -> Outcome:
    """Have in use what was, and settle; after the card's no too, for then a person decides what to do."""
    was, target = _in_use(operation.before), _title(operation)
    try:
        outcome = _back(outbox, operation, was)
    except (BadAnswer, Refused) as error:
        command = f"lpa enable {was[0].iccid}" if was else f"lpa disable {operation.target}"
        error.add(f"So {target} is in use still, which was meant for a moment.")
        error.advice = f"'{command}' puts back what was before. {error.advice}".strip()
        with contextlib.suppress(StorageFailed):
            operation.settle(error.message)
        raise
    except LpaError as error:
        error.add(f"{target} was put to use before, and may still be.")
        error.advice = f"'lpa resume' puts back what was before. {error.advice}".strip()
        raise
    with contextlib.suppress(StorageFailed):  # Resuming it finds everything as before, and settles it then.
        operation.settle()
    return outcome


def _back(outbox: Outbox, operation: Operation, was: Sequence[Profile]) -> Outcome:
    if was:
        return switching.enable(outbox, was[0].iccid)
    return switching.disable(outbox, operation.target or "")


def _in_use(profiles: Sequence[Profile]) -> list[Profile]:
    return [profile for profile in profiles if profile.enabled]


def _title(operation: Operation) -> str:
    titles = (one.title for one in operation.before if one.iccid == operation.target)
    return next(titles, str(operation.target))


def _named(profiles: Sequence[Profile], verb: str = "is") -> str:
    """The subject and the verb of a sentence about what is in use."""
    return f"{profiles[0].title} ({profiles[0].iccid}) {verb}" if profiles else f"No profile {verb}"
