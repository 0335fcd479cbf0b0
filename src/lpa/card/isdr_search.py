"""Find the ISD-R on a card, and get through to it on cards that are not quite as the specification says."""

from __future__ import annotations

from collections.abc import Sequence

from lpa import redaction
from lpa.advice.cards import LEAVE_OUT_ELEMENT
from lpa.card.apdu import Channel, Transport
from lpa.card.secure_elements import ELEMENT_AIDS
from lpa.errors import (
    BadAnswer,
    CardRemoved,
    EuiccRefused,
    LpaError,
    NoCard,
    NoReader,
    NoService,
    NotAnEuicc,
    WireError,
)
from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.facts import fact
from lpa.rsp.names import Aid, Eid

_log = redaction.logger(__name__)

STANDARD_AID = Aid.parse("A0000005591010FFFFFFFF8900000100")  # SGP.02 and SGP.22

# Errors that no reset of the card cures.
OUT_OF_REACH = (CardRemoved, NoCard, NoReader, NoService)
# The status of an ISD-R that refuses everything: it is locked to an app, or an LPA on the card uses it.
_REFUSALS = {0x6982: "securityStatusNotSatisfied", 0x6985: "conditionsNotSatisfied"}
_FAILURES = (0x64, 0x65, 0x6F)  # SW1: the command was not completed (ISO 7816-4 §5.6); it says nothing more


@fact
class FoundIsdr:
    """An ISD-R that answered, and the channel on which it is selected.

    It answered with its `eid`, or to the first request of the session with `answer`; the other one is None.
    """

    channel: Channel
    aid: Aid
    eid: Eid | None = None
    answer: bytes | None = None


def find_isdr(
    transport: Transport, aids: Sequence[Aid], block_size: int, *, basic: bool, first: bytes = b""
) -> FoundIsdr:
    """Select the first AID whose application has an EID: others may be of SGP.02, or not an ISD-R.

    `basic`: on the basic channel. `first`: a request that changes nothing; an application that answers it is
    an ISD-R, too, and is asked for its EID only if it does not. If there is none, raises `EuiccRefused` if an
    ISD-R refuses, `BadAnswer` if one fails, a `WireError` if the card answers no SELECT, and else
    `NotAnEuicc`.
    """
    search = _Search(transport, block_size, basic=basic, first=first)
    try:
        found = next(filter(None, map(search.isdr, aids)), None)
    except BaseException:
        search.channel.close()
        raise
    if found:
        return found
    search.channel.close()
    raise search.problem(aids)


def ask_eid(channel: Channel) -> Eid:
    """The EID of the ISD-R on a channel (§5.7.20, ES10c.GetEID). Raises `BadAnswer` or a `WireError`.

    One with wrong check digits is asked for again: a changed byte would be taken for another card. Some
    genuine cards have wrong ones, and answer the same again.
    """
    eid = _asked_eid(channel)
    return eid if eid.plausible else _asked_eid(channel)


def _asked_eid(channel: Channel) -> Eid:
    request = schema.encode("GetEIDRequest", {"tagList": schema.tag_list("GetEIDResponse", "eidValue")})
    answer = Tlv.whole(channel.exchange(request))
    return Eid.from_coded(schema.decode("GetEIDResponse", answer)["eidValue"])


class _Search:
    """One search, on the current channel: a reset of the card makes a new one necessary."""

    def __init__(self, transport: Transport, block_size: int, *, basic: bool, first: bytes) -> None:
        self._transport = transport
        self._first = first
        self._block_size = block_size
        self._basic = basic
        self._answers = False
        self._unanswered: WireError | None = None
        self._refusal: EuiccRefused | None = None
        self._failure: BadAnswer | None = None
        self.channel = self._opened()

    def isdr(self, aid: Aid) -> FoundIsdr | None:
        """The ISD-R under `aid`, which is selected then; None if there is none that answers."""
        if not self._selected(aid):
            return None
        answer = self._first_answer() if self._first else None
        if answer is not None:
            return FoundIsdr(self.channel, aid, answer=answer)
        try:
            return FoundIsdr(self.channel, aid, ask_eid(self.channel))
        except BadAnswer as error:
            if not self.channel.unserved(error.sw):
                self._note(aid, error)
                return None
        self.channel.use_basic()
        return self.isdr(aid)

    def problem(self, aids: Sequence[Aid]) -> LpaError:
        """Why there is no ISD-R under any of `aids`."""
        if known := self._refusal or self._failure:
            return known
        if self._unanswered and not self._answers:
            return self._unanswered
        absent = _absent(aids)
        if self._unanswered:
            absent.add(f"But not every AID could be tried. {self._unanswered.message}")
        return absent

    def _first_answer(self) -> bytes | None:
        """The answer to the first request, which has its tag; None if the application does not know it."""
        try:
            answer = self.channel.exchange(self._first)
            return answer if Tlv.whole(answer).tag == Tlv.whole(self._first).tag else None
        except BadAnswer as error:
            _log.debug("no answer to the first request: asking for the EID (%s)", error)
            return None

    def _opened(self) -> Channel:
        return Channel(self._transport, block_size=self._block_size, basic=self._basic)

    def _selected(self, aid: Aid) -> bool:
        """Whether the card has the application. Some cards fall silent at one that they do not have."""
        try:
            selected = self.channel.select(aid)
        except OUT_OF_REACH:
            raise
        except WireError as error:
            _log.debug("no answer when %s was selected: %s", aid, error)
            self._reset(error)
            self._unanswered = self._unanswered or error
            return False
        self._answers = True
        return selected

    def _reset(self, error: WireError) -> None:
        """Reset the card. If it cannot be reached even then, raise `error`: the AID was not the reason."""
        try:
            self._transport.reset()
            self.channel = self._opened()
        except OUT_OF_REACH:
            raise
        except WireError as failed:
            raise error from failed

    def _note(self, aid: Aid, error: BadAnswer) -> None:
        reason = _REFUSALS.get(error.sw)
        if error.sw >> 8 in _FAILURES:
            self._failure = self._failure or error
        elif not reason:
            _log.debug("%s can be selected, but is not an ISD-R: %s", aid, error)
        elif not self._refusal:
            from lpa.rsp.reasons import explain  # noqa: PLC0415  (few cards refuse)

            message, advice = explain("GetEID", reason)
            self._refusal = EuiccRefused("GetEID", reason, error.sw, message, advice=advice)


def _absent(aids: Sequence[Aid]) -> NotAnEuicc:
    """The error for a card with no ISD-R under `aids`: under one alone, it may still be an eUICC."""
    if STANDARD_AID in aids and len(aids) > 1:
        return NotAnEuicc("The card answers, but no known AID leads to a consumer eUICC (SGP.22).")
    if tuple(aids) == ELEMENT_AIDS[1:]:
        return NotAnEuicc(
            "No second secure element answers on the card.",
            advice=LEAVE_OUT_ELEMENT,
            reason="noSecondElement",
        )
    return NotAnEuicc(f"The card answers, but has no ISD-R with the AID {' or '.join(map(str, aids))}.")
