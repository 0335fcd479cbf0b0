"""When a signed notification is sent: at once, later, or only when somebody asks for it."""

from __future__ import annotations

from typing import Literal, get_args

Deliver = Literal["now", "later", "never"]
"""What becomes of the notifications of a change, which are kept on this computer and on the card in any case.

"now": they are sent at once. "later": by whoever sends next. "never": only when somebody asks for it.
"""

NOW: Deliver = "now"
LATER: Deliver = "later"
NEVER: Deliver = "never"
CHOICES: tuple[Deliver, ...] = get_args(Deliver)  # from the least to the most reluctant


def checked(value: object) -> Deliver:
    """`value`, if it is one of `CHOICES`. Raises ValueError with a sentence if not."""
    for choice in CHOICES:
        if value == choice:
            return choice
    raise ValueError(f"deliver must be 'now', 'later' or 'never', not {value!r}")


def most_reluctant(*choices: Deliver) -> Deliver:
    """The one of `choices` that sends least."""
    return max(choices, key=CHOICES.index)
