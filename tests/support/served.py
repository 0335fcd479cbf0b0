"""The service of the examples, which reaches a simulated SM-DP+ and says when it is ready.

`python -m tests.support.served CONNECT_TO SOCKET READER...`
"""

from __future__ import annotations

import asyncio
import runpy
import sys
from functools import partial
from typing import Any

import lpa
from tests.support.paths import EXAMPLES

_start = asyncio.start_unix_server


async def _started(*arguments: Any, **named: Any) -> asyncio.AbstractServer:
    server = await _start(*arguments, **named)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    return server


if __name__ == "__main__":
    https = lpa.Https(lpa.Trust.system(), connect_to=[lpa.ConnectTo.parse(sys.argv.pop(1))])
    lpa.aio.open = partial(lpa.aio.open, servers=partial(lpa.Server, https=https))
    vars(asyncio)["start_unix_server"] = _started
    runpy.run_path(str(EXAMPLES / "service.py"), run_name="__main__")
