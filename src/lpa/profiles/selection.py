"""Select a profile: by its ICCID, by the last digits of it, or by its ISD-P AID.

Names are not unique, and operators can change them. They select a profile only for what reads it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from typing import Self

from lpa.advice.profiles import ENABLE_ONE, LIST_SHOWS, MORE_DIGITS, NAME_BY_DIGITS, NAME_FROM_LIST
from lpa.card.es10 import Euicc
from lpa.errors import AmbiguousProfile, NoSuchProfile, Refused
from lpa.rsp.arguments import expect
from lpa.rsp.facts import fact
from lpa.rsp.listing import Listing
from lpa.rsp.names import Aid, Iccid
from lpa.rsp.records import CHANGE_TAGS, ICCID_TAGS, ICON_TAGS, Profile

FEWEST_DIGITS = 4  # of an ICCID, to name a profile
_READING = "GetProfilesInfo"  # the function that is asked for, unless a caller names another


@fact
class Selector:
    """How a person names a profile: an ISD-P AID, or the digits that its ICCID ends with."""

    name: Aid | str

    def __post_init__(self) -> None:
        if not isinstance(self.name, Aid) and self.name != _digits(self.name):
            raise ValueError(f"{self.name!r} is not in the form that Selector.parse() returns")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse what a person typed. Raises ValueError if it can name no profile."""
        expect("name", text, str)
        if re.fullmatch(r"\s*A0[0-9A-F]{8,}\s*", text, re.IGNORECASE):
            return cls(Aid.parse(text))
        return cls(_digits(text))

    def __str__(self) -> str:
        return str(self.name)


ProfileName = Profile | Iccid | Selector | str
"""How a program names a profile: as a card or `Assistant.find` gave it, by `Iccid`, or by a whole ICCID."""


def exact(name: ProfileName) -> Iccid | Selector:
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


def read(euicc: Euicc, name: Iccid | Selector, function: str = _READING) -> tuple[Listing[Profile], Profile]:
    """All profiles of the card, with `CHANGE_TAGS`, and the one that `name` selects for `function`.

    Raises `NoSuchProfile` or `AmbiguousProfile` if it selects none or several.
    """
    profiles = euicc.profiles(CHANGE_TAGS)
    if isinstance(name, Selector):
        name = _iccid_of(euicc, name.name, function) if isinstance(name.name, Aid) else name
    return profiles, find(profiles, name, function)


def details(euicc: Euicc, name: Iccid | Selector, tags: bytes = ICON_TAGS) -> Profile:
    """The profile that `name` selects, with everything that the card says about it. Raises as `read` does.

    `tags`: the members to report, see `lpa.rsp.records`: an icon takes long on a slow line.
    """
    if isinstance(name, Selector) and isinstance(name.name, Aid):
        name = _iccid_of(euicc, name.name, _READING)
    elif isinstance(name, Selector):
        name = find(euicc.profiles(ICCID_TAGS), name).iccid
    return find(euicc.profiles(tags, only=name), name)


def to_read(euicc: Euicc, text: str, function: str = _READING) -> Iccid | Selector:
    """What a person means by `text`, for a command that only reads: a profile may also be `called` so.

    Digits alone are always those of an ICCID. Raises `AmbiguousProfile` if several profiles are called so,
    and `NoSuchProfile` if no profile is and it can be no selector. `function`: what asks for it.
    """
    if not re.fullmatch(r"[\s\d-]*", text, re.ASCII):
        named = called(euicc.profiles(), text)
        if len(named) == 1:
            return named[0].iccid
        if named:
            raise _ambiguous(function, f"More than one profile is called {text!r}", named, NAME_BY_DIGITS)
    with contextlib.suppress(ValueError):
        return Selector.parse(text)
    raise NoSuchProfile(
        function,
        f"The card holds no profile called {text!r}.",
        names=(text,),
        advice=NAME_FROM_LIST.filled(digits=FEWEST_DIGITS),
    )


def called(profiles: Iterable[Profile], name: str) -> tuple[Profile, ...]:
    """The profiles with this nickname, operator or profile name, whatever the case."""
    wanted = _folded(name)
    return tuple(
        profile
        for profile in profiles
        if wanted and wanted in map(_folded, (profile.nickname, profile.service_provider, profile.name))
    )


def shortest_digits(profile: Profile, profiles: Iterable[Profile]) -> str:
    """The digits, as few as can select a profile, that select this one among `profiles`."""
    whole, others = str(profile.iccid), [str(other.iccid) for other in profiles if other is not profile]
    for length in range(FEWEST_DIGITS, len(whole)):
        if not any(other.endswith(whole[-length:]) for other in others):
            return whole[-length:]
    return whole


def enabled(euicc: Euicc) -> Profile:
    """The enabled profile. Raises `Refused` if there is none."""
    for profile in euicc.profiles(CHANGE_TAGS):
        if profile.enabled:
            return profile
    raise Refused(
        "Backup",
        "notEnabled",
        "No profile is enabled, so there is nothing to read.",
        advice=ENABLE_ONE,
    )


def find(profiles: Iterable[Profile], name: Iccid | Selector, function: str = _READING) -> Profile:
    """The one of `profiles` whose ICCID is, or ends with, `name`. Raises as `read` does."""
    matching = [profile for profile in profiles if str(profile.iccid).endswith(str(name))]
    exactly = [profile for profile in matching if str(profile.iccid) == str(name)]
    if len(exactly or matching) == 1:
        return (exactly or matching)[0]
    if not matching:
        raise NoSuchProfile(
            function, f"The card holds no profile {name}.", names=(str(name),), advice=LIST_SHOWS
        )
    raise _ambiguous(function, f"More than one ICCID ends with {name}", matching, MORE_DIGITS)


def _ambiguous(function: str, sentence: str, matching: Iterable[Profile], advice: str) -> AmbiguousProfile:
    iccids = tuple(str(profile.iccid) for profile in matching)
    return AmbiguousProfile(function, f"{sentence}: {', '.join(iccids)}.", iccids=iccids, advice=advice)


def _folded(name: str) -> str:
    """For a comparison: without regard to case and spacing."""
    return " ".join(name.split()).casefold()


def _digits(name: str) -> str:
    digits = re.sub(r"[\s-]", "", name).upper().rstrip("F")
    if not re.fullmatch(rf"[0-9A-E]{{{FEWEST_DIGITS},20}}", digits):
        raise ValueError(
            f"{name!r} names no profile: give its ICCID, its last {FEWEST_DIGITS} digits or more, or its AID"
        )
    return digits


def _iccid_of(euicc: Euicc, aid: Aid, function: str) -> Iccid:
    for profile in euicc.profiles(ICCID_TAGS, only=aid):
        return profile.iccid
    raise NoSuchProfile(
        function, f"The card holds no profile in {aid}.", names=(str(aid),), advice=LIST_SHOWS
    )
