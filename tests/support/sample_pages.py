"""Sample pages for tests: of a receipt and of a profile, in two languages, always with the same content."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from lpa.errors import NotVerified
from lpa.notifications import verification
from lpa.pages import Language, profile_page, receipt_page
from lpa.profiles.subscriber import Subscriber
from lpa.rsp.euicc_info import KeyIdentifier
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.pki.issuers import TrustedIssuers
from lpa.rsp.records import Notification, NotificationConfiguration, Operator, Profile
from tests.support.forgery import EID, NOW, Chain

MADE = datetime(2026, 11, 22, 21, 5, tzinfo=ZoneInfo("Asia/Shanghai"))
CHAIN = Chain()
RECEIPT = CHAIN.notification()
EVIDENCE = {
    "kept": "2026-11-22 21:04:58+0800",
    "acknowledged": "2026-11-22 21:04:59+0800",
    "address": "nordlicht.smdp.example",
    "http_status": "204",
    "tls_certificate_sha256": "ab" * 32,
}
RECORD = receipt_page.Record(EVIDENCE, (250_000, 330_000), "Nordlicht", "left the operator")
PROFILE = Profile(
    Iccid.parse("8949985000000000025"),
    "enabled",
    nickname="旅行",
    service_provider="Nordlicht",
    name="Nordlicht Prepaid",
    policy_rules=("ppr1",),
    notifications=(NotificationConfiguration(("delete",), "nordlicht.smdp.example"),),
    owner=Operator("262-98"),
)


def verified() -> verification.Verification:
    """The verification of the receipt."""
    trusted = TrustedIssuers(identifiers=(KeyIdentifier(CHAIN.ci.identifier),))
    return verification.verify(RECEIPT, trusted, NOW)


def receipt(language: Language = "en", **changed: Any) -> str:
    """The page of a receipt; `changed`: members of the verification."""
    result = replace(verified(), **changed)
    note = Notification.from_tlv(RECEIPT)
    return receipt_page.page(note, Eid.parse(EID), result, made=MADE, language=language, record=RECORD)


def doubt(language: Language = "en") -> str:
    """The page of a receipt with an unknown issuer, with all possible evidence."""
    why = NotVerified(
        f"The certificate of Maker was issued by an unknown authority: {'ab' * 20}.",
        reason="unknownIssuer",
    )
    vouched = EVIDENCE | {"trust_anchor": "card", "issuer": "ab" * 20, "issuer_key": "ab" * 20}
    record = replace(RECORD, delivery=vouched | {"notification_sha256": "cd" * 32})
    note = Notification.from_tlv(RECEIPT)
    return receipt_page.page(note, Eid.parse(EID), why, made=MADE, language=language, record=record)


def profile(
    language: Language = "en", *, read: Subscriber = profile_page.UNREAD, shown: Profile = PROFILE
) -> str:
    """The page of a profile. `read`: what was read from its files."""
    return profile_page.page(shown, Eid.parse(EID), made=MADE, language=language, subscriber=read)
