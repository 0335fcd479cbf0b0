"""The eUICC: ES10a, ES10b and ES10c, one method for each function of SGP.22 §5.7.

Every method raises `EuiccRefused` if the card says no, `BadAnswer` if its answer cannot be read, and a
`WireError` if the card cannot be asked. Methods that change the card raise `OutcomeUnknown` instead of the
last two: the command was sent and may have been carried out. Then `restart` and read before anything else.
What belongs to a download says for itself what it raises: until the last segment it changes nothing for good.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from types import TracebackType
from typing import Any, Self

from lpa.card.apdu import LARGEST_BLOCK, Transport
from lpa.card.isdr import ISDR_AIDS, Isdr, raise_refusal
from lpa.errors import BadAnswer, EuiccRefused
from lpa.rsp import bpp
from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.euicc_info import AuthorisationRule, ConfiguredAddresses, EuiccInfo1, EuiccInfo2
from lpa.rsp.installation_result import InstallationResult
from lpa.rsp.listing import Listing
from lpa.rsp.names import Aid, Eid, Iccid
from lpa.rsp.pki.key_identifier import KeyIdentifier
from lpa.rsp.records import LIST_TAGS, Notification, NotificationMetadata, Profile
from lpa.rsp.session import CardProof, ServerProof, Terms

__all__ = ["ISDR_AIDS", "NICKNAME_BYTES", "Euicc", "raise_refusal"]

NICKNAME_BYTES = 64

# How cards that are older than a function answer it: they do not know the object, or the command.
_UNKNOWN_FUNCTION = (0x6A80, 0x6A88, 0x6D00)


class Euicc:
    """An eUICC, opened. Use it in a `with` block, which gives the channel back."""

    def __init__(
        self, transport: Transport, *, aids: Sequence[Aid] = ISDR_AIDS, block_size: int = LARGEST_BLOCK
    ) -> None:
        """Find the ISD-R among `aids`, in that order. Raises `NotAnEuicc` if none of them answers."""
        self._isdr = Isdr(transport, aids=aids, block_size=block_size)
        self._ci_pkids: tuple[KeyIdentifier, ...] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def eid(self) -> Eid:
        """The card's number, read when it was opened (§5.7.20, ES10c.GetEID)."""
        return self._isdr.eid

    @property
    def aid(self) -> Aid:
        """The ISD-R that answered."""
        return self._isdr.aid

    @property
    def longest_request(self) -> int:
        """As many bytes as fit into one command; what is longer raises `WireError` and is not sent."""
        return self._isdr.longest_request

    def ask_eid(self) -> Eid:
        """The number that the card tells now (§5.7.20, ES10c.GetEID)."""
        return self._isdr.ask_eid()

    def close(self) -> None:
        """Give the logical channel back. The transport stays open."""
        self._isdr.close()

    def reopen(self) -> None:
        """Have the card's ISD-R back after the basic channel was used for something else, without a reset."""
        self._isdr.reopen()

    def restart(self) -> None:
        """Reset the card and open it again: after a switch of profiles, or when an answer was lost.

        Raises `CardRemoved` if another card answers then.
        """
        self._isdr.restart()

    # What the card is

    def euicc_info1(self) -> EuiccInfo1:
        """The version it speaks and whom it trusts (§5.7.8, ES10b.GetEUICCInfo)."""
        info = EuiccInfo1.from_tlv(self._isdr.ask("GetEuiccInfo1"))
        self._ci_pkids = info.ci_for_verification
        return info

    def euicc_info2(self) -> EuiccInfo2:
        """Versions, memory, capabilities, certification (§5.7.8, ES10b.GetEUICCInfo)."""
        info = EuiccInfo2.from_tlv(self._isdr.ask("GetEuiccInfo2"))
        # The same list as in EUICCInfo1, which then need not be asked for.
        self._ci_pkids = info.ci_for_verification or self._ci_pkids
        return info

    @property
    def ci_pkids(self) -> tuple[KeyIdentifier, ...]:
        """By which issuers (CI) it verifies servers: as it said while it is open, else it is asked now."""
        if self._ci_pkids is None:
            self.euicc_info1()
        return self._ci_pkids or ()

    def configured_addresses(self) -> ConfiguredAddresses:
        """Its default SM-DP+ and its root SM-DS (§5.7.3, ES10a.GetEuiccConfiguredAddresses)."""
        return ConfiguredAddresses.from_tlv(self._isdr.ask("GetEuiccConfiguredAddresses"))

    def set_default_dp_address(self, address: str) -> None:
        """Set the SM-DP+ to ask for profiles; empty for none (§5.7.4, ES10a.SetDefaultDpAddress)."""
        self._isdr.change("SetDefaultDpAddress", {"defaultDpAddress": address})

    def rules(self) -> tuple[AuthorisationRule, ...]:
        """Which operators may lock their profiles (§5.7.22, ES10b.GetRAT). Empty if the card has no table."""
        try:
            table = self._isdr.call("GetRAT", {})["rat"]
        except BadAnswer as error:
            if error.sw not in _UNKNOWN_FUNCTION:
                raise
            return ()
        return tuple(AuthorisationRule.from_asn1(rule) for rule in table)

    def challenge(self) -> bytes:
        """16 fresh random bytes; they begin a session and end the one before (§5.7.7, ES10b)."""
        challenge = bytes(self._isdr.call("GetEuiccChallenge", {})["euiccChallenge"])
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
        return Listing.of(Profile.from_tlv, self._isdr.listed("GetProfilesInfo", request))

    def enable_profile(self, profile: Iccid | Aid, *, refresh: bool) -> None:
        """Enable a profile, and disable the one in use (§5.7.16, ES10c.EnableProfile).

        `refresh`: whether the card itself makes the device start anew; then the change happens at a reset.
        """
        self._isdr.change(
            "EnableProfile", {"profileIdentifier": _identifier(profile), "refreshFlag": refresh}
        )

    def disable_profile(self, profile: Iccid | Aid, *, refresh: bool) -> None:
        """Disable the profile in use (§5.7.17, ES10c.DisableProfile). `refresh` as in `enable_profile`."""
        self._isdr.change(
            "DisableProfile", {"profileIdentifier": _identifier(profile), "refreshFlag": refresh}
        )

    def delete_profile(self, profile: Iccid | Aid) -> None:
        """Delete a disabled profile, for ever (§5.7.18, ES10c.DeleteProfile)."""
        self._isdr.change("DeleteProfile", _identifier(profile))

    def set_nickname(self, iccid: Iccid, nickname: str) -> None:
        """Name a profile; empty to take the name away (§5.7.21, ES10c.SetNickname).

        Raises ValueError if `nickname` is longer than 64 bytes of UTF-8: about 21 Chinese characters.
        """
        size = len(nickname.encode())
        if size > NICKNAME_BYTES:
            raise ValueError(f"a nickname has at most {NICKNAME_BYTES} bytes; this one has {size}")
        self._isdr.change("SetNickname", {"iccid": iccid.coded, "profileNickname": nickname})

    def memory_reset(self, options: Iterable[str]) -> None:
        """Delete many profiles at once (§5.7.19, ES10c.eUICCMemoryReset).

        `options`: of "deleteOperationalProfiles", "deleteFieldLoadedTestProfiles",
        "resetDefaultSmdpAddress". Enabled profiles go too, and policy rules do not protect them.
        """
        self._isdr.change("EuiccMemoryReset", {"resetOptions": schema.from_bits("ResetOptions", options)})

    # Notifications

    def list_notifications(self, events: Collection[str] = ()) -> Listing[NotificationMetadata]:
        """What servers have yet to hear, unsigned: all, or `events` (§5.7.9, ES10b.ListNotification)."""
        request = (
            {"profileManagementOperation": schema.from_bits("NotificationEvent", events)} if events else {}
        )
        return Listing.of(NotificationMetadata.from_tlv, self._isdr.listed("ListNotification", request))

    def retrieve_notifications(self, events: Collection[str] = ()) -> Listing[Notification]:
        """The signed notifications of all events, or `events` (§5.7.10, ES10b.RetrieveNotificationsList)."""
        bits = schema.from_bits("NotificationEvent", events)
        return self._retrieve({"searchCriteria": ("profileManagementOperation", bits)} if events else {})

    def retrieve_notification(self, sequence_number: int) -> Notification | None:
        """One signed notification, None if the card no longer has it (§5.7.10)."""
        found = self._retrieve({"searchCriteria": ("seqNumber", sequence_number)})
        if found.unreadable:
            raise BadAnswer(
                f"Notification {sequence_number} cannot be read: {found.unreadable[0].hex()[:40]}."
            )
        return next((item for item in found if item.metadata.sequence_number == sequence_number), None)

    def notification_sent(self, sequence_number: int) -> None:
        """Have the card forget a notification (§5.7.11, ES10b.RemoveNotificationFromList).

        Only after the server acknowledged it: nobody can make the card sign it again. A card that no longer
        has it is as good.
        """
        try:
            self._isdr.change("NotificationSent", {"seqNumber": sequence_number})
        except EuiccRefused as refused:
            if refused.reason != "nothingToDelete":
                raise

    # Download

    def authenticate_server(self, proof: ServerProof, context: dict[str, Any]) -> CardProof:
        """Have the card check a server and prove itself (§5.7.13, ES10b.AuthenticateServer).

        `context`: a CtxParamsForCommonAuthentication. A card that refuses answers too: its answer is for the
        server, and `raise_refusal` for us.
        """
        ctx = schema.encode("CtxParams1", ("ctxParamsForCommonAuthentication", context))
        parts = (proof.signed, proof.signature, proof.key, proof.certificate, ctx)
        return CardProof(self._carry("AuthenticateServer", *parts))

    def prepare_download(self, terms: Terms, hashed_code: bytes = b"") -> Tlv:
        """Have the card accept the terms and make a one-time key (§5.7.14, ES10b.PrepareDownload).

        `hashed_code`: of the confirmation code, 32 bytes, or nothing. A refusal is an answer as above.
        """
        code = (Tlv.build(0x04, hashed_code),) if hashed_code else ()
        return self._carry("PrepareDownload", terms.signed, terms.signature, *code, terms.certificate)

    def load_segment(self, segment: bytes | memoryview) -> InstallationResult | None:
        """Hand over a piece of a bound profile package (§5.7.6, ES10b.LoadBoundProfilePackage).

        The result as soon as there is one; then nothing more may be sent. Raises `BadAnswer` if the card does
        not take the segment, and a `WireError` if its answer is lost: then only a look at the card helps.
        """
        result = bpp.result(self._isdr.exchange(segment))
        return InstallationResult.from_tlv(result) if result else None

    def cancel_session(self, transaction_id: bytes, reason: str) -> Tlv:
        """End a download (§5.7.5, ES10b.CancelSession). The signed answer is for the server.

        `reason`: a CancelSessionReason such as "endUserRejection".
        """
        code = schema.code("CancelSessionReason", reason)
        answer = self._isdr.ask("CancelSession", {"transactionId": transaction_id, "reason": code})
        raise_refusal("CancelSession", schema.decode("CancelSessionResponse", answer))
        return answer

    def _carry(self, function: str, *parts: bytes) -> Tlv:
        """The answer to a request that consists of what others made; nothing in it is coded anew."""
        answer = Tlv.whole(self._isdr.exchange(Tlv.build(schema.tag_of(f"{function}Request"), *parts)))
        schema.decode(f"{function}Response", answer)
        return answer

    def _retrieve(self, request: Any) -> Listing[Notification]:
        try:
            items = self._isdr.listed("RetrieveNotificationsList", request)
        except EuiccRefused as refused:
            if refused.reason != "noResultAvailable":  # how version 2.0 said that the list is empty
                raise
            return Listing()
        return Listing.of(Notification.from_tlv, items)


def _identifier(profile: Iccid | Aid) -> tuple[str, bytes]:
    return ("iccid" if isinstance(profile, Iccid) else "isdpAid", profile.coded)
