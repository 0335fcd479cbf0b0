"""The eUICC: ES10a, ES10b and ES10c, one method for each function of SGP.22 §5.7.

Every method raises `EuiccRefused` if the card says no, `BadAnswer` if its answer cannot be read, and a
`WireError` if the card cannot be asked. Methods that change the card raise `OutcomeUnknown` instead of the
last two: the command was sent and may have been carried out. Then `restart` and read before anything else.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from types import TracebackType
from typing import Any, Self

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
from lpa.rsp import schema
from lpa.rsp.ber import Tlv
from lpa.rsp.euicc_info import AuthorisationRule, ConfiguredAddresses, EuiccInfo1, EuiccInfo2
from lpa.rsp.listing import Listing
from lpa.rsp.names import Aid, Eid, Iccid
from lpa.rsp.reasons import explain
from lpa.rsp.records import LIST_TAGS, Notification, NotificationMetadata, Profile

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
NICKNAME_BYTES = 64

# A card that changes its profile is not there at once: the commands may fail until it has started anew.
_RESTART_TRIES = 10
_RESTART_PAUSE = 0.25  # seconds

# How cards that are older than a function answer it: they do not know the object, or the command.
_UNKNOWN_FUNCTION = (0x6A80, 0x6A88, 0x6D00)


class Euicc:
    """An eUICC, opened. Use it in a `with` block, which gives the channel back."""

    def __init__(
        self, transport: Transport, *, aids: Sequence[Aid] = ISDR_AIDS, block_size: int = LARGEST_BLOCK
    ) -> None:
        """Find the ISD-R among `aids`, in that order. Raises `NotAnEuicc` if none of them answers."""
        self._transport = transport
        self._aids = tuple(aids)
        self._block_size = block_size
        self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def eid(self) -> Eid:
        """The card's number, read when it was opened (§5.7.20, ES10c.GetEID)."""
        return self._eid

    @property
    def aid(self) -> Aid:
        """The ISD-R that answered."""
        return self._aids[0]

    def ask_eid(self) -> Eid:
        """The number that the card tells now (§5.7.20, ES10c.GetEID)."""
        return Eid.from_coded(self._call("GetEID", {"tagList": b"\x5a"})["eidValue"])

    def close(self) -> None:
        """Give the logical channel back. The transport stays open."""
        self._channel.close()

    def reopen(self) -> None:
        """Have the card's ISD-R back after the basic channel was used for something else, without a reset.

        Who has a logical channel of his own has never lost it.
        """
        if self._channel.basic:
            self._open()

    def restart(self) -> None:
        """Reset the card and open it again: after a switch of profiles, or when an answer was lost.

        Raises `CardRemoved` if another card answers then.
        """
        before = self._eid
        for tries_left in reversed(range(_RESTART_TRIES)):
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

    # What the card is

    def euicc_info1(self) -> EuiccInfo1:
        """The version it speaks and whom it trusts (§5.7.8, ES10b.GetEUICCInfo)."""
        return EuiccInfo1.from_tlv(self._ask("GetEuiccInfo1"))

    def euicc_info2(self) -> EuiccInfo2:
        """Versions, memory, capabilities, certification (§5.7.8, ES10b.GetEUICCInfo)."""
        return EuiccInfo2.from_tlv(self._ask("GetEuiccInfo2"))

    def configured_addresses(self) -> ConfiguredAddresses:
        """Its default SM-DP+ and its root SM-DS (§5.7.3, ES10a.GetEuiccConfiguredAddresses)."""
        return ConfiguredAddresses.from_tlv(self._ask("GetEuiccConfiguredAddresses"))

    def set_default_dp_address(self, address: str) -> None:
        """Set the SM-DP+ to ask for profiles; empty for none (§5.7.4, ES10a.SetDefaultDpAddress)."""
        self._change("SetDefaultDpAddress", {"defaultDpAddress": address})

    def rules(self) -> tuple[AuthorisationRule, ...]:
        """Which operators may lock their profiles (§5.7.22, ES10b.GetRAT). Empty if the card has no table."""
        try:
            table = self._call("GetRAT", {})["rat"]
        except BadAnswer as error:
            if error.sw not in _UNKNOWN_FUNCTION:
                raise
            return ()
        return tuple(AuthorisationRule.from_asn1(rule) for rule in table)

    def challenge(self) -> bytes:
        """16 fresh random bytes; they begin a session and end the one before (§5.7.7, ES10b)."""
        challenge = bytes(self._call("GetEuiccChallenge", {})["euiccChallenge"])
        if len(challenge) != 16:
            raise BadAnswer(f"The card's challenge has {len(challenge)} bytes, not 16.")
        return challenge

    # Profiles

    def profiles(
        self,
        tags: bytes = LIST_TAGS,
        *,
        only: Iccid | Aid | None = None,
        profile_class: str | None = None,
    ) -> Listing[Profile]:
        """The profiles on the card (§5.7.15, ES10c.GetProfilesInfo).

        `tags`: what to tell of each, see `lpa.rsp.records`. `only` one of them, or only those of a class
        ("test", "provisioning", "operational"). Empty if there is none.
        """
        request: dict[str, Any] = {"tagList": tags}
        if only is not None:
            request["searchCriteria"] = _identifier(only)
        elif profile_class is not None:
            request["searchCriteria"] = ("profileClass", schema.code("ProfileClass", profile_class))
        return Listing.of(Profile.from_tlv, self._list("GetProfilesInfo", request))

    def enable_profile(self, profile: Iccid | Aid, *, refresh: bool) -> None:
        """Enable a profile, and disable the one in use (§5.7.16, ES10c.EnableProfile).

        `refresh`: whether the card itself makes the device start anew; then the change happens at a reset.
        """
        self._change("EnableProfile", {"profileIdentifier": _identifier(profile), "refreshFlag": refresh})

    def disable_profile(self, profile: Iccid | Aid, *, refresh: bool) -> None:
        """Disable the profile in use (§5.7.17, ES10c.DisableProfile). `refresh` as in `enable_profile`."""
        self._change("DisableProfile", {"profileIdentifier": _identifier(profile), "refreshFlag": refresh})

    def delete_profile(self, profile: Iccid | Aid) -> None:
        """Delete a disabled profile, for ever (§5.7.18, ES10c.DeleteProfile)."""
        self._change("DeleteProfile", _identifier(profile))

    def set_nickname(self, iccid: Iccid, nickname: str) -> None:
        """Name a profile; empty to take the name away (§5.7.21, ES10c.SetNickname).

        Raises ValueError if `nickname` is longer than 64 bytes of UTF-8: about 21 Chinese characters.
        """
        size = len(nickname.encode())
        if size > NICKNAME_BYTES:
            raise ValueError(f"a nickname has at most {NICKNAME_BYTES} bytes; this one has {size}")
        self._change("SetNickname", {"iccid": iccid.coded, "profileNickname": nickname})

    def memory_reset(self, options: Iterable[str]) -> None:
        """Delete many profiles at once (§5.7.19, ES10c.eUICCMemoryReset).

        `options`: of "deleteOperationalProfiles", "deleteFieldLoadedTestProfiles",
        "resetDefaultSmdpAddress". Enabled profiles go too, and policy rules do not protect them.
        """
        self._change("EuiccMemoryReset", {"resetOptions": schema.from_bits("ResetOptions", options)})

    # Notifications

    def list_notifications(self, events: Collection[str] = ()) -> Listing[NotificationMetadata]:
        """What servers have yet to hear, unsigned: all, or `events` (§5.7.9, ES10b.ListNotification)."""
        request = (
            {"profileManagementOperation": schema.from_bits("NotificationEvent", events)} if events else {}
        )
        return Listing.of(NotificationMetadata.from_tlv, self._list("ListNotification", request))

    def retrieve_notifications(self, events: Collection[str] = ()) -> Listing[Notification]:
        """The signed notifications of all events, or `events` (§5.7.10, ES10b.RetrieveNotificationsList)."""
        bits = schema.from_bits("NotificationEvent", events)
        return self._retrieve({"searchCriteria": ("profileManagementOperation", bits)} if events else {})

    def retrieve_notification(self, sequence_number: int) -> Notification | None:
        """One signed notification, None if the card has it no more (§5.7.10)."""
        found = self._retrieve({"searchCriteria": ("seqNumber", sequence_number)})
        if found.unreadable:
            raise BadAnswer(
                f"Notification {sequence_number} cannot be read: {found.unreadable[0].hex()[:40]}."
            )
        return next((item for item in found if item.metadata.sequence_number == sequence_number), None)

    def notification_sent(self, sequence_number: int) -> None:
        """Have the card forget a notification (§5.7.11, ES10b.RemoveNotificationFromList).

        Only after the server acknowledged it: nobody can make the card sign it again. A card that has it
        no more is content.
        """
        try:
            self._change("NotificationSent", {"seqNumber": sequence_number})
        except EuiccRefused as refused:
            if refused.reason != "nothingToDelete":
                raise

    # One way down and up

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

    def _ask(self, function: str, request: Any = None) -> Tlv:
        return Tlv.whole(self._channel.exchange(schema.encode(f"{function}Request", request or {})))

    def _call(self, function: str, request: Any) -> Any:
        value = schema.decode(f"{function}Response", self._ask(function, request))
        _raise_refusal(function, value)
        return value

    def _change(self, function: str, request: Any) -> None:
        try:
            self._call(function, request)
        except (WireError, BadAnswer) as error:
            raise OutcomeUnknown(
                f"The card was sent {function}, and its answer is lost. {error.message}"
            ) from error

    def _list(self, function: str, request: Any) -> Tlv:
        """The list that `function` answers with, uncut: a strange item must not hide the others."""
        answer = self._ask(function, request)
        alternative, items = schema.alternative(f"{function}Response", answer)
        if "error" in alternative.lower():
            _raise_refusal(function, schema.decode(f"{function}Response", answer))
        return items

    def _retrieve(self, request: Any) -> Listing[Notification]:
        try:
            items = self._list("RetrieveNotificationsList", request)
        except EuiccRefused as refused:
            if refused.reason != "noResultAvailable":  # how version 2.0 said that the list is empty
                raise
            return Listing()
        return Listing.of(Notification.from_tlv, items)


def _identifier(profile: Iccid | Aid) -> tuple[str, bytes]:
    return ("iccid" if isinstance(profile, Iccid) else "isdpAid", profile.coded)


def _raise_refusal(function: str, value: Any) -> None:
    refusal = schema.refusal(f"{function}Response", value)
    if refusal:
        reason, code = refusal
        message, advice = explain(function, reason)
        raise EuiccRefused(function, reason, code, message, advice=advice)
