"""An error of every kind, with all that it can know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

from lpa import errors
from lpa.advice import joined
from lpa.advice.defaults import TRY_AGAIN
from lpa.advice.profiles import ENABLE_RESTORES, LIST_SHOWS
from lpa.errors import LpaError
from lpa.profiles.switching import Outcome
from lpa.rsp.names import Iccid
from lpa.rsp.records import Profile
from lpa.sim.euicc.replay import ReplayFailed

_ICCID = Iccid.parse("8944994000000000017")
_ADVICE = joined(ENABLE_RESTORES.filled(restored=_ICCID), TRY_AGAIN)
_WITH_MORE: dict[type[LpaError], LpaError] = {
    errors.BadAnswer: errors.BadAnswer("Wrong.", sw=0x6A80, reason="httpStatus", http_status=503),
    errors.Refused: errors.Refused("DeleteProfile", "cardChanged", "Changed.", advice=_ADVICE),
    errors.NoSuchProfile: errors.NoSuchProfile("EnableProfile", "None.", names=("0017",), advice=LIST_SHOWS),
    errors.AmbiguousProfile: errors.AmbiguousProfile("EnableProfile", "Two.", iccids=("1", "2")),
    errors.NoSuchNotification: errors.NoSuchNotification("NotificationSent", "None.", sequence_number=0),
    errors.EuiccRefused: errors.EuiccRefused("DeleteProfile", "disallowedByPolicy", 3, "No."),
    errors.NoSuchProfileOnCard: errors.NoSuchProfileOnCard("SetNickname", "iccidNotFound", 1, "None."),
    errors.ServerRefused: errors.ServerRefused(
        "AuthenticateClient", "8.2.6", "3.8", "No.", http_status=200, server_message="Used {already}"
    ),
    errors.Stopped: errors.Stopped(
        "Stopped.", outcome=Outcome(Profile(_ICCID), problem=errors.NoCard("None."))
    ),
}


def every_kind(kind: type[LpaError] = LpaError) -> Iterator[type[LpaError]]:
    """The classes of errors, of other modules too."""
    yield kind
    for below in kind.__subclasses__():
        yield from every_kind(below)


def _example(kind: type[LpaError]) -> LpaError:
    return _WITH_MORE.get(kind) or kind("It failed.", advice=_ADVICE, reason="why")


EXAMPLES = [_example(kind) for kind in dict.fromkeys((*every_kind(), ReplayFailed))]


def known(error: LpaError) -> dict[str, Any]:
    """All that it knows; errors in it by what they know."""
    members = dict(vars(error))
    if isinstance(error, errors.Stopped) and isinstance(error.outcome, Outcome):
        members["outcome"] = repr(error.outcome)
    return members


def raising(error: LpaError) -> NoReturn:
    """Raise it, in another process."""
    raise error
