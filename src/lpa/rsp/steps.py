"""The steps of what takes long, for whoever shows them."""

from __future__ import annotations

from collections.abc import Callable

from lpa.rsp.facts import Fact, fact


@fact
class Step(Fact):
    """What has just begun, or how far it is.

    `name`: the function of the specification that runs, such as "AuthenticateClient" (§3.1.3) or
    "LoadBoundProfilePackage"; "delivery" for the notifications. `done`, `total`: in bytes for a package, in
    notifications for a delivery; 0 of 0 for a step without parts.
    """

    name: str
    done: int = 0
    total: int = 0


Progress = Callable[[Step], None]
"""Called in the thread that works, before each step and after each part of it."""
