"""Why something failed, in lpac's words where it has some: programs compare them."""

from __future__ import annotations

import re

from lpa.errors import ConnectFailed, LpaError, Refused, ServerRefused
from lpa.redaction import without_secrets

_WORDS = {
    "iccidOrAidNotFound": "iccid or aid not found",
    "iccidNotFound": "iccid not found",
    "profileNotInDisabledState": "profile not in disabled state",
    "profileNotInEnabledState": "profile not in enabled state",
    "disallowedByPolicy": "disallowed by policy",
    "wrongProfileReenabling": "wrong profile reenabling",
    "nothingToDelete": "nothing to delete",
}
_OF_FUNCTION = {
    ("es10c_set_nickname", "iccidOrAidNotFound"): "iccid not found",
    ("es10b_remove_notification_from_list", "nothingToDelete"): "seqNumber not found",
}
_TRANSPORT = "HTTP transport failed"


def reason_of(function: str, error: LpaError) -> str:
    """The reason as lpac has it; a sentence of `lpa` where lpac has none, or only an empty one.

    `function`: lpac's name of what failed.
    """
    if isinstance(error, ConnectFailed):
        return _TRANSPORT
    if isinstance(error, ServerRefused):
        return without_secrets(getattr(error, "server_message", "") or error.message)
    known = _OF_FUNCTION.get((function, error.reason or "")) or _WORDS.get(error.reason or "")
    if isinstance(error, Refused) and known:
        return known
    return without_secrets(f"{error.message} {error.advice}".rstrip())


def snake(identifier: str) -> str:
    """An identifier of the specification as lpac writes it: storeMetadata becomes store_metadata."""
    words = re.sub(r"([A-Z]+)([A-Z][a-z])|([a-z0-9])([A-Z])", r"\1\3_\2\4", identifier)
    return words.lower()
