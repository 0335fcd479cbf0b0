"""Which profile a person means: by its ICCID, by the last digits of it, or by its ISD-P AID."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lpa.card.es10 import Euicc
from lpa.errors import Refused
from lpa.rsp.listing import Listing
from lpa.rsp.names import Aid, Iccid
from lpa.rsp.records import CHANGE_TAGS, Profile

FEWEST_DIGITS = 4
_ICCID_TAG = b"\x5a"


def read(euicc: Euicc, name: str | Iccid) -> tuple[Listing[Profile], Profile]:
    """All profiles of the card, as is needed to change them, and the one that goes by `name`.

    Raises `Refused` if none or several do, and ValueError if `name` is no way to name a profile.
    """
    profiles = euicc.profiles(CHANGE_TAGS)
    if isinstance(name, str) and isinstance(aid := parse(name), Aid):
        name = _iccid_of(euicc, aid)
    return profiles, find(profiles, name)


def in_use(euicc: Euicc) -> Profile:
    """The profile in use. Raises `Refused` if there is none."""
    for profile in euicc.profiles(CHANGE_TAGS):
        if profile.enabled:
            return profile
    raise Refused(
        "ReadFiles",
        "notEnabled",
        "No profile is in use, so there is nothing to read.",
        advice="'lpa enable' puts one to use.",
    )


def parse(name: str) -> Aid | str:
    """The AID a person typed, or the digits that an ICCID is to end with. Raises ValueError if neither."""
    if re.fullmatch(r"\s*A0[0-9A-F]{8,}\s*", name, re.IGNORECASE):
        return Aid.parse(name)
    return _digits(name)


def find(profiles: Iterable[Profile], name: str | Iccid) -> Profile:
    """The one of `profiles` whose ICCID is, or ends with, `name`. Raises as `read` does."""
    digits = str(name) if isinstance(name, Iccid) else _digits(name)
    matching = [profile for profile in profiles if str(profile.iccid).endswith(digits)]
    exact = [profile for profile in matching if str(profile.iccid) == digits]
    if len(exact or matching) == 1:
        return (exact or matching)[0]
    if not matching:
        raise Refused(
            "GetProfilesInfo",
            "iccidOrAidNotFound",
            f"The card holds no profile {name}.",
            advice="'lpa list' shows what it holds.",
        )
    several = ", ".join(str(profile.iccid) for profile in matching)
    raise Refused(
        "GetProfilesInfo",
        "ambiguous",
        f"More than one profile ends with {name}: {several}.",
        advice="Give more of its last digits.",
    )


def _digits(name: str) -> str:
    digits = re.sub(r"[\s-]", "", name).upper().rstrip("F")
    if not re.fullmatch(rf"[0-9A-E]{{{FEWEST_DIGITS},20}}", digits):
        raise ValueError(
            f"{name!r} names no profile: give its ICCID, its last {FEWEST_DIGITS} digits or more, or its AID"
        )
    return digits


def _iccid_of(euicc: Euicc, aid: Aid) -> Iccid:
    for profile in euicc.profiles(_ICCID_TAG, only=aid):
        return profile.iccid
    raise Refused(
        "GetProfilesInfo",
        "iccidOrAidNotFound",
        f"The card holds no profile in {aid}.",
        advice="'lpa list' shows what it holds.",
    )
