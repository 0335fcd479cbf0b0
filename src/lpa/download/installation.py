"""How a package gets onto the card, and what the card signs about it to its server.

Law, as for every change: what is begun is in the journal before; the result that the card signed, of a
failure too, is on the disk before it is sent, and the card forgets it only when the server acknowledged it.
After an answer that was lost the card is read, and what it shows is what we say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

from lpa.card.es10 import Euicc
from lpa.download.authentication import Session
from lpa.errors import BadAnswer, EuiccRefused, LpaError, OutcomeUnknown, StorageFailed, WireError
from lpa.journal import LOADING, PROOF_KEPT, Operation
from lpa.notifications.card_context import CardContext
from lpa.notifications.changes import ProfileChange
from lpa.notifications.delivery import Delivery
from lpa.notifications.outbox import Outbox
from lpa.profiles.switching import Outcome, reset_and_read
from lpa.rsp.bpp import Package
from lpa.rsp.installation_errors import explain_failure
from lpa.rsp.installation_result import InstallationResult
from lpa.rsp.listing import Listing
from lpa.rsp.names import ServerAddress
from lpa.rsp.records import NotificationConfiguration, Profile

FUNCTION = "LoadBoundProfilePackage"
OPERATION = "download"

Progress = Callable[[int, int], None]
"""Told the bytes that the card has taken, and those of the whole package."""


def silent(sent: int, total: int) -> None:
    """Tell nobody."""


def install(
    card: CardContext,
    outbox: Outbox,
    session: Session,
    offered: Profile,
    package: Package,
    *,
    progress: Progress,
) -> Outcome:
    """Load a package, and deliver the result. The session is used up.

    Raises `EuiccRefused` if the card does not install it, which its server has been told if it could be;
    `WireError` if the card shows that nothing was installed, `OutcomeUnknown` if it cannot be read any more,
    and `StorageFailed` before anything is done.
    """
    target = _telling(offered, session.server.address)
    begun = card.operation(OPERATION, [target], target=target.iccid, transaction_id=session.transaction_id)
    with begun as operation:
        operation.set_state(LOADING)
        session.loading = True
        try:
            result = _load(card.euicc, package, progress)
        except LpaError as error:
            result = _reconcile(card, outbox, operation, session, error)
        except BaseException:
            if session.cancel("postponed"):  # The card has signed that it ended without a profile.
                with suppress(StorageFailed):
                    operation.complete("it was interrupted")
            raise
        session.open = False
        return _conclude(outbox, operation, result)


def finish(
    card: CardContext, outbox: Outbox, operation: Operation, after: Listing[Profile]
) -> tuple[tuple[ProfileChange, ...], tuple[Delivery, ...]]:
    """What became of a download that was not finished, and who was told now.

    `after`: what the card shows after a reset.
    """
    target = operation.before[0]
    results = _results(card, outbox, operation)
    there = any(profile.iccid == target.iccid for profile in after)
    installed = there and not any(result.reason for result in results)
    changes = (ProfileChange("install", target),) if installed else ()
    return changes, _complete(outbox, operation, results, changes)


def may_hide(card: CardContext, outbox: Outbox, operation: Operation, after: Listing[Profile]) -> bool:
    """Whether the profile may be in what cannot be read: it is not listed, and the card signed no result."""
    there = any(profile.iccid == operation.before[0].iccid for profile in after)
    return not (there or _results(card, outbox, operation))


def _load(euicc: Euicc, package: Package, progress: Progress) -> InstallationResult:
    sent, total = 0, len(package.whole)
    progress(sent, total)
    for segment in package.segments():
        result = euicc.load_segment(segment)
        sent += len(segment)
        progress(sent, total)
        if result:
            return result
    raise BadAnswer("The card took the whole package and did not say what became of it.")


def _reconcile(
    card: CardContext, outbox: Outbox, operation: Operation, session: Session, error: LpaError
) -> InstallationResult:
    """What became of it, though the card did not say: the result that it signed, if there is one.

    Raises `error`, with what is true, if there is none.
    """
    if isinstance(error, BadAnswer):
        session.cancel("loadBppExecutionError")
    session.open = False  # What the card has not cancelled, it forgets at the reset.
    after = reset_and_read(card.euicc, error)
    results = _results(card, outbox, operation)
    if results:
        return results[-1]
    there = any(profile.iccid == operation.target for profile in after)
    if there or after.unreadable:
        listed = "the profile" if there else "what cannot be read"
        raise OutcomeUnknown(
            f"{error.message} The card was read again: it lists {listed}, and has signed no result.",
            advice="Do not use the profile before its operator has said that it is in order.",
        ) from error
    message = f"{error.message} The card was read again: the profile is not on it."
    raise WireError(message, advice="Begin the download again.") from error


def _results(card: CardContext, outbox: Outbox, operation: Operation) -> list[InstallationResult]:
    """What the card signed about this download: one result, or none. It names the session."""
    kept = (entry.notification for entry in card.journal.kept_since(operation))
    results = []
    for notification in (*kept, *outbox.unkept("install")):
        with suppress(BadAnswer):  # Others than results tell of an installation too.
            result = InstallationResult.from_tlv(notification.raw)
            results += [result] if result.transaction_id == operation.transaction_id else []
    return results[-1:]


def _conclude(outbox: Outbox, operation: Operation, result: InstallationResult) -> Outcome:
    """The outcome of a result that is in our hands. Raises `EuiccRefused` if it is a failure."""
    target = operation.before[0]
    changes = () if result.reason else (ProfileChange("install", target),)
    deliveries = _complete(outbox, operation, [result], changes)
    if result.reason:
        message, advice = explain_failure(result.reason)
        refused = EuiccRefused(FUNCTION, result.reason, result.code, message, advice=advice)
        for sentence in _told(deliveries):
            refused.add(sentence)
        raise refused
    return Outcome(target, changes, deliveries)


def _complete(
    outbox: Outbox,
    operation: Operation,
    results: list[InstallationResult],
    changes: tuple[ProfileChange, ...],
) -> tuple[Delivery, ...]:
    try:
        outbox.keep([result.notification for result in results], operation)
        if results:
            operation.set_state(PROOF_KEPT)
    except StorageFailed as problem:
        return tuple(Delivery.of(result.notification, problem=problem) for result in results)
    return outbox.complete(operation, changes)


def _told(deliveries: tuple[Delivery, ...]) -> Iterator[str]:
    for delivery in deliveries:
        if delivery.acknowledged:
            yield f"{delivery.address} knows."
        else:
            yield f"{delivery.address} does not know yet: 'lpa notifications send' tells it."


def _telling(offered: Profile, server: ServerAddress) -> Profile:
    """The profile with the one server that hears of its installation: from whom it comes (§3.1.3.3)."""
    return replace(offered, notifications=(NotificationConfiguration(("install",), str(server)),))
