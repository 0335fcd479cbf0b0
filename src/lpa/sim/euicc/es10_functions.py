"""The ISD-R of the simulated card: the ES10 functions of SGP.22 v2, one method each.

The ASN.1 gives the method for the tag of a request, and the numbers of the results. Every change goes through
`NonVolatileMemory.update`: stored first, then in effect. The functions of a download are in
`download_session`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from lpa.errors import BadAnswer
from lpa.rsp.codec.ber import Tlv
from lpa.sim import codec as schema
from lpa.sim.contents import Contents
from lpa.sim.euicc import card_info, generations, notification_answers, profile_policy, segments
from lpa.sim.euicc.command_apdu import (
    CONDITIONS_NOT_SATISFIED,
    MEMORY_PROBLEM,
    UNKNOWN_OBJECT,
    WRONG_DATA,
    StatusWord,
)
from lpa.sim.euicc.download_session import DownloadSession
from lpa.sim.euicc.identity import CardIdentity
from lpa.sim.euicc.nonvolatile_memory import NonVolatileMemory
from lpa.sim.euicc.signed_notifications import SimulatedNotification
from lpa.sim.euicc.state import CardState
from lpa.sim.simulated_profile import SimulatedProfile

# What GetProfilesInfo returns without a tag list (§5.7.15)
_DEFAULT_TAGS = bytes.fromhex("5A 4F 9F70 90 91 92 93 94 95")
_STATE_TAG = 0x9F70
_EID_TAG = b"\x5a"
_MAX_NICKNAME = 64  # bytes of UTF-8, not characters
_MAX_ADDRESS = 255


class SimulatedIsdr:
    """Answers ES10 requests from the state in `memory`, and changes it."""

    def __init__(self, memory: NonVolatileMemory, download: DownloadSession) -> None:
        self._memory = memory
        self._download = download
        self._cat_busy = self.state.behaviour.cat_busy
        self._functions = {
            schema.tag_of(f"{function}Request"): answer
            for function in schema.functions().values()
            if (answer := self._own(function) or download.functions.get(function))
        }
        if self.state.behaviour.generation == "sgp32":
            self._functions |= {0xBF55: generations.eim_configuration, 0xBF56: self._get_certs}

    @property
    def state(self) -> CardState:
        """The current content of the non-volatile memory."""
        return self._memory.state

    def answer(self, request: bytes) -> bytes:
        """The response to one ES10 request, or to a segment of a package (empty, except for the result).

        Raises `StatusWord` if the request is refused without a response.
        """
        try:
            tag = segments.read_start(request).tag
            if tag in segments.TAGS:
                return self._download.load(request)
            if tag not in self._functions:
                raise StatusWord(UNKNOWN_OBJECT)
            if self._download.loading and tag not in self._download.ends_loading:
                raise StatusWord(CONDITIONS_NOT_SATISFIED)
            return self._functions[tag](request)
        except BadAnswer as error:
            raise StatusWord(WRONG_DATA) from error
        except OSError as error:
            raise StatusWord(MEMORY_PROBLEM) from error

    def power_up(self) -> None:
        """Start a card session: end the proactive session; carry out a pending REFRESH and a fallback."""
        self._cat_busy = False
        self._download.power_up()
        self.execute_refresh()

    def execute_refresh(self) -> None:
        """Carry out the switch of a pending REFRESH, then that of a fallback.

        Raises OSError if one cannot be stored.
        """
        if self.state.awaiting_refresh is not None:
            self._memory.update(*profile_policy.switch(self.state, self.state.awaiting_refresh))
        if chosen := profile_policy.fallback(self.state):
            self._memory.update(*profile_policy.switch(self.state, chosen))

    def drop_refresh(self) -> None:
        """Cancel a REFRESH that the terminal could not carry out, without switch and notifications."""
        self._memory.update(replace(self.state, awaiting_refresh=None))

    def keep_contents(self, contents: Contents) -> None:
        """Store the contents of the enabled profile. Raises OSError if that fails."""
        profiles = tuple(
            replace(profile, contents=contents) if profile.enabled else profile
            for profile in self.state.profiles
        )
        if profiles != self.state.profiles:
            self._memory.update(replace(self.state, profiles=profiles))

    # The card

    def get_eid(self, request: dict[str, Any]) -> Tlv:
        """§5.7.20. A tag list with anything but 5A is refused (6A80)."""
        if request["tagList"] != _EID_TAG:
            raise StatusWord(WRONG_DATA)
        return schema.encode("GetEIDResponse", {"eidValue": bytes.fromhex(self.state.eid)})

    def get_euicc_info1(self, _: dict[str, Any]) -> Tlv:
        """§5.7.8."""
        return card_info.euicc_info1(self.state.behaviour, self._identity)

    def get_euicc_info2(self, _: dict[str, Any]) -> Tlv:
        """§5.7.8."""
        return schema.encode("GetEuiccInfo2Response", card_info.euicc_info2(self.state, self._identity))

    def get_euicc_configured_addresses(self, _: dict[str, Any]) -> Tlv:
        """§5.7.3."""
        return schema.encode("GetEuiccConfiguredAddressesResponse", card_info.addresses(self.state))

    def set_default_dp_address(self, request: dict[str, Any]) -> Tlv:
        """§5.7.4. An empty address removes it; more than 255 bytes are refused."""
        address = request["defaultDpAddress"]
        outcome = "ok" if len(address.encode()) <= _MAX_ADDRESS else "undefinedError"
        if outcome == "ok":
            self._memory.update(replace(self.state, default_dp_address=address))
        return _result("SetDefaultDpAddress", "setDefaultDpAddressResult", outcome)

    def get_rat(self, _: dict[str, Any]) -> Tlv:
        """§5.7.22."""
        return schema.encode("GetRATResponse", card_info.rules_authorisation_table(self.state.behaviour))

    # Profiles

    def get_profiles_info(self, request: dict[str, Any]) -> Tlv:
        """§5.7.15. While a REFRESH is pending, a request for the state is refused (6985)."""
        try:
            tags = set(_tags(request.get("tagList", _DEFAULT_TAGS))) - self._omitted_tags()
            found = self._matching(request.get("searchCriteria"))
        except ValueError:
            error = schema.code("GetProfilesInfoResponse", "incorrectInputValues")
            return schema.encode("GetProfilesInfoResponse", ("profileInfoListError", error))
        if _STATE_TAG in tags and self.state.awaiting_refresh is not None:
            raise StatusWord(CONDITIONS_NOT_SATISFIED)
        items = (
            Tlv.build(profile.info.tag, *(part for part in self._members(profile) if part.tag in tags))
            for profile in found
        )
        return _list("GetProfilesInfoResponse", items)

    def set_nickname(self, request: dict[str, Any]) -> Tlv:
        """§5.7.21. An empty nickname removes it."""
        profile = self._find(("iccid", request["iccid"]))
        nickname = request["profileNickname"]
        if profile is None:
            outcome = "iccidNotFound"
        elif len(nickname.encode()) > _MAX_NICKNAME:
            outcome = "undefinedError"
        else:
            outcome = "ok"
            named = replace(profile, nickname=nickname)
            profiles = tuple(named if other is profile else other for other in self.state.profiles)
            self._memory.update(replace(self.state, profiles=profiles))
        return _result("SetNickname", "setNicknameResult", outcome)

    # Changes

    def enable_profile(self, request: dict[str, Any]) -> Tlv:
        """§5.7.16. The enabled profile is disabled in the same step."""
        target = self._find(request["profileIdentifier"])
        outcome = "undefinedError"
        if self._accepts(request):
            outcome = profile_policy.may_enable(self.state, target, busy=self._busy)
        if target and outcome == "ok":
            self._switch(target.iccid, refresh=request["refreshFlag"])
        return _result("EnableProfile", "enableResult", outcome)

    def disable_profile(self, request: dict[str, Any]) -> Tlv:
        """§5.7.17. Disabling a test profile enables the profile that was enabled before it."""
        target = self._find(request["profileIdentifier"])
        outcome = "undefinedError"
        if self._accepts(request):
            outcome = profile_policy.may_disable(target, busy=self._busy)
        if target and outcome == "ok":
            self._switch(profile_policy.successor(self.state, target), refresh=request["refreshFlag"])
        return _result("DisableProfile", "disableResult", outcome)

    def delete_profile(self, identifier: tuple[str, bytes]) -> Tlv:
        """§5.7.18. The pending notifications of the profile stay; those of the deletion are added."""
        accepted = self.state.behaviour.deletes_by in ("either", identifier[0])
        target = self._find(identifier) if accepted else None
        outcome = (
            "undefinedError" if self._managed_remotely else profile_policy.may_delete(self.state, target)
        )
        if target and outcome == "ok":
            self._memory.update(self.state.without(target), [("delete", target)])
        return _result("DeleteProfile", "deleteResult", outcome)

    def euicc_memory_reset(self, request: dict[str, Any]) -> Tlv:
        """§5.7.19. If the enabled profile is deleted, a REFRESH follows."""
        options = schema.bits("ResetOptions", request["resetOptions"])
        after, deleted = profile_policy.memory_reset(self.state, options)
        outcome = "ok"
        if self._managed_remotely:
            outcome = "undefinedError"
        elif after == self.state:
            outcome = "nothingToDelete"
        elif self._busy and after.awaiting_refresh is not None:
            outcome = "catBusy"
        else:
            self._memory.update(after, [("delete", profile) for profile in deleted])
        return _result("EuiccMemoryReset", "resetResult", outcome)

    # Notifications

    def list_notification(self, request: dict[str, Any]) -> Tlv:
        """§5.7.9."""
        notification_answers.check_list(self.state.behaviour)
        found = self._of_events(request.get("profileManagementOperation"))
        return _list("ListNotificationResponse", (notification.metadata for notification in found))

    def retrieve_notifications_list(self, request: dict[str, Any]) -> Tlv:
        """§5.7.10. The list is empty if nothing matches."""
        answer = notification_answers.instead(self.state, criterion="searchCriteria" in request)
        if answer is not None:
            return answer
        kind, wanted = request.get("searchCriteria") or ("profileManagementOperation", None)
        if kind == "seqNumber":
            found = [item for item in self.state.notifications if item.sequence_number == wanted]
        else:
            found = self._of_events(wanted)
        return _list("RetrieveNotificationsListResponse", map(self._memory.signer.certified, found))

    def notification_sent(self, request: dict[str, Any]) -> Tlv:
        """§5.7.11."""
        pending = self.state.notifications
        kept = tuple(item for item in pending if item.sequence_number != request["seqNumber"])
        outcome = "ok" if len(kept) < len(pending) else "nothingToDelete"
        if outcome == "ok":
            self._memory.update(replace(self.state, notifications=kept))
        return _result("NotificationSent", "deleteNotificationStatus", outcome)

    # Shared by these functions

    def _own(self, function: str) -> Callable[[bytes], Tlv] | None:
        """The method of this class for a function, taking an undecoded request; None if there is none."""
        method = getattr(self, _snake(function), None)
        return functools.partial(_decoded, f"{function}Request", method) if method else None

    def _members(self, profile: SimulatedProfile) -> tuple[Tlv, ...]:
        return generations.profile_info(self.state.behaviour.generation, profile)

    def _get_certs(self, request: bytes) -> Tlv:
        """GetCerts of SGP.32: the certificates under the CI that the request names (80), or the preferred."""
        named = Tlv.whole(request).child(0x80)
        if named and self._identity.under(named.value) is None:
            return generations.no_certificates()
        return generations.certificates(*self._memory.signer.certificates(named.value.hex() if named else ""))

    @property
    def _managed_remotely(self) -> bool:
        """Whether only an eIM may change profiles (SGP.32)."""
        return self.state.behaviour.generation == "sgp32"

    @property
    def _identity(self) -> CardIdentity:
        return self._memory.signer.identity

    @property
    def _busy(self) -> bool:
        return self._cat_busy or self.state.awaiting_refresh is not None

    def _accepts(self, request: dict[str, Any]) -> bool:
        way = (request["profileIdentifier"][0], request["refreshFlag"])
        return not self._managed_remotely and way in self.state.behaviour.accepted

    def _switch(self, iccid: str, *, refresh: bool) -> None:
        if refresh:
            self._memory.update(replace(self.state, awaiting_refresh=iccid))
        else:
            self._memory.update(*profile_policy.switch(self.state, iccid))

    def _find(self, identifier: tuple[str, bytes]) -> SimulatedProfile | None:
        kind, wanted = identifier
        coded = "coded_iccid" if kind == "iccid" else "coded_aid"
        return next((item for item in self.state.profiles if getattr(item, coded) == wanted), None)

    def _omitted_tags(self) -> set[int]:
        names = schema.member_names("ProfileInfo")
        return {
            schema.member_tag("ProfileInfo", name) for name in self.state.behaviour.omits if name in names
        }

    def _matching(self, criterion: tuple[str, Any] | None) -> Iterable[SimulatedProfile]:
        if criterion is None:
            return self.state.profiles
        kind, wanted = criterion
        if kind == "profileClass":
            wanted = schema.named("ProfileClass", wanted)
            return [profile for profile in self.state.profiles if profile.profile_class == wanted]
        found = self._find((kind, wanted))
        return [found] if found else []

    def _of_events(self, mask: tuple[bytes, int] | None) -> list[SimulatedNotification]:
        events = schema.bits("NotificationEvent", mask) if mask else ()
        return [item for item in self.state.notifications if mask is None or item.event in events]


def _decoded(name: str, method: Callable[[Any], Tlv], request: bytes) -> Tlv:
    return method(schema.decode(name, request))


def _snake(function: str) -> str:
    """The method name of a function: GetEuiccInfo1 is get_euicc_info1, GetRAT is get_rat."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", function).lower()


def _result(function: str, member: str, outcome: str) -> Tlv:
    response = f"{function}Response"
    return schema.encode(response, {member: schema.code(response, outcome)})


def _list(response: str, items: Iterable[Tlv]) -> Tlv:
    """A response with a list (A0) of encoded items."""
    return Tlv.build(schema.tag_of(response), Tlv.build(0xA0, *items))


def _tags(coded: bytes) -> Iterable[int]:
    """The tags of a tag list. Raises ValueError if it ends inside a tag."""
    while coded:
        size = 1
        if coded[0] & 0x1F == 0x1F:
            while size < len(coded) and coded[size] & 0x80:
                size += 1
            size += 1
        if size > len(coded):
            raise ValueError("a tag list ends inside a tag")
        yield int.from_bytes(coded[:size], "big")
        coded = coded[size:]
