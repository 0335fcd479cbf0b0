"""The rejection of a request by a simulated server, with its status codes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.utils import CryptographyDeprecationWarning

from lpa.errors import BadAnswer

# What cryptography raises for a broken, unusual or wrong certificate or signature.
_BROKEN = (
    KeyError,  # for a name with an unknown string type, before cryptography 49
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
    """A request is rejected. `subject`, `reason`: the status codes of SGP.22 §5.2.6."""

    def __init__(self, subject: str, reason: str, message: str) -> None:
        super().__init__(message)
        self.subject = subject
        self.reason = reason
        self.message = message


@contextlib.contextmanager
def failing_verification(subject: str) -> Iterator[None]:
    """Turn any verification error in the block into the rejection "verification failed" of `subject`."""
    try:
        yield
    except _BROKEN as error:
        raise Rejection(subject, "6.1", str(error) or "the signature does not verify") from error


@contextlib.contextmanager
def rejecting_malformed(what: str) -> Iterator[None]:
    """Turn a decoding error in the block into the rejection "invalid" of the content. `what`: its name."""
    try:
        yield
    except BadAnswer as error:
        raise Rejection("1.2.1", "2.1", f"the {what} is malformed: {error}") from error
