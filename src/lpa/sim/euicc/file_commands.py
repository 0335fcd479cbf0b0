"""The file commands of the simulated card: SELECT, READ and VERIFY PIN (TS 102 221 §11.1).

Choices where the specification leaves one: VERIFY PIN without data returns 6983 for a blocked PIN, and VERIFY
PIN with data returns 6984 for a disabled PIN.
"""

from __future__ import annotations

from lpa.sim.contents import PIN_TRIES
from lpa.sim.euicc import command_apdu, file_tree, profile_files
from lpa.sim.euicc.command_apdu import CommandApdu, StatusWord
from lpa.sim.euicc.es10_functions import SimulatedIsdr
from lpa.sim.euicc.file_tree import File

_PIN1 = 0x01
_PIN_SIZE = 8
_ABSOLUTE = 0x04  # the record whose number is P1


class FileCommands:
    """Selects and reads files in one card session, which keeps whether PIN1 was verified."""

    def __init__(self, isdr: SimulatedIsdr) -> None:
        self._isdr = isdr
        self._verified = False

    @property
    def files(self) -> dict[bytes, File]:
        """The current files by path."""
        announces = self._isdr.state.behaviour.announces_terminal_capability
        return profile_files.files(self._isdr.state.enabled, announces_terminal_capability=announces)

    def lock_pin(self) -> None:
        """Count PIN1 as not verified, after another profile was enabled."""
        self._verified = False

    def find(self, command: CommandApdu, folder: bytes, *, application: bool) -> File:
        """The file that a SELECT names. `application`: one is selected on this channel, so ADF is valid."""
        if command.p1 == 0x00:
            found = file_tree.by_identifier(self.files, folder, command.data)
        elif command.p1 == 0x04:
            found = file_tree.by_aid(self.files, command.data)
        elif command.p1 == 0x08:
            found = file_tree.by_path(self.files, command.data)
        else:
            raise StatusWord(command_apdu.WRONG_P1_P2)
        hidden = found and found.path[2:4] == file_tree.ADF and command.p1 != 0x04 and not application
        if found is None or hidden:
            raise StatusWord(command_apdu.NOT_FOUND)
        return found

    def binary(self, command: CommandApdu, path: bytes) -> bytes:
        """READ BINARY at an offset."""
        file = self._readable(path)
        if not file.content:
            raise StatusWord(command_apdu.INCOMPATIBLE_FILE)
        offset = command.p1 << 8 | command.p2
        if offset >= len(file.content):
            raise StatusWord(command_apdu.WRONG_OFFSET)
        return file.content[offset:][: command.le or 256]

    def record(self, command: CommandApdu, path: bytes) -> bytes:
        """READ RECORD by record number."""
        file = self._readable(path)
        if not file.records:
            raise StatusWord(command_apdu.INCOMPATIBLE_FILE)
        if command.p2 != _ABSOLUTE or not command.p1:
            raise StatusWord(command_apdu.WRONG_P1_P2)
        if command.p1 > len(file.records):
            raise StatusWord(command_apdu.RECORD_NOT_FOUND)
        return file.records[command.p1 - 1]

    def verify_pin(self, command: CommandApdu) -> bytes:
        """VERIFY PIN: without data, return the remaining tries; with data, each wrong PIN uses up a try."""
        profile = self._isdr.state.enabled
        if command.p1:
            raise StatusWord(command_apdu.WRONG_P1_P2)
        if profile is None or command.p2 != _PIN1:
            raise StatusWord(command_apdu.UNKNOWN_OBJECT)
        contents = profile.contents
        if not contents.pin_tries:
            raise StatusWord(command_apdu.PIN_BLOCKED)
        if not command.data:
            raise StatusWord(command_apdu.TRIES_LEFT | contents.pin_tries)
        if len(command.data) != _PIN_SIZE:
            raise StatusWord(command_apdu.WRONG_LENGTH)
        if contents.pin is None:
            raise StatusWord(command_apdu.PIN_DISABLED)
        self._verified = False
        right = command.data == contents.pin.encode().ljust(_PIN_SIZE, b"\xff")
        left = PIN_TRIES if right else contents.pin_tries - 1
        self._keep_tries(left)
        if not right:
            raise StatusWord(command_apdu.TRIES_LEFT | left)
        self._verified = True
        return b""

    def _keep_tries(self, left: int) -> None:
        try:
            self._isdr.keep_pin_tries(left)
        except OSError as error:
            raise StatusWord(command_apdu.MEMORY_PROBLEM) from error

    def _readable(self, path: bytes) -> File:
        file = self.files.get(path)
        if file is None or file.folder == file.path:
            raise StatusWord(command_apdu.NO_FILE_SELECTED)
        profile = self._isdr.state.enabled
        if file.guarded and profile and profile.contents.pin and not self._verified:
            raise StatusWord(command_apdu.SECURITY_STATUS_NOT_SATISFIED)
        return file
