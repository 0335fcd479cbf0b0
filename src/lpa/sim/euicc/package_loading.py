"""Carries out the commands of a bound profile package and makes a profile of it (SGP.22 §5.7.6, §2.5.4).

A command that fails raises `LoadingFailed` with the result's names for the command and the reason:

* initialiseSecureChannel: malformed or unusable values are incorrectInputValues.
* Protected commands: a wrong MAC or padding is scp03tSecurityError; contradictory lengths, and content that
  is not the command's TLV, are scp03tStructureError; invalid values are incorrectInputValues.

A profile takes as much memory as its metadata and elements have bytes, plus `OVERHEAD`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from lpa.errors import BadAnswer
from lpa.rsp.codec.ber import Tlv
from lpa.sim import codec as schema
from lpa.sim import store_metadata
from lpa.sim.contents import Contents
from lpa.sim.crypto.bsp import KEY_SIZE, KEY_TYPE, Protection, ProtectionBroken, session_keys, shared_secret
from lpa.sim.euicc import profile_policy, segments
from lpa.sim.euicc.elements import ElementRefused, Elements, out_of_memory
from lpa.sim.euicc.segments import LengthMismatch, Piece, Segments
from lpa.sim.euicc.server_certificates import ServerCheckFailed
from lpa.sim.euicc.server_checks import Prepared
from lpa.sim.euicc.state import CardState
from lpa.sim.simulated_profile import SimulatedProfile
from lpa.sim.wire.card_work import CardWork

OVERHEAD = 1024

_INSTALL = 1  # the one remoteOpId
_SIGNATURE = 0x5F37
_COMMANDS = {
    segments.SECURE_CHANNEL: "initialiseSecureChannel",
    segments.CONFIGURATION: "configureISDP",
    segments.METADATA: "storeMetadata",
    segments.SESSION_KEYS: "replaceSessionKeys",
    segments.ELEMENTS: "loadProfileElements",
}
_STORES_METADATA = ("storeMetadata", "storeMetadata2")


class LoadingFailed(Exception):
    """A package failed. `command`, `reason`: a BppCommandId and an ErrorReason.

    `response`: the EUICCResponse to the elements, if there is one. `iccid`: empty if it is unknown.
    """

    def __init__(self, command: str, reason: str, response: bytes = b"", iccid: str = "") -> None:
        super().__init__(f"{command}: {reason}")
        self.command = command
        self.reason = reason
        self.response = response
        self.iccid = iccid


class Loading:
    """A package that is being loaded. Make one with `begin`. `work` counts what is deciphered and written."""

    def __init__(self, order: Segments, protection: Protection, state: CardState, work: CardWork) -> None:
        self._order = order
        self._protection = protection
        self._state = state
        self._work = work
        self._content = bytearray()  # of a command that is not complete yet
        self._size = OVERHEAD
        self._dp_oid = ""
        self._profile: SimulatedProfile | None = None
        self._elements = Elements(b"", test=False)
        self._commands: dict[int, Callable[[Tlv], None]] = {
            segments.CONFIGURATION: self._configure_isdp,
            segments.METADATA: self._store_metadata,
            segments.SESSION_KEYS: self._replace_session_keys,
        }

    @classmethod
    def begin(cls, segment: bytes, prepared: Prepared, state: CardState, work: CardWork) -> Loading:
        """InitialiseSecureChannel, from the first segment: the header of BF36 and all of BF23.

        Raises BadAnswer for any other segment, and `LoadingFailed`.
        """
        _, announced, rest = segments.read_start(segment)
        channel = Tlv.whole(rest)
        if channel.tag != segments.SECURE_CHANNEL or announced <= len(channel):
            raise BadAnswer("The package does not begin with a secure channel.")
        reason = _configured_failure(state, segments.SECURE_CHANNEL)
        if reason:
            raise LoadingFailed("initialiseSecureChannel", reason)
        protection = _protection(channel, prepared, state.eid, work)
        return cls(Segments(announced, channel), protection, state, work)

    def take(self, segment: bytes) -> SimulatedProfile | None:
        """Load the next segment. The last one returns the profile, which has no AID yet.

        Raises `LoadingFailed`, and StatusWord or BadAnswer as `Segments.pieces` does.
        """
        pieces = self._order.pieces(segment)
        while piece := self._next(pieces):
            self._carry_out(piece)
            if self._profile and piece.part == segments.ELEMENTS and piece.last:
                return self._finished(self._profile)
        return None

    def failure(self, reason: str, response: bytes = b"") -> LoadingFailed:
        """The failure of the current command for `reason`."""
        iccid = self._profile.iccid if self._profile else ""
        return LoadingFailed(_COMMANDS[self._order.part], reason, response, iccid)

    def _next(self, pieces: Iterator[Piece]) -> Piece | None:
        try:
            return next(pieces, None)
        except LengthMismatch as error:
            raise self.failure("scp03tStructureError") from error

    def _carry_out(self, piece: Piece) -> None:
        self._work.count("decipher", len(piece.segment))
        try:
            content = self._protection.content(piece.segment)
        except ProtectionBroken as error:
            raise self.failure("scp03tSecurityError") from error
        self._fail_if_configured(piece.part)
        if piece.part == segments.ELEMENTS:
            self._load_elements(content)
            return
        self._content += content
        if piece.part == segments.METADATA:
            self._demand_memory(len(self._content))
        if piece.last:
            command, self._content = bytes(self._content), bytearray()
            self._commands[piece.part](self._whole(command))

    def _fail_if_configured(self, part: int) -> None:
        reason = _configured_failure(self._state, part)
        if reason:
            command = self._state.behaviour.loading_fails[0]
            raise LoadingFailed(command, reason, iccid=self._profile.iccid if self._profile else "")

    def _whole(self, content: bytes) -> Tlv:
        try:
            return Tlv.whole(content)
        except BadAnswer as error:
            raise self.failure("scp03tStructureError") from error

    def _decoded(self, name: str, command: Tlv) -> dict[str, Any]:
        if command.tag != schema.tag_of(name):
            raise self.failure("scp03tStructureError")
        try:
            value: dict[str, Any] = schema.decode(name, command)
        except BadAnswer as error:
            raise self.failure("incorrectInputValues") from error
        return value

    def _demand_memory(self, more: int = 0, response: bytes = b"") -> None:
        if self._size + more > self._state.free_memory:
            raise self.failure("installFailedDueToInsufficientMemoryForProfile", response)

    # The commands

    def _configure_isdp(self, command: Tlv) -> None:
        self._demand_memory()
        data = self._decoded("ConfigureIsdp", command).get("dpProprietaryData", {})
        self._dp_oid = data.get("dpOid", b"").hex()

    def _store_metadata(self, command: Tlv) -> None:
        metadata = self._decoded("StoreMetadata", command)
        self._size += len(command)
        try:
            profile = store_metadata.profile(metadata, dp_oid=self._dp_oid)
        except (BadAnswer, ValueError) as error:
            raise self.failure("incorrectInputValues") from error
        self._profile = profile
        reason = profile_policy.may_install(self._state, profile)
        if reason != "ok":
            raise self.failure(reason)
        self._work.count("write", len(command))
        self._elements = Elements(profile.coded_iccid, test=profile.profile_class == "test")

    def _replace_session_keys(self, command: Tlv) -> None:
        keys = self._decoded("ReplaceSessionKeys", command)
        self._protection = Protection(keys["initialMacChainingValue"], keys["ppkEnc"], keys["ppkCmac"])

    def _load_elements(self, content: bytes) -> None:
        self._size += len(content)
        self._demand_memory(response=out_of_memory())
        self._work.count("write", len(content))
        try:
            self._elements.add(content)
        except ElementRefused as error:
            raise self.failure(error.reason, error.response) from error

    def _finished(self, profile: SimulatedProfile) -> SimulatedProfile:
        try:
            imsi = self._elements.finish()
        except ElementRefused as error:
            raise self.failure(error.reason, error.response) from error
        if imsi and not imsi.startswith(profile.owner.replace("-", "")):
            raise self.failure("installFailedDueToDataMismatch")
        return replace(profile, size=self._size, contents=Contents(imsi=imsi))


def _protection(channel: Tlv, prepared: Prepared, eid: str, work: CardWork) -> Protection:
    """The session keys of a secure channel (BF23), after all checks of it."""
    try:
        request = schema.decode("InitialiseSecureChannel", channel)
        _check_channel(request, channel, prepared)
        work.count("agree_key")
        secret = shared_secret(prepared.one_time_key.private, request["smdpOtpk"])
    except (_ChannelRefused, ServerCheckFailed) as error:
        raise LoadingFailed("initialiseSecureChannel", error.reason) from error
    except (BadAnswer, ValueError) as error:
        raise LoadingFailed("initialiseSecureChannel", "incorrectInputValues") from error
    return session_keys(secret, request["controlRefTemplate"]["hostId"], bytes.fromhex(eid))


class _ChannelRefused(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _check_channel(request: dict[str, Any], channel: Tlv, prepared: Prepared) -> None:
    template = request["controlRefTemplate"]
    if request["remoteOpId"] != _INSTALL:
        raise _ChannelRefused("unsupportedRemoteOperationType")
    if request["transactionId"] != prepared.authenticated.transaction_id:
        raise _ChannelRefused("invalidTransactionId")
    if (template["keyType"], template["keyLen"]) != (KEY_TYPE, KEY_SIZE):
        raise _ChannelRefused("unsupportedCrtValues")
    own = Tlv.build(0x5F49, prepared.one_time_key.public)
    # What follows the signature is of a later version, and not covered by it.
    members = channel.children
    signed = b"".join(members[: [member.tag for member in members].index(_SIGNATURE)])
    prepared.binding.check(request["smdpSign"], signed + own)


def _configured_failure(state: CardState, part: int) -> str:
    """The reason for which the command in `part` fails by the card's `Behaviour`; "" if it does not."""
    command, reason = state.behaviour.loading_fails or ("", "")
    commands = _STORES_METADATA if part == segments.METADATA else (_COMMANDS[part],)
    return reason if command in commands else ""
