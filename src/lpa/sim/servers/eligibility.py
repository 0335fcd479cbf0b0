"""Whether a card can take a profile, as far as a server sees it before anything is downloaded.

Put another function in its place (`SimulatedSmdp.eligibility`) for a server that looks at more, or at less.
"""

from __future__ import annotations

from typing import Any

from lpa.errors import BadAnswer
from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv
from lpa.sim.servers.packages import ProfilePackage
from lpa.sim.servers.rejection import Rejection

_FREE_MEMORY = 0x82  # in extCardResource (TS 102 226)


def check(package: ProfilePackage, info: dict[str, Any]) -> None:
    """Raise a `Rejection` if the card whose EUICCInfo2 this is has no use or no room for the profile."""
    capabilities = schema.bits("RspCapability", info.get("rspCapability", (b"", 0)))
    if package.profile_class == "test" and "testProfileSupport" not in capabilities:
        raise Rejection("8.2.5", "4.3", "the card takes no test profiles")
    free = _free_memory(info.get("extCardResource", b""))
    if free is not None and free < len(package.elements):
        raise Rejection("8.1", "4.8", f"the profile has {len(package.elements)} bytes, and {free} are free")


def _free_memory(resources: bytes) -> int | None:
    """Bytes; None if the card does not say."""
    try:
        found = next((part for part in Tlv.sequence(resources) if part.tag == _FREE_MEMORY), None)
    except BadAnswer:
        return None
    return int.from_bytes(found.value, "big") if found is not None else None
