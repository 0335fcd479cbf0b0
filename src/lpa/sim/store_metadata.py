"""The metadata of a package (SGP.22 §5.5.3, StoreMetadata) as a profile that does not exist yet."""

from __future__ import annotations

from typing import Any

from lpa.rsp.codec import schema
from lpa.rsp.names import Iccid
from lpa.sim.operators import operator
from lpa.sim.simulated_profile import SimulatedProfile

_NO_BITS = (b"", 0)


def profile(told: dict[str, Any], *, dp_oid: str) -> SimulatedProfile:
    """The profile, disabled, that a StoreMetadata tells of; of the class operational if it does not say.

    Raises BadAnswer or ValueError if a value cannot be. A test profile has neither policy rules nor
    notifications, whatever is told (§2.4.5.3).
    """
    operational, png = schema.code("ProfileClass", "operational"), schema.code("IconType", "png")
    profile_class = schema.named("ProfileClass", told.get("profileClass", operational))
    binds = profile_class != "test"
    owner = told.get("profileOwner")
    if ("icon" in told) != ("iconType" in told):
        raise ValueError("an icon and its type come together")
    return SimulatedProfile(
        iccid=str(Iccid.from_coded(told["iccid"])),
        profile_class=profile_class,
        service_provider=told["serviceProviderName"],
        name=told["profileName"],
        icon=told.get("icon", b""),
        icon_type=schema.named("IconType", told.get("iconType", png)),
        policy_rules=schema.bits("PolicyRules", told.get("profilePolicyRules", _NO_BITS)) if binds else (),
        owner=operator(owner["mccMnc"]) if owner else "",
        gid1=owner.get("gid1", b"").hex() if owner else "",
        gid2=owner.get("gid2", b"").hex() if owner else "",
        dp_oid=dp_oid,
        notifications=_notifications(told) if binds else (),
    )


def _notifications(told: dict[str, Any]) -> tuple[tuple[tuple[str, ...], str], ...]:
    return tuple(
        (schema.bits("NotificationEvent", item["profileManagementOperation"]), item["notificationAddress"])
        for item in told.get("notificationConfigurationInfo", ())
    )
