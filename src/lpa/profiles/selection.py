"""Select a profile: by its ICCID, by the last digits of it, or by its ISD-P AID."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from lpa.card.es10 import Euicc
from lpa.errors import Refused
from lpa.rsp.listing import Listing
from lpa.rsp.names import Aid, Iccid
from lpa.rsp.records import CHANGE_TAGS, Profile

FEWEST_DIGITS = 4
_ICCID_TAG = b"\x5a"


@dataclass(frozen=True)
class Selector:
    """How a person names a profile: an ISD-P AID, or the digits that its ICCID ends with."""

    name: Aid | str

    def __post_init__(self) -> None:
        if not isinstance(self.name, Aid) and self.name != _digits(self.name):
            raise ValueError(f"{self.name!r} is not in the form that Selector.parse() returns")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse what a person typed. Raises ValueError if it can name no profile."""
        if re.fullmatch(r"\s*A0[0-9A-F]{8,}\s*", text, re.IGNORECASE):
            return cls(Aid.parse(text))
        return cls(_digits(text))

    def __str__(self) -> str:
        return str(self.name)


def exact(name: Profile | Iccid | Selector | str) -> Iccid | Selector:
    """The name as a whole ICCID, or as the `Selector` that a person gave.

    Raises ValueError if a text is no whole ICCID: its last digits may be those of another profile tomorrow.
    Raises TypeError for a value of another type.
    """
    match name:
        case Profile():
            return name.iccid
        case Iccid() | Selector():
            return name
        case str():
            try:
                return Iccid.parse(name)
            except ValueError as error:
                raise ValueError(f"{error}; Assistant.find() takes the last digits of one") from error
    raise TypeError(f"a profile is named by Profile, Iccid, Selector or str, not {type(name).__name__}")


def read(euicc: Euicc, name: Iccid | Selector) -> tuple[Listing[Profile], Profile]:
    """All profiles of the card, with `CHANGE_TAGS`, and the one that `name` selects.

    Raises `Refused` if it selects none ("iccidOrAidNotFound") or several ("ambiguous").
    """
    profiles = euicc.profiles(CHANGE_TAGS)
    if isinstance(name, Selector):
        name = _iccid_of(euicc, name.name) if isinstance(name.name, Aid) else name
    return profiles, find(profiles, name)


def enabled(euicc: Euicc) -> Profile:
    """The enabled profile. Raises `Refused` if there is none."""
    for profile in euicc.profiles(CHANGE_TAGS):
        if profile.enabled:
            return profile
    raise Refused(
        "ReadFiles",
        "notEnabled",
        "No profile is enabled, so there is nothing to read.",
        advice="'lpa enable' enables one.",
    )


def find(profiles: Iterable[Profile], name: Iccid | Selector) -> Profile:
    """The one of `profiles` whose ICCID is, or ends with, `name`. Raises as `read` does."""
    matching = [profile for profile in profiles if str(profile.iccid).endswith(str(name))]
    exactly = [profile for profile in matching if str(profile.iccid) == str(name)]
    if len(exactly or matching) == 1:
        return (exactly or matching)[0]
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
        f"More than one ICCID ends with {name}: {several}.",
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
