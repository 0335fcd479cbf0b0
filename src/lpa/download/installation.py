"""Load a package onto the card, and deliver the result that the card signs to its server.

Law, as for every change: the operation is in the journal before it begins; the result that the card signed,
also of a failure, is on the disk before it is sent, and is removed from the card only when the server has
acknowledged it. After a lost answer the card is read, and what it shows is reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace

from lpa.advice.downloads import BEGIN_AGAIN_OR_NEW_ORDER, DO_NOT_USE_PROFILE
from lpa.card.es10 import Euicc
from lpa.download.authentication import BAD_PACKAGE, NOT_INSTALLED, Session, advice_after_bad_package
from lpa.errors import BadAnswer, EuiccRefused, LpaError, OutcomeUnknown, StorageFailed, WireError
from lpa.journal import LOADING, PROOF_KEPT, Operation
from lpa.notifications.card_context import CardContext
from lpa.notifications.changes import ProfileChange
from lpa.notifications.delivery import Delivery
from lpa.notifications.outbox import Outbox
from lpa.profiles.switch_on_card import reset_and_read
from lpa.profiles.switching import Outcome
from lpa.rsp import steps
from lpa.rsp.bpp import Package
from lpa.rsp.installation_errors import explain_failure
from lpa.rsp.installation_result import InstallationResult
from lpa.rsp.listing import Listing
from lpa.rsp.names import ServerAddress
from lpa.rsp.records import Notification, NotificationConfiguration, NotificationEvent, Profile
from lpa.stop import StopRequested

FUNCTION = "LoadBoundProfilePackage"
OPERATION = "download"


def install(
    card: CardContext, outbox: Outbox, session: Session, offered: Profile, package: Package
) -> Outcome:
    """Load a package, and deliver the result. Uses up the session.

    Raises `EuiccRefused` if the card does not install it, after delivering that result too; `WireError` if
    the card shows that nothing was installed, `OutcomeUnknown` if it can no longer be read, and
    `StorageFailed` before anything is done.
    """
    target = _notifying(offered, session.server.address)
    begun = card.operation(OPERATION, [target], target=target.iccid, transaction_id=session.transaction_id)
    with begun as operation:
        operation.set_state(LOADING)
        session.loading = True
        try:
            result = _load(card.euicc, package)
        except LpaError as error:
            result = _reconcile(card, outbox, operation, session, error)
        except BaseException as error:
            if session.cancel("postponed"):  # The card has signed that it ended without an installation.
                if isinstance(error, StopRequested):
                    error.describe(NOT_INSTALLED)
                with suppress(StorageFailed):
                    operation.complete("it was interrupted")
            raise
        session.open = False
        return _conclude(outbox, operation, result)


def finish(
    card: CardContext, outbox: Outbox, operation: Operation, after: Listing[Profile]
) -> tuple[tuple[ProfileChange, ...], tuple[Delivery, ...]]:
    """Finish an interrupted download: the changes that it made, and the deliveries of its result.

    `after`: what the card lists after a reset.
    """
    target = operation.before[0]
    results = _results(card, outbox, operation)
    listed = any(profile.iccid == target.iccid for profile in after)
    installed = listed and not any(result.reason for result in results)
    changes = (ProfileChange(NotificationEvent.INSTALL, target),) if installed else ()
    return changes, _complete(outbox, operation, results, changes)


def may_be_unreadable(
    card: CardContext, outbox: Outbox, operation: Operation, after: Listing[Profile]
) -> bool:
    """Whether the profile may be an unreadable item: it is not listed, and the card has signed no result."""
    listed = any(profile.iccid == operation.before[0].iccid for profile in after)
    return not (listed or _results(card, outbox, operation))


def _load(euicc: Euicc, package: Package) -> InstallationResult:
    sent, total = 0, len(package.whole)
    steps.report(FUNCTION, sent, total)
    for segment in package.segments():
        result = euicc.load_segment(segment)
        sent += len(segment)
        steps.report(FUNCTION, sent, total)
        if result:
            return result
    raise BadAnswer("The card accepted the whole package, but returned no result.")


def _reconcile(
    card: CardContext, outbox: Outbox, operation: Operation, session: Session, error: LpaError
) -> InstallationResult:
    """The result that the card signed, after `error`. If there is none, raises what the card then shows."""
    advice: str = BEGIN_AGAIN_OR_NEW_ORDER
    if isinstance(error, BadAnswer):
        session.cancel(BAD_PACKAGE)
        advice = advice_after_bad_package(session)
    session.open = False  # The reset ends what the card has not cancelled.
    after = reset_and_read(card.euicc, error)
    try:
        results = _results(card, outbox, operation)
    except (BadAnswer, EuiccRefused) as unread:
        raise OutcomeUnknown(f"{error.message} The result cannot be read: {unread.message}") from error
    if results:
        return results[-1]
    listed = any(profile.iccid == operation.target for profile in after)
    if listed or after.unreadable:
        what = "the profile" if listed else "a profile that cannot be read"
        raise OutcomeUnknown(
            f"{error.message} The card was read again: it lists {what}, but has signed no result.",
            advice=DO_NOT_USE_PROFILE,
        ) from error
    message = f"{error.message} The card was read again: the profile is not on it."
    raise WireError(message, advice=advice, reason="notDone") from error


def _results(card: CardContext, outbox: Outbox, operation: Operation) -> list[InstallationResult]:
    """The result that the card signed in the session of this download: one, or none."""
    kept = [entry.notification for entry in card.journal.kept_since(operation)]
    return _results_among(kept, operation) or _results_among(outbox.unkept("install"), operation)


def _results_among(signed: Iterable[Notification], operation: Operation) -> list[InstallationResult]:
    results = []
    for notification in signed:
        with suppress(BadAnswer):  # Not every notification of an installation is a result.
            result = InstallationResult.from_tlv(notification.raw)
            results += [result] if result.transaction_id == operation.transaction_id else []
    return results[-1:]


def _conclude(outbox: Outbox, operation: Operation, result: InstallationResult) -> Outcome:
    """Deliver a result, and return the outcome. Raises `EuiccRefused` if it is a failure."""
    target = operation.before[0]
    changes = () if result.reason else (ProfileChange(NotificationEvent.INSTALL, target),)
    deliveries = _complete(outbox, operation, [result], changes)
    if result.reason:
        message, advice = explain_failure(result.reason)
        refused = EuiccRefused(FUNCTION, result.reason, result.code, message, advice=advice)
        for sentence in _delivery_sentences(deliveries):
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


def _delivery_sentences(deliveries: tuple[Delivery, ...]) -> Iterator[str]:
    for delivery in deliveries:
        if delivery.acknowledged:
            yield f"{delivery.address} has acknowledged the result."
        else:
            yield f"{delivery.address} is not notified yet: 'lpa notifications send' sends the result."


def _notifying(offered: Profile, server: ServerAddress) -> Profile:
    """The profile with the one server that is notified of its installation: the one it is from (§3.1.3.3)."""
    return replace(offered, notifications=(NotificationConfiguration(("install",), str(server)),))
