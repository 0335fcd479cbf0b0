"""What hindered a connection, in plain words."""

from __future__ import annotations

import socket

from lpa.server.proxy import ProxyRefused
from lpa.server.tls import TlsFailed


def obstacle(error: BaseException) -> str:
    """The obstacle, for the end of a sentence: libraries wrap the system's errors, and some several times."""
    causes = [error]
    while cause := causes[-1].__cause__ or causes[-1].__context__:
        causes.append(cause)
    return next((words for cause in causes if (words := _words(cause))), str(error))


def _words(cause: BaseException) -> str:
    if isinstance(cause, TimeoutError):
        return "it did not answer in time"
    if isinstance(cause, socket.gaierror):
        return f"the name does not resolve ({cause.strerror})"
    if isinstance(cause, ConnectionResetError | BrokenPipeError):
        return "it closed the connection"
    if isinstance(cause, TlsFailed):
        return f"no secure connection is possible ({cause.reason})"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror.lower()
    return str(cause) if isinstance(cause, ProxyRefused) else ""
