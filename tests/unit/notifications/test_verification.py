"""What a receipt proves is said exactly, and so is what it does not."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lpa.errors import NotVerified
from lpa.notifications import verification
from lpa.rsp.euicc_info import KeyIdentifier
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.pki.issuers import TrustedIssuers
from tests.support.forgery import EID, NOW, Chain

NEVER = ("time", "since", "delivery", "contract")


def trusted(world: Chain) -> TrustedIssuers:
    return TrustedIssuers(identifiers=(KeyIdentifier(world.ci.identifier),))


def test_a_receipt_proves_what_the_card_signed_and_no_more() -> None:
    world = Chain()
    receipt = world.notification()
    assert verification.verify(receipt, trusted(world), NOW, eid=Eid.parse(EID)) == verification.Verification(
        eid=Eid.parse(EID),
        iccid=Iccid.parse("89898989898989898989"),
        event="delete",
        sequence_number=7,
        address="a.b",
        maker="Maker",
        issuer=KeyIdentifier(world.ci.identifier),
        issuer_name="",
        issuer_kind="private",
        sha256=hashlib.sha256(receipt).digest(),
        unproven=("privateIssuer", *NEVER),
        moment=verification.ReferenceTime(NOW, "now"),
    )


LATER, END = NOW + timedelta(days=400), NOW + timedelta(days=1)
WITNESSED, GIVEN = verification.ReferenceTime(NOW, "witnessed"), verification.ReferenceTime(NOW, "given")


@pytest.mark.parametrize(
    ("now", "moment", "name"),
    [
        (NOW, None, None),
        (NOW, WITNESSED, None),
        (END, None, None),
        (LATER, None, "expired"),
        (LATER, WITNESSED, "expiredSinceWitnessed"),
        (LATER, GIVEN, "expiredSinceGiven"),
        (LATER, verification.ReferenceTime(LATER, "witnessed"), "expired"),
        (NOW, verification.ReferenceTime(LATER, "given"), "expired"),
    ],
)
def test_a_certificate_that_has_expired_meanwhile_is_told_and_does_not_unsign(
    now: datetime, moment: verification.ReferenceTime | None, name: str | None
) -> None:
    world = Chain()
    world.euicc.end = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    proven = verification.verify(world.notification(), trusted(world), now, moment=moment)
    assert proven.expired == ((verification.Expired(name, "maker", END),) if name else ())
    assert proven.unproven == ("privateIssuer", *NEVER)


def test_a_receipt_from_before_its_certificates_is_refused() -> None:
    world = Chain()
    early = verification.ReferenceTime(NOW - timedelta(days=2), "given")
    with pytest.raises(NotVerified, match="not valid before 2026-11-21"):
        verification.verify(world.notification(), trusted(world), NOW, moment=early)


def test_a_receipt_that_names_no_profile_does_not_prove_which_it_was() -> None:
    world = Chain()
    receipt = world.notification(bytes.fromhex("BF2F0C 800107 81020410 0C03612E62"))
    proven = verification.verify(receipt, trusted(world), NOW)
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
def test_who_vouches_decides_what_it_is_worth(
    issuer: str, kind: str, doubts: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody here has the keys of these issuers, so that they signed is the one thing pretended."""
    world = Chain()
    key = KeyIdentifier(bytes.fromhex(issuer))
    monkeypatch.setattr(TrustedIssuers, "issuer_of", lambda _self, _certificate: key)
    proven = verification.verify(world.notification(), TrustedIssuers(), NOW)
    assert (proven.issuer_kind, proven.unproven) == (kind, doubts)
    assert proven.issuer_name == key.name != ""


@pytest.mark.parametrize(
    ("wanted", "reason", "said"),
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
    wanted: dict[str, Any], reason: str, said: str
) -> None:
    world = Chain()
    right: dict[str, Any] = {
        "eid": Eid.parse(EID),
        "iccid": Iccid.parse("89898989898989898989"),
        "event": "delete",
    }
    assert verification.verify(world.notification(), trusted(world), NOW, **right).event == "delete"
    with pytest.raises(NotVerified, match=re.escape(said)) as caught:
        verification.verify(world.notification(), trusted(world), NOW, **right | wanted)
    assert caught.value.reason == reason


def test_a_receipt_that_names_no_profile_is_about_none_that_is_wanted() -> None:
    world = Chain()
    receipt = world.notification(bytes.fromhex("BF2F0C 800107 81020410 0C03612E62"))
    with pytest.raises(NotVerified, match="is about a profile that it does not name, not 8944"):
        verification.verify(receipt, trusted(world), NOW, iccid=Iccid.parse("8944994000000000017"))


def test_by_itself_only_the_gsma_is_believed() -> None:
    with pytest.raises(NotVerified, match="an unknown authority"):
        verification.verify(Chain().notification(), TrustedIssuers.production(), NOW)


def test_who_examines_gets_the_doubt_as_a_value() -> None:
    world = Chain()
    assert isinstance(
        verification.examine(world.notification(), trusted(world), NOW), verification.Verification
    )
    doubt = verification.examine(world.notification(), TrustedIssuers(), NOW)
    assert isinstance(doubt, NotVerified)


@pytest.mark.parametrize("garbage", [b"", b"no receipt", bytes.fromhex("3000")])
def test_what_is_no_receipt_proves_nothing(garbage: bytes) -> None:
    with pytest.raises(NotVerified, match="This is no receipt"):
        verification.verify(garbage, TrustedIssuers(), NOW)
