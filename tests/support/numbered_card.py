"""A simulated card whose profiles are known by small numbers, to change them request by request."""

from __future__ import annotations

from dataclasses import dataclass

from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.simulated_profile import SimulatedProfile
from tests.support.terminal import Terminal


@dataclass(frozen=True)
class NumberedCard:
    """A card whose profiles are numbered from 1; `states` and `events` use these numbers."""

    terminal: Terminal

    @property
    def states(self) -> str:
        """One letter for each profile: E enabled, d disabled."""
        return "".join("E" if profile.enabled else "d" for profile in self.terminal.card.profiles)

    @property
    def events(self) -> list[str]:
        """The pending notifications, as in "enable 2"."""
        return [f"{note.event} {int(note.iccid[-1])}" for note in self.terminal.card.notifications]

    def ask(self, request: str) -> str:
        return self.terminal.ask(request)

    def enable(self, number: int, flag: str = "00") -> str:
        return self.ask(f"BF3111 A00C5A0A{coded(number)} 8101{flag}")

    def disable(self, number: int, flag: str = "00") -> str:
        return self.ask(f"BF3211 A00C5A0A{coded(number)} 8101{flag}")

    def delete(self, number: int) -> str:
        return self.ask(f"BF330C 5A0A{coded(number)}")

    def reset(self) -> None:
        self.terminal.card.reset()


def coded(number: int) -> str:
    """The coded ICCID of a profile: nibbles swapped, F for the missing twentieth digit."""
    return f"980000000000000000F{number}"


def profile(
    number: int, state: str = "disabled", kind: str = "operational", *rules: str, preloaded: bool = False
) -> SimulatedProfile:
    return SimulatedProfile(
        f"890000000000000000{number}",
        state=state,
        profile_class=kind,
        policy_rules=rules,
        notifications=((("enable", "disable", "delete"), f"p{number}.example"),),
        preloaded=preloaded,
    )


def numbered_card(*profiles: SimulatedProfile, behaviour: Behaviour | None = None) -> NumberedCard:
    card = SimulatedEuicc.create(None, profiles=profiles, behaviour=behaviour or Behaviour())
    return NumberedCard(Terminal(card))


def two_profiles() -> NumberedCard:
    return numbered_card(profile(1, "enabled"), profile(2))
