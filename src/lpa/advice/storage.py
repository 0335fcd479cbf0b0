"""What to do about errors of the system, and about locks and the journal of this computer."""

from __future__ import annotations

import errno

from lpa.advice import Advice, id_of

FREE_DISK_OR = Advice("freeDiskOr", "Free some disk space, or {otherwise}.")
OTHER_ACCOUNT_OR = Advice("otherAccountOr", "Use an account that has access to it, or {otherwise}.")
MOVE_AWAY_OR = Advice("moveAwayOr", "Move it away, or {otherwise}.")
MAKE_WRITABLE_OR = Advice("makeWritableOr", "Make the file system writable, or {otherwise}.")
CHECK_DISK_OR = Advice("checkDiskOr", "Check that the disk works and has free space, or {otherwise}.")
WAIT_FOR_OTHER_PROGRAM = Advice(
    "waitForOtherProgram",
    "Wait until the other program has finished, then try again.",
)
CLOSE_PROGRAMS = Advice("closePrograms", "Close some programs, then try again.")
OTHER_FOLDER = Advice("otherFolder", "choose another folder")
OTHER_STATE_DIR = Advice("otherStateDir", "choose another folder with --state-dir")
NAME_OTHER_FOLDER = Advice("nameOtherFolder", "name another folder")
NAME_OTHER_FILE = Advice("nameOtherFile", "name another file")
SET_LOCK_DIR = Advice("setLockDir", "set LPA_LOCK_DIR to a folder on a local disk, the same for every lpa")
REMOVE_LOCK_OR = Advice(
    "removeLockOr",
    "If another user created it, ask an administrator to remove it, or {otherwise}.",
)
MAKE_FOLDER_PRIVATE_OR = Advice(
    "makeFolderPrivateOr",
    "Make the folder writable for you alone, or {otherwise}.",
)
MOVE_DAMAGED_JOURNAL = Advice(
    "moveDamagedJournal",
    "Move the damaged journal.db away. The receipts stay, and 'lpa notifications send FOLDER' sends "
    "those in FOLDER again, acknowledged or not.",
)
MOVE_OLD_JOURNAL = Advice(
    "moveOldJournal",
    "Move journal.db away. The receipts stay, and 'lpa notifications send FOLDER' sends those in "
    "FOLDER again, acknowledged or not.",
)
MOVE_JOURNAL_IF_DAMAGED = Advice(
    "moveJournalIfDamaged",
    "If journal.db is damaged, move it away: the receipts stay.",
)
USE_LATER_VERSION = Advice("useLaterVersion", "Use that version, or choose another folder with --state-dir.")
MOVE_OR_STATE_DIR = Advice("moveOrStateDir", "Move it away, or choose another folder with --state-dir.")

_BY_NUMBER = (
    ((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), FREE_DISK_OR),
    ((errno.EACCES,), OTHER_ACCOUNT_OR),
    ((errno.EPERM,), MOVE_AWAY_OR),
    ((errno.EROFS,), MAKE_WRITABLE_OR),
    ((errno.EIO, errno.ENXIO), CHECK_DISK_OR),
    ((errno.EAGAIN, errno.EBUSY), WAIT_FOR_OTHER_PROGRAM),
    ((errno.EMFILE, errno.ENFILE, errno.ENOMEM), CLOSE_PROGRAMS),
)


def of_number(number: int | None, otherwise: str) -> str:
    """What to do about an error of the system. `otherwise`: what else helps; of other errors that alone."""
    for numbers, advice in _BY_NUMBER:
        if number in numbers:
            return advice.filled(otherwise=otherwise) if "{" in advice else advice
    sentence = f"{otherwise[0].upper()}{otherwise[1:]}."
    return Advice(id_of(otherwise), sentence) if id_of(otherwise) else sentence


OPEN_JOURNAL_IN_FORK = Advice("openJournalInFork", "Open it again in this process.")
OPEN_JOURNAL_AGAIN = Advice("openJournalAgain", "Open it again.")
