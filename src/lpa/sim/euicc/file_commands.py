"""The file commands of the simulated card: SELECT, STATUS, READ, UPDATE and SEARCH (TS 102 221 §11.1).

Choices where the specification leaves one:
* The conditions of an access rule are checked first (6982), then the structure of the file (6981), then the
  parameters.
* STATUS for the name of an application before one is selected on the channel: 6985.
* UPDATE BINARY that begins in the file and ends after it: 6700. Nothing is written.
* UPDATE RECORD of a cyclic file in any mode but PREVIOUS: 6981.
* SEARCH RECORD finds the pattern at any position. Its enhanced form is not supported (6A81).
* DEACTIVATE FILE and ACTIVATE FILE: no access rule allows them (6982).
* SUSPEND UICC is optional, and this card does not support it: 6D00, as for any unknown instruction. EF.UMPC
  says the same (§13.7).
"""

from __future__ import annotations

from dataclasses import dataclass

from lpa.rsp.codec.ber import Tlv
from lpa.sim.euicc import command_apdu, file_tree
from lpa.sim.euicc.command_apdu import CommandApdu, StatusWord
from lpa.sim.euicc.es10_functions import SimulatedIsdr
from lpa.sim.euicc.file_system import FileSystem
from lpa.sim.euicc.file_tree import MF, File
from lpa.sim.euicc.pin_commands import PinCommands

_NEXT, _PREVIOUS, _ABSOLUTE = 0x02, 0x03, 0x04  # modes: absolute is the record P1, or the current one
_FORWARD, _BACKWARD, _ENHANCED, _PROPRIETARY = 0x04, 0x05, 0x06, 0x07
_INITIALISED_OR_ENDING = (0x00, 0x01, 0x02)
_FCP, _NAME, _NO_DATA = 0x00, 0x01, 0x0C


@dataclass
class Selection:
    """What is selected on a channel: the current folder and file, and the number of the current record.

    `application`: the last application, so the ADF is valid. `record`: 0 if there is no current record.
    """

    folder: bytes = MF
    file: bytes = MF
    record: int = 0
    application: bytes = b""

    def select(self, file: File) -> None:
        """Make this file the current one. Its record pointer is set only if it is cyclic."""
        self.folder, self.file = file.folder, file.path
        self.record = 1 if file.cyclic else 0
        self.application = file.aid or self.application


class FileCommands:
    """Selects, reads and updates files in one card session."""

    def __init__(self, isdr: SimulatedIsdr, pins: PinCommands) -> None:
        self._system = FileSystem(isdr)
        self._pins = pins

    def select(self, command: CommandApdu, selection: Selection) -> Tlv:
        """SELECT by identifier (P1 00), by name (04) or by path from the MF (08): the FCP."""
        files = self._system.files
        if command.p1 == 0x00:
            found = file_tree.by_identifier(files, selection.folder, command.data)
        elif command.p1 == 0x04:
            found = file_tree.by_aid(files, command.data)
        elif command.p1 == 0x08:
            found = file_tree.by_path(files, command.data)
        else:
            raise StatusWord(command_apdu.WRONG_P1_P2)
        in_application = found and found.path[2:4] == file_tree.ADF
        if found is None or (in_application and command.p1 != 0x04 and not selection.application):
            raise StatusWord(command_apdu.NOT_FOUND)
        selection.select(found)
        return found.fcp(self._pins.status)

    def status(self, command: CommandApdu, selection: Selection) -> bytes:
        """STATUS: the FCP of the current folder, the name of the current application, or nothing."""
        if command.p1 not in _INITIALISED_OR_ENDING or command.p2 not in (_FCP, _NAME, _NO_DATA):
            raise StatusWord(command_apdu.WRONG_P1_P2)
        if command.p2 == _NO_DATA:
            return b""
        if command.p2 == _FCP:
            return self._system.files[selection.folder].fcp(self._pins.status)
        if not selection.application:
            raise StatusWord(command_apdu.CONDITIONS_NOT_SATISFIED)
        return Tlv.build(0x84, selection.application)

    def read_binary(self, command: CommandApdu, selection: Selection) -> bytes:
        """READ BINARY at an offset, of the current file or that with a short identifier."""
        offset, file = self._binary(command, selection)
        self._demand(file.access.read)
        _demand_structure(file, records=False)
        if offset >= len(file.content):
            raise StatusWord(command_apdu.WRONG_OFFSET)
        return file.content[offset:][: command.le or 256]

    def update_binary(self, command: CommandApdu, selection: Selection) -> bytes:
        """UPDATE BINARY at an offset. The file keeps its size."""
        offset, file = self._binary(command, selection)
        self._demand(file.access.update)
        _demand_structure(file, records=False)
        if offset >= len(file.content):
            raise StatusWord(command_apdu.WRONG_OFFSET)
        end = offset + len(command.data)
        if not command.data or end > len(file.content):
            raise StatusWord(command_apdu.WRONG_LENGTH)
        self._system.update(file, file.content[:offset] + command.data + file.content[end:])
        return b""

    def read_record(self, command: CommandApdu, selection: Selection) -> bytes:
        """READ RECORD: by number, the current one, the next or the previous one."""
        file = self._with_records(command, selection)
        self._demand(file.access.read)
        _demand_structure(file, records=True)
        return file.record(_record_number(command, file, selection))

    def update_record(self, command: CommandApdu, selection: Selection) -> bytes:
        """UPDATE RECORD. In a cyclic file it replaces the oldest record, which becomes the first."""
        file = self._with_records(command, selection)
        self._demand(file.access.update)
        _demand_structure(file, records=True)
        if file.cyclic and (command.p1 or command.p2 & 0x07 != _PREVIOUS):
            raise StatusWord(command_apdu.INCOMPATIBLE_FILE)
        if len(command.data) != file.record_size:
            raise StatusWord(command_apdu.WRONG_LENGTH)
        size = file.record_size
        if file.cyclic:
            self._system.update(file, command.data + file.content[:-size])
            selection.record = 1
            return b""
        start = (_record_number(command, file, selection) - 1) * size
        self._system.update(file, file.content[:start] + command.data + file.content[start + size :])
        return b""

    def search_record(self, command: CommandApdu, selection: Selection) -> bytes:
        """SEARCH RECORD: the numbers of the records that contain a pattern; the first becomes current."""
        file = self._with_records(command, selection)
        self._demand(file.access.read)
        _demand_structure(file, records=True)
        mode = command.p2 & 0x07
        if mode not in (_FORWARD, _BACKWARD):
            unsupported = mode in (_ENHANCED, _PROPRIETARY)
            raise StatusWord(command_apdu.FUNCTION_NOT_SUPPORTED if unsupported else command_apdu.WRONG_P1_P2)
        if not command.data:
            raise StatusWord(command_apdu.WRONG_LENGTH)
        start = command.p1 or selection.record or (1 if mode == _FORWARD else file.record_count)
        if start > file.record_count:
            raise StatusWord(command_apdu.RECORD_NOT_FOUND)
        numbers = range(start, file.record_count + 1) if mode == _FORWARD else range(start, 0, -1)
        found = bytes(number for number in numbers if command.data in file.record(number))
        if not found:
            raise StatusWord(command_apdu.NOTHING_FOUND)
        selection.record = found[0]
        return found

    def activate_or_deactivate(self, _: CommandApdu) -> bytes:
        """ACTIVATE FILE and DEACTIVATE FILE, which no access rule allows."""
        raise StatusWord(command_apdu.SECURITY_STATUS_NOT_SATISFIED)

    def _binary(self, command: CommandApdu, selection: Selection) -> tuple[int, File]:
        """The offset in P1 and P2, and the file: with bit 8 of P1, that with the short identifier in P1."""
        if not command.p1 & 0x80:
            return command.p1 << 8 | command.p2, self._current(selection)
        if command.p1 & 0x60:
            raise StatusWord(command_apdu.WRONG_P1_P2)
        return command.p2, self._with_short_identifier(command.p1 & 0x1F, selection)

    def _with_records(self, command: CommandApdu, selection: Selection) -> File:
        sfi = command.p2 >> 3
        return self._with_short_identifier(sfi, selection) if sfi else self._current(selection)

    def _current(self, selection: Selection) -> File:
        file = self._system.files.get(selection.file)
        if file is None or file.is_folder:
            raise StatusWord(command_apdu.NO_FILE_SELECTED)
        return file

    def _with_short_identifier(self, sfi: int, selection: Selection) -> File:
        """Select the file in the current folder with this short identifier (1 to 30)."""
        files = self._system.files
        file = file_tree.by_short_identifier(files, selection.folder, sfi) if sfi else None
        if file is None:
            raise StatusWord(command_apdu.NOT_FOUND)
        selection.select(file)
        return file

    def _demand(self, condition: int) -> None:
        if not self._pins.satisfied(condition):
            raise StatusWord(command_apdu.SECURITY_STATUS_NOT_SATISFIED)


def _demand_structure(file: File, *, records: bool) -> None:
    if bool(file.record_size) != records:
        raise StatusWord(command_apdu.INCOMPATIBLE_FILE)


def _record_number(command: CommandApdu, file: File, selection: Selection) -> int:
    """The number of the record that P1 and the mode in P2 name. NEXT and PREVIOUS make it current."""
    mode, count = command.p2 & 0x07, file.record_count
    if mode not in (_NEXT, _PREVIOUS, _ABSOLUTE) or (mode != _ABSOLUTE and command.p1):
        raise StatusWord(command_apdu.WRONG_P1_P2)
    if mode == _ABSOLUTE:
        number = command.p1 or selection.record
    elif mode == _NEXT:
        number = selection.record + 1
    else:
        number = selection.record - 1 if selection.record else count
    if file.cyclic and mode != _ABSOLUTE:
        number = (number - 1) % count + 1
    if not 1 <= number <= count:
        raise StatusWord(command_apdu.RECORD_NOT_FOUND)
    if mode != _ABSOLUTE:
        selection.record = number
    return number
