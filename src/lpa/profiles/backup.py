"""Save what the enabled profile holds to files: contacts, messages, and the numbers of its subscriber.

A card shows the files of the enabled profile only. A backup is a folder that is complete or does not exist:
`contacts.vcf` (vCard 4.0), `messages.json` and `messages.txt`, `identity.json`, and `records.json` with every
record as the card gave it. Only its owner can read it. A staging folder beside it is made before the card is
read, and is renamed once it is complete. If the process is killed before that, the next backup into the same
folder removes the staging folder.
"""

from __future__ import annotations

import contextlib
import glob
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lpa.advice.profiles import ENABLE_FOR_BACKUP
from lpa.advice.storage import OTHER_FOLDER
from lpa.card.files.filesystem import UiccFiles
from lpa.card.files.inbox import read_messages
from lpa.card.files.numbers import read_numbers_of_usim, read_own_numbers
from lpa.card.files.phonebook import look_for_books, read_contacts
from lpa.card.files.problems import Problems
from lpa.errors import Refused, storage_failed
from lpa.host import files
from lpa.profiles import blockers
from lpa.rsp.arguments import expect
from lpa.rsp.display import safe, safe_json
from lpa.rsp.facts import Fact
from lpa.rsp.names import Iccid
from lpa.rsp.uicc.contacts import Contact
from lpa.rsp.uicc.messages import Message
from lpa.rsp.uicc.vcard import vcards

_DOCUMENTS = ("contacts.vcf", "messages.json", "messages.txt", "identity.json", "records.json")
_UNFINISHED = ".part"


@dataclass(frozen=True)
class Identity:
    """The subscriber of the profile. What the card does not say is empty."""

    iccid: str
    imsi: str = ""
    numbers: tuple[str, ...] = ()
    service_provider: str = ""


@dataclass(frozen=True)
class ProfileContents:
    """What was read of a profile. `records`: every record, in hexadecimal, by file and record number.

    `problems`: a sentence for each thing that could not be read.
    """

    identity: Identity
    contacts: tuple[Contact, ...]
    messages: tuple[Message, ...]
    records: dict[str, dict[int, str]]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Backup(Fact):
    """A backup on disk: where it is, how much it holds, and what is missing from it (`problems`)."""

    folder: Path
    contacts: int
    messages: int
    problems: tuple[str, ...]


@dataclass(frozen=True)
class BackupTarget:
    """Where a backup will be (`folder`), and the folder beside it that is filled first (`staging`)."""

    folder: Path
    staging: Path


def back_up(files: UiccFiles, iccid: Iccid, folder: Path, *, pin: str | None = None) -> Backup:
    """Save what the profile `iccid` holds into `folder`: see `staging_folder` and `save`."""
    with staging_folder(folder) as target:
        return save(files, iccid, target, pin=pin)


@contextlib.contextmanager
def staging_folder(folder: Path) -> Iterator[BackupTarget]:
    """Make the staging folder of a backup in `folder`, and remove it at the end if nothing was saved.

    Raises `Refused` with "folderExists" if `folder` already exists, and `StorageFailed` if it cannot be made.
    """
    expect("folder", folder, Path)
    refuse_existing(folder)
    _sweep(folder)
    with contextlib.ExitStack() as made:
        with _storing(folder):
            parent = folder.absolute().parent
            files.make_parents(folder.absolute())
            # Closed to others: 0700.
            staging = Path(tempfile.mkdtemp(dir=parent, prefix=_prefix(folder), suffix=_UNFINISHED))
            made.callback(shutil.rmtree, staging, ignore_errors=True)  # Renamed by now, if it was saved.
            made.enter_context(files.held(staging))  # so that no other backup sweeps it
        yield BackupTarget(folder, staging)


def refuse_existing(folder: Path) -> None:
    """Raise `Refused` with "folderExists" if there already is something at `folder`."""
    for blocker in blockers.folder_exists(folder):
        raise blocker.refused


def save(files: UiccFiles, iccid: Iccid, target: BackupTarget, *, pin: str | None = None) -> Backup:
    """Save what the profile `iccid` holds.

    `pin`: the profile's PIN, given to the card only if the profile is locked. Raises as `read` does, and
    `StorageFailed` if the backup cannot be written.
    """
    contents = read(files, iccid, pin=pin)
    with _storing(target.folder):
        _write(target, _documents(contents))
    return Backup(target.folder, len(contents.contacts), len(contents.messages), contents.problems)


@contextlib.contextmanager
def _storing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        what = f"The backup cannot be written to {folder}"
        raise storage_failed(error, what, OTHER_FOLDER) from error


def read(files: UiccFiles, iccid: Iccid, *, pin: str | None = None) -> ProfileContents:
    """Read all that the profile `iccid` holds. What cannot be read is in its `problems`, and raises no error.

    Raises `Refused` with "notEnabled" if another profile is enabled, or none; or with "pinNeeded", "notAPin",
    "pinWrong", "pinBlocked" or "lastTry"; `BadAnswer` if the card does not say which profile is enabled, or
    whether a PIN locks it; and a `WireError` if the card cannot be asked.
    """
    refuse_unless_enabled(files, iccid)
    files.unlock(pin)
    problems = Problems()
    # All of the USIM first, then what is outside it: each return to the USIM costs a command.
    imsi = problems.attempt("IMSI", files.imsi)
    provider = problems.attempt("Service provider name", files.service_provider_name)
    read_numbers_of_usim(files, problems)
    look_for_books(files, problems)
    messages = read_messages(files, problems)
    contacts = read_contacts(files, problems)
    numbers = read_own_numbers(files, problems)
    identity = Identity(str(iccid), imsi or "", numbers, provider or "")
    records = {
        path: {number: content.hex().upper() for number, content in records.items()}
        for path, records in files.raw.items()
    }
    return ProfileContents(identity, contacts, messages, records, tuple(problems))


def refuse_unless_enabled(files: UiccFiles, iccid: Iccid) -> None:
    """Raise `Refused` with "notEnabled" if the profile `iccid` is not the enabled one."""
    enabled = files.iccid()
    if enabled != iccid:
        instead = f"{enabled} is enabled" if enabled else "no profile is enabled"
        raise Refused(
            "Backup",
            "notEnabled",
            f"The contacts and messages of {iccid} cannot be read: {instead}.",
            advice=ENABLE_FOR_BACKUP,
        )


def _documents(contents: ProfileContents) -> dict[str, str]:
    """The files of a backup, by name."""
    texts = (
        vcards(contents.contacts),
        _json([_message(message) for message in contents.messages]),
        "\n".join(map(_readable, contents.messages)),
        _json(asdict(contents.identity)),
        _json(contents.records),
    )
    return dict(zip(_DOCUMENTS, texts, strict=True))


def _message(message: Message) -> dict[str, Any]:
    return {
        "direction": message.direction,
        "status": message.status,
        "number": message.number,
        "centre": message.centre,
        "time": message.time.isoformat() if message.time else None,
        "text": message.text,
        "data": message.data.hex().upper(),
        "missing_parts": list(message.missing),
        "problem": message.problem,
        "raw": [record.hex().upper() for record in message.raw],
    }


def _readable(message: Message) -> str:
    """A message for a person to read: a heading, then its text, indented so that it cannot look like one."""
    label = {"received": "From", "sent": "To", "report": "Report from"}.get(message.direction, "Message")
    when = f", {message.time.isoformat(' ')}" if message.time else ""
    missing = f", parts missing: {', '.join(map(str, message.missing))}" if message.missing else ""
    heading = f"{label} {safe(message.number) or 'unknown'}{when} ({message.status}{missing})"
    if message.problem:
        heading += f" {message.problem}"
    lines = [] if message.text is None else message.text.splitlines()
    if message.text is None or message.data:
        lines.append((message.data or message.raw[0]).hex().upper())
    return "\n".join((heading, *(f"    {safe(line)}".rstrip() for line in lines), ""))


def _json(value: Any) -> str:
    return safe_json(json.dumps(value, ensure_ascii=False, indent=1)) + "\n"


def _write(target: BackupTarget, documents: dict[str, str]) -> None:
    """Write all documents or none: the staging folder is filled, flushed to the disk, and then renamed."""
    for name, content in documents.items():
        files.write_new(target.staging / name, content.encode())
    files.sync_folder(target.staging)
    target.staging.rename(target.folder)
    try:
        files.sync_folder(target.staging.parent)
    except OSError:
        shutil.rmtree(target.folder, ignore_errors=True)
        raise


def _prefix(folder: Path) -> str:
    return f".{folder.name}-"


def _sweep(folder: Path) -> None:
    """Remove the staging folders that killed processes left for this folder.

    Removes only what is certainly one: a folder of this user, closed to others, held by no process, with
    files of a backup only, or empty. If two backups into one folder start at the same time, one may fail.
    """
    for left in folder.absolute().parent.glob(f"{glob.escape(_prefix(folder))}*{_UNFINISHED}"):
        with contextlib.suppress(OSError), files.held(left) as descriptor:
            # By the descriptor: the folder that is held, wherever its name leads now.
            names = None if descriptor is None else os.listdir(descriptor)  # noqa: PTH208  (a Path has none)
            if names is not None and set(names) <= set(_DOCUMENTS):
                for name in names:
                    os.unlink(name, dir_fd=descriptor)
                left.rmdir()
