"""The result of a profile installation, signed by the card: ProfileInstallationResult (SGP.22 §2.5.6)."""

from __future__ import annotations

from typing import Self

from lpa.errors import BadAnswer
from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.facts import fact
from lpa.rsp.names import Aid
from lpa.rsp.records import Notification


@fact
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
        signed = schema.whole("ProfileInstallationResult", raw)
        data = signed.child(schema.tag_of("ProfileInstallationResultData"))
        if data is None:
            raise BadAnswer("The card's installation result contains no data.")
        oid_tag = schema.member_tag("ProfileInstallationResultData", "smdpOid")
        oid = data.child(oid_tag)
        # The codec's text of an object identifier is not reliable, so the codec does not see it.
        known = Tlv.build(data.tag, *(member for member in data.children if member.tag != oid_tag))
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
