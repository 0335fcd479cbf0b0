"""Read the subscriber of the enabled profile, from its files: IMSI and telephone numbers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from lpa.card.files.filesystem import UiccFiles
from lpa.card.files.numbers import read_own_numbers
from lpa.card.files.problems import Problems
from lpa.errors import BadAnswer, Refused
from lpa.profiles.backup import refuse_unless_enabled
from lpa.rsp.arguments import expect
from lpa.rsp.facts import Fact
from lpa.rsp.names import Iccid
from lpa.rsp.records import Profile


@dataclass(frozen=True)
class Subscriber(Fact):
    """What was read. `imsi` and `numbers` are None where `reason` says why, else empty if there is none.

    `reason`: "notEnabled" (another profile is enabled, or none), "pinNeeded" (it is locked with a PIN),
    "noBasicChannel" (a modem or phone gives no access to it), "unreadable" (the card refuses to show it, or
    its answer cannot be read); empty if everything was read.
    """

    imsi: str | None = None
    numbers: tuple[str, ...] | None = None
    service_provider: str = ""
    reason: str = ""


def of_profile(
    opened: Callable[[], AbstractContextManager[UiccFiles]],
    profile: Profile,
    *,
    pin: str | None = None,
    provider: bool = True,
) -> Subscriber:
    """As `read`, if `profile` is enabled. `opened`: opens the files of the enabled profile."""
    expect("profile", profile, Profile)
    if not profile.enabled:
        return Subscriber(reason="notEnabled")
    try:
        found = opened()
    except Refused as refused:
        return Subscriber(reason=refused.reason)
    with found as files:
        return read(files, profile.iccid, pin=pin, provider=provider)


def read(files: UiccFiles, iccid: Iccid, *, pin: str | None = None, provider: bool = True) -> Subscriber:
    """Read what the files of the profile `iccid` say, as far as they can be read.

    `provider`: whether to read the name of the service provider, too.
    `pin`: its PIN, given to the card only if the profile is locked. Raises `Refused` if the PIN does not
    unlock it (see `UiccFiles.verify_pin`), and a `WireError` if the card cannot be asked.
    """
    problems = Problems()
    try:
        refuse_unless_enabled(files, iccid)
        files.unlock(pin)
    except Refused as refused:
        if pin is not None and refused.function == "VerifyPin":
            raise
        return Subscriber(reason=refused.reason)
    except BadAnswer:
        return Subscriber(reason="unreadable")
    imsi = problems.attempt("IMSI", files.imsi)
    name = problems.attempt("Service provider name", files.service_provider_name) if provider else ""
    unread = Problems()
    numbers = read_own_numbers(files, unread)
    shown = None if unread and not numbers else numbers
    return Subscriber(imsi, shown, name or "", "unreadable" if problems or unread else "")
