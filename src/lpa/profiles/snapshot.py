"""Two looks at a card: what is different, a sentence each; and a fingerprint that equal looks share.

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
    """What a look at the card `eid` showed, as 64 hexadecimal digits, in whatever order.

    `unreadable`: the items of the list that could not be read, as they came.
    """
    told = {
        "eid": str(eid),
        "profiles": sorted([str(profile.iccid), *_told(profile).values()] for profile in profiles),
        "unreadable": sorted(item.hex() for item in unreadable),
    }
    return digest(told)


def digest(told: dict[str, Any]) -> str:
    """A fingerprint of what is told: 64 hexadecimal digits, different as soon as anything in it is."""
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def hidden(before: Iterable[bytes], after: Iterable[bytes]) -> Iterator[str]:
    """What is different in what the card lists and nobody can read, in a sentence."""
    known, now = sorted(before), sorted(after)
    if known != now:
        were = f"It lists {_counted(now)} that cannot be read"
        yield f"{were}, and listed {_counted(known)}." if known else f"{were}."


def _counted(items: list[bytes]) -> str:
    return "1 profile" if len(items) == 1 else f"{len(items) or 'no'} profiles"


def differences(before: Iterable[Profile], after: Iterable[Profile]) -> Iterator[str]:
    """What is different `after`, a sentence for each thing."""
    known, now = ({profile.iccid: profile for profile in profiles} for profiles in (before, after))
    for iccid, profile in known.items():
        if iccid not in now:
            yield f"{_named(profile)} is not there any more."
            continue
        was, is_now = _told(profile), _told(now[iccid])
        for what, value in is_now.items():
            if value != was[what]:
                yield f"{_named(profile)}: {what} is {_shown(value)} now, and was {_shown(was[what])}."
    for iccid, profile in now.items():
        if iccid not in known:
            yield f"{_named(profile)} is there now, and was not."


def may_hide(after: Listing[Profile], unreadable: Collection[bytes] = ()) -> bool:
    """Whether a profile that is not listed any more may be in an item that could not be read.

    `unreadable`: the items that could not be read before, when it was listed beside them.
    """
    return any(item not in unreadable for item in after.unreadable)


def _told(profile: Profile) -> dict[str, str]:
    """What a card tells of a profile, by what a person calls it."""
    servers = (f"{' '.join(entry.events)}: {entry.address}" for entry in profile.notifications)
    return {
        "state": str(profile.state),
        "nickname": profile.nickname,
        "operator": profile.service_provider,
        "name": profile.name,
        "class": str(profile.profile_class),
        "rules": " ".join(profile.policy_rules),
        "servers told": ", ".join(servers),
    }


def _shown(value: str) -> str:
    return repr(value) if value else "empty"


def _named(profile: Profile) -> str:
    number = str(profile.iccid)
    return number if profile.title == number else f"{profile.title} ({number})"
