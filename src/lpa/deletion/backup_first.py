"""Save what a profile holds before it is deleted; one that is not in use is put to use for that moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from lpa.errors import LpaError, Refused, StorageFailed
from lpa.notifications.outbox import Outbox
from lpa.notifications.send_queue import Delivery
from lpa.profiles.backup import Backup, Place, reserved
from lpa.profiles.switching import Outcome
from lpa.profiles.temporary_enable import using
from lpa.rsp.names import Iccid


@dataclass(frozen=True)
class Rescue:
    """What was saved, and what was done to the card for it (`switches`; empty if the profile was in use).

    `problem`: why nothing was saved (then `backup` is None), or that a part could not be read; or, unless
    `put_back`, why what was in use before is not in use again.
    """

    backup: Backup | None = None
    problem: LpaError | None = None
    switches: tuple[Outcome, ...] = ()
    put_back: bool = True

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """Who was told that the profile was in use for a moment."""
        return tuple(delivery for outcome in self.switches for delivery in outcome.deliveries)


class Stopped(KeyboardInterrupt):
    """Ctrl-C came meanwhile. `rescue`: what was done until then."""

    def __init__(self, rescue: Rescue) -> None:
        super().__init__()
        self.rescue = rescue


def rescue(outbox: Outbox, iccid: Iccid, folder: Path, save: Callable[[Place], Backup]) -> Rescue:
    """Have `save` make a backup while the profile `iccid` is in use; what was in use before is so again then.

    Nothing is switched if its place in `folder` cannot be made. What fails after the first switch is told,
    not raised; what fails before is raised as by `interlude.using`. Raises `Stopped` on Ctrl-C.
    """
    with ExitStack() as made:
        try:
            place = made.enter_context(reserved(folder))
        except StorageFailed as problem:
            return Rescue(problem=problem)
        return _saved(outbox, iccid, lambda: save(place))


def _saved(outbox: Outbox, iccid: Iccid, save: Callable[[], Backup]) -> Rescue:
    backup: Backup | None = None
    problem: LpaError | None = None
    outcomes: list[Outcome] = []
    try:
        with using(outbox, iccid) as outcomes:
            try:
                backup = save()
                problem = _incomplete(backup)
            except LpaError as error:
                problem = error
    except LpaError as error:
        if not outcomes:
            raise
        return Rescue(backup, error, _switches(outcomes), put_back=False)
    except KeyboardInterrupt as error:
        # The journal knows whether the moment was ended.
        put_back = not outbox.journal.unfinished(outbox.euicc.eid)
        raise Stopped(Rescue(backup, problem, _switches(outcomes), put_back)) from error
    return Rescue(backup, problem, _switches(outcomes))


def _switches(outcomes: Iterable[Outcome]) -> tuple[Outcome, ...]:
    return tuple(outcome for outcome in outcomes if outcome.happenings)


def _incomplete(backup: Backup) -> Refused | None:
    if not backup.problems:
        return None
    return Refused(
        "Backup",
        "backupIncomplete",
        f"The backup in {backup.folder} lacks something: {' '.join(backup.problems)}",
        advice="What could be read is saved.",
    )
