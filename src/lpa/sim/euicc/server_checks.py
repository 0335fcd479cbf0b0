"""What the card checks before it believes a server (SGP.22 §5.7.13, §5.7.14).

The order of the checks, of which the first that fails names the error:

* AuthenticateServer: session, euiccCiPKIdToBeUsed, certificate (issuer, role, curve), its object
  identifier, signature, challenge.
* PrepareDownload: session, transaction id, certificate (issuer, role, curve; same issuer and object
  identifier as before), signature.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lpa.rsp.codec.ber import Tlv
from lpa.sim.euicc.identity import Identity
from lpa.sim.euicc.one_time_keys import OneTimeKey
from lpa.sim.euicc.server_certificates import AUTHENTICATION, BINDING, Objection, ServerCertificate


@dataclass(frozen=True)
class Challenged:
    """A session that began with a challenge."""

    challenge: bytes


@dataclass(frozen=True)
class Authenticated:
    """A session since AuthenticateServer. `issuer`: the CI under which the card signs, in hexadecimal.

    `signature`: euiccSignature1 (5F37), which the server signs along with its next message.
    """

    transaction_id: bytes
    server: ServerCertificate
    address: str
    issuer: str
    signature: Tlv


@dataclass(frozen=True)
class Prepared:
    """A session since PrepareDownload: the key that binds its package, and the card's one-time key."""

    authenticated: Authenticated
    binding: ServerCertificate
    one_time_key: OneTimeKey


Session = Challenged | Authenticated | Prepared | None


def check_server(
    asked: dict[str, Any], signed: dict[str, Any], session: Session, identity: Identity
) -> ServerCertificate:
    """Who sent the AuthenticateServerRequest `asked` with the ServerSigned1 `signed`. Raises `Objection`."""
    if not isinstance(session, Challenged):
        raise Objection("noSessionContext")
    if identity.under(asked["euiccCiPKIdToBeUsed"]) is None:
        raise Objection("ciPKUnknown")
    server = ServerCertificate.of(asked["serverCertificate"], identity, AUTHENTICATION)
    if not server.oid:
        raise Objection("invalidOid")
    server.check(asked["serverSignature1"], asked["serverSigned1"])
    if signed["euiccChallenge"] != session.challenge:
        raise Objection("euiccChallengeMismatch")
    return server


def check_binding(
    asked: dict[str, Any], signed: dict[str, Any], session: Session, identity: Identity
) -> tuple[Authenticated, ServerCertificate]:
    """The session that the PrepareDownloadRequest `asked` goes on with, and who will bind its package.

    `signed`: the SmdpSigned2 in it. Raises `Objection`.
    """
    if not isinstance(session, Authenticated):
        raise Objection("noSessionContext")
    if signed["transactionId"] != session.transaction_id:
        raise Objection("invalidTransactionId")
    binding = ServerCertificate.of(asked["smdpCertificate"], identity, BINDING)
    if (binding.oid, binding.issuer) != (session.server.oid, session.server.issuer):
        raise Objection("invalidCertificate")
    binding.check(asked["smdpSignature2"], asked["smdpSigned2"] + session.signature)
    return session, binding
