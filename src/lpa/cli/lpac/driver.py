"""`driver list`, `driver apdu list`, and `version`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lpa import __version__
from lpa.cli.lpac.answers import SUCCEEDED, Usage
from lpa.cli.lpac.environment import INDEX

if TYPE_CHECKING:
    from lpa.cli.lpac.session import LpacCommand

_LPAC = "v2.3.0"  # the version whose commands and JSON these are


def listing(session: LpacCommand, _words: Sequence[str]) -> int:
    """What cards and servers can be reached with."""
    return _answer(session, {"LPAC_APDU": ["pcsc"], "LPAC_HTTP": ["curl"]})


def apdu(session: LpacCommand, words: Sequence[str]) -> int:
    """The card readers, each with the number that the variable takes."""
    from lpa.card import pcsc

    if not words:
        raise Usage("Usage: apdu <list>")
    if words[0] != "list":
        return SUCCEEDED
    session.answers.function = "driver"
    found = [{"env": str(place), "name": reader.name} for place, reader in enumerate(pcsc.readers())]
    return _answer(session, {"env": INDEX, "data": found})


def http(_session: LpacCommand, _words: Sequence[str]) -> int:
    """Nothing, as lpac."""
    return SUCCEEDED


def version(session: LpacCommand, _words: Sequence[str]) -> int:
    """The version of lpac that this answers like, and that of lpa."""
    return session.answers.success(f"{_LPAC}-lpa-{__version__}")


def _answer(session: LpacCommand, payload: dict[str, object]) -> int:
    session.answers.line({"type": "driver", "payload": payload})
    return SUCCEEDED
