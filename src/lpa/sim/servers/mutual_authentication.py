"""How a simulated server and a card make sure of each other (SGP.22 §3.0.1), over ES9+ or ES11.

An SM-DP+ and an SM-DS do the same here; their status codes differ in the second digit (8.8 and 8.9).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.names import ServerAddress
from lpa.sim.crypto.pki import Authority, Credentials, Randomness, der
from lpa.sim.crypto.signatures import signature
from lpa.sim.servers.euicc_chain import KnownEuicc, identify
from lpa.sim.servers.front import Members
from lpa.sim.servers.rejection import Rejection, misunderstanding

_CHALLENGE = 16  # bytes, as the transaction identifier
MOST_SESSIONS = 1000  # then the oldest is forgotten
_VERSION = 2  # of SGP.22, the major one
_ADDRESS = {"8.8": ("smdpAddress",), "8.9": ("smdpAddress", "smdsAddress")}  # some LPAs say smds to an SM-DS

Subject = Literal["8.8", "8.9"]


@dataclass
class Session:
    """An authentication under way. `euicc` is None until the card has proved who it is."""

    transaction_id: bytes
    address: str
    challenge: bytes
    authority: Authority  # under which the server shows certificates, for the card trusts it
    signs_under: bytes  # key identifier of the authority whose certificates the card is to show
    euicc: KnownEuicc | None = None

    @property
    def transaction(self) -> str:
        """The transaction identifier as it stands in JSON."""
        return self.transaction_id.hex().upper()


@dataclass(frozen=True)
class Client:
    """What an authenticated card said: `signature` (5F37) is what the server's next signature covers."""

    euicc: KnownEuicc
    matching_id: str
    info: dict[str, Any]  # an EUICCInfo2
    signature: Tlv


class MutualAuthentication:
    """The sessions of a server that answers to `names` (None: to any), with a certificate per authority."""

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
        self._sessions: dict[bytes, Session] = {}

    def initiate(self, members: Members) -> dict[str, Any]:
        """ES9+ and ES11 initiateAuthentication (§5.6.1, §5.8.1)."""
        challenge = members.binary("euiccChallenge")
        if len(challenge) != _CHALLENGE:
            raise Rejection("1.2.1", "2.1", f"the challenge has {len(challenge)} bytes, not {_CHALLENGE}")
        with misunderstanding("EUICCInfo1"):
            info, _ = schema.decode_open("GetEuiccInfo1Response", members.binary("euiccInfo1"))
        address = members.text(*_ADDRESS[self._subject]).strip()
        if not address.isascii():
            raise Rejection(f"{self._subject}.1", "3.8", "that is no name of a server")
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

    def authenticate(self, members: Members) -> tuple[Session, Client]:
        """The first half of authenticateClient: who the card is (§5.6.3). A failure ends the session."""
        session = self.session(members)
        if session.euicc:
            raise Rejection("8.10.1", "3.9", "the card has authenticated itself already")
        try:
            client = self._client(session, members.binary("authenticateServerResponse"))
        except Rejection:
            self.end(session)
            raise
        session.euicc = client.euicc
        return session, client

    def session(self, members: Members) -> Session:
        """The session that `transactionId` names, in upper or lower case."""
        text = members.text("transactionId")
        try:
            return self._sessions[bytes.fromhex(text)]
        except (KeyError, ValueError) as error:
            raise Rejection("8.10.1", "3.9", "no such transaction is open") from error

    def end(self, session: Session) -> None:
        """Forget the session."""
        self._sessions.pop(session.transaction_id, None)

    def check_address(self, address: str) -> None:
        """Raise the rejection 8.8.1/3.8 if `address` is not one of this server's names."""
        if self._names is None or address.strip().lower() in self._names:  # which may be an IP address
            return
        try:
            host = ServerAddress.parse(address).host
        except ValueError as error:
            raise Rejection(f"{self._subject}.1", "3.8", str(error)) from error
        if host not in self._names:
            raise Rejection(f"{self._subject}.1", "3.8", f"this server is not {host}")

    def _begin(self, address: str, info: dict[str, Any]) -> Session:
        if info["svn"][0] != _VERSION:
            version = ".".join(str(part) for part in info["svn"])
            raise Rejection(f"{self._subject}.3", "3.1", f"the card follows SGP.22 {version}, not 2")
        signs_under = self._first(info["euiccCiPKIdListForSigning"])
        if signs_under is None:
            raise Rejection(f"{self._subject}.2", "3.1", "no authority of the card's certificates is trusted")
        trusted = self._first(info["euiccCiPKIdListForVerification"])
        if trusted is None:
            raise Rejection(
                f"{self._subject}.4", "3.7", "no certificate is from an authority the card trusts"
            )
        authority = self._signers[trusted][0]
        transaction_id, challenge = (self._randomness(_CHALLENGE) for _ in range(2))
        session = Session(transaction_id, address, challenge, authority, signs_under)
        while len(self._sessions) >= MOST_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        self._sessions[transaction_id] = session
        return session

    def _first(self, identifiers: Sequence[bytes]) -> bytes | None:
        """The first of the card's authorities that is ours too: the card lists them as it prefers them."""
        return next((identifier for identifier in identifiers if identifier in self._signers), None)

    def _client(self, session: Session, response: bytes) -> Client:
        with misunderstanding("AuthenticateServerResponse"):
            kind, answer = schema.decode("AuthenticateServerResponse", response)
        if kind == "authenticateResponseError":
            raise objection(self._subject, "AuthenticateServerResponse", (kind, answer))
        now, issuers = self._clock(), [authority.certificate for authority, _ in self._signers.values()]
        euicc = identify(bytes(answer["euiccCertificate"]), bytes(answer["eumCertificate"]), issuers, now)
        if self._signers[session.signs_under][0].certificate != euicc.issuer:
            raise Rejection("8.11.1", "3.9", "the card's certificates are from another authority than wanted")
        signed, raw = answer["euiccSigned1"], answer["euiccSignature1"]
        euicc.check(raw, signed)
        matching_id, info = _said(session, signed)
        return Client(euicc, matching_id, info, Tlv.build(0x5F37, raw))


def objection(subject: Subject, name: str, answer: tuple[str, Any]) -> Rejection:
    """What becomes of a request that hands over a card's refusal: the answer `name` of a function.

    The server cannot go on ("execution error" of the server), for nothing that it could check is wrong.
    """
    reason, number = schema.refusal(name, answer) or ("no reason", 0)
    return Rejection(subject, "4.2", f"the card refused: {reason} ({number})")


def _said(session: Session, signed: bytes) -> tuple[str, dict[str, Any]]:
    """Matching identifier and EUICCInfo2 in an euiccSigned1 that belongs to the session."""
    with misunderstanding("EuiccSigned1"):
        whole = Tlv.whole(signed)
        if whole.child(0xA0) is None:
            raise Rejection("1.3.1", "2.2", "ctxParams1 is missing")
        said = schema.decode("EuiccSigned1", whole)
        info, _ = schema.decode_open("GetEuiccInfo2Response", said["euiccInfo2"])
    if said["transactionId"] != session.transaction_id:
        raise Rejection("8.10.1", "3.9", "the card signed another transaction")
    if said["serverChallenge"] != session.challenge:
        raise Rejection("8.1", "6.1", "the card signed another challenge")
    if said["serverAddress"].lower() != session.address.lower():
        raise Rejection("8.1", "6.1", "the card signed another server's address")
    _, context = said["ctxParams1"]
    return context.get("matchingId", ""), info
