"""The server's side of common mutual authentication over ES9+ or ES11 (SGP.22 §3.0.1).

It is the same for an SM-DP+ and an SM-DS, except for the subject of the status codes (8.8 or 8.9).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from lpa.rsp.codec.ber import Tlv
from lpa.rsp.names import ServerAddress
from lpa.sim import codec as schema
from lpa.sim.crypto.pki import Authority, Credentials, Randomness, der
from lpa.sim.crypto.signatures import signature
from lpa.sim.servers.euicc_chain import KnownEuicc, identify
from lpa.sim.servers.rejection import Rejection, rejecting_malformed
from lpa.sim.servers.simulated_server import RequestMembers

_CHALLENGE = 16  # bytes of a challenge and of a transaction identifier
MOST_SESSIONS = 1000  # a further one replaces the oldest
_VERSION = 2  # of SGP.22, the major one
# Towards an SM-DS some LPAs use the name smdsAddress.
_ADDRESS = {"8.8": ("smdpAddress",), "8.9": ("smdpAddress", "smdsAddress")}

Subject = Literal["8.8", "8.9"]


@dataclass
class ServerSession:
    """A session since initiateAuthentication. `euicc`: None until the card is authenticated."""

    transaction_id: bytes
    address: str
    challenge: bytes
    authority: Authority  # that certifies the server, and that the card trusts
    signs_under: bytes  # key identifier of the authority under which the card shall sign
    euicc: KnownEuicc | None = None

    @property
    def transaction(self) -> str:
        """The transaction identifier as in JSON."""
        return self.transaction_id.hex().upper()


@dataclass(frozen=True)
class AuthenticatedClient:
    """An authenticated card. `signature`: euiccSignature1 (5F37); the server's next signature covers it."""

    euicc: KnownEuicc
    matching_id: str
    info: dict[str, Any]  # an EUICCInfo2
    signature: Tlv


class MutualAuthentication:
    """The sessions of a server with a certificate per authority. `names`: its host names (None: any)."""

    def __init__(
        self,
        subject: Subject,
        signers: Sequence[tuple[Authority, Credentials]],
        *,
        names: frozenset[str] | None,
        clock: Callable[[], datetime],
        randomness: Randomness,
    ) -> None:
        self._subject = subject
        self._signers = {authority.key_identifier: (authority, held) for authority, held in signers}
        self._names = names
        self._clock = clock
        self._randomness = randomness
        self._sessions: dict[bytes, ServerSession] = {}

    def initiate(self, members: RequestMembers) -> dict[str, Any]:
        """ES9+ and ES11 initiateAuthentication (§5.6.1, §5.8.1)."""
        challenge = members.binary("euiccChallenge")
        if len(challenge) != _CHALLENGE:
            raise Rejection("1.2.1", "2.1", f"the challenge has {len(challenge)} bytes, not {_CHALLENGE}")
        with rejecting_malformed("EUICCInfo1"):
            info, _ = schema.decode_open("GetEuiccInfo1Response", members.binary("euiccInfo1"))
        address = members.text(*_ADDRESS[self._subject]).strip()
        if not address.isascii():
            raise Rejection(f"{self._subject}.1", "3.8", "the server's address is not ASCII")
        self.check_address(address)
        session = self._begin(address, info)
        signed = schema.encode(
            "ServerSigned1",
            {
                "transactionId": session.transaction_id,
                "euiccChallenge": challenge,
                "serverAddress": address,
                "serverChallenge": session.challenge,
            },
        )
        credentials = self._signers[session.authority.key_identifier][1]
        return {
            "transactionId": session.transaction,
            "serverSigned1": bytes(signed),
            "serverSignature1": bytes(signature(credentials.key, signed)),
            "euiccCiPKIdToBeUsed": bytes(Tlv.build(0x04, session.signs_under)),
            "serverCertificate": der(credentials.certificate),
        }

    def authenticate(self, members: RequestMembers) -> tuple[ServerSession, AuthenticatedClient]:
        """Authenticate the card, the first part of authenticateClient (§5.6.3). Failure ends the session."""
        session = self.session(members)
        if session.euicc:
            raise Rejection("8.10.1", "3.9", "the card is already authenticated in this session")
        try:
            client = self._client(session, members.binary("authenticateServerResponse"))
        except Rejection:
            self.end(session)
            raise
        session.euicc = client.euicc
        return session, client

    def session(self, members: RequestMembers) -> ServerSession:
        """The session that `transactionId` names, in upper or lower case."""
        text = members.text("transactionId")
        try:
            return self._sessions[bytes.fromhex(text)]
        except (KeyError, ValueError) as error:
            raise Rejection("8.10.1", "3.9", "no session has this transaction identifier") from error

    def end(self, session: ServerSession) -> None:
        """End the session."""
        self._sessions.pop(session.transaction_id, None)

    def check_address(self, address: str) -> None:
        """Raise the rejection 8.8.1/3.8 if `address` is not one of this server's names."""
        if self._names is None or address.strip().lower() in self._names:  # It may be an IP address.
            return
        try:
            host = ServerAddress.parse(address).host
        except ValueError as error:
            raise Rejection(f"{self._subject}.1", "3.8", str(error)) from error
        if host not in self._names:
            raise Rejection(f"{self._subject}.1", "3.8", f"this server is not {host}")

    def _begin(self, address: str, info: dict[str, Any]) -> ServerSession:
        if info["svn"][0] != _VERSION:
            version = ".".join(str(part) for part in info["svn"])
            raise Rejection(f"{self._subject}.3", "3.1", f"the card supports SGP.22 {version}, not 2")
        signs_under = self._first(info["euiccCiPKIdListForSigning"])
        if signs_under is None:
            raise Rejection(f"{self._subject}.2", "3.1", "this server trusts no CI that certifies the card")
        trusted = self._first(info["euiccCiPKIdListForVerification"])
        if trusted is None:
            raise Rejection(f"{self._subject}.4", "3.7", "no CI that the card trusts certifies this server")
        authority = self._signers[trusted][0]
        transaction_id, challenge = (self._randomness(_CHALLENGE) for _ in range(2))
        session = ServerSession(transaction_id, address, challenge, authority, signs_under)
        while len(self._sessions) >= MOST_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        self._sessions[transaction_id] = session
        return session

    def _first(self, identifiers: Sequence[bytes]) -> bytes | None:
        """The first of the card's CI keys, in its order of preference, that this server has too."""
        return next((identifier for identifier in identifiers if identifier in self._signers), None)

    def _client(self, session: ServerSession, response: bytes) -> AuthenticatedClient:
        with rejecting_malformed("AuthenticateServerResponse"):
            kind, answer = schema.decode("AuthenticateServerResponse", response)
        if kind == "authenticateResponseError":
            raise card_refusal(self._subject, "AuthenticateServerResponse", (kind, answer))
        now, issuers = self._clock(), [authority.certificate for authority, _ in self._signers.values()]
        euicc = identify(bytes(answer["euiccCertificate"]), bytes(answer["eumCertificate"]), issuers, now)
        if self._signers[session.signs_under][0].certificate != euicc.issuer:
            raise Rejection("8.11.1", "3.9", "the card did not use the CI that the server chose")
        signed, raw = answer["euiccSigned1"], answer["euiccSignature1"]
        euicc.check(raw, signed)
        matching_id, info = _checked(session, signed)
        return AuthenticatedClient(euicc, matching_id, info, Tlv.build(0x5F37, raw))


def card_refusal(subject: Subject, name: str, answer: tuple[str, Any]) -> Rejection:
    """The rejection of a request that forwards a card's refusal, the response `name` of a function.

    The reason code is "execution error": no check of the server failed, but it cannot continue.
    """
    reason, number = schema.refusal(name, answer) or ("no reason", 0)
    return Rejection(subject, "4.2", f"the card refused: {reason} ({number})")


def _checked(session: ServerSession, signed: bytes) -> tuple[str, dict[str, Any]]:
    """The matching identifier and EUICCInfo2 in an euiccSigned1, after checking that it is of the session."""
    with rejecting_malformed("EuiccSigned1"):
        whole = Tlv.whole(signed)
        if whole.child(0xA0) is None:
            raise Rejection("1.3.1", "2.2", "ctxParams1 is missing")
        decoded = schema.decode("EuiccSigned1", whole)
        info, _ = schema.decode_open("GetEuiccInfo2Response", decoded["euiccInfo2"])
    if decoded["transactionId"] != session.transaction_id:
        raise Rejection("8.10.1", "3.9", "the card signed another transaction identifier")
    if decoded["serverChallenge"] != session.challenge:
        raise Rejection("8.1", "6.1", "the card signed another challenge")
    if decoded["serverAddress"].lower() != session.address.lower():
        raise Rejection("8.1", "6.1", "the card signed another server address")
    _, context = decoded["ctxParams1"]
    return context.get("matchingId", ""), info
