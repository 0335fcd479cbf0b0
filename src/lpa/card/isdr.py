"""The session with the ISD-R, the application on an eUICC that answers ES10: open, requests, restart.

Law: a request is sent once. If the answer to a command that changes the card is lost, that is
`OutcomeUnknown`, and only reading the card shows the outcome. A request that the card rejects because the
channel is not open any more was not carried out: it is sent once more, on a new channel of the same card.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self, TypeVar

from lpa import redaction
from lpa.advice.cards import OPEN_ANOTHER
from lpa.card import channels, refresh
from lpa.card.apdu import CHANNEL_CLOSED, LARGEST_BLOCK
from lpa.card.channels import AnyTransport
from lpa.card.isdr_search import ISDR_AIDS, OUT_OF_REACH, ask_eid, find_isdr
from lpa.card.secure_elements import ELEMENT_AIDS, SecureElement, possible
from lpa.errors import (
    BadAnswer,
    CardRemoved,
    CardUnpowered,
    EuiccRefused,
    NoSuchProfileOnCard,
    NotAnEuicc,
    OutcomeUnknown,
    WireError,
)
from lpa.rsp import steps
from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.limits import RESTART_TRIES
from lpa.rsp.names import Aid, Eid

_T = TypeVar("_T")
_log = redaction.logger(__name__)

# After a profile change a card may reject commands until it has restarted.
_RESTART_PAUSE = 0.25  # seconds
_CHANNEL_LOST = (0x6881, 0x6882)
_ANOTHER_APPLICATION = 0x6985  # may answer on the channel after a reset by a modem, which we know nothing of
_READS = ("Get", "List", "Retrieve")  # what the names of functions begin with that change nothing
_NO_SUCH_PROFILE = ("iccidOrAidNotFound", "iccidNotFound")
_ANOTHER_CARD = "Another card is in the reader now."


class IsdrSession:
    """A session with the ISD-R of a card, on a logical channel of its own, which `with` closes."""

    def __init__(
        self,
        transport: AnyTransport,
        *,
        aids: Sequence[Aid] = ISDR_AIDS,
        block_size: int = LARGEST_BLOCK,
        first: bytes = b"",
    ) -> None:
        """Find the ISD-R among `aids`, in that order, and stay with it. It proves itself by its EID.

        `first`: the request that will be made first; it changes nothing. An answer to it is a proof, and
        `exchange` returns it when it is made. The EID is then read only if it is asked for.
        Raises `NotAnEuicc` if none of them answers, and `EuiccRefused` if one does and refuses.
        """
        self._transport = transport
        self._aids = tuple(aids)
        self._block_size = block_size
        self._basic = False  # whether the ISD-R is served only on the basic channel
        self._eid: Eid | None = None
        self._held: tuple[bytes, bytes] | None = None  # the first request, and its answer
        self._unconfirmed = False  # whether it may be another card since the reset
        self._ready = False  # whether the channel is open, to the same card
        self._broken_off = False  # whether Ctrl-C ended a restart, or a look at another ISD-R
        self._closed = False
        try:
            self._open(first)
        except EuiccRefused as refused:
            if not self.can_reset:
                refused.add(refresh.BY_HAND)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def eid(self) -> Eid:
        """The EID of the card, read at most once."""
        if self._eid is None:
            self._eid = self.ask_eid()
        return self._eid

    @property
    def aid(self) -> Aid:
        """The AID of the ISD-R that answered."""
        return self._aids[0]

    @property
    def longest_request(self) -> int:
        """The number of bytes that fit in one request; a longer one raises `WireError` and is not sent."""
        return self._channel.longest_request

    def ask_eid(self) -> Eid:
        """The EID that the card reports now (§5.7.20, ES10c.GetEID)."""
        self._mend()
        try:
            if self._ready:
                return ask_eid(self._channel)
        except BadAnswer as error:
            if error.reason != CHANNEL_CLOSED:
                raise
        self._open_again()
        return ask_eid(self._channel)

    @property
    def can_reset(self) -> bool:
        """Whether the card can be reset. If not, a modem or phone does it when the card demands REFRESH."""
        return channels.can_reset(self._transport)

    @property
    def reads_files(self) -> bool:
        """Whether the files of the enabled profile can be read: not through a modem or phone."""
        return channels.can_reset(self._transport)

    def take_eid(self, eid: Eid) -> None:
        """Take the EID from a certificate that the card has just given, if it was not read yet."""
        self._eid = self._eid or eid

    def other_elements(self) -> tuple[SecureElement, ...]:
        """The other secure elements of the card, if it has more than one.

        Only a card that may have them is asked. This session stays with its own.
        """
        if not possible(self._transport, self.aid):
            return ()
        eids = {number: self._eid_of(aid) for number, aid in enumerate(ELEMENT_AIDS, 1) if aid != self.aid}
        return tuple(SecureElement(number, eid) for number, eid in eids.items() if eid and eid != self.eid)

    def close(self) -> None:
        """Close the logical channel; nothing opens it again. The transport stays open."""
        self._closed, self._ready = True, False
        self._channel.close()

    def reopen(self) -> None:
        """Select the ISD-R again after the basic channel was used for something else, without a reset.

        An ISD-R on a logical channel of its own stays selected.
        """
        if self._channel.basic:
            self._select_again()

    def restart(self, first: bytes = b"") -> None:
        """Reset the card and open the session again: after a profile change, or when an answer was lost.

        `first` as when it was opened: whether it is the same card is then known only after `confirm`.
        If the connection breaks off once, this is repeated. A card that cannot be reset is given time: the
        modem or phone may be restarting it.
        Raises `CardRemoved` if another card answers.
        """
        self._refuse_if_closed()
        with self._whole():
            if self.can_reset:
                self._restart(first)
            else:
                refresh.once_restarted(self._begin_anew)

    def confirm(self, certified: Eid | None = None) -> None:
        """Raise `CardRemoved` if another card answers since the session was restarted.

        `certified`: the EID in a certificate that the card has given since; asked for if None or another one.
        No request that changes a card is sent before this.
        """
        if self._unconfirmed and certified != self._eid and self.ask_eid() != self._eid:
            self._ready = False
            raise CardRemoved(_ANOTHER_CARD, reason="otherCard")
        self._unconfirmed = False

    def read_again(self, read: Callable[[], _T]) -> _T:
        """What `read` returns. If the connection breaks off once, the card is reset, and it is called again.

        For what only reads: a command that changes the card is never repeated.
        """
        try:
            return self._read(read)
        except WireError as error:
            if not _may_pass(error):
                raise
            _log.debug("the connection to the card broke off: %s", error)
        self.restart()
        return self._read(read)

    def exchange(self, request: bytes | memoryview) -> bytes:
        """The answer to a coded request.

        Raises `WireError` with the reason "channelClosed" if the channel is not open any more: then the
        request was not carried out.
        """
        self._mend()
        held, self._held = self._held, None
        if held and held[0] == request:
            return held[1]
        if not self._ready:
            self._open_again()
        try:
            return self._channel.exchange(request)
        except BadAnswer as error:
            if error.reason == CHANNEL_CLOSED:
                raise _closed(error) from error
            raise

    def ask(self, function: str, request: Any = None) -> Tlv:
        """The undecoded answer to a function."""
        coded = schema.encode(f"{function}Request", request or {})
        if not self._ready:
            self._open_again()
        try:
            return Tlv.whole(self.exchange(coded))
        except (WireError, BadAnswer) as error:
            lost = error.reason == CHANNEL_CLOSED
            if isinstance(error, BadAnswer) and function.startswith(_READS):
                lost = error.sw in _CHANNEL_LOST or self._answered_by_another(error.sw)
            if not lost:
                raise
            _log.debug("the channel to the card is lost, and opened again: %s", error)
        self._open_again()
        return Tlv.whole(self.exchange(coded))

    def call(self, function: str, request: Any) -> Any:
        """The decoded answer to a function. Raises `EuiccRefused` if it is a refusal."""
        value = schema.decode(f"{function}Response", self.ask(function, request))
        raise_refusal(function, value)
        return value

    def change(self, function: str, request: Any) -> None:
        """As `call`, for a function that changes the card. Raises `OutcomeUnknown` if no result arrives.

        Raises `WireError` if the request did not reach the ISD-R, because the channel was closed.
        """
        self._mend()
        steps.report(function)
        self.confirm()
        try:
            self.call(function, request)
        except (WireError, BadAnswer) as error:
            if error.reason == CHANNEL_CLOSED:
                raise
            raise OutcomeUnknown(
                f"{function} was sent to the card, but its outcome is unknown. {error.message}"
            ) from error

    def listed(self, function: str, request: Any) -> Tlv:
        """The list in the answer to a function, with its items undecoded: see `Listing`."""
        answer = self.ask(function, request)
        alternative, items = schema.alternative(f"{function}Response", answer)
        if "error" in alternative.lower():
            raise_refusal(function, schema.decode(f"{function}Response", answer))
        return items

    def _open(self, first: bytes = b"") -> None:
        """Open the session on a card that was just connected to or reset; again, only with the same ISD-R."""
        self._ready = False
        found = find_isdr(self._transport, self._aids, self._block_size, basic=self._basic, first=first)
        self._channel, self._aids, self._basic = found.channel, (found.aid,), found.channel.basic_only
        self._held = None if found.answer is None else (first, found.answer)
        if found.eid and self._eid not in (None, found.eid):
            raise CardRemoved(_ANOTHER_CARD, reason="otherCard")
        self._ready = True
        self._unconfirmed = self._eid is not None and found.eid is None
        self._eid = self._eid or found.eid

    def _open_again(self) -> None:
        """Open the session on a new channel, without a reset. Raises `CardRemoved` if it is another card."""
        self._refuse_if_closed()
        self._channel.close()
        try:
            self._open()
        except WireError as error:
            error.reason = CHANNEL_CLOSED  # so no request was sent
            raise
        except BadAnswer as error:
            raise _closed(error) from error

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise WireError(
                "This session with the card was closed.", advice=OPEN_ANOTHER, reason=CHANNEL_CLOSED
            )

    def _answered_by_another(self, sw: int) -> bool:
        """Whether another application may have answered. A card in a reader has nobody else who resets it."""
        return sw == _ANOTHER_APPLICATION and not self.can_reset

    def _read(self, read: Callable[[], _T]) -> _T:
        return read() if self.can_reset else refresh.once_ready(read)

    def _begin_anew(self) -> None:
        """Do on a new channel what a reset does otherwise: end a download that nobody goes on with.

        Until a new challenge begins another (§5.7.7), a card may refuse everything else.
        """
        self._channel.close()
        self._open(schema.encode("GetEuiccChallengeRequest", {}))
        self._held = None
        self.confirm()

    def _restart(self, first: bytes) -> None:
        interrupted = False
        for tries_left in reversed(range(RESTART_TRIES)):
            try:
                channels.reset(self._transport)
                self._open(first)
                break
            except (BadAnswer, CardUnpowered, EuiccRefused, NotAnEuicc) as error:
                if not tries_left:
                    raise
                _log.debug("the card has not restarted yet: %s", error)
                time.sleep(_RESTART_PAUSE)
            except WireError as error:
                if interrupted or not (tries_left and _may_pass(error)):
                    raise
                interrupted = True
                _log.debug("the connection to the card broke off: %s", error)

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """Have the next request begin with a restart if a stop or Ctrl-C ends the block."""
        try:
            yield
        except KeyboardInterrupt:
            self._broken_off = True
            raise
        self._broken_off = False

    def _mend(self) -> None:
        """Restart if a stop or Ctrl-C has left the card without the ISD-R on this channel."""
        if self._broken_off:
            self.restart()

    def _select_again(self) -> None:
        if not self._channel.select(self.aid):
            raise NotAnEuicc(
                f"The card has no ISD-R with the AID {self.aid} any more.", advice=CardRemoved.advice
            )

    def _eid_of(self, aid: Aid) -> Eid | None:
        """The EID of another ISD-R on the card, None if none answers. Afterwards ours is selected again."""
        with self._whole():
            try:
                eid = ask_eid(self._channel) if self._channel.select(aid) else None
            except BadAnswer:
                eid = None
            except OUT_OF_REACH:
                raise
            except WireError as error:
                _log.debug("no answer when %s was selected: %s", aid, error)
                self.restart()
                return None
            self._select_again()
        return eid


def _closed(error: BadAnswer) -> WireError:
    closed = WireError(f"The channel to the card is not open any more. {error.message}")
    closed.reason = CHANNEL_CLOSED
    return closed


def _may_pass(error: WireError) -> bool:
    """Whether reading again may help: the error is not one of those that a person must remedy."""
    return type(error) is WireError


def raise_refusal(function: str, value: Any) -> None:
    """Raise `EuiccRefused` if the decoded answer `value` to `function` is a refusal.

    It is a `NoSuchProfile`, too, if the card holds no such profile.
    """
    refusal = schema.refusal(f"{function}Response", value)
    if refusal:
        reason, code = refusal
        from lpa.rsp.reasons import explain  # noqa: PLC0415  (few cards refuse)

        message, advice = explain(function, reason)
        kind = NoSuchProfileOnCard if reason in _NO_SUCH_PROFILE else EuiccRefused
        raise kind(function, reason, code, message, advice=advice)
