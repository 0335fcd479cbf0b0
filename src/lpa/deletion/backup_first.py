"""Back up a profile before it is deleted; a disabled profile is enabled temporarily for that."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from lpa.advice.profiles import READABLE_IS_SAVED, RESUME_FINDS_OUT
from lpa.card.files.filesystem import UiccFiles
from lpa.deletion.plan import Plan
from lpa.errors import LpaError, Refused, StorageFailed
from lpa.notifications.card_context import CardContext
from lpa.notifications.delivery import Delivery
from lpa.notifications.outbox import Outbox
from lpa.profiles.backup import Backup, BackupTarget, save, staging_folder
from lpa.profiles.switching import Outcome
from lpa.profiles.temporary_enable import temporarily_enabled
from lpa.rsp.facts import Fact, fact
from lpa.rsp.names import Iccid
from lpa.stop import StopRequested


@fact
class BackupFirst(Fact):
    """A backup before a deletion, and the `switches` made for it (none if the profile was enabled).

    `restored`: whether the previous state is restored. `problem`: why it is not; else why nothing was saved
    (then `backup` is None), or what could not be read.
    """

    backup: Backup | None = None
    problem: LpaError | None = None
    switches: tuple[Outcome, ...] = ()
    restored: bool = True

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """The notifications of all switches."""
        return tuple(delivery for outcome in self.switches for delivery in outcome.deliveries)


class BackupInterrupted(StopRequested):
    """The backup was interrupted, with Ctrl-C or by a stop. `done`: what was done until then."""

    def __init__(self, done: BackupFirst) -> None:
        super().__init__()
        self.done = done
        if done.restored:
            self.describe(
                "Nothing was deleted; the profiles are enabled and disabled as before.", outcome=done
            )
        else:
            self.describe("The card was being changed, and the outcome is unknown.", RESUME_FINDS_OUT, done)


def back_up_first(
    card: CardContext,
    outbox: Outbox,
    opened: Callable[[], AbstractContextManager[UiccFiles]],
    plan: Plan,
    folder: Path,
    *,
    pin: str | None = None,
) -> BackupFirst:
    """Back up the profile of `plan` while it is enabled, and restore the previous profile.

    `opened`: opens the files of the enabled profile. `pin`: the profile's PIN, if it is locked with one.
    Servers are notified of each switch. Nothing is switched if the staging folder cannot be made. What fails
    after the first switch is in the result, not raised; what fails before is raised as by
    `temporarily_enabled`. Raises `BackupInterrupted` on Ctrl-C or a stop.
    """
    with ExitStack() as made:
        try:
            target = made.enter_context(staging_folder(folder))
        except (Refused, StorageFailed) as problem:
            return BackupFirst(problem=problem)
        return _saved(card, outbox, plan.profile.iccid, lambda: _save(opened, plan, target, pin))


def _save(
    opened: Callable[[], AbstractContextManager[UiccFiles]], plan: Plan, target: BackupTarget, pin: str | None
) -> Backup:
    with opened() as files:
        return save(files, plan.profile.iccid, target, pin=pin)


def _saved(card: CardContext, outbox: Outbox, iccid: Iccid, make: Callable[[], Backup]) -> BackupFirst:
    backup: Backup | None = None
    problem: LpaError | None = None
    outcomes: list[Outcome] = []
    try:
        with temporarily_enabled(card, outbox, iccid) as outcomes:
            try:
                backup = make()
                problem = _incomplete(backup)
            except LpaError as error:
                problem = error
    except LpaError as error:
        if not outcomes:
            raise
        return BackupFirst(backup, error, _switches(outcomes), restored=False)
    except KeyboardInterrupt as error:
        # The journal knows whether the temporary enable was ended.
        restored = not card.journal.unfinished(card.euicc.eid)
        raise BackupInterrupted(BackupFirst(backup, problem, _switches(outcomes), restored)) from error
    return BackupFirst(backup, problem, _switches(outcomes))


def _switches(outcomes: Iterable[Outcome]) -> tuple[Outcome, ...]:
    return tuple(outcome for outcome in outcomes if outcome.changes)


def _incomplete(backup: Backup) -> Refused | None:
    if not backup.problems:
        return None
    return Refused(
        "Backup",
        "backupIncomplete",
        f"The backup in {backup.folder} is incomplete: {' '.join(backup.problems)}",
        advice=READABLE_IS_SAVED,
    )
