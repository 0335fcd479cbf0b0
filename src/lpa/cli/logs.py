"""Where the log goes: to stderr as -v asks for it, and into the file of --trace."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from pathlib import Path

import click

from lpa.card.apdu import TRAFFIC
from lpa.cli.screen import safe

_LEVELS = (logging.WARNING, logging.DEBUG, TRAFFIC)


def log_to(context: click.Context, verbose: int, trace: Path | None) -> None:
    """Log until the command ends. Raises a usage error if `trace` cannot be written."""
    level = _LEVELS[min(verbose, len(_LEVELS) - 1)]
    _attach(context, logging.StreamHandler(), level, "%(name)s: %(message)s")
    if trace:
        _attach(context, _private_file(trace), TRAFFIC, "%(asctime)s %(name)s: %(message)s")


class _OneLine(logging.Formatter):
    """What a card or a server said stays on one line, and harmless."""

    def format(self, record: logging.LogRecord) -> str:
        return safe(super().format(record))


def _attach(context: click.Context, handler: logging.Handler, level: int, form: str) -> None:
    logger = logging.getLogger("lpa")
    handler.setLevel(level)
    handler.setFormatter(_OneLine(form))
    before = logger.level
    logger.setLevel(min(level, before or level))
    logger.addHandler(handler)

    def detach() -> None:
        logger.removeHandler(handler)
        logger.setLevel(before)
        handler.close()

    context.call_on_close(detach)


class _Trace(logging.FileHandler):
    """A log file that is given up, with a word, when it cannot be written: the card matters more."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802  (the signature is logging's)
        """Say so once."""
        self.setLevel(logging.CRITICAL + 1)
        logging.getLogger(__name__).warning("the trace is not complete: %s", sys.exc_info()[1])

    def close(self) -> None:
        """Close the file; what could not be written before cannot be written now."""
        with contextlib.suppress(OSError):
            super().close()


def _private_file(path: Path) -> logging.Handler:
    """A log file that only its owner can read: it names every profile on the card."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
        return _Trace(path, encoding="utf-8")
    except OSError as error:
        raise click.BadParameter(f"cannot write {path}: {error.strerror}.", param_hint="--trace") from error
