"""The findings about an offered profile: what makes its installation impossible, and what to accept."""

from __future__ import annotations

from collections.abc import Iterator

from lpa.advice.downloads import DELETE_BEFORE_REINSTALL, MAKE_ROOM
from lpa.card.es10 import Euicc
from lpa.download import policy
from lpa.download.installation import FUNCTION
from lpa.profiles.blockers import Finding
from lpa.rsp.euicc_info import EuiccInfo2
from lpa.rsp.offered_profile import OfferedProfile
from lpa.rsp.records import ICCID_TAGS, Profile
from lpa.rsp.sizes import in_words


def checks(euicc: Euicc, offered: OfferedProfile, info: EuiccInfo2 | None) -> Iterator[Finding]:
    """What the card says about an offered profile. `info`: what it sent to the server about itself."""
    profile, size = offered.profile, offered.estimated_size
    if any(installed.iccid == profile.iccid for installed in euicc.profiles(ICCID_TAGS)):
        yield _already_installed(profile)
    free = info.resource.free_non_volatile if info else None
    if size is not None and free is not None and size > free:
        yield _little_memory(size, free)
    if profile.policy_rules:
        refused = info.forbidden_policy_rules if info else ()
        yield from policy.findings(policy.judge(profile, euicc.rules(), refused), FUNCTION)


def _already_installed(profile: Profile) -> Finding:
    return Finding(
        "blocker",
        "installFailedDueToIccidAlreadyExistsOnEuicc",
        f"The profile {profile.title} ({profile.iccid}) is already on the card.",
        DELETE_BEFORE_REINSTALL,
        FUNCTION,
    )


def _little_memory(size: int, free: int) -> Finding:
    return Finding(
        "note",
        "insufficientMemory",
        f"The profile takes {in_words(size)}, as its server states; the card has {in_words(free)} free.",
        MAKE_ROOM,
        FUNCTION,
    )
