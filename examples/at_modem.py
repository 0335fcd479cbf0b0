"""List the profiles of an eUICC in a modem, with AT commands over a serial port (3GPP TS 27.007 §8.43).

python examples/at_modem.py /dev/ttyUSB2

Needs pyserial. `AtModem` is a `lpa.LogicalTransport`: any program can give one to `lpa.Assistant`.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator

import serial

import lpa

_NOT_FOUND = "+CME ERROR: 22"
_FAILURES = ("ERROR", "+CME ERROR", "+CMS ERROR", "NO CARRIER", "COMMAND NOT SUPPORT")


class AtModem:
    """The channels that a modem opens to applications on its card. `seconds`: for the answer to a command."""

    can_reset = False
    channel_in_class = True  # the modem passes each command on as it is

    def __init__(self, port: serial.Serial, *, seconds: float = 120) -> None:
        self._port, self.seconds = port, seconds
        port.timeout, port.write_timeout = 0.2, 10
        self._received = b""
        self._answered = False  # whether the last command has its whole answer; else that may still come
        self._ask("ATE0")

    def open(self, aid: bytes) -> int | None:
        """Have the modem open a channel, and select the application."""
        try:
            lines = self._ask(f'AT+CCHO="{aid.hex().upper()}"')
        except FileNotFoundError:
            return None
        for line in lines:  # some modems leave out the name of the command
            if found := re.fullmatch(r"(?:\+CCHO: *)?(\d+)", line):
                return int(found[1])
        raise OSError("the modem names no channel")

    def transmit(self, channel: int, apdu: bytes) -> tuple[bytes, int]:
        """Send a command to the card. A long answer may come in several lines."""
        sent = apdu.hex().upper()
        lines = self._ask(f'AT+CGLA={channel},{len(sent)},"{sent}"')
        first = next((at for at, line in enumerate(lines) if line.startswith("+CGLA:")), len(lines))
        text = "".join(lines[first:])
        found = re.match(r'\+CGLA: *(\d+), *"?([0-9A-Fa-f]*)', text)
        if not found or len(found[2]) != int(found[1]) or len(found[2]) % 2 or len(found[2]) < 4:
            raise OSError("the modem does not give the card's whole answer")
        answer = bytes.fromhex(found[2])
        return answer[:-2], int.from_bytes(answer[-2:], "big")

    def close_channel(self, channel: int) -> None:
        """Have the modem close a channel."""
        self._ask(f"AT+CCHC={channel}")

    def close(self) -> None:
        """Close the port."""
        self._port.close()

    def _ask(self, command: str) -> list[str]:
        """The lines that answer a command. Raises OSError for a refusal, and TimeoutError if none come."""
        self._discard()
        self._answered = False
        self._port.write(command.encode() + b"\r")
        lines: list[str] = []
        for line in self._lines(time.monotonic()):
            if line == "OK" or line.startswith(_FAILURES):
                self._answered = True
                if line == _NOT_FOUND:
                    raise FileNotFoundError(line)
                if line != "OK":
                    raise OSError(f"the modem answers {line}")
                return lines
            # What the modem reports unasked comes in between, and the echo of the command comes first.
            if line != command and re.match(r'\+CCHO:|\+CGLA:|["0-9A-Fa-f]+$', line):
                lines.append(line)
        raise TimeoutError(f"the modem has not answered for {self.seconds} seconds")

    def _lines(self, begun: float) -> Iterator[str]:
        """The lines that arrive. `~` are the remains of a data connection (PPP)."""
        while time.monotonic() - begun < self.seconds:
            line, end, rest = self._received.partition(b"\n")
            if end:
                self._received = rest
                if text := line.decode("ascii", "replace").strip(" ~\0"):
                    yield text
            else:
                arrived = self._port.read(max(1, self._port.in_waiting))
                self._received += arrived.replace(b"\r", b"\n")

    def _discard(self) -> None:
        """Discard what nobody waits for; after an answer that did not come, all that still arrives."""
        self._received = b""
        self._port.reset_input_buffer()
        while not self._answered and self._port.read(max(1, self._port.in_waiting)):
            pass


if __name__ == "__main__":
    with lpa.Assistant(AtModem(serial.Serial(sys.argv[1], 115200))) as assistant:
        print(f"EID {assistant.eid}")
        for profile in assistant.profiles():
            print(f"{profile.iccid!s:20}  {profile.state:8}  {profile.title}")
