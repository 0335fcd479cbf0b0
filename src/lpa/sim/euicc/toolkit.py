"""The toolkit commands of the simulated card: TERMINAL CAPABILITY, and REFRESH by FETCH (TS 102 223).

REFRESH is the only proactive command of the card. A terminal may fetch it and report its result, or reset the
card, which carries it out too.
"""

from __future__ import annotations

from lpa.errors import BadAnswer
from lpa.rsp.codec.ber import Tlv
from lpa.sim.euicc import command_apdu
from lpa.sim.euicc.command_apdu import CommandApdu, StatusWord
from lpa.sim.euicc.es10_functions import SimulatedIsdr

# Command 1, REFRESH (01) of the kind UICC reset (04), from the UICC (81) to the terminal (82)
REFRESH = Tlv.build(0xD0, bytes.fromhex("8103 010104"), bytes.fromhex("8202 8182"))

_RESULT_TAGS = (0x03, 0x83)  # without and with the comprehension-required flag
_LPA_IN_DEVICE = 0x07  # LUId, LPDd and LDSd: a device has all of them or none


class Toolkit:
    """The toolkit state of one card session. `lpa_announced`: whether the terminal announced an LPA."""

    def __init__(self, isdr: SimulatedIsdr) -> None:
        self._isdr = isdr
        self.lpa_announced = False

    def terminal_capability(self, command: CommandApdu) -> bytes:
        """TERMINAL CAPABILITY (TS 102 221 §11.1.19), accepted whether the card announces it or not."""
        _demand_data(command)
        try:
            capability = Tlv.whole(command.data)
            euicc = capability.child(0x83)
        except BadAnswer as error:
            raise StatusWord(command_apdu.WRONG_DATA) from error
        lpa = euicc.value[0] & _LPA_IN_DEVICE if euicc and euicc.value else 0
        if capability.tag != 0xA9 or lpa not in (0, _LPA_IN_DEVICE):
            raise StatusWord(command_apdu.WRONG_DATA)
        self.lpa_announced = lpa == _LPA_IN_DEVICE
        return b""

    def terminal_profile(self, command: CommandApdu) -> bytes:
        """TERMINAL PROFILE. The card uses only REFRESH, so it ignores the data."""
        _demand_data(command)
        return b""

    def fetch(self, command: CommandApdu) -> bytes:
        """FETCH: the pending REFRESH."""
        if command.p1 or command.p2:
            raise StatusWord(command_apdu.WRONG_P1_P2)
        self._demand_refresh()
        return REFRESH

    def terminal_response(self, command: CommandApdu) -> bytes:
        """TERMINAL RESPONSE: carry out the switch if the REFRESH succeeded, else cancel it."""
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


def _demand_data(command: CommandApdu) -> None:
    if command.p1 or command.p2:
        raise StatusWord(command_apdu.WRONG_P1_P2)
    if not command.data:
        raise StatusWord(command_apdu.WRONG_LENGTH)


def _performed(terminal_response: bytes) -> bool:
    """Whether the result is a success (0X). Raises `BadAnswer` if there is no result."""
    for part in Tlv.sequence(terminal_response):
        if part.tag in _RESULT_TAGS and part.value:
            return part.value[0] < 0x10
    raise BadAnswer("The TERMINAL RESPONSE has no result.")
