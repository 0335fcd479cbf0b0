"""Remember the recovered keys of certificate issuers (CI): recovering one takes longer than a TLS handshake.

The keys are public, and nothing here is trusted: whoever asks for a key checks that its SHA-1 is the
identifier under which it was asked for, see `lpa.rsp.pki.issuers`. So a wrong file costs a recovery, no more.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from lpa import redaction
from lpa.host import files
from lpa.rsp.pki.key_identifier import KeyIdentifier

_POINT = 65  # bytes of an uncompressed point on a curve of 256 bits

_log = redaction.logger(__name__)


class KnownKeys:
    """The keys that were recovered on this computer: `lpa.rsp.pki.issuers.IssuerKeys`.

    Each is a file of its own in `folder`, if that exists; without one they are remembered in this object.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._found: dict[KeyIdentifier, bytes] = {}

    def get(self, issuer: KeyIdentifier) -> bytes:
        """What is stored under this identifier; empty if there is nothing. To be checked by the caller."""
        if issuer not in self._found and self._folder:
            with contextlib.suppress(OSError), files.open_to_read(self._path(self._folder, issuer)) as file:
                return file.read(_POINT + 1)
        return self._found.get(issuer, b"")

    def put(self, issuer: KeyIdentifier, point: bytes) -> None:
        """Store the key with this identifier. A disk that fails is no reason to stop."""
        self._found[issuer] = point
        if self._folder and self._folder.is_dir():
            try:
                files.write_unsynced(self._path(self._folder, issuer), point)
            except OSError as error:
                _log.debug("the key of an issuer is not remembered: %s", error.strerror)

    @staticmethod
    def _path(folder: Path, issuer: KeyIdentifier) -> Path:
        return folder / f"issuer-{issuer}.key"
