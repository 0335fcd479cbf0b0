"""The way to the ISD-R, the application on an eUICC that answers ES10: find it, ask it, start the card anew.

Law: what is sent here once is not sent again. A command that changes the card and whose answer is lost is
`OutcomeUnknown`, and only who reads the card knows more.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from lpa import redaction
from lpa.card.apdu import LARGEST_BLOCK, Channel, Transport
from lpa.errors import (
    BadAnswer,
    CardRemoved,
    CardUnpowered,
    EuiccRefused,
    NotAnEuicc,
    OutcomeUnknown,
    WireError,
)
from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.limits import RESTART_TRIES
from lpa.rsp.names import Aid, Eid
from lpa.rsp.reasons import explain

_log = redaction.logger(__name__)

# Where an ISD-R answers, the standard's name first; the others are used by removable cards in the field.
ISDR_AIDS = tuple(
    Aid.parse(text)
    for text in (
        "A0000005591010FFFFFFFF8900000100",  # SGP.02 and SGP.22
        "A0000005591010FFFFFFFF8900050500",  # 5ber
        "A0000005591010000000008900000300",  # eSIM.me v2
        "A0000005591010FFFFFFFF8900000177",  # Xesim
        "A000000559104C696E6B736669656C64",  # LinksField
        "A06573746B6D65FFFF4953442D522030",  # eSTK.me, first and second secure element
        "A06573746B6D65FFFF4953442D522031",
    )
)

# A card that changes its profile is not there at once: the commands may fail until it has started anew.
_RESTART_PAUSE = 0.25  # seconds


class Isdr:
    """The ISD-R of a card, on a logical channel of its own."""

    def __init__(
        self, transport: Transport, *, aids: Sequence[Aid] = ISDR_AIDS, block_size: int = LARGEST_BLOCK
    ) -> None:
        """Find the ISD-R among `aids`, in that order. Raises `NotAnEuicc` if none of them answers."""
        self._transport = transport
        self._aids = tuple(aids)
        self._block_size = block_size
        self._open()

    @property
    def eid(self) -> Eid:
        """The card's number, read when it was opened."""
        return self._eid

    @property
    def aid(self) -> Aid:
        """The name that answered."""
        return self._aids[0]

    def ask_eid(self) -> Eid:
        """The number that the card tells now (§5.7.20, ES10c.GetEID)."""
        return Eid.from_coded(self.call("GetEID", {"tagList": b"\x5a"})["eidValue"])

    def close(self) -> None:
        """Give the logical channel back. The transport stays open."""
        self._channel.close()

    def reopen(self) -> None:
        """Have the card's ISD-R back after the basic channel was used for something else, without a reset.

        An ISD-R on a logical channel of its own was never lost.
        """
        if self._channel.basic:
            self._open()

    def restart(self) -> None:
        """Reset the card and open it again: after a switch of profiles, or when an answer was lost.

        Raises `CardRemoved` if another card answers then.
        """
        before = self._eid
        for tries_left in reversed(range(RESTART_TRIES)):
            try:
                self._transport.reset()
                self._open()
                break
            except (BadAnswer, CardUnpowered, NotAnEuicc) as error:
                if not tries_left:
                    raise
                _log.debug("the card is not back yet: %s", error)
                time.sleep(_RESTART_PAUSE)
        if self._eid != before:
            raise CardRemoved("Another card is in the reader now.")

    @property
    def longest_request(self) -> int:
        """As many bytes as fit into one command."""
        return self._channel.longest_request

    def exchange(self, request: bytes | memoryview) -> bytes:
        """The answer to a request as it stands."""
        return self._channel.exchange(request)

    def ask(self, function: str, request: Any = None) -> Tlv:
        """The answer to a function, undecoded."""
        return Tlv.whole(self.exchange(schema.encode(f"{function}Request", request or {})))

    def call(self, function: str, request: Any) -> Any:
        """What a function answers. Raises `EuiccRefused` if that is a no."""
        value = schema.decode(f"{function}Response", self.ask(function, request))
        raise_refusal(function, value)
        return value

    def change(self, function: str, request: Any) -> None:
        """As `call`, for what changes the card. Raises `OutcomeUnknown` if the answer is lost."""
        try:
            self.call(function, request)
        except (WireError, BadAnswer) as error:
            raise OutcomeUnknown(
                f"The card was sent {function}, and its answer is lost. {error.message}"
            ) from error

    def listed(self, function: str, request: Any) -> Tlv:
        """The list that `function` answers with, uncut: a strange item must not hide the others."""
        answer = self.ask(function, request)
        alternative, items = schema.alternative(f"{function}Response", answer)
        if "error" in alternative.lower():
            raise_refusal(function, schema.decode(f"{function}Response", answer))
        return items

    def _open(self) -> None:
        self._channel = Channel(self._transport, block_size=self._block_size)
        try:
            self._find_isdr()
        except BaseException:
            self._channel.close()
            raise

    def _find_isdr(self) -> None:
        """An AID that selects may be another application, or SGP.02: only an EID proves an eUICC for us."""
        for aid in self._aids:
            if not self._channel.select(aid):
                continue
            try:
                self._eid = self.ask_eid()
            except BadAnswer as error:
                _log.debug("%s selects, but is no ISD-R: %s", aid, error)
                continue
            self._aids = (aid, *(other for other in self._aids if other != aid))
            return
        raise NotAnEuicc("The card answers, but it is not an eUICC of the consumer kind (SGP.22).")


def raise_refusal(function: str, value: Any) -> None:
    """Raise `EuiccRefused` if the decoded answer `value` to `function` is a refusal."""
    refusal = schema.refusal(f"{function}Response", value)
    if refusal:
        reason, code = refusal
        message, advice = explain(function, reason)
        raise EuiccRefused(function, reason, code, message, advice=advice)
