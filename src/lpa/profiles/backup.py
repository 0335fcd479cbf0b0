"""What the profile in use holds, saved to files: contacts, messages, and the numbers that name it.

Only the profile in use shows its files. A backup is a folder that is there as a whole or not at all:
`contacts.vcf` (vCard 4.0), `messages.json` and `messages.txt`, `identity.json`, and `records.json` with every
record as the card gave it. Only its owner can read it. Its place is made before the card is read: a hidden
folder beside it, which gets its name once it is whole; if it is killed before that, the next backup into the
same folder takes it away.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lpa.card.files.filesystem import UiccFiles
from lpa.card.files.inbox import read_messages
from lpa.card.files.numbers import read_numbers_of_usim, read_own_numbers
from lpa.card.files.phonebook import look_for_books, read_contacts
from lpa.card.files.problems import Problems
from lpa.errors import Refused, StorageFailed
from lpa.host import files
from lpa.rsp.display import safe, safe_json
from lpa.rsp.names import Iccid
from lpa.rsp.uicc.contacts import Contact
from lpa.rsp.uicc.messages import Message
from lpa.rsp.uicc.vcard import vcards

_DOCUMENTS = ("contacts.vcf", "messages.json", "messages.txt", "identity.json", "records.json")
_UNFINISHED = ".part"
_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class Identity:
    """Who the profile is. What the card does not tell is empty."""

    iccid: str
    imsi: str = ""
    numbers: tuple[str, ...] = ()
    service_provider: str = ""


@dataclass(frozen=True)
class ProfileContents:
    """What a profile holds, read. `records`: every record as it came, in hexadecimal, by file and number.

    `problems`: what could not be read and why, a sentence each.
    """

    identity: Identity
    contacts: tuple[Contact, ...]
    messages: tuple[Message, ...]
    records: dict[str, dict[int, str]]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Backup:
    """A backup that is on disk: where, how much it holds, and what is missing from it (`problems`)."""

    folder: Path
    contacts: int
    messages: int
    problems: tuple[str, ...]


@dataclass(frozen=True)
class BackupTarget:
    """Where a backup will be: its `folder`, and the `hidden` one beside it that is filled before."""

    folder: Path
    hidden: Path


def back_up(files: UiccFiles, iccid: Iccid, folder: Path, *, pin: str | None = None) -> Backup:
    """Save what the profile `iccid` holds into `folder`: see `reserved` and `save`."""
    with staging_folder(folder) as place:
        return save(files, iccid, place, pin=pin)


@contextlib.contextmanager
def staging_folder(folder: Path) -> Iterator[BackupTarget]:
    """Make the place for a backup in `folder`, which must not be there yet; whatever is not saved is removed.

    Raises `StorageFailed` if the folder is there already or cannot be made.
    """
    if os.path.lexists(folder):
        raise StorageFailed(f"{folder} is there already.", advice="Name a folder that does not exist yet.")
    _sweep(folder)
    with contextlib.ExitStack() as made:
        with _storing(folder):
            parent = folder.absolute().parent
            parent.mkdir(parents=True, exist_ok=True)
            # Closed to others: 0700.
            hidden = Path(tempfile.mkdtemp(dir=parent, prefix=_hidden(folder), suffix=_UNFINISHED))
            made.callback(shutil.rmtree, hidden, ignore_errors=True)  # It is not there if it got its name.
            made.enter_context(files.held(hidden))  # so that nobody sweeps it away
        yield BackupTarget(folder, hidden)


def save(files: UiccFiles, iccid: Iccid, place: BackupTarget, *, pin: str | None = None) -> Backup:
    """Save what the profile `iccid` holds.

    `pin`: the profile's PIN, shown to the card only if it asks for one. Raises as `read` does; and
    `StorageFailed` if it cannot be written.
    """
    contents = read(files, iccid, pin=pin)
    with _storing(place.folder):
        _write(place, _documents(contents))
    return Backup(place.folder, len(contents.contacts), len(contents.messages), contents.problems)


@contextlib.contextmanager
def _storing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = "Free some disk space, or choose another folder."
        raise StorageFailed(
            f"The backup cannot be written to {folder}: {error.strerror or error}.",
            advice=full if error.errno in _FULL else "Choose another folder.",
        ) from error


def read(files: UiccFiles, iccid: Iccid, *, pin: str | None = None) -> ProfileContents:
    """Read all that the profile `iccid` holds. What the card does not let us read is a problem, no error.

    Raises `Refused` with "notEnabled" if another profile is in use, or none; or with "pinNeeded", "notAPin",
    "pinWrong", "pinBlocked" or "lastTry"; `BadAnswer` if the card does not say which profile is in use or
    what it is locked with; and a `WireError` if the card cannot be asked.
    """
    refuse_unless_in_use(files, iccid)
    files.unlock(pin)
    problems = Problems()
    # All of the USIM first, then what is beside it: each way back to the USIM is a command more.
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


def refuse_unless_in_use(files: UiccFiles, iccid: Iccid) -> None:
    """Raise `Refused` with "notEnabled" if the profile `iccid` is not the one in use."""
    present = files.iccid()
    if present != iccid:
        shown = f"The card shows those of {present}" if present else "No profile is in use"
        raise Refused(
            "Backup",
            "notEnabled",
            f"The contacts and messages of {iccid} cannot be read. {shown}.",
            advice="Enable the profile first: a card shows the files of the profile in use alone.",
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
    """A message as a person reads it: a line about it, then its text, indented to look like no such line."""
    towards = {"received": "From", "sent": "To", "report": "Report from"}.get(message.direction, "Message")
    when = f", {message.time.isoformat(' ')}" if message.time else ""
    missing = f", parts missing: {', '.join(map(str, message.missing))}" if message.missing else ""
    heading = f"{towards} {safe(message.number) or 'unknown'}{when} ({message.status}{missing})"
    if message.problem:
        heading += f" {message.problem}"
    lines = [] if message.text is None else message.text.splitlines()
    if message.text is None or message.data:
        lines.append((message.data or message.raw[0]).hex().upper())
    return "\n".join((heading, *(f"    {safe(line)}".rstrip() for line in lines), ""))


def _json(value: Any) -> str:
    return safe_json(json.dumps(value, ensure_ascii=False, indent=1)) + "\n"


def _write(place: BackupTarget, documents: dict[str, str]) -> None:
    """All of them, or nothing: the hidden folder is filled, flushed to the disk, and then gets the name."""
    for title, content in documents.items():
        files.write_new(place.hidden / title, content.encode())
    files.sync_folder(place.hidden)
    place.hidden.rename(place.folder)
    files.sync_folder(place.hidden.parent)


def _hidden(folder: Path) -> str:
    return f".{folder.name}-"


def _sweep(folder: Path) -> None:
    """Take away what was begun for this folder by a process that was killed: nobody knows that it is there.

    Only what is surely that: a folder of ours, closed to others, held by no process, with our files alone or
    nothing. Of two that are begun into the same folder at the same moment, one may fail by that.
    """
    for left in folder.absolute().parent.glob(f"{glob.escape(_hidden(folder))}*{_UNFINISHED}"):
        with contextlib.suppress(OSError), files.held(left) as descriptor:
            # By the descriptor: of what is held, wherever its name leads now.
            names = None if descriptor is None else os.listdir(descriptor)  # noqa: PTH208  (a Path has none)
            if names is not None and set(names) <= set(_DOCUMENTS):
                for name in names:
                    os.unlink(name, dir_fd=descriptor)
                left.rmdir()
