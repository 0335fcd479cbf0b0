"""A download: a server offers a profile, a person agrees, the card installs it (SGP.22 §3.1.3).

```python
with assistant.download(ActivationCode.parse(text)) as offer:    # both sides are authenticated
    print(offer.profile.title, offer.confirmation_code_required)
    outcome = offer.install(confirmation_code=code)
```
Law: leaving the block without an installation, however that happens, cancels the session on card and server
with the true reason. To look at an offer costs no order: only `Offer.reject` rejects it. Servers may also end
an order that was to be installed and could not be: a policy rule that the card does not permit, a package
that it does not take. The card gets the package as the server sent it, segment by segment.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from lpa import redaction
from lpa.advice.downloads import (
    ASK_TO_CANCEL_ORDER,
    ASK_TO_CHECK_ORDER,
    BEGIN_AGAIN_TO_REJECT,
    NOT_INSTALLED_MAKE_ROOM,
    OPERATOR_GIVES_CODE,
)
from lpa.card.es10 import raise_refusal
from lpa.download import installation, offer_findings
from lpa.download.authentication import (
    BAD_PACKAGE,
    Session,
    advice_after_bad_package,
    not_installed_if_stopped,
    nothing_installed,
    reason_of,
)
from lpa.download.installation import FUNCTION
from lpa.download.package_file import PACKAGE_FUNCTION, PackageFile, package_file
from lpa.download.referrals import find_offer
from lpa.errors import BadAnswer, LpaError, Refused
from lpa.notifications.card_context import CardContext
from lpa.notifications.outbox import Outbox
from lpa.notifications.sender import ServerFactory
from lpa.profiles.blockers import Finding, of_level
from lpa.profiles.switching import Outcome
from lpa.rsp import deliver as delivering
from lpa.rsp import steps
from lpa.rsp.activation import ActivationCode
from lpa.rsp.arguments import expect
from lpa.rsp.bpp import Package
from lpa.rsp.codec import schema
from lpa.rsp.deliver import Deliver
from lpa.rsp.device import Device
from lpa.rsp.names import ServerAddress
from lpa.rsp.records import Profile
from lpa.rsp.session import Event, Terms
from lpa.rsp.sizes import in_words
from lpa.rsp.steps import Progress
from lpa.stop import Stop, StopRequested
from lpa.turns import Turns

WRONG_CODE = "8.2.7/3.8"  # subject and reason with which a server permits another try

ConfirmationCode = str | Callable[[], str]

_REJECTED, _POSTPONED, _NOT_ALLOWED = "endUserRejection", "postponed", "pprNotAllowed"
# A card counts its memory in its own way, and a package is larger than its profile by the protection.
_CLEARLY_LARGER = 1.25


class Offer:
    """What a server offers to this card. Get one from `offered`, in a `with` block.

    `findings`: blockers, and warnings that a person must accept. `others`: the other events for this card, if
    a discovery server led to this offer. `passed_over`: why the events before it led to no offer.
    `package_size`: in bytes, once the package has been received.
    """

    def __init__(
        self,
        card: CardContext,
        outbox: Outbox,
        servers: ServerFactory,
        order: ActivationCode,
        device: Device,
        *,
        progress: Progress | None = None,
        turns: Turns | None = None,
    ) -> None:
        """`order`: where to ask, and what for. Nothing is asked before `begin`.

        `progress`: for `install`. `turns`: of the assistant.
        """
        self._progress = progress
        self._turns = turns or Turns()
        self._card = card
        self._outbox = outbox
        self._servers = servers
        self._order = order
        self._device = device
        self._session: Session
        self._terms: Terms
        self._rejected = False
        self.findings: tuple[Finding, ...] = ()
        self.others: tuple[Event, ...] = ()
        self.passed_over: tuple[LpaError, ...] = ()
        self.package_size: int | None = None

    @property
    def profile(self) -> Profile:
        """What would be installed, as its server describes it."""
        return self._terms.offered.profile

    @property
    def server(self) -> ServerAddress:
        """The server that offers it."""
        return self._session.server.address

    @property
    def confirmation_code_required(self) -> bool:
        """Whether the server requires a confirmation code, which the operator gives to the person."""
        return self._terms.confirmation_code_required

    @property
    def free_memory(self) -> int | None:
        """The bytes that are free on the card for profiles; None if it does not say."""
        return self._session.info.resource.free_non_volatile if self._session.info else None

    @property
    def estimated_size(self) -> int | None:
        """The bytes that it will take on the card, as its server states; None if it does not, as most."""
        return self._terms.offered.estimated_size

    @property
    def loading(self) -> bool:
        """Whether the card may hold a part of the package. If not, `install` has changed nothing."""
        return self._session.loading

    @property
    def blockers(self) -> tuple[Finding, ...]:
        """The findings that make the installation impossible."""
        return of_level("blocker", self.findings)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The findings that a person must accept, one by one."""
        return of_level("warning", self.findings)

    def postpone(self) -> None:
        """End the session now. The order stays as it is, and the profile can be offered again."""
        self._session.cancel(_POSTPONED)

    def reject(self) -> None:
        """Reject the profile for good: most servers then cancel the order. Ends the session now.

        Raises what kept card or server from confirming it: then the order may still be valid. `Refused` with
        "sessionEnded" if there is no session any more, after `install`.
        """
        self._turns.run(self._reject)

    def install(
        self,
        *,
        confirmation_code: ConfirmationCode = "",
        deliver: Deliver | None = None,
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> Outcome:
        """Have the card install the profile, and notify its server.

        `confirmation_code`: the text, or what returns it; that is called only if a code is required.
        `deliver`: see `Deliver`; that of the assistant if None. `progress`: that of the download if None.
        Raises as `installation.install` does, `Refused` if there is a blocker or the confirmation code is
        missing, and `ServerRefused` if the server refuses. If its reason is `WRONG_CODE`, this may be called
        again, and begins a new session; so it may after `Stopped`, if that says that nothing was installed.
        """
        card = self._card if deliver is None else replace(self._card, deliver=delivering.checked(deliver))
        progress = self._progress if progress is None else progress
        return self._turns.run(lambda: self._install(card, confirmation_code), stop, progress)

    def _reject(self) -> None:
        ended = not (self._session.open or self._rejected)
        self._session.cancel(_REJECTED)
        if self._session.not_cancelled:
            raise _not_rejected(self._session.not_cancelled)
        if ended:
            raise _session_ended()
        self._rejected = True

    def _install(self, card: CardContext, confirmation_code: ConfirmationCode) -> Outcome:
        for blocker in self.blockers:
            raise blocker.refused
        if not self._session.open:
            self._begin_again()
        code = self._code(confirmation_code)
        if self.confirmation_code_required and not code:
            raise Refused(
                "PrepareDownload",
                "confirmationCodeNeeded",
                "The server requires a confirmation code.",
                advice=OPERATOR_GIVES_CODE,
            )
        try:
            return self._loaded(card, code)
        except StopRequested as stopped:
            self.end(stopped)
            raise

    def _loaded(self, card: CardContext, code: str) -> Outcome:
        with package_file(self._card.receipts.folder) as file:
            with not_installed_if_stopped():
                package = self._package(code, file)
            return installation.install(card, self._outbox, self._session, self.profile, package)

    def begin(self) -> None:
        """Open a session with a server that offers a profile, and check what it offers."""
        with not_installed_if_stopped():
            found = find_offer(self._card.euicc, self._servers, self._order, self._device)
        self._session, self._terms = found.session, found.terms
        self._order = found.order  # A new session begins with the server that offered the profile.
        self.others += found.others
        self.passed_over += found.passed_over
        try:
            steps.report(steps.METADATA)
            self.findings = tuple(
                offer_findings.checks(self._card.euicc, self._terms.offered, self._session.info)
            )
        except BaseException as error:
            self.end(error)
            raise

    def end(self, error: BaseException | None) -> None:
        """Cancel the session if it is open. `error`: with which the block was left."""
        self._session.cancel(self._cancel_reason(error))

    def _code(self, given: ConfirmationCode) -> str:
        if callable(given):
            given = given() if self.confirmation_code_required else ""
        expect("confirmation_code", given, str)
        redaction.register_secret(given)
        return given

    def _begin_again(self) -> None:
        """Begin a new session for the same profile, after the previous one has ended."""
        before = self._terms.offered
        self.begin()
        if not self._terms.offered.describes(before.raw):
            self._session.cancel("metadataMismatch")
            raise _metadata_mismatch()
        for blocker in self.blockers:
            raise blocker.refused

    def _package(self, confirmation_code: str, file: PackageFile) -> Package:
        """The package for this card and session, in `file`, with the right shape and metadata."""
        session, euicc = self._session, self._card.euicc
        hashed = (
            hashed_code(confirmation_code, session.transaction_id) if self.confirmation_code_required else b""
        )
        prepared = euicc.prepare_download(self._terms, hashed)
        with session.ended_by_refusal(), nothing_installed():
            _request_package(session, prepared, file)
        self.package_size = len(file)
        try:
            package = Package.checked(file, euicc.longest_request)
        except BadAnswer as error:
            session.cancel(BAD_PACKAGE)
            error.advice = advice_after_bad_package(session)
            raise
        if not self._terms.offered.describes(package.metadata):
            session.cancel("metadataMismatch")
            raise _metadata_mismatch()
        if self.free_memory is not None and len(file) > _CLEARLY_LARGER * self.free_memory:
            session.cancel(_POSTPONED)
            raise _insufficient_memory(len(file), self.free_memory)
        return package

    def _cancel_reason(self, error: BaseException | None) -> str:
        """The CancelSessionReason (§5.7.5), by how the block was left."""
        if isinstance(error, Refused) and error.reason == _NOT_ALLOWED:
            return _NOT_ALLOWED
        return reason_of(error) if error else _POSTPONED


@contextmanager
def offered(
    card: CardContext,
    outbox: Outbox,
    servers: ServerFactory,
    order: ActivationCode,
    device: Device | None,
    *,
    progress: Progress | None = None,
    turns: Turns | None = None,
) -> Iterator[Offer]:
    """What is offered for `order`, while the block runs. Raises as `referrals.find_offer` does."""
    offer = Offer(card, outbox, servers, order, device or Device(), progress=progress, turns=turns)
    offer.begin()
    try:
        yield offer
        offer.end(None)
    except BaseException as error:
        offer.end(error)
        raise


def hashed_code(code: str, transaction_id: bytes) -> bytes:
    """The confirmation code as typed, without trimming: hashed, and hashed again with the session (§5.7.14).

    Empty if there is no code.
    """
    if not code:
        return b""
    return hashlib.sha256(hashlib.sha256(code.encode()).digest() + transaction_id).digest()


def _request_package(session: Session, prepared: bytes, file: PackageFile) -> None:
    """Store the server's package in `file`. If the card refused, the server gets that refusal too."""
    try:
        raise_refusal("PrepareDownload", schema.decode("PrepareDownloadResponse", prepared))
    except LpaError:
        steps.report(PACKAGE_FUNCTION)
        with suppress(LpaError):
            session.server.get_bound_profile_package(session.transaction_id, prepared, file.write)
        raise
    steps.report(PACKAGE_FUNCTION)
    session.server.get_bound_profile_package(session.transaction_id, prepared, file.write)


def _insufficient_memory(size: int, free: int) -> Refused:
    return Refused(
        FUNCTION,
        "installFailedDueToInsufficientMemoryForProfile",
        f"The package of {in_words(size)} was not sent to the card, which has {in_words(free)} free.",
        advice=NOT_INSTALLED_MAKE_ROOM,
    )


def _not_rejected(problem: LpaError) -> LpaError:
    problem.add("The rejection was not confirmed, so the order may still be valid.")
    problem.advice = ASK_TO_CANCEL_ORDER
    return problem


def _session_ended() -> Refused:
    return Refused(
        "CancelSession",
        "sessionEnded",
        "The profile was not rejected: the session with its server has ended.",
        advice=BEGIN_AGAIN_TO_REJECT,
    )


def _metadata_mismatch() -> Refused:
    return Refused(
        FUNCTION,
        "metadataMismatch",
        "The server sent another profile than it offered.",
        advice=ASK_TO_CHECK_ORDER,
    )
