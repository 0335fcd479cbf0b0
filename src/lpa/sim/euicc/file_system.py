"""The files of the enabled profile with what a terminal has updated in them.

The files are built once for each content of the enabled profile, not for each command: a phone book may have
1,000 contacts. PINs and their tries are not in files, so they do not count as content.
"""

from __future__ import annotations

from dataclasses import fields, replace

from lpa.sim.contents import Contents
from lpa.sim.euicc import command_apdu, profile_files
from lpa.sim.euicc.command_apdu import StatusWord
from lpa.sim.euicc.es10_functions import SimulatedIsdr
from lpa.sim.euicc.file_tree import File
from lpa.sim.simulated_profile import SimulatedProfile

_KEYS = ("pin", "pin_tries", "disabled_pin", "puk", "puk_tries")
_OTHER_KEYS = ("pin2", "pin2_tries", "puk2", "puk2_tries", "adm", "adm_tries")
_IN_FILES = [field.name for field in fields(Contents) if field.name not in (*_KEYS, *_OTHER_KEYS, "updates")]


class FileSystem:
    """The files of the card in one card session."""

    def __init__(self, isdr: SimulatedIsdr) -> None:
        self._isdr = isdr
        self._built: dict[bytes, File] = {}
        self._built_from: object = None
        self._files: dict[bytes, File] = {}
        self._files_of: object = self  # no profile is that

    @property
    def files(self) -> dict[bytes, File]:
        """The current files by path."""
        profile = self._isdr.state.enabled
        if profile is not self._files_of:
            self._files = _updated(self._base(profile), profile.contents.updates if profile else ())
            self._files_of = profile
        return self._files

    def update(self, file: File, content: bytes) -> None:
        """Store the new content of a file, as long as the old one. Raises `StatusWord` 6581 if that fails."""
        profile = self._isdr.state.enabled
        if profile is None:  # No file can be updated then.
            raise StatusWord(command_apdu.SECURITY_STATUS_NOT_SATISFIED)
        updates = dict(profile.contents.updates) | {_stored_as(file): content.hex().upper()}
        keep(self._isdr, replace(profile.contents, updates=tuple(updates.items())))

    def _base(self, profile: SimulatedProfile | None) -> dict[bytes, File]:
        source = _source(profile)
        if self._built_from is None or source != self._built_from:
            announces = self._isdr.state.behaviour.announces_terminal_capability
            self._built = profile_files.files(profile, announces_terminal_capability=announces)
            self._built_from = source
        return self._built


def keep(isdr: SimulatedIsdr, contents: Contents) -> None:
    """Store the contents of the enabled profile. Raises `StatusWord` 6581 if that fails."""
    try:
        isdr.keep_contents(contents)
    except OSError as error:
        raise StatusWord(command_apdu.MEMORY_PROBLEM) from error


def _source(profile: SimulatedProfile | None) -> tuple[object, ...]:
    """All that files are built from. Comparing it costs little, as the same objects come again."""
    if profile is None:
        return ()
    names = (getattr(profile.contents, name) for name in _IN_FILES)
    return (profile.iccid, profile.owner, profile.gid1, profile.gid2, *names)


def _updated(files: dict[bytes, File], updates: tuple[tuple[str, str], ...]) -> dict[bytes, File]:
    """The files with the updates that still fit: the content of a card in a folder may be edited."""
    stored = {path: bytes.fromhex(content) for path, content in updates}
    found = ((path, file, stored.get(_stored_as(file))) for path, file in files.items())
    return {
        path: replace(file, content=content) if content and len(content) == len(file.content) else file
        for path, file, content in found
    }


def _stored_as(file: File) -> str:
    return (file.stored_as or file.path).hex().upper()
