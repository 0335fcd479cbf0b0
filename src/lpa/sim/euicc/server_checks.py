"""The card's checks of a server in AuthenticateServer and PrepareDownload (SGP.22 §5.7.13, §5.7.14).

The checks in order; the first that fails determines the error:

* AuthenticateServer: session, euiccCiPKIdToBeUsed, certificate (issuer, role, curve), its object
  identifier, signature, challenge.
* PrepareDownload: session, transaction id, certificate (issuer, role, curve; same issuer and object
  identifier as before), signature.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lpa.rsp.codec.ber import Tlv
from lpa.sim.euicc.identity import CardIdentity
from lpa.sim.euicc.one_time_keys import OneTimeKey
from lpa.sim.euicc.server_certificates import AUTHENTICATION, BINDING, ServerCertificate, ServerCheckFailed
from lpa.sim.wire.card_work import CardWork


@dataclass(frozen=True)
class Challenged:
    """A session after GetEuiccChallenge."""

    challenge: bytes


@dataclass(frozen=True)
class Authenticated:
    """A session after AuthenticateServer. `issuer`: the CI under which the card signs, in hexadecimal.

    `signature`: euiccSignature1 (5F37), which the server's next signature covers.
    """

    transaction_id: bytes
    server: ServerCertificate
    address: str
    issuer: str
    signature: Tlv


@dataclass(frozen=True)
class Prepared:
    """A session after PrepareDownload. `binding`: the DPpb certificate that signs the package."""

    authenticated: Authenticated
    binding: ServerCertificate
    one_time_key: OneTimeKey


SessionState = Challenged | Authenticated | Prepared | None


def check_server(
    asked: dict[str, Any],
    signed: dict[str, Any],
    session: SessionState,
    identity: CardIdentity,
    work: CardWork,
) -> ServerCertificate:
    """The server of the AuthenticateServerRequest `asked`, whose ServerSigned1 is `signed`.

    Raises `ServerCheckFailed`.
    """
    if not isinstance(session, Challenged):
        raise ServerCheckFailed("noSessionContext")
    if identity.under(asked["euiccCiPKIdToBeUsed"]) is None:
        raise ServerCheckFailed("ciPKUnknown")
    server = ServerCertificate.of(asked["serverCertificate"], identity, AUTHENTICATION, work)
    if not server.oid:
        raise ServerCheckFailed("invalidOid")
    server.check(asked["serverSignature1"], asked["serverSigned1"])
    if signed["euiccChallenge"] != session.challenge:
        raise ServerCheckFailed("euiccChallengeMismatch")
    return server


def check_binding(
    asked: dict[str, Any],
    signed: dict[str, Any],
    session: SessionState,
    identity: CardIdentity,
    work: CardWork,
) -> tuple[Authenticated, ServerCertificate]:
    """The session and the DPpb certificate of the PrepareDownloadRequest `asked`.

    `signed`: the SmdpSigned2 in it. Raises `ServerCheckFailed`.
    """
    if not isinstance(session, Authenticated):
        raise ServerCheckFailed("noSessionContext")
    if signed["transactionId"] != session.transaction_id:
        raise ServerCheckFailed("invalidTransactionId")
    binding = ServerCertificate.of(asked["smdpCertificate"], identity, BINDING, work)
    if (binding.oid, binding.issuer) != (session.server.oid, session.server.issuer):
        raise ServerCheckFailed("invalidCertificate")
    binding.check(asked["smdpSignature2"], asked["smdpSigned2"] + session.signature)
    return session, binding
