"""`profile list`, `enable`, `disable`, `nickname` and `delete`."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lpa.cli.lpac.answers import Failed, Usage
from lpa.cli.lpac.environment import ACCEPT
from lpa.cli.lpac.session import named
from lpa.rsp.names import Iccid
from lpa.rsp.records import ICON_TAGS

if TYPE_CHECKING:
    from lpa.assistant import Assistant
    from lpa.cli.lpac.session import LpacCommand
    from lpa.deletion.plan import Plan
    from lpa.profiles.blockers import Finding
    from lpa.rsp.records import Profile

_ENABLE, _DISABLE, _DELETE = "es10c_enable_profile", "es10c_disable_profile", "es10c_delete_profile"
_PNG = b"\x89PNG"
_PENDING = "notifications-pending"


def listing(session: LpacCommand, _words: Sequence[str]) -> int:
    """The profiles on the card, with their icons."""
    with session.card("es10c_get_profiles_info") as assistant:
        profiles = assistant.euicc.profiles(ICON_TAGS)
    if profiles.unreadable:
        session.screen.say(f"{len(profiles.unreadable)} more on the card cannot be read.", "yellow")
    return session.answers.success([_members(profile) for profile in profiles])


def enable(session: LpacCommand, words: Sequence[str]) -> int:
    """Enable a profile. How the card is asked for it is not chosen by the caller: see docs/lpac.md."""
    if not words:
        raise Usage("Usage: enable [iccid/aid] [refreshflag]")
    chosen = named(words[0], _ENABLE)
    with session.changing(_ENABLE) as assistant:
        session.changes()
        outcome = assistant.enable(chosen)
        if not outcome.changes:
            raise Failed(_ENABLE, "profile not in disabled state")
        session.changed(outcome)
    return session.answers.success()


def disable(session: LpacCommand, words: Sequence[str]) -> int:
    """Disable the enabled profile. As for `enable`."""
    if not words:
        raise Usage("Usage: disable [iccid/aid] [refreshflag]")
    chosen = named(words[0], _DISABLE)
    with session.changing(_DISABLE) as assistant:
        session.changes()
        outcome = assistant.disable(chosen)
        if not outcome.changes:
            raise Failed(_DISABLE, "profile not in enabled state")
        session.changed(outcome)
    return session.answers.success()


def nickname(session: LpacCommand, words: Sequence[str]) -> int:
    """Set the nickname of a profile; without one, remove it."""
    function = "es10c_set_nickname"
    if not words:
        raise Usage("Usage: nickname [iccid] [new_name]")
    try:
        iccid = Iccid.parse(words[0])
    except ValueError:
        raise Failed(function, "iccid not found") from None
    with session.card(function) as assistant:
        session.screen.may_change("Interrupted while renaming.", "'lpac profile list' shows the nickname.")
        try:
            assistant.rename(iccid, words[1] if len(words) > 1 else "")
        except ValueError as error:
            raise Failed(function, f"{error}.") from None
    return session.answers.success()


def delete(session: LpacCommand, words: Sequence[str]) -> int:
    """Delete a profile, unless there is a blocker, or a warning that no variable accepts."""
    if not words:
        raise Usage("Usage: delete [iccid/aid]")
    chosen = named(words[0], _DELETE)
    with session.changing(_DELETE) as assistant:
        plan = assistant.review_deletion(assistant.plan_deletion(chosen))
        for blocker in plan.blockers:
            raise blocker.refused
        refuse_warnings(session, _DELETE, _warnings(assistant, plan))
        session.changes()
        session.changed(assistant.delete(plan))
    return session.answers.success()


def refuse_warnings(session: LpacCommand, function: str, warnings: Sequence[Finding]) -> None:
    """Raise `Failed` if there are warnings that the variable does not accept. It names them."""
    accepted = session.variables.accepted
    left = [warning for warning in warnings if warning.name not in accepted]
    if left:
        messages = " ".join(f"{warning.name}: {warning.message}" for warning in left)
        names = ",".join(dict.fromkeys((*accepted, *(warning.name for warning in left))))
        raise Failed(function, f"{messages} Nothing was changed. {ACCEPT}={names} accepts this.")


def _warnings(assistant: Assistant, plan: Plan) -> list[Finding]:
    """The warnings of a plan. A notification of which a receipt is kept here was left on the card on purpose,
    as lpac leaves it: it is pending, and no reason to refuse.
    """
    warnings = [*plan.warnings]
    if any(warning.name == _PENDING for warning in warnings):
        kept = {entry.notification.metadata for entry in assistant.journal.outbox(assistant.eid)}
        own = (one for one in assistant.notifications() if one.iccid == plan.profile.iccid)
        if all(one in kept for one in own):
            warnings = [warning for warning in warnings if warning.name != _PENDING]
    return warnings


def icon_members(profile: Profile) -> Iterator[tuple[str, Any]]:
    """The members about an icon: null if there is none."""
    kind = "png" if profile.icon.startswith(_PNG) else "jpeg"
    yield "iconType", kind if profile.icon else None
    yield "icon", base64.b64encode(profile.icon).decode() or None


def _members(profile: Profile) -> dict[str, Any]:
    return {
        "iccid": str(profile.iccid),
        "isdpAid": str(profile.aid).lower() if profile.aid else None,
        "profileState": profile.state,
        "profileNickname": profile.nickname or None,
        "serviceProviderName": profile.service_provider or None,
        "profileName": profile.name or None,
        **dict(icon_members(profile)),
        "profileClass": profile.profile_class,
    }
