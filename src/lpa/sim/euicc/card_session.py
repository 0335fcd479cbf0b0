"""One card session: the ISO 7816-4 interface of the simulated card, and all state that a reset clears.

Choices where the specifications leave one:
* STORE DATA on a channel without a selected ISD-R, and STATUS on one with it: 6D00, as from an application
  without that instruction.
* Response data stay available to GET RESPONSE until any other command arrives, on any channel.
* Another command on the same channel discards the blocks of an incomplete request.
* On T=0 a command with a wrong Le has no effect: 6Cxx returns the right Le first.
* A switch without REFRESH selects the MF on each channel without an ISD-R. The ISD-R stays selected, on the
  basic channel too, as on real cards; with `loses_isdr_at_switch` the MF is selected on every channel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from lpa.rsp.codec.ber import Tlv
from lpa.sim.euicc import command_apdu, generations
from lpa.sim.euicc.card_info import svn
from lpa.sim.euicc.command_apdu import CommandApdu, StatusWord
from lpa.sim.euicc.deviations import Deviations
from lpa.sim.euicc.es10_functions import SimulatedIsdr
from lpa.sim.euicc.file_commands import FileCommands, Selection
from lpa.sim.euicc.pin_commands import PinCommands
from lpa.sim.euicc.toolkit import REFRESH, Toolkit

_GET_RESPONSE, _STORE_DATA = 0xC0, 0xE2
_MORE_BLOCKS, _LAST_BLOCK = 0x11, 0x91

Answer = tuple[bytes, int]  # data and status word


@dataclass
class _Channel:
    """What is selected on a channel, and the blocks of the request received so far."""

    isdr: bool = False
    files: Selection = field(default_factory=Selection)
    request: bytearray = field(default_factory=bytearray)
    blocks: int = 0

    def discard_request(self) -> None:
        self.request.clear()
        self.blocks = 0


@dataclass(frozen=True)
class _ResponseData:
    """Response data, or the rest of them, for GET RESPONSE."""

    channel: int
    data: bytes
    sw: int


class CardSession:
    """Answers command APDUs between two resets.

    `carry_out` takes each whole ES10 request and the function that answers it: faults happen there. `on_busy`
    is given the seconds that a command takes longer than on other cards.
    """

    def __init__(
        self,
        isdr: SimulatedIsdr,
        carry_out: Callable[[bytes, Callable[[bytes], Answer]], Answer],
        on_busy: Callable[[int], None],
    ) -> None:
        self._isdr = isdr
        self._carry_out = carry_out
        self._behaviour = isdr.state.behaviour
        self._channels = {0: _Channel()}
        self._unread: _ResponseData | None = None
        self._toolkit = Toolkit(isdr)
        self._deviations = Deviations(self._behaviour, on_busy)
        self._pins = PinCommands(isdr)
        self._file_commands = files = FileCommands(isdr, self._pins)
        # By (proprietary class, INS): the instructions that end with 9000 on success.
        self._instructions: dict[tuple[bool, int], Callable[[CommandApdu], bytes]] = {
            (False, 0xA4): self._select,
            (False, 0xB0): self._on_channel(files.read_binary),
            (False, 0xB2): self._on_channel(files.read_record),
            (False, 0xD6): self._on_channel(files.update_binary),
            (False, 0xDC): self._on_channel(files.update_record),
            (False, 0xA2): self._on_channel(files.search_record),
            (False, 0x04): files.activate_or_deactivate,
            (False, 0x44): files.activate_or_deactivate,
            **{(False, ins): instruction for ins, instruction in self._pins.instructions.items()},
            (False, 0x70): self._manage_channel,
            (True, 0xF2): self._status,
            (True, 0x10): self._toolkit.terminal_profile,
            (True, 0x12): self._toolkit.fetch,
            (True, 0x14): self._toolkit.terminal_response,
            (True, 0xAA): self._toolkit.terminal_capability,
        }

    def transmit(self, command: bytes) -> tuple[bytes, int]:
        """The data and status word of the response to one command APDU of any bytes.

        Raises `WireError` on a link that is broken, see `Behaviour`.
        """
        self._deviations.receive()
        unread, self._unread = self._unread, None
        try:
            return self._perform(CommandApdu.parse(command), unread)
        except StatusWord as refusal:
            self._deviations.refused(command, refusal.sw)
            return b"", refusal.sw

    def _perform(self, command: CommandApdu, unread: _ResponseData | None) -> tuple[bytes, int]:
        channel = self._channels.get(command.channel)
        if channel is None:
            raise StatusWord(command_apdu.CHANNEL_NOT_SUPPORTED)
        self._deviations.begin(command)
        if command.ins != _STORE_DATA:
            channel.discard_request()
        if command.ins == _GET_RESPONSE:
            return self._get_response(command, unread)
        sw = command_apdu.OK
        if (command.proprietary, command.ins) == (True, _STORE_DATA):
            data, sw = self._store_data(command, channel)
        elif instruction := self._instructions.get((command.proprietary, command.ins)):
            data = instruction(command)
        else:
            raise StatusWord(self._unknown(command))
        return self._respond(command, data, sw)

    def _unknown(self, command: CommandApdu) -> int:
        """The status word of an unknown command: wrong class (6E00) or wrong instruction (6D00)."""
        known = {ins for _, ins in self._instructions} | {_STORE_DATA}
        return command_apdu.UNKNOWN_CLASS if command.ins in known else command_apdu.UNKNOWN_INSTRUCTION

    # Response data

    def _respond(self, command: CommandApdu, data: bytes, sw: int) -> tuple[bytes, int]:
        if not data:
            return b"", sw
        if self._behaviour.protocol == "T=1":
            return self._part(command.channel, data, sw, command.le or 0)
        if command.data:
            return self._part(command.channel, data, sw, 0)
        self._demand_length(command, len(data))
        return data, sw

    def _part(self, channel: int, data: bytes, sw: int, length: int) -> tuple[bytes, int]:
        """The first `length` bytes, and 61xx if there are more."""
        rest = data[length:]
        if not rest:
            return data, sw
        self._unread = _ResponseData(channel, rest, sw)
        return data[:length], 0x6100 | min(len(rest), 256) & 0xFF

    def _demand_length(self, command: CommandApdu, length: int) -> None:
        if self._behaviour.protocol == "T=0" and command.le != length:
            raise StatusWord(command_apdu.WRONG_LE | length & 0xFF)

    def _get_response(self, command: CommandApdu, unread: _ResponseData | None) -> tuple[bytes, int]:
        if command.p1 or command.p2:
            raise StatusWord(command_apdu.WRONG_P1_P2)
        if unread is None or unread.channel != command.channel:
            raise StatusWord(command_apdu.CONDITIONS_NOT_SATISFIED)
        length = command.le or 256
        if self._behaviour.protocol == "T=0" and length > len(unread.data):
            self._unread = unread
            raise StatusWord(command_apdu.WRONG_LE | len(unread.data))
        return self._part(command.channel, unread.data, unread.sw, length)

    # Channels and files

    def _manage_channel(self, command: CommandApdu) -> bytes:
        if command.data:
            raise StatusWord(command_apdu.WRONG_LENGTH)
        if command.p1 == 0x00:
            return self._open_channel(command)
        number = command.p2 or command.channel
        if command.p1 != 0x80 or number == 0:
            raise StatusWord(command_apdu.WRONG_P1_P2)
        if self._channels.pop(number, None) is None:
            raise StatusWord(command_apdu.CHANNEL_NOT_SUPPORTED)
        return b""

    def _open_channel(self, command: CommandApdu) -> bytes:
        """Open the channel that P2 names; with P2 00 the lowest free one, and return its number."""
        free = [number for number in range(1, self._behaviour.channels + 1) if number not in self._channels]
        if not free or (command.p2 and command.p2 not in free):
            raise StatusWord(command_apdu.CHANNEL_NOT_SUPPORTED)
        if command.p2:
            self._channels[command.p2] = _Channel()
            return b""
        self._demand_length(command, 1)
        self._channels[free[0]] = _Channel()
        return bytes(free[:1])

    def _select(self, command: CommandApdu) -> bytes:
        if command.p2 not in (0x00, 0x04, 0x0C):
            raise StatusWord(command_apdu.WRONG_P1_P2)
        if not command.data:
            raise StatusWord(command_apdu.WRONG_LENGTH)
        by_name = command.p1 == 0x04
        wants_isdr = (
            by_name and command.data in self._behaviour.isdr_aids and not self._behaviour.not_an_euicc
        )
        template = self._select_isdr(command) if wants_isdr else self._select_file(command)
        return b"" if command.p2 == 0x0C else template

    def _select_isdr(self, command: CommandApdu) -> Tlv:
        """By AID: the FCI, in which E0 marks an ISD-R."""
        self._channels[command.channel] = _Channel(isdr=True)
        longest_block = Tlv.build(0xA5, bytes.fromhex("9F6501"), bytes([self._behaviour.block_size]))
        return Tlv.build(
            0x6F,
            Tlv.build(0x84, command.data),
            longest_block,
            generations.fci(
                self._behaviour.generation,
                svn(self._behaviour),
                enabled=self._isdr.state.enabled is not None,
            ),
        )

    def _select_file(self, command: CommandApdu) -> Tlv:
        """By identifier, by name or by path: the FCP."""
        selection = replace(self._channels[command.channel].files)
        template = self._file_commands.select(command, selection)
        self._channels[command.channel] = _Channel(files=selection)
        return template

    def _status(self, command: CommandApdu) -> bytes:
        channel = self._channels[command.channel]
        if channel.isdr:
            raise StatusWord(command_apdu.UNKNOWN_INSTRUCTION)
        return self._file_commands.status(command, channel.files)

    def _on_channel(
        self, instruction: Callable[[CommandApdu, Selection], bytes]
    ) -> Callable[[CommandApdu], bytes]:
        """A file command on the channel of its class. If it fails, the same file and record stay current."""

        def perform(command: CommandApdu) -> bytes:
            channel = self._channels[command.channel]
            selection = replace(channel.files)
            data = instruction(command, selection)
            if data and not command.data:
                self._demand_length(command, len(data))
            channel.files = selection
            return data

        return perform

    # ES10

    def _store_data(self, command: CommandApdu, channel: _Channel) -> tuple[bytes, int]:
        """One block of an ES10 request (§5.7.2). Only the last one has response data."""
        if not channel.isdr:
            raise StatusWord(command_apdu.UNKNOWN_INSTRUCTION)
        if self._behaviour.announces_terminal_capability and not self._toolkit.lpa_announced:
            raise StatusWord(command_apdu.SECURITY_STATUS_NOT_SATISFIED)
        self._add_block(command, channel)
        if command.p1 == _MORE_BLOCKS:
            return b"", command_apdu.OK
        request = bytes(channel.request)
        channel.discard_request()
        return self._carry_out(request, self._answer)

    def _add_block(self, command: CommandApdu, channel: _Channel) -> None:
        if command.p1 not in (_MORE_BLOCKS, _LAST_BLOCK):
            raise StatusWord(command_apdu.WRONG_P1_P2)
        if not 1 <= len(command.data) <= self._behaviour.block_size:
            raise StatusWord(command_apdu.WRONG_LENGTH)
        if command.p2 == 0:
            channel.discard_request()
        if command.p2 != channel.blocks:
            channel.discard_request()
            raise StatusWord(command_apdu.WRONG_P1_P2)
        channel.request += command.data
        channel.blocks += 1

    def _answer(self, request: bytes) -> tuple[bytes, int]:
        """The ISD-R's response, with 91xx if the request makes a REFRESH necessary."""
        self._deviations.ask(request)
        before = self._isdr.state
        try:
            answer = self._isdr.answer(request)
        except StatusWord as refusal:
            return b"", refusal.sw
        after = self._isdr.state
        if after.enabled_iccid != before.enabled_iccid:
            self._deselect_files()
        sw = self._deviations.answered(answer, before, after)
        refresh = before.awaiting_refresh is None and after.awaiting_refresh is not None
        if refresh and self._behaviour.answers_9x:
            return answer, 0x9100 | len(REFRESH)
        return answer, sw

    def _deselect_files(self) -> None:
        """Select the MF where a file of the previous profile may be selected, and lock its PIN."""
        for number, channel in self._channels.items():
            if self._behaviour.loses_isdr_at_switch or not channel.isdr:
                self._channels[number] = _Channel()
        self._pins.lock()
