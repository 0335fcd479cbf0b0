"""The session with the ISD-R, the application on an eUICC that answers ES10: open, requests, restart.

Law: a request is sent once. If the answer to a command that changes the card is lost, that is
`OutcomeUnknown`, and only reading the card shows the outcome.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from lpa import redaction
from lpa.card.apdu import LARGEST_BLOCK, Transport
from lpa.card.isdr_search import OUT_OF_REACH, STANDARD_AID, ask_eid, find_isdr
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
from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.limits import RESTART_TRIES
from lpa.rsp.names import Aid, Eid

_T = TypeVar("_T")
_log = redaction.logger(__name__)

# The AIDs of ISD-Rs, the standard one first; removable cards in the field use the others.
ISDR_AIDS = (
    STANDARD_AID,
    *(
        Aid.parse(text)
        for text in (
            "A0000005591010FFFFFFFF8900050500",  # 5ber
            "A0000005591010000000008900000300",  # eSIM.me v2
            "A0000005591010FFFFFFFF8900000177",  # Xesim
            "A000000559104C696E6B736669656C64",  # LinksField
        )
    ),
    *ELEMENT_AIDS,  # eSTK.me
)

# After a profile change a card may reject commands until it has restarted.
_RESTART_PAUSE = 0.25  # seconds
_NO_SUCH_PROFILE = ("iccidOrAidNotFound", "iccidNotFound")
_ANOTHER_CARD = "Another card is in the reader now."


class IsdrSession:
    """A session with the ISD-R of a card, on a logical channel of its own, which `with` closes."""

    def __init__(
        self,
        transport: Transport,
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
        self._open(first)

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
        return ask_eid(self._channel)

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
        """Close the logical channel. The transport stays open."""
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
        If the connection breaks off once, this is repeated.
        Raises `CardRemoved` if another card answers.
        """
        interrupted = False
        for tries_left in reversed(range(RESTART_TRIES)):
            try:
                self._transport.reset()
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

    def confirm(self, certified: Eid | None = None) -> None:
        """Raise `CardRemoved` if another card answers since the session was restarted.

        `certified`: the EID in a certificate that the card has given since; asked for if None or another one.
        No request that changes a card is sent before this.
        """
        if self._unconfirmed and certified != self._eid and self.ask_eid() != self._eid:
            raise CardRemoved(_ANOTHER_CARD, reason="otherCard")
        self._unconfirmed = False

    def read_again(self, read: Callable[[], _T]) -> _T:
        """What `read` returns. If the connection breaks off once, the card is reset, and it is called again.

        For what only reads: a command that changes the card is never repeated.
        """
        try:
            return read()
        except WireError as error:
            if not _may_pass(error):
                raise
            _log.debug("the connection to the card broke off: %s", error)
        self.restart()
        return read()

    def exchange(self, request: bytes | memoryview) -> bytes:
        """The answer to a coded request."""
        held, self._held = self._held, None
        if held and held[0] == request:
            return held[1]
        return self._channel.exchange(request)

    def ask(self, function: str, request: Any = None) -> Tlv:
        """The undecoded answer to a function."""
        return Tlv.whole(self.exchange(schema.encode(f"{function}Request", request or {})))

    def call(self, function: str, request: Any) -> Any:
        """The decoded answer to a function. Raises `EuiccRefused` if it is a refusal."""
        value = schema.decode(f"{function}Response", self.ask(function, request))
        raise_refusal(function, value)
        return value

    def change(self, function: str, request: Any) -> None:
        """As `call`, for a function that changes the card. Raises `OutcomeUnknown` if no result arrives."""
        self.confirm()
        try:
            self.call(function, request)
        except (WireError, BadAnswer) as error:
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
        found = find_isdr(self._transport, self._aids, self._block_size, basic=self._basic, first=first)
        self._channel, self._aids, self._basic = found.channel, (found.aid,), found.channel.basic_only
        self._held = None if found.answer is None else (first, found.answer)
        if found.eid and self._eid not in (None, found.eid):
            raise CardRemoved(_ANOTHER_CARD, reason="otherCard")
        self._unconfirmed = self._eid is not None and found.eid is None
        self._eid = self._eid or found.eid

    def _select_again(self) -> None:
        if not self._channel.select(self.aid):
            raise NotAnEuicc(
                f"The card has no ISD-R with the AID {self.aid} any more.", advice=CardRemoved.advice
            )

    def _eid_of(self, aid: Aid) -> Eid | None:
        """The EID of another ISD-R on the card, None if none answers. Afterwards ours is selected again."""
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
