"""What a receipt proves, and what it does not prove."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509

from lpa.errors import NotVerified
from lpa.notifications import verification
from lpa.rsp.euicc_info import KeyIdentifier
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.pki.issuers import TrustedIssuers
from tests.support.forgery import (
    BODY,
    EID,
    NOW,
    Chain,
    Party,
    loose,
    with_empty_member,
    with_other_s,
    with_unknown_member,
)

CI_SUB_CA = "2.23.146.1.2.1.0.0"
NEVER = ("time", "since", "delivery", "contract", "otherBytes")


def trusted(chain: Chain) -> TrustedIssuers:
    return TrustedIssuers(identifiers=(KeyIdentifier(chain.ci.identifier),))


def test_a_receipt_proves_what_the_card_signed_and_no_more() -> None:
    chain = Chain()
    receipt = chain.notification()
    assert verification.verify(receipt, trusted(chain), NOW, eid=Eid.parse(EID)) == verification.Verification(
        eid=Eid.parse(EID),
        iccid=Iccid.parse("89898989898989898989"),
        event="delete",
        sequence_number=7,
        address="a.b",
        maker="Maker",
        issuer=KeyIdentifier(chain.ci.identifier),
        issuer_name="",
        issuer_kind="private",
        sha256=hashlib.sha256(receipt).digest(),
        size=len(receipt),
        signed=BODY,
        unproven=("privateIssuer", *NEVER),
        moment=verification.ReferenceTime(NOW, "now"),
    )


@pytest.mark.parametrize(
    ("change", "deviations"),
    [
        (lambda receipt: receipt, ()),
        (with_other_s, ()),
        (with_empty_member, ("members",)),
        (with_unknown_member, ("unknownMembers",)),
        (lambda receipt: with_unknown_member(with_empty_member(receipt)), ("members", "unknownMembers")),
        (lambda receipt: with_empty_member(with_unknown_member(receipt)), ("members", "unknownMembers")),
        (loose, ("lengths",)),
        (lambda receipt: loose(with_empty_member(receipt)), ("lengths", "members")),
        (lambda receipt: loose(receipt, 1), ("lengths",)),
    ],
)
def test_changes_outside_the_signed_bytes_are_accepted_and_reported(
    change: Callable[[bytes], bytes], deviations: tuple[str, ...]
) -> None:
    chain = Chain()
    genuine = chain.notification()
    proven = verification.verify(change(genuine), trusted(chain), NOW)
    assert (proven.deviations, proven.signed, proven.size) == (deviations, BODY, len(change(genuine)))


@pytest.mark.parametrize("certificate", [2, 3])
def test_a_certificate_with_a_longer_length_than_needed_is_refused(certificate: int) -> None:
    chain = Chain()
    with pytest.raises(NotVerified) as caught:
        verification.verify(loose(chain.notification(), certificate), trusted(chain), NOW)
    assert caught.value.reason == "damaged"


def test_further_certificates_of_version_3_are_no_deviation() -> None:
    chain = Chain()
    above = Party(CI_SUB_CA, "CI", basic=x509.BasicConstraints(True, 1))
    chain.eum_issuer, chain.above = above, [above.certificate(chain.ci)]
    genuine = chain.notification()
    assert verification.verify(genuine, trusted(chain), NOW).deviations == ()
    assert verification.verify(loose(genuine, 4), trusted(chain), NOW).deviations == ("lengths",)


LATER, END = NOW + timedelta(days=400), NOW + timedelta(days=1)
KEPT, GIVEN = verification.ReferenceTime(NOW, "kept"), verification.ReferenceTime(NOW, "given")


@pytest.mark.parametrize(
    ("now", "moment", "name"),
    [
        (NOW, None, None),
        (NOW, KEPT, None),
        (END, None, None),
        (LATER, None, "expired"),
        (LATER, KEPT, "expiredSinceKept"),
        (LATER, GIVEN, "expiredSinceGiven"),
        (LATER, verification.ReferenceTime(LATER, "kept"), "expired"),
        (NOW, verification.ReferenceTime(LATER, "given"), "expired"),
    ],
)
def test_a_certificate_that_has_expired_is_reported_and_the_receipt_stays_verified(
    now: datetime, moment: verification.ReferenceTime | None, name: str | None
) -> None:
    chain = Chain()
    chain.euicc.end = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    proven = verification.verify(chain.notification(), trusted(chain), now, moment=moment)
    assert proven.expired == ((verification.Expired(name, "maker", END),) if name else ())
    assert proven.unproven == ("privateIssuer", *NEVER)


def test_a_receipt_from_before_its_certificates_is_refused() -> None:
    chain = Chain()
    early = verification.ReferenceTime(NOW - timedelta(days=2), "given")
    with pytest.raises(NotVerified, match="not valid before 2026-11-21"):
        verification.verify(chain.notification(), trusted(chain), NOW, moment=early)


def test_a_receipt_that_names_no_profile_does_not_prove_which_it_was() -> None:
    chain = Chain()
    receipt = chain.notification(bytes.fromhex("BF2F0C 800107 81020410 0C03612E62"))
    proven = verification.verify(receipt, trusted(chain), NOW)
    assert proven.iccid is None
    assert proven.unproven == ("privateIssuer", "profile", *NEVER)


@pytest.mark.parametrize(
    ("issuer", "kind", "doubts"),
    [
        ("81370f5125d0b1d408d4c3b232e6d25e795bebfb", "production", NEVER),
        ("4c27967ad20c14b391e9601e41e604ad57c0222f", "production", NEVER),
        ("f54172bdf98a95d65cbeb88a38a1c11d800a85c3", "test", ("testIssuer", *NEVER)),
    ],
)
def test_the_kind_of_issuer_decides_what_is_unproven(
    issuer: str, kind: str, doubts: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The keys of these issuers are secret, so the test replaces the look-up of the issuer."""
    chain = Chain()
    key = KeyIdentifier(bytes.fromhex(issuer))
    monkeypatch.setattr(TrustedIssuers, "issuer_of", lambda _self, _certificate: key)
    proven = verification.verify(chain.notification(), TrustedIssuers(), NOW)
    assert (proven.issuer_kind, proven.unproven) == (kind, doubts)
    assert proven.issuer_name == key.name != ""


@pytest.mark.parametrize(
    ("wanted", "reason", "message"),
    [
        (
            {"eid": Eid.parse("89049032000000000000000000000097")},
            "otherCard",
            f"The card {EID} signed it, not 8904",
        ),
        (
            {"iccid": Iccid.parse("8944994000000000017")},
            "otherProfile",
            "The receipt is about the profile 89898989898989898989, not 8944994000000000017.",
        ),
        ({"event": "enable"}, "otherEvent", "The receipt is about delete, not enable."),
    ],
)
def test_a_genuine_receipt_of_something_else_is_refused(
    wanted: dict[str, Any], reason: str, message: str
) -> None:
    chain = Chain()
    right: dict[str, Any] = {
        "eid": Eid.parse(EID),
        "iccid": Iccid.parse("89898989898989898989"),
        "event": "delete",
    }
    assert verification.verify(chain.notification(), trusted(chain), NOW, **right).event == "delete"
    with pytest.raises(NotVerified, match=re.escape(message)) as caught:
        verification.verify(chain.notification(), trusted(chain), NOW, **right | wanted)
    assert caught.value.reason == reason


def test_a_receipt_that_names_no_profile_is_refused_for_a_wanted_one() -> None:
    chain = Chain()
    receipt = chain.notification(bytes.fromhex("BF2F0C 800107 81020410 0C03612E62"))
    with pytest.raises(NotVerified, match="is about a profile that it does not name, not 8944"):
        verification.verify(receipt, trusted(chain), NOW, iccid=Iccid.parse("8944994000000000017"))


def test_by_itself_only_the_gsma_is_believed() -> None:
    with pytest.raises(NotVerified, match="an unknown authority"):
        verification.verify(Chain().notification(), TrustedIssuers.production(), NOW)


def test_examine_returns_the_error() -> None:
    chain = Chain()
    assert isinstance(
        verification.examine(chain.notification(), trusted(chain), NOW), verification.Verification
    )
    error = verification.examine(chain.notification(), TrustedIssuers(), NOW)
    assert isinstance(error, NotVerified)


@pytest.mark.parametrize("garbage", [b"", b"no receipt", bytes.fromhex("3000")])
def test_garbage_is_refused(garbage: bytes) -> None:
    with pytest.raises(NotVerified, match="This is no receipt"):
        verification.verify(garbage, TrustedIssuers(), NOW)


def test_the_advice_about_a_receipt_is_not_about_servers() -> None:
    chain = Chain()
    chain.eum.limits = None
    with pytest.raises(NotVerified, match="does not state which cards it may certify") as caught:
        verification.verify(chain.notification(), trusted(chain), NOW)
    assert caught.value.advice == ("Do not rely on this receipt: its certificates are not acceptable.")
