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
    Postponed              not sent: its next try is not due, no time is left for it, or the caller wants it
  OutcomeUnknown         sent, but the answer was lost: read the state before trying again
  BadAnswer              the answer does not follow the specification (`sw`: the card's status word)
  Refused                refused by card or server, or by a check beforehand (`function`, `reason`)
    EuiccRefused           refused by the card (`code`)
    ServerRefused          refused by the server (`subject`, `reason_code`)
  NotVerified            a signature or certificate is not valid or not trusted
  StorageFailed          this computer could not lock, read or write what is needed
  Declined               the person declined
  Stopped                the caller's `Stop` ended it (`outcome`: what was done)

Every error has a `message` (what is wrong) and an `advice` (what to do; may be empty).
`reason` is a stable identifier, the specification's own where there is one, else None.
"""

from __future__ import annotations

import errno

_SHOWN = 4096  # most characters of a message that are shown or kept: a card or server may have written some

# What to do about an error of the system; `{}` is what else helps. For other errors that alone is the advice.
_STORAGE_ADVICE = (
    ((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "Free some disk space, or {}."),
    ((errno.EACCES,), "Use an account that has access to it, or {}."),
    ((errno.EPERM,), "Move it away, or {}."),
    ((errno.EROFS,), "Make the file system writable, or {}."),
    ((errno.EIO, errno.ENXIO), "Check that the disk works and has free space, or {}."),
    ((errno.EAGAIN, errno.EBUSY), "Wait until the other program has finished, then try again."),
    ((errno.EMFILE, errno.ENFILE, errno.ENOMEM), "Close some programs, then try again."),
)


class LpaError(Exception):
    """The root: catch this to catch everything that `lpa` raises on purpose."""

    advice = ""
    reason: str | None = None
    outcome: object = None
    """What was done before, of an error that `raise_for_pending` raised or a `Stop` ended."""

    def __init__(self, message: str, *, advice: str | None = None) -> None:
        self.message = _bounded(message)
        super().__init__(self.message)
        if advice is not None:
            self.advice = advice

    def add(self, sentence: str) -> None:
        """Add a sentence to the message, for a caller that knows more and raises the error again."""
        before = _bounded(self.message, _SHOWN - len(sentence) - 1)
        self.message = _bounded(f"{before} {sentence}")
        self.args = (self.message,)

    @property
    def kind(self) -> str:
        """The class's name, as `--json` prints it."""
        return type(self).__name__


class WireError(LpaError):
    """Nothing reached the card or server, so nothing was changed: try again."""

    advice = "Nothing was changed. Try again."


class NoService(WireError):
    advice = "Start the smart card service (Linux: 'systemctl start pcscd.socket', or 'pcscd')."


class NoReader(WireError):
    advice = "Connect a card reader, or name one that 'lpa readers' lists."


class NoCard(WireError):
    advice = "Put the card into the reader and try again."


class CardBusy(WireError):
    advice = "Close the other program that uses the card (a modem manager, another lpa) and try again."


class CardUnpowered(WireError):
    advice = "Remove the card, clean its contacts, insert it the right way round, and try again."


class TimedOut(WireError):
    """The smart card service, a reader or a card did not answer in time, and was given up."""

    advice = (
        "Unplug the card reader and plug it in again. "
        "If that does not help, restart the smart card service (Linux: 'systemctl restart pcscd')."
    )


class CardRemoved(WireError):
    advice = "Insert the card again, then run 'lpa list' to see its state."


class NotAnEuicc(WireError):
    advice = "An ordinary SIM holds no eSIM profiles. Use an eUICC, or name its ISD-R with --aid."


class ConnectFailed(WireError):
    advice = "Check the network and try again."


class Postponed(WireError):
    advice = (
        "It is retried by the next command that goes online once it is due. "
        "'lpa notifications send' retries it now."
    )

    def __init__(self, message: str, *, advice: str | None = None, reason: str | None = None) -> None:
        super().__init__(message, advice=advice)
        self.reason = reason


class OutcomeUnknown(LpaError):
    """A command was sent and its answer was lost: it may or may not have been carried out."""

    advice = "Run 'lpa list' to see the card's state before you try again."


class BadAnswer(LpaError):
    """The answer does not follow the specification. `sw`: the card's status word, 0 if it was not wrong.

    `reason`: "changedAtReset" if the card enabled or disabled a profile by itself after a request.
    """

    advice = "Try again. If it persists, the card or server does not follow SGP.22; '-vv' shows its answer."

    def __init__(
        self, message: str, *, sw: int = 0, advice: str | None = None, reason: str | None = None
    ) -> None:
        super().__init__(message, advice=advice)
        self.sw = sw
        self.reason = reason


class Refused(LpaError):
    """Refused by the card or server, or by a check before it was asked."""

    def __init__(self, function: str, reason: str, message: str, *, advice: str | None = None) -> None:
        super().__init__(message, advice=advice)
        self.function = function
        self.reason: str = reason


class EuiccRefused(Refused):
    """The card answered `function` with result `code`, which the specification calls `reason`."""

    def __init__(
        self, function: str, reason: str, code: int, message: str, *, advice: str | None = None
    ) -> None:
        super().__init__(function, reason, message, advice=advice)
        self.code = code


class ServerRefused(Refused):
    """The server answered `function` with a status: `subject` and `reason_code` as in SGP.22 §5.2.6."""

    advice = "Ask the operator; the codes above say why their server refused."

    def __init__(
        self, function: str, subject: str, reason_code: str, message: str, *, advice: str | None = None
    ) -> None:
        super().__init__(function, f"{subject}/{reason_code}", message, advice=advice)
        self.subject = subject
        self.reason_code = reason_code


class NotVerified(LpaError):
    """A signature, a certificate chain or a TLS certificate is not valid or not trusted: nothing was sent."""

    advice = (
        "Stop: this may not be the operator's server. "
        "If the server uses a private authority, name its certificate with --ca-bundle."
    )

    def __init__(self, message: str, *, advice: str | None = None, reason: str | None = None) -> None:
        super().__init__(message, advice=advice)
        self.reason = reason


class StorageFailed(LpaError):
    """This computer could not lock, read or write what is needed, so the next step was not taken."""

    advice = "Free some disk space or choose another folder with --state-dir, then try again."


class Declined(LpaError):
    """The person declined, or could not be asked."""

    advice = "Nothing was changed."


class Stopped(LpaError):
    """The caller's `Stop` ended it, between two steps. `outcome`: what was done until then."""

    advice = "Run 'lpa resume': it completes what was begun."

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
    number = errno.ENOMEM if isinstance(error, MemoryError) else getattr(error, "errno", None)
    fitting = (advice for numbers, advice in _STORAGE_ADVICE if number in numbers)
    return next(fitting, f"{otherwise[0].upper()}{otherwise[1:]}.").format(otherwise)


def _bounded(message: str, most: int = _SHOWN) -> str:
    """Cut between two words: the redaction of logs would not recognise a part of a secret."""
    return message if len(message) <= most else f"{message[: max(most - 1, 0)].rpartition(' ')[0]}…"
