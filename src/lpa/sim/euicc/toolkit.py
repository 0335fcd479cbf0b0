"""What the card and the terminal tell each other beside applications: TERMINAL CAPABILITY and REFRESH.

A REFRESH is the one proactive command the card ever has (TS 102 223). A terminal may fetch it and say whether
it was carried out; any other just resets the card, which carries it out as well.
"""

from __future__ import annotations

from lpa.errors import BadAnswer
from lpa.rsp.codec.ber import Tlv
from lpa.sim.euicc import command_apdu
from lpa.sim.euicc.command_apdu import Command, StatusWord
from lpa.sim.euicc.es10_functions import Isdr

# Command 1, REFRESH (01) of the kind UICC reset (04), from the UICC (81) to the terminal (82)
REFRESH = Tlv.build(0xD0, bytes.fromhex("8103 010104"), bytes.fromhex("8202 8182"))

_RESULT_TAGS = (0x03, 0x83)  # without and with the demand to be understood
_LPA_IN_DEVICE = 0x07  # LUId, LPDd and LDSd: a device has all of them or none


class Toolkit:
    """The terminal's side of one card session. `lpa_announced`: whether it said that it has an LPA."""

    def __init__(self, isdr: Isdr) -> None:
        self._isdr = isdr
        self.lpa_announced = False

    def terminal_capability(self, command: Command) -> bytes:
        """TERMINAL CAPABILITY (TS 102 221 §11.1.19): taken also by a card that does not ask for it."""
        _demand_data(command)
        try:
            told = Tlv.whole(command.data)
            euicc = told.child(0x83)
        except BadAnswer as error:
            raise StatusWord(command_apdu.WRONG_DATA) from error
        abilities = euicc.value[0] & _LPA_IN_DEVICE if euicc and euicc.value else 0
        if told.tag != 0xA9 or abilities not in (0, _LPA_IN_DEVICE):
            raise StatusWord(command_apdu.WRONG_DATA)
        self.lpa_announced = abilities == _LPA_IN_DEVICE
        return b""

    def terminal_profile(self, command: Command) -> bytes:
        """TERMINAL PROFILE: whatever the terminal can do, the card wants no more than a REFRESH of it."""
        _demand_data(command)
        return b""

    def fetch(self, command: Command) -> bytes:
        """FETCH: the REFRESH that waits."""
        if command.p1 or command.p2:
            raise StatusWord(command_apdu.WRONG_P1_P2)
        self._demand_refresh()
        return REFRESH

    def terminal_response(self, command: Command) -> bytes:
        """TERMINAL RESPONSE: with success the switch is done, else it never was asked for."""
        _demand_data(command)
        self._demand_refresh()
        try:
            if _performed(command.data):
                self._isdr.execute_refresh()
            else:
                self._isdr.drop_refresh()
        except BadAnswer as error:
            raise StatusWord(command_apdu.WRONG_DATA) from error
        except OSError as error:
            raise StatusWord(command_apdu.MEMORY_PROBLEM) from error
        return b""

    def _demand_refresh(self) -> None:
        if self._isdr.state.awaiting_refresh is None:
            raise StatusWord(command_apdu.CONDITIONS_NOT_SATISFIED)


def _demand_data(command: Command) -> None:
    if command.p1 or command.p2:
        raise StatusWord(command_apdu.WRONG_P1_P2)
    if not command.data:
        raise StatusWord(command_apdu.WRONG_LENGTH)


def _performed(terminal_response: bytes) -> bool:
    """Whether the result is one of the successful ones. Raises `BadAnswer` if there is none."""
    for part in Tlv.sequence(terminal_response):
        if part.tag in _RESULT_TAGS and part.value:
            return part.value[0] < 0x10
    raise BadAnswer("The TERMINAL RESPONSE has no result.")
