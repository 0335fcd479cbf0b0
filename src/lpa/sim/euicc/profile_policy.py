"""Decides whether a profile may be enabled, disabled, deleted or installed, and computes the new state.

Each check returns the identifier of a result in SGP.22 §5.7.16 to §5.7.19: "ok", or the first reason against
it. The order is: profile exists, profile state, test profile rules, policy rules, card busy.
"""

from __future__ import annotations

from dataclasses import replace

from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.state import FACTORY_DP_ADDRESS, CardState, ProfileEvent
from lpa.sim.operators import fits
from lpa.sim.simulated_profile import SimulatedProfile

_NO_RESTRICTION = "pprUpdateControl"  # who may update the other rules; it restricts nothing itself


def may_enable(state: CardState, target: SimulatedProfile | None, *, busy: bool) -> str:
    """Whether `target` may be enabled, as an identifier of EnableProfileResponse."""
    if target is None:
        return "iccidOrAidNotFound"
    if target.enabled:
        return "profileNotInDisabledState"
    now = state.enabled
    if now and now.profile_class == "test" and target.profile_class != "test":
        if target.iccid != state.remembered:
            return "wrongProfileReenabling"
    elif now and "ppr1" in now.policy_rules and target.profile_class == "operational":
        return "disallowedByPolicy"
    return "catBusy" if busy else "ok"


def may_disable(target: SimulatedProfile | None, *, busy: bool) -> str:
    """Whether `target` may be disabled, as an identifier of DisableProfileResponse."""
    if target is None:
        return "iccidOrAidNotFound"
    if not target.enabled:
        return "profileNotInEnabledState"
    if "ppr1" in target.policy_rules:
        return "disallowedByPolicy"
    return "catBusy" if busy else "ok"


def may_delete(state: CardState, target: SimulatedProfile | None) -> str:
    """Whether `target` may be deleted, as an identifier of DeleteProfileResponse.

    A profile that a pending REFRESH is about to enable counts as enabled.
    """
    if target is None:
        return "iccidOrAidNotFound"
    if target.enabled or target.iccid == state.awaiting_refresh:
        return "profileNotInDisabledState"
    return "disallowedByPolicy" if "ppr2" in target.policy_rules else "ok"


def may_install(state: CardState, new: SimulatedProfile) -> str:
    """Whether `new` may be installed, as an identifier of ErrorReason."""
    behaviour = state.behaviour
    if new.profile_class == "test" and not behaviour.takes_test_profiles:
        return "unsupportedProfileClass"
    if any(profile.coded_iccid == new.coded_iccid for profile in state.profiles):
        return "installFailedDueToIccidAlreadyExistsOnEuicc"
    rules = [rule for rule in new.policy_rules if rule != _NO_RESTRICTION]
    return "ok" if all(_is_authorised(behaviour, rule, new.owner) for rule in rules) else "pprNotAllowed"


def _is_authorised(behaviour: Behaviour, policy_rule: str, owner: str) -> bool:
    """Whether the RAT authorises this owner to set this rule (§2.9.2.1); a profile needs an owner for it."""
    if policy_rule in behaviour.forbidden_policy_rules:
        return False
    return any(
        policy_rule in rules and fits(operator, owner)
        for rules, operator, _ in behaviour.authorised_policy_rules
    )


def successor(state: CardState, disabled: SimulatedProfile) -> str:
    """The profile enabled after `disabled` is disabled (ICCID, or ""): that before a test profile."""
    return state.remembered if disabled.profile_class == "test" else ""


def fallback(state: CardState) -> str:
    """The profile that the card enables by itself at a reset (ICCID), "" if it leaves the state as it is."""
    enabled = state.enabled.iccid if state.enabled else ""
    present = {profile.iccid for profile in state.profiles}
    fallbacks = dict(state.behaviour.fallbacks)
    return fallbacks[enabled] if fallbacks.get(enabled) in present else ""


def memory_reset(state: CardState, options: tuple[str, ...]) -> tuple[CardState, list[SimulatedProfile]]:
    """The state after a memory reset with these ResetOptions, and the profiles that it deletes.

    It ignores profile states and policy rules. If it deletes the enabled profile, a REFRESH follows.
    Preloaded test profiles and provisioning profiles stay: version 3 added options to delete those.
    """
    deleted = [profile for profile in state.profiles if _is_deleted(profile, options)]
    after = state.without(*deleted)
    if "resetDefaultSmdpAddress" in options:
        after = replace(after, default_dp_address=FACTORY_DP_ADDRESS)
    if any(profile.enabled for profile in deleted):
        after = replace(after, awaiting_refresh="")
    return after, deleted


def _is_deleted(profile: SimulatedProfile, options: tuple[str, ...]) -> bool:
    if profile.profile_class == "operational":
        return "deleteOperationalProfiles" in options
    field_loaded_test = profile.profile_class == "test" and not profile.preloaded
    return field_loaded_test and "deleteFieldLoadedTestProfiles" in options


def switch(state: CardState, iccid: str) -> tuple[CardState, list[ProfileEvent]]:
    """The state with only the profile of this ICCID enabled ("" for none), and the events."""
    old = state.enabled
    new = next((profile for profile in state.profiles if profile.iccid == iccid), None)
    if old == new:
        return replace(state, awaiting_refresh=None), []
    states = {id(old): "disabled", id(new): "enabled"}
    profiles = tuple(
        replace(profile, state=states[id(profile)]) if id(profile) in states else profile
        for profile in state.profiles
    )
    events = [("disable", old)] if old else []
    if new:
        events.append(("enable", new))
    remembered = _remembered(state, old, new)
    return replace(state, profiles=profiles, remembered=remembered, awaiting_refresh=None), events


def _remembered(state: CardState, old: SimulatedProfile | None, new: SimulatedProfile | None) -> str:
    if new is None or new.profile_class != "test":
        return ""
    if old and old.profile_class == "test":
        return state.remembered
    return old.iccid if old and old.profile_class == "operational" else ""
