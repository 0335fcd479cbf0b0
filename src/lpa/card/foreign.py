"""Calls of a transport, which may be another program's: whatever it raises or returns becomes an answer or an
`LpaError`.

Law: only what is no `Exception` (Ctrl-C) gets through. The error of the transport is the cause of ours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from lpa import redaction
from lpa.advice.cards import CHECK_MODEM
from lpa.errors import BadAnswer, LpaError, Refused, TimedOut, WireError

_P = ParamSpec("_P")
_T = TypeVar("_T")
_log = redaction.logger(__name__)

_FOR_THE_AUTHOR = "The transport must be corrected: docs/transports.md says what it returns."


def called(function: Callable[_P, _T], *arguments: _P.args, **named: _P.kwargs) -> _T:
    """What a method of a transport returns. Raises a `WireError` for any error that is not of ours.

    So it does for a `Refused`: that would be taken for an answer of the card.
    """
    try:
        return function(*arguments, **named)
    except Refused as error:
        raise _failure(error) from error
    except LpaError:
        raise
    except Exception as error:
        raise _failure(error) from error


def answer(returned: object) -> tuple[bytes, int]:
    """The data and status word that `transmit` returned. Raises `BadAnswer` if it is anything else."""
    match returned:
        case (bytes() | bytearray() as data, int() as sw) if 0 <= sw <= 0xFFFF:
            return bytes(data), sw
        case (bytes() | bytearray(), int() as sw):
            wrong = f"the status word {sw}, which has more than two bytes"
        case (data, sw):
            wrong = f"({type(data).__name__}, {type(sw).__name__}), not (bytes, int)"
        case _:
            wrong = f"{type(returned).__name__}, not (bytes, int)"
    raise BadAnswer(f"The transport returned {wrong}.", advice=_FOR_THE_AUTHOR)


def number(returned: object) -> int | None:
    """The channel that `open` returned. Raises `BadAnswer` if it is anything else."""
    if returned is None or (isinstance(returned, int) and returned >= 0):
        return returned
    wrong = f"the channel {returned}" if isinstance(returned, int) else type(returned).__name__
    raise BadAnswer(
        f"The transport opened {wrong}, not a channel with a number.",
        advice=_FOR_THE_AUTHOR,
    )


def closed(close: Callable[[], object]) -> None:
    """Close a transport. What it raises is logged."""
    try:
        close()
    except Exception as error:  # noqa: BLE001 (another program's: it may raise anything)
        _log.warning("The transport could not be closed: %s", _reason(error))


def _failure(error: Exception) -> WireError:
    if isinstance(error, TimeoutError):
        return TimedOut(
            f"No answer came in time. {_reason(error)}",
            advice=CHECK_MODEM,
        )
    return WireError(f"The connection to the card failed. {_reason(error)}")


def _reason(error: Exception) -> str:
    text = str(error).strip().rstrip(".")
    return f"{type(error).__name__}: {text}." if text else f"{type(error).__name__}."
