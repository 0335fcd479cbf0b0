"""A download: a server offers a profile, a person agrees, the card installs it (SGP.22 §3.1.3).

```python
with assistant.download(ActivationCode.parse(text)) as offer:    # both sides are authenticated
    print(offer.profile.title, offer.confirmation_code_required)
    outcome = offer.install(confirmation_code=code)
```
Law: leaving the block without an installation, however that happens, cancels the session on card and server
with the reason that is true. The package is handed to the card as it came, piece by piece.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic

from lpa import redaction
from lpa.card.es10 import raise_refusal
from lpa.download import installation, policy
from lpa.download.authentication import Session, authenticate, nothing_waits, reason_of
from lpa.download.installation import FUNCTION, Progress
from lpa.errors import BadAnswer, ConnectFailed, Declined, LpaError, OutcomeUnknown, Refused
from lpa.notifications.card_context import CardContext
from lpa.notifications.outbox import Outbox
from lpa.notifications.sender import ServerFactory
from lpa.profiles.blockers import Finding, of_level
from lpa.profiles.switching import Outcome
from lpa.rsp.activation import ActivationCode
from lpa.rsp.bpp import Package
from lpa.rsp.codec import schema
from lpa.rsp.device import Device
from lpa.rsp.limits import DISCOVERY_SECONDS, REFERRALS
from lpa.rsp.names import ServerAddress
from lpa.rsp.records import ICCID_TAGS, Profile
from lpa.rsp.session import Event, Terms
from lpa.rsp.sizes import in_words

WRONG_CODE = "8.2.7/3.8"  # subject and reason with which a server lets a person try again

_REJECTED, _POSTPONED = "endUserRejection", "postponed"
# A card counts its memory in a way of its own, and a package has what protects it beside the profile.
_CLEARLY_LARGER = 1.25
_ROOM = "'lpa info' shows the memory, 'lpa delete' makes room."


class Offer:
    """What a server offers to this card. Get one from `offered`, in a `with` block.

    `findings`: blockers, and warnings that must be accepted. `others`: what else waits for this
    card, if a discovery server led here. `passed_over`: why what it named before this was not offered.
    `package_size`: in bytes, as soon as the package has come.
    """

    def __init__(
        self, card: CardContext, outbox: Outbox, servers: ServerFactory, order: ActivationCode, device: Device
    ) -> None:
        """`order`: where to ask, and what for. Nothing is asked before `begin`."""
        self._card = card
        self._outbox = outbox
        self._servers = servers
        self._order = order
        self._device = device
        self._reason = _REJECTED
        self._session: Session
        self._terms: Terms
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
        """Who offers it."""
        return self._session.server.address

    @property
    def confirmation_code_required(self) -> bool:
        """Whether the server wants a code that the operator gave to the person."""
        return self._terms.confirmation_code_required

    @property
    def free_memory(self) -> int | None:
        """The bytes that are free on the card for profiles; None if it does not say."""
        return self._session.info.resource.free_non_volatile if self._session.info else None

    @property
    def estimated_size(self) -> int | None:
        """The bytes that it will take on the card, as its server says; None if it does not, as most."""
        return self._terms.offered.estimated_size

    @property
    def loading(self) -> bool:
        """Whether the card may hold something of it. If not, whatever ends `install` changed nothing."""
        return self._session.loading

    @property
    def blockers(self) -> tuple[Finding, ...]:
        """What makes it impossible."""
        return of_level("blocker", self.findings)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What a person should agree to, one by one."""
        return of_level("warning", self.findings)

    def postpone(self) -> None:
        """Leaving the block is no refusal: the order stays as it is, for later."""
        self._reason = _POSTPONED

    def reject(self) -> None:
        """Leaving the block is a refusal, after which most servers end the order. So it is if nobody says."""
        self._reason = _REJECTED

    def install(self, *, confirmation_code: str = "", progress: Progress = installation.silent) -> Outcome:
        """Have the card install it, and the server told. Raises what `installation.install` does, and more:

        `Refused` if a stop stands against it, or the confirmation code is missing; `ServerRefused` if the
        server says no. If its reason is `WRONG_CODE`, this may be called again: the session begins anew.
        """
        redaction.register_secret(confirmation_code)
        for stop in self.blockers:
            raise stop.refused
        if not self._session.open:
            self._begin_again()
        if self.confirmation_code_required and not confirmation_code:
            raise Refused(
                "PrepareDownload",
                "confirmationCodeNeeded",
                "The server asks for a confirmation code.",
                advice="The operator has it, and gives it apart from the activation code.",
            )
        package = self._package(confirmation_code)
        return installation.install(
            self._card, self._outbox, self._session, self.profile, package, progress=progress
        )

    def begin(self) -> None:
        """Have card and server make sure of each other, and look at what is offered."""
        self._session, self._terms = self._introduced()
        try:
            self.findings = tuple(self._looked_at())
        except BaseException as error:
            self.end(error)
            raise

    def end(self, error: BaseException | None) -> None:
        """Cancel what is open. `error`: with which the block was left."""
        self._session.cancel(self._why(error))

    def _introduced(self) -> tuple[Session, Terms]:
        """A session with whom the profile is to be had from: a discovery server only knows who that is.

        It may know of several: then the first that offers a profile is taken, and the rest are `others`.
        """
        waiting: list[ActivationCode | Event] = [self._order]
        passed, ends = list[LpaError](), monotonic() + DISCOVERY_SECONDS
        with _all_told(passed):
            for _ in range(1 + REFERRALS):
                session = self._first_that_answers(waiting, passed, ends)
                if isinstance(session.answer, Terms):
                    self.others += tuple(event for event in waiting if isinstance(event, Event))
                    self.passed_over += tuple(passed)
                    return session, session.answer
                # No session is to be cancelled here: a discovery server has done its part.
                waiting = [*session.answer, *waiting]
            raise BadAnswer("The server sends the card to one discovery server after the other.")

    def _first_that_answers(
        self, waiting: list[ActivationCode | Event], passed: list[LpaError], ends: float
    ) -> Session:
        """A session with the first of `waiting` that knows anything, asked before `ends` (monotonic)."""
        while True:
            order = waiting.pop(0)
            try:
                return self._authenticated(order if isinstance(order, ActivationCode) else order.code)
            except LpaError as problem:
                # Who could not be reached is not waited for once more.
                unreached = order.address if isinstance(problem, ConnectFailed) else None
                left = [one for one in waiting if one.address != unreached]
                if left and monotonic() >= ends:
                    problem.add(f"{len(left)} more were not asked: there was no time left.")
                    left = []
                if not left:
                    raise
                passed += [problem] * (1 + len(waiting) - len(left))
                waiting[:] = left

    def _authenticated(self, order: ActivationCode) -> Session:
        self._order = order  # Whoever begins again asks where the profile was found.
        with _nothing_installed():
            session = authenticate(
                self._card.euicc,
                self._servers,
                order.address,
                self._device,
                matching_id=order.matching_id,
                oid=order.oid,
            )
        if not session.answer:
            raise nothing_waits(order.address)
        return session

    def _begin_again(self) -> None:
        """A new session for the same profile, after the one before ended."""
        before = self._terms.offered
        self.begin()
        if not self._terms.offered.describes(before.raw):
            self._session.cancel("metadataMismatch")
            raise _metadata_mismatch()
        for stop in self.blockers:
            raise stop.refused

    def _package(self, confirmation_code: str) -> Package:
        """The package for this card and session, whose shape and metadata are right."""
        session, euicc = self._session, self._card.euicc
        hashed = (
            hashed_code(confirmation_code, session.transaction_id) if self.confirmation_code_required else b""
        )
        prepared = euicc.prepare_download(self._terms, hashed)
        with session.ended_by_refusal(), _nothing_installed():
            data = self._asked_for(session, prepared)
        self.package_size = len(data)
        try:
            package = Package.checked(data, euicc.longest_request)
        except BadAnswer:
            session.cancel("loadBppExecutionError")
            raise
        if not self._terms.offered.describes(package.metadata):
            session.cancel("metadataMismatch")
            raise _metadata_mismatch()
        if self.free_memory is not None and len(data) > _CLEARLY_LARGER * self.free_memory:
            session.cancel(_POSTPONED)
            raise _no_room(len(data), self.free_memory)
        return package

    def _asked_for(self, session: Session, prepared: bytes) -> bytes:
        """The package. A card that refuses is to be heard by the server, too."""
        try:
            raise_refusal("PrepareDownload", schema.decode("PrepareDownloadResponse", prepared))
        except LpaError:
            with suppress(LpaError):
                session.server.get_bound_profile_package(session.transaction_id, prepared)
            raise
        return session.server.get_bound_profile_package(session.transaction_id, prepared)

    def _looked_at(self) -> Iterator[Finding]:
        """What the card says about this profile, as far as it can be asked."""
        euicc, profile = self._card.euicc, self.profile
        if any(present.iccid == profile.iccid for present in euicc.profiles(ICCID_TAGS)):
            yield _already_there(profile)
        size, free = self.estimated_size, self.free_memory
        if size is not None and free is not None and size > free:
            yield _hardly_any_room(size, free)
        if profile.policy_rules:
            refused = self._session.info.forbidden_policy_rules if self._session.info else ()
            yield from policy.findings(policy.judge(profile, euicc.rules(), refused), FUNCTION)

    def _why(self, error: BaseException | None) -> str:
        """The reason for the server, by how the block was left (§5.7.5)."""
        blockers = {stop.name for stop in self.blockers}
        if blockers:
            return "pprNotAllowed" if "pprNotAllowed" in blockers else _POSTPONED
        return self._reason if error is None or isinstance(error, Declined) else reason_of(error)


@contextmanager
def offered(
    card: CardContext, outbox: Outbox, servers: ServerFactory, order: ActivationCode, device: Device | None
) -> Iterator[Offer]:
    """What is offered for `order`, while the block lasts. Raises what card and server raise."""
    offer = Offer(card, outbox, servers, order, device or Device())
    offer.begin()
    try:
        yield offer
        offer.end(None)
    except BaseException as error:
        offer.end(error)
        raise


@contextmanager
def _all_told(passed: list[LpaError]) -> Iterator[None]:
    """Whoever hears that nothing is offered hears why of each that was asked, once."""
    try:
        yield
    except LpaError as last:
        for message in dict.fromkeys(problem.message for problem in passed):
            if message != last.message:
                last.add(f"Asked before: {message}")
        raise


@contextmanager
def _nothing_installed() -> Iterator[None]:
    """A server that goes silent before the card has anything of a package: that much is known."""
    try:
        yield
    except OutcomeUnknown as silence:
        silence.add("Nothing was installed.")
        silence.advice = "Begin the download again."
        raise


def hashed_code(code: str, transaction_id: bytes) -> bytes:
    """The confirmation code as typed, without trimming: hashed, and hashed again with the session (§5.7.14).

    Empty if there is no code.
    """
    if not code:
        return b""
    return hashlib.sha256(hashlib.sha256(code.encode()).digest() + transaction_id).digest()


def _already_there(profile: Profile) -> Finding:
    return Finding(
        "blocker",
        "installFailedDueToIccidAlreadyExistsOnEuicc",
        f"The card has the profile {profile.title} ({profile.iccid}) already.",
        "'lpa list' shows it. To install it anew, delete it first.",
        FUNCTION,
    )


def _hardly_any_room(size: int, free: int) -> Finding:
    return Finding(
        "note",
        "insufficientMemory",
        f"Its server says that it takes {in_words(size)}, and the card has {in_words(free)} free.",
        _ROOM,
        FUNCTION,
    )


def _no_room(size: int, free: int) -> Refused:
    return Refused(
        FUNCTION,
        "installFailedDueToInsufficientMemoryForProfile",
        f"The package is {in_words(size)} long, and the card has {in_words(free)} free: it was not sent.",
        advice=f"Nothing was installed, and the order stays as it is. {_ROOM}",
    )


def _metadata_mismatch() -> Refused:
    return Refused(
        FUNCTION,
        "metadataMismatch",
        "The server sent another profile than the one that it offered.",
        advice="Nothing was installed. Ask the operator what is wrong with the order.",
    )
