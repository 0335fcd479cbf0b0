"""Say of a card's refusal that the card is an IoT eUICC (SGP.32), whose profiles an eIM manages."""

from __future__ import annotations

import contextlib

from lpa.advice.profiles import ASK_EIM
from lpa.card.es10 import Euicc
from lpa.errors import EuiccRefused, LpaError

# Refusals that say nothing about the profile.
_WITHOUT_REASON = ("undefinedError", "commandError")
_CHANGES = ("EnableProfile", "DisableProfile", "DeleteProfile", "EuiccMemoryReset")


def explain(euicc: Euicc, refused: LpaError) -> None:
    """Add a sentence to `refused` if an IoT eUICC refused a change without a reason. Raises no `LpaError`."""
    if not isinstance(refused, EuiccRefused) or refused.function not in _CHANGES:
        return
    with contextlib.suppress(LpaError):
        if refused.reason in _WITHOUT_REASON and euicc.euicc_info2().managed_remotely:
            refused.add("It is an IoT eUICC (SGP.32): an eIM manages its profiles.")
            refused.advice = ASK_EIM
