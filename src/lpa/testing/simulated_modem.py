"""A simulated modem or phone that holds a simulated card and gives channels to it."""

from __future__ import annotations

from lpa.sim.euicc.simulated_euicc import SimulatedEuicc

# TS 102 221 §11.1.19, with an LPA in the device
_TERMINAL_CAPABILITY = bytes.fromhex("80AA00000A A908 8100 820101 830107")


class SimulatedModem:
    """A `LogicalTransport` to a simulated card, which it restarts when the card demands REFRESH.

    `channel_in_class`: as in `LogicalTransport`. `refreshes`: whether it carries out REFRESH. If not, the
    card waits for `restart`.
    """

    can_reset = False

    def __init__(
        self, card: SimulatedEuicc, *, channel_in_class: bool = True, refreshes: bool = True
    ) -> None:
        self.card = card
        self.channel_in_class = channel_in_class
        self.refreshes = refreshes
        self.channels: set[int] = set()
        self._announce()

    def open(self, aid: bytes) -> int | None:
        """Open a channel to an application; None if the card has none with `aid`.

        Raises OSError if the card has no free channel.
        """
        if self.refreshes and self._refresh_is_pending():
            self.restart()
        number, sw = self.card.transmit(bytes.fromhex("0070000001"))
        if sw != 0x9000:
            raise OSError(f"no channel is free: {sw:04X}")
        channel = number[0]
        self.channels.add(channel)
        select = bytes([0x00, 0xA4, 0x04, 0x00, len(aid)]) + aid + b"\0"
        _, sw = self.card.transmit(_on(channel, select))
        if sw >> 8 not in (0x61, 0x90):
            self.close_channel(channel)
            return None
        return channel

    def transmit(self, channel: int, apdu: bytes) -> tuple[bytes, int]:
        """The card's answer. Raises OSError if the channel is not open."""
        self._demand(channel)
        data, sw = self.card.transmit(apdu if self.channel_in_class else _on(channel, apdu))
        if self.refreshes and sw >> 8 == 0x91:
            self.restart()
        return data, sw

    def close_channel(self, channel: int) -> None:
        """Close a channel. Raises OSError if it is not open."""
        self._demand(channel)
        self.channels.remove(channel)
        self.card.transmit(bytes([0x00, 0x70, 0x80, channel]))

    def close(self) -> None:
        """Close the channels, and the card."""
        for channel in tuple(self.channels):
            self.close_channel(channel)
        self.card.close()

    def restart(self) -> None:
        """Restart the card, as at REFRESH or when the modem itself restarts: no channel is open then."""
        self.card.reset()
        self.channels.clear()
        self._announce()

    def _refresh_is_pending(self) -> bool:
        """Whether there is a proactive command to fetch, as a modem learns when it asks for the STATUS."""
        return self.card.transmit(bytes.fromhex("801200000B"))[1] == 0x9000

    def _announce(self) -> None:
        self.card.transmit(_TERMINAL_CAPABILITY)

    def _demand(self, channel: int) -> None:
        if channel not in self.channels:
            raise OSError(f"channel {channel} is not open")


def _on(channel: int, apdu: bytes) -> bytes:
    """A command with a channel in its class byte (ISO 7816-4 §5.4.1)."""
    bits = channel if channel < 4 else 0x40 | channel - 4
    return bytes([apdu[0] | bits]) + apdu[1:]
