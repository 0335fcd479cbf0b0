"""The issuers by which receipts are verified, and where the certificate of an unknown one is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lpa.advice.servers import USE_BUNDLE_OF_CARD
from lpa.card import schemes
from lpa.errors import NotVerified
from lpa.host import settings

if TYPE_CHECKING:
    from lpa.cli.console import Console
    from lpa.notifications.verification import TrustedIssuers
    from lpa.rsp.records import Notification


def trusted(console: Console) -> TrustedIssuers:
    """The GSMA's issuers, or those in --ca-bundle."""
    from lpa.notifications.verification import TrustedIssuers

    if console.trust is None or console.trust.pem is None:
        return TrustedIssuers.production()
    return TrustedIssuers.from_pem(console.trust.pem.encode())


@contextmanager
def advising(console: Console, receipt: Notification) -> Iterator[None]:
    """As `advise`, for a `NotVerified` that is raised in the `with` block."""
    try:
        yield
    except NotVerified as problem:
        advise(console, receipt, problem)
        raise


def advise(console: Console, receipt: Notification, problem: NotVerified) -> None:
    """Name the bundle in the advice, if the issuer is that of the simulated card that --reader names."""
    named = schemes.by_scheme(settings.reader(console.reader))
    if problem.reason != "unknownIssuer" or not named or named.scheme != "sim":
        return
    bundle = Path(named.text) / "ci.pem"
    if _issued(bundle, receipt):
        problem.advice = USE_BUNDLE_OF_CARD.filled(card=named.text, bundle=bundle)


def _issued(bundle: Path, receipt: Notification) -> bool:
    """Whether the certificates of a receipt name an issuer in the bundle."""
    from lpa.notifications.verification import TrustedIssuers
    from lpa.rsp.pki import chain

    try:
        issuers = TrustedIssuers.from_pem(bundle.read_bytes()).certificates
    except (OSError, ValueError):
        return False
    claimed = {key.coded for key in chain.claimed_issuers(receipt)}
    return any(issuer.own_identifier in claimed for issuer in issuers)
