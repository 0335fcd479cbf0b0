"""The verbs of `lpa.Assistant` as coroutines: one card, one thread of its own.

```python
async with lpa.aio.open("ACS ACR39U") as card:
    outcome = await card.delete(await card.plan_deletion("8944994000000000017", disable_first=True))
```
`AsyncAssistant` says what happens when a task is cancelled. docs/embedding.md has a complete service.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from lpa.aio.async_assistant import AsyncAssistant
from lpa.aio.async_offer import AsyncOffer, ConfirmationCode, Installation
from lpa.assistant import Assistant
from lpa.card.apdu import LARGEST_BLOCK
from lpa.card.es10 import ISDR_AIDS
from lpa.card.timeouts import Timeouts
from lpa.host.locks import Locks
from lpa.notifications.sender import ServerFactory
from lpa.rsp.deliver import NOW, Deliver
from lpa.rsp.names import Aid
from lpa.server.network import Network
from lpa.stop import Stop

__all__ = ["AsyncAssistant", "AsyncOffer", "ConfirmationCode", "Installation", "open"]


def open(  # noqa: A001  (as `Assistant.open`)
    reader: str | None = None,
    *,
    state_dir: Path | None = None,
    servers: ServerFactory | None = None,
    network: Network | None = None,
    deliver: Deliver = NOW,
    aids: Sequence[Aid] = ISDR_AIDS,
    block_size: int = LARGEST_BLOCK,
    locks: Locks | None = None,
    first: bytes = b"",
    timeouts: Timeouts | None = None,
    wait: float | None = None,
    stop: Stop | None = None,
) -> AsyncAssistant:
    """The eUICC in a reader, which an `async with` block opens: see `Assistant.open`. `stop`: for that."""
    opener = partial(
        Assistant.open,
        reader,
        state_dir=state_dir,
        servers=servers,
        network=network,
        deliver=deliver,
        aids=aids,
        block_size=block_size,
        locks=locks,
        first=first,
        timeouts=timeouts,
        wait=wait,
    )
    return AsyncAssistant(opener, stop=stop)
