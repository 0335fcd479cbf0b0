"""Makes a profile from the metadata of a package (SGP.22 §5.5.3, StoreMetadata)."""

from __future__ import annotations

from typing import Any

from lpa.rsp.names import Iccid
from lpa.sim import codec as schema
from lpa.sim.operators import operator
from lpa.sim.simulated_profile import SimulatedProfile

_NO_BITS = (b"", 0)


def profile(metadata: dict[str, Any], *, dp_oid: str) -> SimulatedProfile:
    """The disabled profile that a decoded StoreMetadata describes; operational if it names no class.

    The policy rules and notifications of a test profile are ignored (§2.4.5.3). Raises BadAnswer or
    ValueError if a value is invalid.
    """
    operational, png = schema.code("ProfileClass", "operational"), schema.code("IconType", "png")
    profile_class = schema.named("ProfileClass", metadata.get("profileClass", operational))
    has_rules = profile_class != "test"
    owner = metadata.get("profileOwner")
    if ("icon" in metadata) != ("iconType" in metadata):
        raise ValueError("an icon and its type come together")
    return SimulatedProfile(
        iccid=str(Iccid.from_coded(metadata["iccid"])),
        profile_class=profile_class,
        service_provider=metadata["serviceProviderName"],
        name=metadata["profileName"],
        icon=metadata.get("icon", b""),
        icon_type=schema.named("IconType", metadata.get("iconType", png)),
        policy_rules=_policy_rules(metadata) if has_rules else (),
        owner=operator(owner["mccMnc"]) if owner else "",
        gid1=owner.get("gid1", b"").hex() if owner else "",
        gid2=owner.get("gid2", b"").hex() if owner else "",
        dp_oid=dp_oid,
        notifications=_notifications(metadata) if has_rules else (),
    )


def _policy_rules(metadata: dict[str, Any]) -> tuple[str, ...]:
    return schema.bits("PolicyRules", metadata.get("profilePolicyRules", _NO_BITS))


def _notifications(metadata: dict[str, Any]) -> tuple[tuple[tuple[str, ...], str], ...]:
    return tuple(
        (schema.bits("NotificationEvent", item["profileManagementOperation"]), item["notificationAddress"])
        for item in metadata.get("notificationConfigurationInfo", ())
    )
