"""The download session of the card (SGP.22 §5.7.6, §5.7.7, §5.7.13, §5.7.14): one at a time, until a reset.

```
           GetEuiccChallenge    AuthenticateServer    PrepareDownload   BF36 BF23
(nothing) ------------------> C ----------------> A -----------------> P --------> loading --> (nothing)
```
GetEuiccChallenge begins anew wherever it comes. CancelSession ends A, P and loading. What is refused leaves
the session where it was, except a package that fails: that ends it, with a result. A reset ends all of it;
only one-time keys that no package came for are kept, and the session belongs to no channel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv
from lpa.sim.crypto.pki import Randomness
from lpa.sim.euicc import card_info, results, segments
from lpa.sim.euicc.command_apdu import CONDITIONS_NOT_SATISFIED, StatusWord
from lpa.sim.euicc.lasting_memory import Memory
from lpa.sim.euicc.one_time_keys import OneTimeKey
from lpa.sim.euicc.package_loading import Loading, LoadingFailed
from lpa.sim.euicc.server_certificates import Objection, ServerCertificate
from lpa.sim.euicc.server_checks import (
    Authenticated,
    Challenged,
    Prepared,
    Session,
    check_binding,
    check_server,
)
from lpa.sim.euicc.state import CardState
from lpa.sim.simulated_profile import SimulatedProfile

_CONTEXT = 0xA0
_SAID_AGAIN = (0x80, 0x83, 0x84)  # transactionId, serverAddress, serverChallenge: in both under these tags
# After these the server may send the same package again, bound to the same one-time key (§5.7.14).
_COMES_AGAIN = ("postponed", "timeout")


class Download:
    """Answers what belongs to a download. `functions`: by name, each for an undecoded request."""

    def __init__(self, memory: Memory, randomness: Randomness) -> None:
        self._memory = memory
        self._randomness = randomness
        self._session: Session = None
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
        """Whether a package is coming: few other functions are carried out then."""
        return self._loading is not None

    def power_up(self) -> None:
        """A card session begins: there is no download. Raises OSError if its end cannot be kept."""
        loading, self._loading = self._loading, None
        prepared, self._session = self._session, None
        tells = self._memory.state.behaviour.reports_interruption
        if tells and loading and isinstance(prepared, Prepared):
            self._fail(prepared, loading.failure("installFailedDueToInterruption"))

    def get_euicc_challenge(self, request: bytes) -> Tlv:
        """§5.7.7: 16 fresh random bytes, which begin a new session."""
        schema.decode("GetEuiccChallengeRequest", request)
        challenge = self._randomness(16)
        self._session, self._loading = Challenged(challenge), None
        return schema.encode("GetEuiccChallengeResponse", {"euiccChallenge": challenge})

    def authenticate_server(self, request: bytes) -> Tlv:
        """§5.7.13. The card signs under the CI that the server wants to know it by."""
        asked = schema.decode("AuthenticateServerRequest", request)
        signed = schema.decode("ServerSigned1", asked["serverSigned1"])
        try:
            server = check_server(asked, signed, self._session, self._memory.notary.identity)
        except Objection as objection:
            return _refused("AuthenticateServer", "authenticate", signed["transactionId"], objection)
        issuer = asked["euiccCiPKIdToBeUsed"].hex()
        euicc_signed1 = self._euicc_signed1(Tlv.whole(asked["serverSigned1"]), Tlv.whole(request))
        signature = self._memory.notary.signature(euicc_signed1, issuer)
        self._session = Authenticated(
            signed["transactionId"], server, signed["serverAddress"], issuer, signature
        )
        ok = Tlv.build(0xA0, euicc_signed1, signature, *self._memory.notary.certificates(issuer))
        return Tlv.build(schema.tag_of("AuthenticateServerResponse"), ok)

    def _euicc_signed1(self, server_signed1: Tlv, request: Tlv) -> Tlv:
        """What the server said, what the card is, and in which context: the last as it came, for a later
        version may say more in it than this card understands."""
        said = (server_signed1.child(tag) for tag in _SAID_AGAIN)
        told = card_info.euicc_info2(self._memory.state, self._memory.notary.identity)
        euicc_info2 = schema.encode("GetEuiccInfo2Response", told)
        parts = (*said, euicc_info2, request.child(_CONTEXT))
        return Tlv.build(0x30, *(part for part in parts if part))

    def prepare_download(self, request: bytes) -> Tlv:
        """§5.7.14. The one-time key lasts until a package was bound to it, or the session is cancelled."""
        asked = schema.decode("PrepareDownloadRequest", request)
        signed = schema.decode("SmdpSigned2", asked["smdpSigned2"])
        try:
            session, binding = check_binding(asked, signed, self._session, self._memory.notary.identity)
        except Objection as objection:
            return _refused("PrepareDownload", "download", signed["transactionId"], objection)
        key = self._one_time_key(binding, signed.get("bppEuiccOtpk"))
        members = {"transactionId": session.transaction_id, "euiccOtpk": key.public}
        code = {"hashCc": asked["hashCc"]} if "hashCc" in asked else {}
        euicc_signed2 = schema.encode("EuiccSigned2", members | code)
        answered = Tlv.build(0x5F37, asked["smdpSignature2"])
        signature = self._memory.notary.signature(euicc_signed2 + answered, session.issuer)
        self._session = Prepared(session, binding, key)
        return Tlv.build(schema.tag_of("PrepareDownloadResponse"), Tlv.build(0xA0, euicc_signed2, signature))

    def _one_time_key(self, binding: ServerCertificate, wanted: bytes | None) -> OneTimeKey:
        """The one that the server's package is bound to, if it is there for this server; else a new one."""
        curve = binding.key.curve
        for kept in self._memory.state.one_time_keys:
            if kept.fits(binding.oid, curve) and kept.public == wanted:
                return kept
        key = OneTimeKey.made(binding.oid, curve, self._randomness)
        self._memory.become(self._memory.state.with_key(key))
        return key

    def cancel_session(self, request: bytes) -> Tlv:
        """§5.7.5. What was loaded of a package is gone, and no result tells of it."""
        asked = schema.decode("CancelSessionRequest", request)
        prepared = self._session if isinstance(self._session, Prepared) else None
        session = prepared.authenticated if prepared else self._session
        if not isinstance(session, Authenticated) or asked["transactionId"] != session.transaction_id:
            error = schema.code("CancelSessionResponse", "invalidTransactionId")
            return schema.encode("CancelSessionResponse", ("cancelSessionResponseError", error))
        if prepared and schema.named("CancelSessionReason", asked["reason"]) not in _COMES_AGAIN:
            self._give_up(prepared.one_time_key)
        self._session, self._loading = None, None
        signed = schema.encode("EuiccCancelSessionSigned", {**asked, "smdpOid": session.server.oid})
        signature = self._memory.notary.signature(signed, session.issuer)
        return Tlv.build(schema.tag_of("CancelSessionResponse"), Tlv.build(0xA0, signed, signature))

    def load(self, segment: bytes) -> bytes:
        """§5.7.6: the next segment of a package. Nothing, or the result (BF37) as soon as there is one."""
        prepared = self._session
        if not isinstance(prepared, Prepared):
            raise StatusWord(CONDITIONS_NOT_SATISFIED)
        try:
            if not self._loading:
                self._loading = self._begun(segment, prepared)
                return b""
            profile = self._loading.take(segment)
        except LoadingFailed as failure:
            return self._fail(prepared, failure)
        return self._succeed(prepared, profile) if profile else b""

    def _begun(self, segment: bytes, prepared: Prepared) -> Loading:
        if segments.opened(segment).tag != segments.PACKAGE:
            raise StatusWord(CONDITIONS_NOT_SATISFIED)
        loading = Loading.begun(segment, prepared, self._memory.state)
        self._give_up(prepared.one_time_key)
        return loading

    def _give_up(self, key: OneTimeKey) -> None:
        self._memory.become(self._memory.state.without_key(key))

    def _succeed(self, prepared: Prepared, profile: SimulatedProfile) -> Tlv:
        state, issuer = self._memory.state, prepared.authenticated.issuer
        installed = replace(profile, aid=state.free_aid, issuer=issuer)
        outcome = results.success(installed)
        return self._end(prepared, state.with_profile(installed), installed.iccid, outcome)

    def _fail(self, prepared: Prepared, failure: LoadingFailed) -> Tlv:
        return self._end(prepared, self._memory.state, failure.iccid, results.failure(failure))

    def _end(self, prepared: Prepared, state: CardState, iccid: str, outcome: results.Outcome) -> Tlv:
        """Sign the result, keep it together with what it tells of, and be done."""
        notary = self._memory.notary
        notification = results.notification(notary, state, prepared, iccid, outcome)
        self._memory.become(state.with_notification(notification))
        self._session, self._loading = None, None
        return notary.certified(notification)


def _refused(function: str, prefix: str, transaction_id: bytes, objection: Objection) -> Tlv:
    """An error response; its members are named alike (downloadResponseError, downloadErrorCode)."""
    code = schema.code(f"{prefix.capitalize()}ErrorCode", objection.reason)
    members = {"transactionId": transaction_id, f"{prefix}ErrorCode": ("written", code)}
    return schema.encode(f"{function}Response", (f"{prefix}ResponseError", members))
