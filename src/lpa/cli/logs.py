"""Where the log goes: to stderr with -v, and into the trace of --trace (docs/simulator/traces.md)."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from pathlib import Path
from typing import TextIO

import click

from lpa import redaction
from lpa.card.apdu import TRAFFIC
from lpa.rsp.display import safe

_log = redaction.logger(__name__)
_ABOUT = """\
# A trace of lpa: what it sent to the card and the servers, and what they answered.
# PRIVATE: it names the card (EID), its profiles (ICCID) and their operators. Codes, PINs, the contents of
# profile files and the messages of a download are left out. Read it before you share it."""
_LEVELS = (logging.WARNING, logging.DEBUG, TRAFFIC)


def log_to(context: click.Context, verbose: int, trace: Path | None) -> None:
    """Log until the command ends. Raises a usage error if `trace` cannot be written."""
    level = _LEVELS[min(verbose, len(_LEVELS) - 1)]
    _attach(context, logging.StreamHandler(), level, _OneLine("%(name)s: %(message)s"))
    if trace:
        form = _TraceLines("# %(asctime)s %(levelname)s %(name)s: %(message)s")
        _attach(context, _trace(trace), TRAFFIC, form)


class _OneLine(logging.Formatter):
    """Keeps text from a card or a server on one line, with escapes for what cannot be seen."""

    def format(self, record: logging.LogRecord) -> str:
        return safe(super().format(record))


class _TraceLines(_OneLine):
    """A trace has what was exchanged in lines of its own (`lpa.rsp.trace`), and the rest as comments."""

    def format(self, record: logging.LogRecord) -> str:
        from lpa.rsp.trace import TRACE_LINES

        lines: list[str] | None = getattr(record, TRACE_LINES, None)
        return "\n".join(map(safe, lines)) if lines else super().format(record)


def _attach(context: click.Context, handler: logging.Handler, level: int, form: logging.Formatter) -> None:
    logger = logging.getLogger("lpa")
    handler.setLevel(level)
    handler.setFormatter(form)
    handler.addFilter(redaction.RedactingFilter())  # for other loggers: the simulator
    before = logger.level
    logger.setLevel(min(level, before or level))
    logger.addHandler(handler)

    def detach() -> None:
        logger.removeHandler(handler)
        logger.setLevel(before)
        handler.close()

    context.call_on_close(detach)


class _Trace(logging.StreamHandler[TextIO]):
    """A log file that is abandoned, with a warning, when it cannot be written: the command goes on."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802  (the signature is logging's)
        """Warn once."""
        self.setLevel(logging.CRITICAL + 1)
        _log.warning("the trace is not complete: %s", sys.exc_info()[1])

    def close(self) -> None:
        """Close the file; if its rest cannot be written, that was reported before."""
        with contextlib.suppress(OSError):
            self.stream.close()
        super().close()


def _trace(path: Path) -> logging.Handler:
    """A log file that only its owner can read; its first lines describe the content.

    An existing trace is appended to if it belongs to the person and nobody else can read it.
    """
    from lpa.cli import trace_file
    from lpa.rsp.trace import first_line

    descriptor = trace_file.open_to_append(path, "--trace", whole=False)
    file = os.fdopen(descriptor, "a", encoding="utf-8")
    handler = _Trace(file)
    handler.emit(
        logging.LogRecord(__name__, TRAFFIC, "", 0, f"{first_line(whole=False)}\n{_ABOUT}", None, None)
    )
    return handler
