"""How a simulated server says no."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.utils import CryptographyDeprecationWarning

from lpa.errors import BadAnswer

# How cryptography says that a certificate or signature is broken, strange or wrong.
_BROKEN = (
    KeyError,  # of a name with a string type that there is not, before cryptography 49
    CryptographyDeprecationWarning,  # where warnings are errors
    InvalidSignature,
    TypeError,
    UnsupportedAlgorithm,
    ValueError,
    x509.DuplicateExtension,
    x509.ExtensionNotFound,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


class Rejection(Exception):
    """What was asked is not done: `subject` and `reason` are the codes of SGP.22 §5.2.6."""

    def __init__(self, subject: str, reason: str, message: str) -> None:
        super().__init__(message)
        self.subject = subject
        self.reason = reason
        self.message = message


@contextlib.contextmanager
def objecting(subject: str) -> Iterator[None]:
    """Turn whatever is broken within into the rejection "verification failed" of `subject`."""
    try:
        yield
    except _BROKEN as error:
        raise Rejection(subject, "6.1", str(error) or "the signature does not hold") from error


@contextlib.contextmanager
def misunderstanding(what: str) -> Iterator[None]:
    """Turn bytes within that are not what they should be into the rejection "invalid" of the content."""
    try:
        yield
    except BadAnswer as error:
        raise Rejection("1.2.1", "2.1", f"this is no {what}: {error}") from error
