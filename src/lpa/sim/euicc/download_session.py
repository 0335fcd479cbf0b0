"""The card's side of a download session (SGP.22 §5.7.5 to §5.7.7, §5.7.13, §5.7.14): one until a reset.

```
           GetEuiccChallenge    AuthenticateServer    PrepareDownload   BF36 BF23
(nothing) ------------------> C ----------------> A -----------------> P --------> loading --> (nothing)
```
GetEuiccChallenge starts a new session in any state. CancelSession ends A, P and loading. A refused function
leaves the state as it was; a package that fails ends the session, with a result. A reset ends the session and
keeps only the one-time keys of packages that have not been loaded. The session does not belong to a channel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lpa.rsp.codec.ber import Tlv
from lpa.sim import codec as schema
from lpa.sim.crypto.pki import Randomness
from lpa.sim.euicc import card_info, results, segments
from lpa.sim.euicc.command_apdu import CONDITIONS_NOT_SATISFIED, StatusWord
from lpa.sim.euicc.nonvolatile_memory import NonVolatileMemory
from lpa.sim.euicc.one_time_keys import OneTimeKey
from lpa.sim.euicc.package_loading import Loading, LoadingFailed
from lpa.sim.euicc.server_certificates import ServerCertificate, ServerCheckFailed
from lpa.sim.euicc.server_checks import (
    Authenticated,
    Challenged,
    Prepared,
    SessionState,
    check_binding,
    check_server,
)
from lpa.sim.euicc.state import CardState
from lpa.sim.simulated_profile import SimulatedProfile

_CONTEXT = 0xA0
_REPEATED = (0x80, 0x83, 0x84)  # transactionId, serverAddress, serverChallenge: same tags in both structures
# After these reasons the server may send the same package again, bound to the same one-time key (§5.7.14).
_RETRYABLE = ("postponed", "timeout")


class DownloadSession:
    """Carries out the functions of a download. `functions`: by name, each for an undecoded request."""

    def __init__(self, memory: NonVolatileMemory, randomness: Randomness) -> None:
        self._memory = memory
        self._randomness = randomness
        self._session: SessionState = None
        self._loading: Loading | None = None
        self.functions: dict[str, Callable[[bytes], Tlv]] = {
            "GetEuiccChallenge": self.get_euicc_challenge,
            "AuthenticateServer": self.authenticate_server,
            "PrepareDownload": self.prepare_download,
            "CancelSession": self.cancel_session,
        }
        self.ends_loading = {
            schema.tag_of(f"{name}Request") for name in ("GetEuiccChallenge", "CancelSession")
        }

    @property
    def loading(self) -> bool:
        """Whether a package is being loaded: most other functions are refused then."""
        return self._loading is not None

    def power_up(self) -> None:
        """End the session at the start of a card session. Raises OSError if its result cannot be stored."""
        loading, self._loading = self._loading, None
        prepared, self._session = self._session, None
        reports = self._memory.state.behaviour.reports_interruption
        if reports and loading and isinstance(prepared, Prepared):
            self._fail(prepared, loading.failure("installFailedDueToInterruption"))

    def get_euicc_challenge(self, request: bytes) -> Tlv:
        """§5.7.7: start a new session with 16 random bytes."""
        schema.decode("GetEuiccChallengeRequest", request)
        challenge = self._randomness(16)
        self._session, self._loading = Challenged(challenge), None
        return schema.encode("GetEuiccChallengeResponse", {"euiccChallenge": challenge})

    def authenticate_server(self, request: bytes) -> Tlv:
        """§5.7.13. The card signs with its key under the CI that the server names."""
        asked = schema.decode("AuthenticateServerRequest", request)
        signed = schema.decode("ServerSigned1", asked["serverSigned1"])
        try:
            signer = self._memory.signer
            server = check_server(asked, signed, self._session, signer.identity, signer.work)
        except ServerCheckFailed as failure:
            return _refused("AuthenticateServer", "authenticate", signed["transactionId"], failure)
        issuer = asked["euiccCiPKIdToBeUsed"].hex()
        euicc_signed1 = self._euicc_signed1(Tlv.whole(asked["serverSigned1"]), Tlv.whole(request))
        signature = self._memory.signer.signature(euicc_signed1, issuer)
        self._session = Authenticated(
            signed["transactionId"], server, signed["serverAddress"], issuer, signature
        )
        ok = Tlv.build(0xA0, euicc_signed1, signature, *self._memory.signer.certificates(issuer))
        return Tlv.build(schema.tag_of("AuthenticateServerResponse"), ok)

    def _euicc_signed1(self, server_signed1: Tlv, request: Tlv) -> Tlv:
        """The server's values, EUICCInfo2 and ctxParams1. The last is copied undecoded, because a later
        version may have members in it that this card does not know."""
        repeated = (server_signed1.child(tag) for tag in _REPEATED)
        info = card_info.euicc_info2(self._memory.state, self._memory.signer.identity)
        parts = (*repeated, schema.encode("GetEuiccInfo2Response", info), request.child(_CONTEXT))
        return Tlv.build(0x30, *(part for part in parts if part))

    def prepare_download(self, request: bytes) -> Tlv:
        """§5.7.14. The one-time key is kept until a package uses it or the session is cancelled for good."""
        asked = schema.decode("PrepareDownloadRequest", request)
        signed = schema.decode("SmdpSigned2", asked["smdpSigned2"])
        try:
            signer = self._memory.signer
            session, binding = check_binding(asked, signed, self._session, signer.identity, signer.work)
        except ServerCheckFailed as failure:
            return _refused("PrepareDownload", "download", signed["transactionId"], failure)
        key = self._one_time_key(binding, signed.get("bppEuiccOtpk"))
        members = {"transactionId": session.transaction_id, "euiccOtpk": key.public}
        code = {"hashCc": asked["hashCc"]} if "hashCc" in asked else {}
        euicc_signed2 = schema.encode("EuiccSigned2", members | code)
        smdp_signature = Tlv.build(0x5F37, asked["smdpSignature2"])
        signature = self._memory.signer.signature(euicc_signed2 + smdp_signature, session.issuer)
        self._session = Prepared(session, binding, key)
        return Tlv.build(schema.tag_of("PrepareDownloadResponse"), Tlv.build(0xA0, euicc_signed2, signature))

    def _one_time_key(self, binding: ServerCertificate, wanted: bytes | None) -> OneTimeKey:
        """The key that the server's package is already bound to, if the card still has it; else a new one."""
        curve = binding.key.curve
        for kept in self._memory.state.one_time_keys:
            if kept.fits(binding.oid, curve) and kept.public == wanted:
                return kept
        self._memory.signer.work.count("generate_key")
        key = OneTimeKey.generate(binding.oid, curve, self._randomness)
        self._memory.update(self._memory.state.with_key(key))
        return key

    def cancel_session(self, request: bytes) -> Tlv:
        """§5.7.5. A partly loaded package is discarded without a result."""
        asked = schema.decode("CancelSessionRequest", request)
        prepared = self._session if isinstance(self._session, Prepared) else None
        session = prepared.authenticated if prepared else self._session
        if not isinstance(session, Authenticated) or asked["transactionId"] != session.transaction_id:
            error = schema.code("CancelSessionResponse", "invalidTransactionId")
            return schema.encode("CancelSessionResponse", ("cancelSessionResponseError", error))
        if prepared and schema.named("CancelSessionReason", asked["reason"]) not in _RETRYABLE:
            self._delete_key(prepared.one_time_key)
        self._session, self._loading = None, None
        signed = schema.encode("EuiccCancelSessionSigned", {**asked, "smdpOid": session.server.oid})
        signature = self._memory.signer.signature(signed, session.issuer)
        return Tlv.build(schema.tag_of("CancelSessionResponse"), Tlv.build(0xA0, signed, signature))

    def load(self, segment: bytes) -> bytes:
        """§5.7.6: load the next segment of a package. Returns the result (BF37) if it ends the package."""
        prepared = self._session
        if not isinstance(prepared, Prepared):
            raise StatusWord(CONDITIONS_NOT_SATISFIED)
        try:
            begins = self._loading is None
            self._loading = loading = self._loading or self._begin(segment, prepared)
            if reason := self._memory.conditions.take_loading_refusal():
                raise loading.failure(reason)
            profile = None if begins else loading.take(segment)
        except LoadingFailed as failure:
            return self._fail(prepared, failure)
        return self._succeed(prepared, profile) if profile else b""

    def _begin(self, segment: bytes, prepared: Prepared) -> Loading:
        if segments.read_start(segment).tag != segments.PACKAGE:
            raise StatusWord(CONDITIONS_NOT_SATISFIED)
        loading = Loading.begin(segment, prepared, self._memory.state, self._memory.signer.work)
        self._delete_key(prepared.one_time_key)
        return loading

    def _delete_key(self, key: OneTimeKey) -> None:
        self._memory.update(self._memory.state.without_key(key))

    def _succeed(self, prepared: Prepared, profile: SimulatedProfile) -> Tlv:
        state, issuer = self._memory.state, prepared.authenticated.issuer
        installed = replace(profile, aid=state.free_aid, issuer=issuer)
        outcome = results.success(installed)
        return self._end(prepared, state.with_profile(installed), installed.iccid, outcome)

    def _fail(self, prepared: Prepared, failure: LoadingFailed) -> Tlv:
        return self._end(prepared, self._memory.state, failure.iccid, results.failure(failure))

    def _end(self, prepared: Prepared, state: CardState, iccid: str, outcome: results.Outcome) -> Tlv:
        """Sign the result, store it together with the state that it reports, and end the session."""
        signer = self._memory.signer
        notification = results.notification(signer, state, prepared, iccid, outcome)
        self._memory.update(state.with_notification(notification))
        self._session, self._loading = None, None
        return signer.certified(notification)


def _refused(function: str, prefix: str, transaction_id: bytes, failure: ServerCheckFailed) -> Tlv:
    """An error response, whose members share a prefix (downloadResponseError, downloadErrorCode)."""
    code = schema.code(f"{prefix.capitalize()}ErrorCode", failure.reason)
    members = {"transactionId": transaction_id, f"{prefix}ErrorCode": ("written", code)}
    return schema.encode(f"{function}Response", (f"{prefix}ResponseError", members))
