"""The result of a profile installation, signed by the card: ProfileInstallationResult (SGP.22 §2.5.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from lpa.errors import BadAnswer
from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.names import Aid
from lpa.rsp.records import Notification

_RESULT, _DATA, _OID = 0xBF37, 0xBF27, 0x06


@dataclass(frozen=True)
class InstallationResult:
    """A signed result. `aid`: of the new profile; None if its installation failed for `reason` at `command`.

    `code`: the number of `reason`, 0 if there is none. `oid`: of the server, empty if the card left it out.
    """

    notification: Notification
    transaction_id: bytes
    aid: Aid | None = None
    command: str = ""
    reason: str = ""
    code: int = 0
    oid: bytes = b""

    @classmethod
    def from_tlv(cls, raw: bytes) -> Self:
        """From a ProfileInstallationResult (tag BF37). Raises `BadAnswer` if it is none."""
        signed = Tlv.whole(raw)
        data = signed.child(_DATA) if signed.tag == _RESULT else None
        if data is None:
            raise BadAnswer(f"The card's installation result cannot be read (tag {signed.tag:X}).")
        oid = data.child(_OID)
        # The codec's text of an object identifier is not reliable, so the codec does not see it.
        known = Tlv.build(_DATA, *(member for member in data.children if member.tag != _OID))
        value = schema.decode("ProfileInstallationResultData", known)
        kind, outcome = value["finalResult"]
        common = Notification.from_tlv(signed), bytes(value["transactionId"])
        if kind == "successResult":
            return cls(*common, Aid.from_coded(outcome["aid"]), oid=oid.value if oid else b"")
        return cls(
            *common,
            command=schema.named("BppCommandId", outcome["bppCommandId"]),
            reason=schema.named("ErrorReason", outcome["errorReason"]),
            code=outcome["errorReason"],
            oid=oid.value if oid else b"",
        )
