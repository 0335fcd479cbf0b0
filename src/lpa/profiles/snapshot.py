"""Compare two lists of a card's profiles: a sentence for each difference, and a digest of each list.

Pure. Only what was asked for both times can differ: the tags in `CHANGE_TAGS`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from lpa.rsp.listing import Listing
from lpa.rsp.names import Eid
from lpa.rsp.records import Profile


def fingerprint(eid: Eid, profiles: Iterable[Profile], unreadable: Iterable[bytes] = ()) -> str:
    """A digest of what the card `eid` lists, as 64 hexadecimal digits. The order does not matter.

    `unreadable`: the items of the list that cannot be read, as the card gave them.
    """
    return digest(
        {
            "eid": str(eid),
            "profiles": sorted([str(profile.iccid), *_compared(profile).values()] for profile in profiles),
            "unreadable": sorted(item.hex() for item in unreadable),
        }
    )


def digest(document: dict[str, Any]) -> str:
    """The SHA-256 of a JSON document whose members are in order, as 64 hexadecimal digits."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def differences(before: Iterable[Profile], after: Iterable[Profile]) -> Iterator[str]:
    """What has changed from `before` to `after`, a sentence for each difference."""
    known, now = ({profile.iccid: profile for profile in profiles} for profiles in (before, after))
    for iccid, profile in known.items():
        if iccid not in now:
            yield f"{named(profile)} is no longer on the card."
            continue
        old, new = _compared(profile), _compared(now[iccid])
        for what in old | new:
            then, value = old.get(what), new.get(what)
            if then != value:
                yield f"{named(profile)}: {what} changed from {_shown(then)} to {_shown(value)}."
    for iccid, profile in now.items():
        if iccid not in known:
            yield f"{named(profile)} was not on the card before."


def named(profile: Profile) -> str:
    """A profile's name and number."""
    number = str(profile.iccid)
    return number if profile.title == number else f"{profile.title} ({number})"


def unreadable_differences(before: Iterable[bytes], after: Iterable[bytes]) -> Iterator[str]:
    """A sentence if the items that cannot be read are others than before."""
    known, now = sorted(before), sorted(after)
    if known != now:
        one = len(now) == 1
        same_count = "another" if one else "others"
        earlier = same_count if len(known) == len(now) else len(known) or "none"
        listed = f"{len(now) or 'no'} unreadable {'profile' if one else 'profiles'}"
        yield f"The card lists {listed}; before, it listed {earlier}."


def has_new_unreadable(after: Listing[Profile], before: Collection[bytes] = ()) -> bool:
    """Whether a list has an unreadable item that it did not have `before`.

    A profile that was listed before, and is no longer, may be that item.
    """
    return any(item not in before for item in after.unreadable)


def _compared(profile: Profile) -> dict[str, str]:
    """What is compared of a profile, by the words for it in a sentence."""
    servers = (f"{' '.join(entry.events)}: {entry.address}" for entry in profile.notifications)
    return {
        "state": str(profile.state),
        "nickname": profile.nickname,
        "operator": profile.service_provider,
        "name": profile.name,
        "class": str(profile.profile_class),
        "rules": " ".join(profile.policy_rules),
        "notified servers": ", ".join(servers),
    } | ({"fallback": "yes"} if profile.fallback else {})


def _shown(value: str | None) -> str:
    return repr(value) if value else "none"
