"""For tests of downloads: a simulated server, and a card with its LPA that share no code with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from lpa.sim.crypto.pki import Authority
from lpa.sim.servers.packages import sample
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.scripted_card import Client, Refused, SmallCard
from tests.support.tls_faults import CI, NOW

PACKAGE = sample(size=10_600)
OTHER = Authority.mint(now=NOW)
BRAINPOOL = Authority.mint(curve="brainpoolP256r1", now=NOW)


class MinimalServer:
    """A server, a card and its LPA."""

    def __init__(self, smdp: SimulatedSmdp, authority: Authority = CI) -> None:
        self.smdp = smdp
        self.client = Client(smdp, authority)
        self.card = SmallCard(authority)

    def offered(self) -> dict[str, Any]:
        return self.card.offered(self.client)

    def downloaded(self, code: str | None = None) -> bytes:
        return self.card.load(self.card.downloaded(self.client, code))

    def reported(self, error: str = "", **changes: Any) -> None:
        result = self.card.result(PACKAGE.iccid.coded, error=error, **changes)
        self.client.ask("handleNotification", pendingNotification=result)

    def refusal(self, act: Callable[..., object], *arguments: Any, **named: Any) -> str:
        with pytest.raises(Refused) as caught:
            act(*arguments, **named)
        return str(caught.value)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now
