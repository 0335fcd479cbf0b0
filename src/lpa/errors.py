"""What can go wrong, named by what the caller can do about it.

LpaError
  WireError              nothing reached the peer: try again
    NoService              the computer's smart card service does not run
    NoReader               no card reader, or not the one that was named
    NoCard                 the reader is empty
    CardBusy               another program holds the card
    CardUnpowered          a card is there but gives no sign of life
    CardRemoved            the card was pulled while we spoke with it
    NotAnEuicc             a card is there, but it is not an eUICC
    ConnectFailed          the server could not be reached
    Postponed              it is not time yet for the next try, or there is none left
  OutcomeUnknown         sent, then silence: read the state before trying again
  BadAnswer              the peer answered nonsense (`sw`: the status word, if that was the answer)
  Refused                the peer, or our look before asking it, said no (`function`, `reason`)
    EuiccRefused           the card said no (`code`)
    ServerRefused          the server said no (`subject`, `reason_code`)
  NotVerified            a signature, chain or TLS certificate does not hold
  StorageFailed          this computer could not keep what must be kept
  Declined               the person said no

Every error has a `message` (what is wrong) and an `advice` (what to do; may be empty).
`reason` is a stable identifier, the specification's own where there is one, else None.
"""

from __future__ import annotations

_SHOWN = 4096  # characters of a message, as many as are shown or kept: a peer may have written some of them


class LpaError(Exception):
    """The root: catch this to catch everything that `lpa` raises on purpose."""

    advice = ""
    reason: str | None = None

    def __init__(self, message: str, *, advice: str | None = None) -> None:
        self.message = _bounded(message)
        super().__init__(self.message)
        if advice is not None:
            self.advice = advice

    def add(self, sentence: str) -> None:
        """Say one thing more, that only the one who catches it on its way knows."""
        self.message = _bounded(f"{self.message} {sentence}")
        self.args = (self.message,)

    @property
    def kind(self) -> str:
        """The class's name, as `--json` prints it."""
        return type(self).__name__


class WireError(LpaError):
    """Nothing reached the peer, so nothing happened: try again."""

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
    advice = "Take the card out, clean its contacts, put it back the right way round, and try again."


class CardRemoved(WireError):
    advice = "Put the card back and run 'lpa list' to see its state."


class NotAnEuicc(WireError):
    advice = "An ordinary SIM holds no eSIM profiles. Use an eUICC, or name its ISD-R with --aid."


class ConnectFailed(WireError):
    advice = "Check the network and try again; what was kept stays kept ('lpa notifications send')."


class Postponed(WireError):
    advice = "It is tried again by itself when it is time. 'lpa notifications send' tries at once."


class OutcomeUnknown(LpaError):
    """A command was sent and its answer lost: it may or may not have been carried out."""

    advice = "Run 'lpa list' to see the card's state before doing anything again."


class BadAnswer(LpaError):
    """The peer's answer does not fit the specification. `sw` is the status word, 0 if that was not it."""

    advice = "Try again; if it persists, the card or server does not follow SGP.22. '-vv' shows what it said."

    def __init__(self, message: str, *, sw: int = 0, advice: str | None = None) -> None:
        super().__init__(message, advice=advice)
        self.sw = sw


class Refused(LpaError):
    """The peer understood and said no; or our own look showed that it would, and it was not asked."""

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

    advice = "Ask the operator; the codes above tell them what their server objects to."

    def __init__(
        self, function: str, subject: str, reason_code: str, message: str, *, advice: str | None = None
    ) -> None:
        super().__init__(function, f"{subject}/{reason_code}", message, advice=advice)
        self.subject = subject
        self.reason_code = reason_code


class NotVerified(LpaError):
    """A signature, a certificate chain or a TLS certificate does not hold: nothing was sent."""

    advice = "Do not go on with this peer. If it uses a private authority, give it with --ca-bundle."

    def __init__(self, message: str, *, advice: str | None = None, reason: str | None = None) -> None:
        super().__init__(message, advice=advice)
        self.reason = reason


class StorageFailed(LpaError):
    """This computer could not write what must survive, so the next step was not taken."""

    advice = "Free some disk space or choose another folder with --state-dir, then try again."


class Declined(LpaError):
    """The person said no, or could not be asked."""

    advice = "Nothing was changed."


def _bounded(message: str) -> str:
    """Cut between two words: half a secret would not be known as one, and so would not be hidden."""
    return message if len(message) <= _SHOWN else f"{message[:_SHOWN].rpartition(' ')[0]}…"
