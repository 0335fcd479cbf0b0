"""What can go wrong, grouped by what the caller can do about it.

LpaError
  WireError              nothing reached the card or server: try again
    NoService              the computer's smart card service does not run
    NoReader               no card reader, or not the one that was named
    NoCard                 the reader is empty
    CardBusy               another program uses the card
    CardUnpowered          the reader holds a card that does not answer
    TimedOut               the smart card service, a reader or a card did not answer in time
    CardRemoved            the card was removed while it was used
    NotAnEuicc             the card is not an eUICC
    ConnectFailed          the server could not be reached
    Postponed              not sent: its next try is not due, no time is left for it, or that was asked for
  OutcomeUnknown         sent, but the answer was lost: read the state before trying again
  BadAnswer              the answer does not follow the specification (`sw`: the card's status word)
  Refused                refused by card or server, or by a check beforehand (`function`, `reason`)
    NoSuchProfile          no profile is called so (`names`)
    AmbiguousProfile       several profiles are meant (`iccids`)
    NoSuchNotification     nothing is pending under that number (`sequence_number`)
    EuiccRefused           refused by the card (`code`)
      NoSuchProfileOnCard    also a NoSuchProfile: the card answered so
    ServerRefused          refused by the server (`subject`, `reason_code`, `server_message`, `http_status`)
  NotVerified            a signature or certificate is not valid or not trusted
  StorageFailed          this computer could not lock, read or write what is needed
  Declined               the person declined
  Stopped                the caller's `Stop` ended it (`outcome`: what was done)

Every error has a `message` (what is wrong) and an `advice` (what to do; may be empty), which has a stable
`advice_id`. `reason` is a stable identifier, the specification's own where there is one, else None.
`function` is the function of SGP.22 that was asked for, by the name of its request in the ASN.1 or JSON.
"""

from __future__ import annotations

import errno
from typing import Any, Self, TypeVar

from lpa.advice import defaults, id_of, values_of

E = TypeVar("E", bound=BaseException)

_SHOWN = 4096  # most characters of a message that are shown or kept: a card or server may have written some


class LpaError(Exception):
    """The root: catch this to catch everything that `lpa` raises on purpose.

    Errors can be copied, pickled and sent to other processes, with all that they know.
    """

    advice: str = ""
    reason: str | None = None
    outcome: object = None
    """What was done before, of an error that `raise_for_pending` raised or a `Stop` ended."""

    def __init__(self, message: str, *, advice: str | None = None, reason: str | None = None) -> None:
        self.message = _bounded(message)
        super().__init__(self.message)
        if advice is not None:
            self.advice = advice
        if reason is not None:
            self.reason = reason

    def __reduce__(self) -> tuple[Any, ...]:
        return _revived, (type(self), *self.args), self.__dict__

    def add(self, sentence: str) -> None:
        """Add a sentence to the message, for a caller that knows more and raises the error again."""
        before = _bounded(self.message, _SHOWN - len(sentence) - 1)
        self.message = _bounded(f"{before} {sentence}")
        self.args = (self.message,)

    @property
    def kind(self) -> str:
        """The class's name, as `--json` prints it."""
        return type(self).__name__

    @property
    def advice_id(self) -> str:
        """The stable id of the advice, for whoever has words of their own; see `lpa.advice`.

        Empty if there is no advice, or if the caller's own code wrote it.
        """
        return id_of(self.advice)

    @property
    def advice_values(self) -> dict[str, Any]:
        """What is filled in in the advice, by name."""
        return values_of(self.advice)

    def to_json(self) -> dict[str, Any]:
        """The error as plain JSON, as `--json` prints it, without secrets.

        `kind`, `reason`, `message` and `advice` are always there, all else if the error knows it.
        """
        from lpa import error_json

        return error_json.members(self)

    @classmethod
    def from_json(cls, value: object) -> Self:
        """The error that `to_json` made this of, of the class that its `kind` names.

        Raises ValueError if it is none, or none of this class.
        """
        from lpa import error_json

        return error_json.error_of(value, cls, _revived)


class WireError(LpaError):
    """Nothing reached the card or server, so nothing was changed: try again."""

    advice: str = defaults.TRY_AGAIN_UNCHANGED


class NoService(WireError):
    advice: str = defaults.START_SERVICE


class NoReader(WireError):
    advice: str = defaults.CONNECT_READER


class NoCard(WireError):
    advice: str = defaults.PUT_CARD_IN


class CardBusy(WireError):
    advice: str = defaults.CLOSE_OTHER_PROGRAM


class CardUnpowered(WireError):
    advice: str = defaults.CLEAN_CARD


class TimedOut(WireError):
    """The smart card service, a reader or a card did not answer in time, and was given up."""

    advice: str = defaults.REPLUG_READER


class CardRemoved(WireError):
    advice: str = defaults.INSERT_CARD_AGAIN


class NotAnEuicc(WireError):
    advice: str = defaults.USE_EUICC


class ConnectFailed(WireError):
    advice: str = defaults.CHECK_NETWORK


class Postponed(WireError):
    advice: str = defaults.RETRIED_WHEN_DUE

    def __init__(self, message: str, *, advice: str | None = None, reason: str | None = None) -> None:
        super().__init__(message, advice=advice)
        self.reason = reason


class OutcomeUnknown(LpaError):
    """A command was sent and its answer was lost: it may or may not have been carried out."""

    advice: str = defaults.LOOK_BEFORE_RETRY


class BadAnswer(LpaError):
    """The answer does not follow the specification. `sw`: the card's status word, 0 if it was not wrong.

    `http_status`: of the server's answer, if that was wrong (`reason` "httpStatus"), else None.
    `reason`: "changedAtReset" if the card enabled or disabled a profile by itself after a request.
    """

    advice: str = defaults.SHOW_ANSWER
    sw: int = 0
    http_status: int | None = None

    def __init__(
        self,
        message: str,
        *,
        sw: int = 0,
        advice: str | None = None,
        reason: str | None = None,
        http_status: int | None = None,
    ) -> None:
        super().__init__(message, advice=advice, reason=reason)
        self.sw = sw
        self.http_status = http_status


class Refused(LpaError):
    """Refused by the card or server, or by a check before it was asked."""

    function: str = ""

    def __init__(self, function: str, reason: str, message: str, *, advice: str | None = None) -> None:
        super().__init__(message, advice=advice)
        self.function = function
        self.reason: str = reason


class NoSuchProfile(Refused):
    """The card holds no such profile, however it was named. `names`: how, as far as that is known."""

    names: tuple[str, ...] = ()

    def __init__(
        self, function: str, message: str, *, names: tuple[str, ...] = (), advice: str | None = None
    ) -> None:
        super().__init__(function, "iccidOrAidNotFound", message, advice=advice)
        self.names = names


class AmbiguousProfile(Refused):
    """Several profiles are meant (`reason` "ambiguous"): those with these `iccids`."""

    iccids: tuple[str, ...] = ()

    def __init__(
        self, function: str, message: str, *, iccids: tuple[str, ...], advice: str | None = None
    ) -> None:
        super().__init__(function, "ambiguous", message, advice=advice)
        self.iccids = iccids


class NoSuchNotification(Refused):
    """No notification with this `sequence_number` is on the card, or pending on this computer."""

    sequence_number: int = 0

    def __init__(
        self, function: str, message: str, *, sequence_number: int, advice: str | None = None
    ) -> None:
        super().__init__(function, "nothingToDelete", message, advice=advice)
        self.sequence_number = sequence_number


class EuiccRefused(Refused):
    """The card answered `function` with result `code`, which the specification calls `reason`."""

    code: int = 0

    def __init__(
        self, function: str, reason: str, code: int, message: str, *, advice: str | None = None
    ) -> None:
        super().__init__(function, reason, message, advice=advice)
        self.code = code


class NoSuchProfileOnCard(NoSuchProfile, EuiccRefused):
    """The card itself answered so: both of its bases. Its `kind` is "NoSuchProfile"."""

    def __init__(
        self, function: str, reason: str, code: int, message: str, *, advice: str | None = None
    ) -> None:
        EuiccRefused.__init__(self, function, reason, code, message, advice=advice)
        self.names = ()

    @property
    def kind(self) -> str:
        """That of `NoSuchProfile`."""
        return NoSuchProfile.__name__


class ServerRefused(Refused):
    """The server answered `function` with a status: `subject` and `reason_code` as in SGP.22 §5.2.6.

    `server_message`: the server's own words, without secrets and shortened; empty if it has none.
    `http_status`: of its answer.
    """

    advice: str = defaults.ASK_WITH_CODES
    subject: str = ""
    reason_code: str = ""
    http_status: int | None = None
    server_message: str = ""

    def __init__(
        self,
        function: str,
        subject: str,
        reason_code: str,
        message: str,
        *,
        advice: str | None = None,
        http_status: int | None = None,
        server_message: str = "",
    ) -> None:
        super().__init__(function, f"{subject}/{reason_code}", message, advice=advice)
        self.subject = subject
        self.reason_code = reason_code
        self.http_status = http_status
        self.server_message = server_message


class NotVerified(LpaError):
    """A signature, a certificate chain or a TLS certificate is not valid or not trusted: nothing was sent."""

    advice: str = defaults.NOT_THE_OPERATOR


class StorageFailed(LpaError):
    """This computer could not lock, read or write what is needed, so the next step was not taken."""

    advice: str = defaults.FREE_DISK_OR_STATE_DIR


class Declined(LpaError):
    """The person declined, or could not be asked."""

    advice: str = defaults.NOTHING_CHANGED


class Stopped(LpaError):
    """The caller's `Stop` ended it, between two steps. `outcome`: what was done until then."""

    advice: str = defaults.RESUME_COMPLETES
    outcome: object = None

    def __init__(self, message: str, *, outcome: object = None, advice: str | None = None) -> None:
        super().__init__(message, advice=advice)
        self.outcome = outcome


def storage_failed(error: OSError, what: str, otherwise: str) -> StorageFailed:
    """For an error of the disk. `what` failed, without a full stop; `otherwise`: see `storage_advice`."""
    return StorageFailed(f"{what}: {system_reason(error)}.", advice=storage_advice(error, otherwise))


def system_reason(error: Exception) -> str:
    """Why the system refused, for the end of a sentence: without the number and the path that Python adds."""
    if isinstance(error, MemoryError):
        return "not enough memory"
    return getattr(error, "strerror", None) or str(error)


def storage_advice(error: Exception, otherwise: str) -> str:
    """What a person can do about an error of the disk. `otherwise`: what else helps, as "choose a folder"."""
    from lpa.advice.storage import of_number

    number = errno.ENOMEM if isinstance(error, MemoryError) else getattr(error, "errno", None)
    return of_number(number, otherwise)


def _revived(kind: type[E], message: str) -> E:
    """An error of this class, for a copy: what else it knows is set afterwards."""
    return kind.__new__(kind, message)


def _bounded(message: str, most: int = _SHOWN) -> str:
    """Cut between two words: the redaction of logs would not recognise a part of a secret."""
    return message if len(message) <= most else f"{message[: max(most - 1, 0)].rpartition(' ')[0]}…"
