"""Makes the signed result of an installation, which the card also keeps as a notification (SGP.22 §2.5.6)."""

from __future__ import annotations

from typing import Any

from lpa.rsp.codec.ber import Tlv
from lpa.sim import codec as schema
from lpa.sim.euicc.package_loading import LoadingFailed
from lpa.sim.euicc.server_checks import Prepared
from lpa.sim.euicc.signed_notifications import RESULT_DATA, EuiccSigner, SimulatedNotification, metadata
from lpa.sim.euicc.state import CardState
from lpa.sim.simulated_profile import SimulatedProfile

_OBJECT_IDENTIFIER = 0x06
_DONE = bytes.fromhex("3007A0053003800100")  # an EUICCResponse with one status: ok

Outcome = tuple[str, dict[str, Any]]  # an alternative of finalResult


def success(profile: SimulatedProfile) -> Outcome:
    """The outcome of an installed profile."""
    return "successResult", {"aid": profile.coded_aid, "simaResponse": _DONE}


def failure(failed: LoadingFailed) -> Outcome:
    """The outcome of a package that failed."""
    members: dict[str, Any] = {
        "bppCommandId": schema.code("BppCommandId", failed.command),
        "errorReason": schema.code("ErrorReason", failed.reason),
    }
    return "errorResult", members | ({"simaResponse": failed.response} if failed.response else {})


def notification(
    signer: EuiccSigner, state: CardState, prepared: Prepared, iccid: str, outcome: Outcome
) -> SimulatedNotification:
    """The result as the next notification, for the server of the session. `iccid`: "" if unknown."""
    session, number = prepared.authenticated, state.next_sequence_number
    members = {
        "transactionId": session.transaction_id,
        "notificationMetadata": metadata(number, "install", session.address, iccid),
        "finalResult": outcome,
    }
    # What a codec makes of an object identifier is not reliable, so the server's is inserted as its bytes.
    *before, final = schema.encode("ProfileInstallationResultData", members).children
    signed = Tlv.build(RESULT_DATA, *before, Tlv.build(_OBJECT_IDENTIFIER, session.server.oid), final)
    signature = signer.signature(signed, session.issuer).value
    return SimulatedNotification(number, "install", session.address, iccid, signed, signature, session.issuer)
