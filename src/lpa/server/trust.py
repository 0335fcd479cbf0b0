"""Which certificate authorities are good enough for a server, as one object.

TLS here is always verified: the chain must end at a trusted authority and the certificate must name the
host. There is no switch to turn this off; a private authority is given with `Trust.bundle`.
"""

from __future__ import annotations

import functools
import ssl
from pathlib import Path
from typing import Self


class Trust:
    """The authorities to trust, and the TLS settings made from them. Make one with `system` or `bundle`."""

    def __init__(self, pem: str | None) -> None:
        self._pem = pem

    @classmethod
    def system(cls) -> Self:
        """The authorities that this computer trusts."""
        return cls(None)

    @classmethod
    def bundle(cls, path: Path) -> Self:
        """The authorities in the PEM file `path`, and no others.

        Raises ValueError with a sentence if the file cannot be read or holds no certificate.
        """
        try:
            # The names written between the certificates of public bundles are not always ASCII.
            trust = cls(path.read_bytes().decode("ascii", "ignore"))
        except OSError as error:
            raise ValueError(f"cannot read the certificates in {path}: {error.strerror}") from error
        try:
            loaded = trust.context().cert_store_stats()["x509"]
        except (ssl.SSLError, ValueError):
            loaded = 0
        if not loaded:
            raise ValueError(f"{path} holds no certificate in PEM form")
        return trust

    @property
    def pem(self) -> str | None:
        """The certificates of the bundle in PEM form; None for the authorities of this computer."""
        return self._pem

    def context(self) -> ssl.SSLContext:
        """Verified TLS 1.2 or later. The same object every time."""
        return self._context

    def brainpool_context(self) -> ssl.SSLContext:
        """The same trust for a server whose key lies on brainpoolP256r1 (SGP.22 allows it). TLS 1.2 only.

        Python's ssl offers either the usual curves or one that is named, and TLS 1.3 knows no brainpool
        curve here: so such a server needs a greeting of its own.
        """
        return self._brainpool_context

    @functools.cached_property
    def _context(self) -> ssl.SSLContext:
        # A fresh client context verifies chain and host name. OpenSSL's own settings beyond that are kept,
        # so that every Python judges a certificate alike.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.hostname_checks_common_name = False
        # Python before 3.11.3 takes a cut wire for a proper end; nobody may end a server's answer but itself.
        context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", ssl.Options(0))
        if self._pem is None:
            context.load_default_certs(ssl.Purpose.SERVER_AUTH)
        else:
            context.load_verify_locations(cadata=self._pem)
        return context

    @functools.cached_property
    def _brainpool_context(self) -> ssl.SSLContext:
        context = Trust(self._pem).context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ecdh_curve("brainpoolP256r1")
        return context
