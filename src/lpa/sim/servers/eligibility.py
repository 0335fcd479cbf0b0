"""The eligibility check of an SM-DP+: whether a card can take a profile, before the download.

Assign another function to `SimulatedSmdp.eligibility` for a server with other checks.
"""

from __future__ import annotations

from typing import Any

from lpa.errors import BadAnswer
from lpa.rsp.codec.ber import Tlv
from lpa.sim import codec as schema
from lpa.sim.servers.packages import ProfilePackage
from lpa.sim.servers.rejection import Rejection

_FREE_MEMORY = 0x82  # in extCardResource (TS 102 226)


def check(package: ProfilePackage, info: dict[str, Any]) -> None:
    """Raise a `Rejection` if the card with this EUICCInfo2 does not support the profile or lacks memory."""
    capabilities = schema.bits("RspCapability", info.get("rspCapability", (b"", 0)))
    if package.profile_class == "test" and "testProfileSupport" not in capabilities:
        raise Rejection("8.2.5", "4.3", "the card does not support test profiles")
    free = _free_memory(info.get("extCardResource", b""))
    if free is not None and free < len(package.elements):
        raise Rejection("8.1", "4.8", f"the profile has {len(package.elements)} bytes, and {free} are free")


def _free_memory(resources: bytes) -> int | None:
    """In bytes; None if the card does not report it."""
    try:
        found = next((part for part in Tlv.sequence(resources) if part.tag == _FREE_MEMORY), None)
    except BadAnswer:
        return None
    return int.from_bytes(found.value, "big") if found is not None else None
