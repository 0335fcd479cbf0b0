"""The eUICC: ES10a, ES10b and ES10c, one method for each function of SGP.22 §5.7.

Every method raises `EuiccRefused` if the card refuses, `BadAnswer` if its answer is malformed, and a
`WireError` if the card cannot be reached. A method that changes the card raises `OutcomeUnknown` instead of
the last two: the command was sent and may have been executed. Then `restart` and read before anything else.
The functions of a download document their own errors: until the last segment they change nothing permanently.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from lpa import redaction
from lpa.card.isdr import IsdrSession, raise_refusal
from lpa.card.isdr_search import ISDR_AIDS
from lpa.errors import BadAnswer, EuiccRefused
from lpa.rsp import steps
from lpa.rsp.arguments import expect
from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.listing import Listing
from lpa.rsp.names import Aid, Iccid
from lpa.rsp.records import (
    LIST_TAGS,
    NEWER_TAGS,
    Notification,
    NotificationMetadata,
    Profile,
    ProfileClass,
)

if TYPE_CHECKING:  # What one function alone returns is imported there: most sessions ask for none of it.
    from lpa.rsp.eim import Eim
    from lpa.rsp.euicc_info import AuthorisationRule, ConfiguredAddresses, EuiccInfo1, EuiccInfo2
    from lpa.rsp.installation_result import InstallationResult
    from lpa.rsp.pki.key_identifier import KeyIdentifier
    from lpa.rsp.session import CardProof, ServerProof, Terms

__all__ = ["ISDR_AIDS", "NICKNAME_BYTES", "Euicc", "raise_refusal"]

_log = redaction.logger(__name__)

NICKNAME_BYTES = 64

# The status of cards that are older than a function: unknown data object, or unknown instruction.
_UNKNOWN_FUNCTION = (0x6A80, 0x6A88, 0x6D00)
_UNKNOWN_TAGS = (0x6A80, 0x6A88)


def first_profiles(tags: bytes = LIST_TAGS) -> bytes:
    """The request of `Euicc.profiles`, to begin a session with (`first`)."""
    return schema.encode("GetProfilesInfoRequest", {"tagList": tags})


def first_info1() -> bytes:
    """The request of `Euicc.euicc_info1`, to begin a session with (`first`)."""
    return schema.encode("GetEuiccInfo1Request", {})


def first_notifications() -> bytes:
    """The request of `Euicc.list_notifications`, to begin a session with (`first`)."""
    return schema.encode("ListNotificationRequest", {})


class Euicc(IsdrSession):
    """An eUICC: the ES10 functions, on an open session with its ISD-R."""

    _ci_pkids: tuple[KeyIdentifier, ...] | None = None
    _takes_newer_tags = True
    last_number: int | None = None
    """The highest number of the notifications that the card listed or gave in this session.

    -1 if it listed none. None if it did not list them all.
    """

    # Information

    def euicc_info1(self) -> EuiccInfo1:
        """Its SGP.22 version and trusted CI keys (§5.7.8, ES10b.GetEUICCInfo)."""
        from lpa.rsp.euicc_info import EuiccInfo1

        info = EuiccInfo1.from_tlv(self.ask("GetEuiccInfo1"))
        self._ci_pkids = info.ci_for_verification
        return info

    def euicc_info2(self) -> EuiccInfo2:
        """Versions, memory, capabilities, certification (§5.7.8, ES10b.GetEUICCInfo)."""
        from lpa.rsp.euicc_info import EuiccInfo2

        info = EuiccInfo2.from_tlv(self.ask("GetEuiccInfo2"))
        # The same list as in EUICCInfo1, which then need not be read.
        self._ci_pkids = info.ci_for_verification or self._ci_pkids
        return info

    @property
    def ci_pkids(self) -> tuple[KeyIdentifier, ...]:
        """Its trusted CI keys, by which it verifies servers: read once in a session."""
        if self._ci_pkids is None:
            self.euicc_info1()
        return self._ci_pkids or ()

    def configured_addresses(self) -> ConfiguredAddresses:
        """Its default SM-DP+ and its root SM-DS (§5.7.3, ES10a.GetEuiccConfiguredAddresses)."""
        from lpa.rsp.euicc_info import ConfiguredAddresses

        return ConfiguredAddresses.from_tlv(self.ask("GetEuiccConfiguredAddresses"))

    def set_default_dp_address(self, address: str) -> None:
        """Set the default SM-DP+; empty for none (§5.7.4, ES10a.SetDefaultDpAddress)."""
        self.change("SetDefaultDpAddress", {"defaultDpAddress": address})

    def rules(self) -> tuple[AuthorisationRule, ...]:
        """Its Rules Authorisation Table (§5.7.22, ES10b.GetRAT). Empty if the card does not support it."""
        from lpa.rsp.euicc_info import AuthorisationRule

        try:
            table = self.call("GetRAT", {})["rat"]
        except BadAnswer as error:
            if error.sw not in _UNKNOWN_FUNCTION:
                raise
            return ()
        return tuple(AuthorisationRule.from_asn1(rule) for rule in table)

    def eims(self) -> Listing[Eim]:
        """The remote managers (eIM) of an IoT card (SGP.32, ES10b.GetEimConfigurationData).

        Empty if the card does not support the function.
        """
        from lpa.rsp.eim import Eim

        try:
            items = self.listed("GetEimConfigurationData", {})
        except BadAnswer as error:
            if error.sw not in _UNKNOWN_FUNCTION:
                raise
            return Listing()
        return Listing.of(Eim.from_tlv, items)

    def challenge(self) -> bytes:
        """16 random bytes, which start a new download session (§5.7.7, ES10b.GetEUICCChallenge)."""
        challenge = bytes(self.call("GetEuiccChallenge", {})["euiccChallenge"])
        if len(challenge) != 16:
            raise BadAnswer(f"The card's challenge has {len(challenge)} bytes, not 16.")
        return challenge

    # Profiles

    def profiles(
        self,
        tags: bytes = LIST_TAGS,
        *,
        only: Iccid | Aid | None = None,
        profile_class: ProfileClass | None = None,
    ) -> Listing[Profile]:
        """The profiles on the card (§5.7.15, ES10c.GetProfilesInfo).

        `tags`: the members to report, see `lpa.rsp.records`. `only` this profile, or only those of a class.
        Empty if there is none. A card that refuses the tags of version 3 is asked again without them.
        """
        request: dict[str, Any] = {}
        if only is not None:
            request["searchCriteria"] = _identifier(only)
        elif profile_class is not None:
            request["searchCriteria"] = ("profileClass", schema.code("ProfileClass", profile_class))
        return Listing.of(Profile.from_tlv, self._listed_profiles(tags, request))

    def _listed_profiles(self, tags: bytes, request: dict[str, Any]) -> Tlv:
        steps.report("GetProfilesInfo")
        older = tags.removesuffix(NEWER_TAGS)
        if self._takes_newer_tags:
            try:
                return self.listed("GetProfilesInfo", request | {"tagList": tags})
            except (BadAnswer, EuiccRefused) as error:
                if older == tags or not _refuses_tags(error):
                    raise
        found = self.listed("GetProfilesInfo", request | {"tagList": older})
        self._takes_newer_tags = False
        return found

    def restart_to_list(self, tags: bytes) -> Listing[Profile]:
        """Restart, and list the profiles (`tags`). `confirm` then says whether it is the same card.

        If the connection breaks off once, both are repeated.
        """
        self.restart(first_profiles(tags if self._takes_newer_tags else tags.removesuffix(NEWER_TAGS)))
        return self.read_again(lambda: self.profiles(tags))

    def enable_profile(self, profile: Iccid | Aid, *, refresh: bool) -> None:
        """Enable a profile, and disable the enabled one (§5.7.16, ES10c.EnableProfile).

        `refresh`: whether the card makes the device restart it (REFRESH); the change then happens at a reset.
        """
        self._switch("EnableProfile", profile, refresh=refresh)

    def disable_profile(self, profile: Iccid | Aid, *, refresh: bool) -> None:
        """Disable the enabled profile (§5.7.17, ES10c.DisableProfile). `refresh` as in `enable_profile`."""
        self._switch("DisableProfile", profile, refresh=refresh)

    def _switch(self, function: str, profile: Iccid | Aid, *, refresh: bool) -> None:
        self.change(function, {"profileIdentifier": _identifier(profile), "refreshFlag": refresh})
        if not (refresh or self.can_reset):
            _log.warning(
                "The card has switched without REFRESH: restart the modem or phone, so that it notices."
            )

    def delete_profile(self, profile: Iccid | Aid) -> None:
        """Delete a disabled profile permanently (§5.7.18, ES10c.DeleteProfile)."""
        self.change("DeleteProfile", _identifier(profile))

    def set_nickname(self, iccid: Iccid, nickname: str) -> None:
        """Set the nickname of a profile; empty to remove it (§5.7.21, ES10c.SetNickname).

        Raises ValueError if `nickname` is longer than 64 bytes of UTF-8: about 21 Chinese characters.
        """
        expect("nickname", nickname, str)
        size = len(nickname.encode())
        if size > NICKNAME_BYTES:
            raise ValueError(f"a nickname has at most {NICKNAME_BYTES} bytes; this one has {size}")
        self.change("SetNickname", {"iccid": iccid.coded, "profileNickname": nickname})

    def memory_reset(self, options: Iterable[str]) -> None:
        """Delete many profiles at once (§5.7.19, ES10c.eUICCMemoryReset).

        `options`: any of "deleteOperationalProfiles", "deleteFieldLoadedTestProfiles",
        "resetDefaultSmdpAddress". Enabled profiles are deleted, too, and policy rules protect none.
        """
        self.change("EuiccMemoryReset", {"resetOptions": schema.from_bits("ResetOptions", options)})

    # Notifications

    def list_notifications(self, events: Collection[str] = ()) -> Listing[NotificationMetadata]:
        """The metadata of all pending notifications, or of `events` (§5.7.9, ES10b.ListNotification)."""
        request = (
            {"profileManagementOperation": schema.from_bits("NotificationEvent", events)} if events else {}
        )
        steps.report("ListNotification")
        found = Listing.of(NotificationMetadata.from_tlv, self.listed("ListNotification", request))
        if not events:
            self._note_numbers(found, found.unreadable)
        return found

    def retrieve_notifications(self, events: Collection[str] = ()) -> Listing[Notification]:
        """All signed notifications, or those of `events` (§5.7.10, ES10b.RetrieveNotificationsList)."""
        bits = schema.from_bits("NotificationEvent", events)
        found = self._retrieve({"searchCriteria": ("profileManagementOperation", bits)} if events else {})
        if not events:
            self._note_numbers((one.metadata for one in found), found.unreadable)
        return found

    def retrieve_notification(self, sequence_number: int) -> Notification | None:
        """A signed notification, None if the card no longer has it (§5.7.10)."""
        found = self._retrieve({"searchCriteria": ("seqNumber", sequence_number)})
        if found.unreadable:
            raise BadAnswer(
                f"Notification {sequence_number} cannot be read: {found.unreadable[0].hex()[:40]}."
            )
        given = next((item for item in found if item.metadata.sequence_number == sequence_number), None)
        if given and self.last_number is not None:
            self.last_number = max(self.last_number, sequence_number)
        return given

    def notification_sent(self, sequence_number: int) -> None:
        """Remove a notification from the card (§5.7.11, ES10b.RemoveNotificationFromList).

        Only after the server acknowledged it, since the card will not sign it again. If the card no longer
        has it, nothing is raised.
        """
        try:
            self.change("NotificationSent", {"seqNumber": sequence_number})
        except EuiccRefused as refused:
            if refused.reason != "nothingToDelete":
                raise

    # Download

    def authenticate_server(self, proof: ServerProof, context: dict[str, Any]) -> CardProof:
        """Have the card verify a server and prove its own identity (§5.7.13, ES10b.AuthenticateServer).

        `context`: a CtxParamsForCommonAuthentication. A refusal is not raised, since the server needs it:
        forward the answer, then use `raise_refusal`.
        """
        from lpa.rsp.session import CardProof

        ctx = schema.encode("CtxParams1", ("ctxParamsForCommonAuthentication", context))
        parts = (proof.signed, proof.signature, proof.key, proof.certificate, ctx)
        return CardProof(self._forward("AuthenticateServer", *parts))

    def prepare_download(self, terms: Terms, hashed_code: bytes = b"") -> Tlv:
        """Have the card verify the terms and make a one-time key (§5.7.14, ES10b.PrepareDownload).

        `hashed_code`: the hash of the confirmation code, 32 bytes, or empty. Refusals as in
        `authenticate_server`.
        """
        tag = schema.member_tag("PrepareDownloadRequest", "hashCc")
        code = (Tlv.build(tag, hashed_code),) if hashed_code else ()
        return self._forward("PrepareDownload", terms.signed, terms.signature, *code, terms.certificate)

    def load_segment(self, segment: bytes | memoryview) -> InstallationResult | None:
        """Send a segment of a bound profile package (§5.7.6, ES10b.LoadBoundProfilePackage).

        The installation result, once there is one; then no further segment may be sent. Raises `BadAnswer` if
        the card rejects the segment, and a `WireError` if its answer is lost: then only reading the card
        shows whether the profile is installed.
        """
        from lpa.rsp import bpp
        from lpa.rsp.installation_result import InstallationResult

        result = bpp.result(self.exchange(segment))
        return InstallationResult.from_tlv(result) if result else None

    def cancel_session(self, transaction_id: bytes, reason: str) -> Tlv:
        """End a download session: the signed answer for the server (§5.7.5, ES10b.CancelSession).

        `reason`: a CancelSessionReason such as "endUserRejection".
        """
        code = schema.code("CancelSessionReason", reason)
        steps.report(steps.CANCEL_ON_CARD)
        answer = self.ask("CancelSession", {"transactionId": transaction_id, "reason": code})
        raise_refusal("CancelSession", schema.decode("CancelSessionResponse", answer))
        return answer

    def _forward(self, function: str, *parts: bytes) -> Tlv:
        """The answer to a request that consists of coded parts, which are sent unchanged."""
        steps.report(function)
        answer = Tlv.whole(self.exchange(Tlv.build(schema.tag_of(f"{function}Request"), *parts)))
        schema.decode(f"{function}Response", answer)
        return answer

    def _note_numbers(self, found: Iterable[NotificationMetadata], unreadable: Collection[Tlv]) -> None:
        last = max((one.sequence_number for one in found), default=-1)
        self.last_number = None if unreadable else last

    def _retrieve(self, request: Any) -> Listing[Notification]:
        steps.report("RetrieveNotificationsList")
        try:
            items = self.listed("RetrieveNotificationsList", request)
        except EuiccRefused as refused:
            if refused.reason != "noResultAvailable":  # an empty list in version 2.0
                raise
            return Listing()
        return Listing.of(Notification.from_tlv, items)


def _refuses_tags(error: BadAnswer | EuiccRefused) -> bool:
    """Whether a card may have refused GetProfilesInfo because it does not know one of the tags."""
    if isinstance(error, EuiccRefused):
        return error.reason == "incorrectInputValues"
    return error.sw in _UNKNOWN_TAGS


def _identifier(profile: Iccid | Aid) -> tuple[str, bytes]:
    return ("iccid" if isinstance(profile, Iccid) else "isdpAid", profile.coded)
