"""What a fault changes inside a card for the time of one command or segment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Conditions:
    """`memory_full`: nothing can be written. `notifications_full`: a new notification replaces the oldest.

    `loading_refusal`: the errorReason for which the package that is loaded now fails at the end of this
    segment; "" if it does not.
    """

    memory_full: bool = False
    notifications_full: bool = False
    loading_refusal: str = ""

    def end_command(self) -> None:
        """End what lasts for one command."""
        self.memory_full = self.notifications_full = False

    def take_loading_refusal(self) -> str:
        """The reason for which the package fails, once."""
        reason, self.loading_refusal = self.loading_refusal, ""
        return reason
