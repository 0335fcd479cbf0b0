"""Explain in plain words why a connection failed."""

from __future__ import annotations

import socket

from lpa.server.proxy import ProxyRefused
from lpa.server.tls import TlsFailed


def failure_reason(error: BaseException) -> str:
    """The reason, for the end of a sentence. Libraries wrap the system's errors, some several times."""
    causes = [error]
    while cause := causes[-1].__cause__ or causes[-1].__context__:
        causes.append(cause)
    return next((reason for cause in causes if (reason := _reason(cause))), str(error))


def _reason(cause: BaseException) -> str:
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
