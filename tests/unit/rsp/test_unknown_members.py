"""What the library reads of a card or server is the same with members of later versions at any place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lpa.rsp.codec.ber import Tlv
from lpa.rsp.installation_result import InstallationResult
from lpa.rsp.names import ServerAddress
from lpa.rsp.offered_profile import OfferedProfile
from lpa.rsp.records import Notification, NotificationMetadata, Profile
from lpa.rsp.session import CardProof, ServerProof, Terms
from tests.support.der import appended, tlv

NEW = "9F7F0101"  # a member of no version
TXID = bytes.fromhex("0123456789ABCDEF")
SIGNATURE = Tlv(bytes.fromhex("5F3740") + bytes(64))
CERTIFICATE = Tlv(bytes.fromhex("3000"))


def coded(tag: str, *parts: str | bytes) -> bytes:
    return tlv(tag, *(part if isinstance(part, bytes) else bytes.fromhex(part) for part in parts))


ICCID = "5A0A 984499040000000010F7"
METADATA = coded("BF2F", "800101 81020780 0C03612E62", ICCID)
NOTIFIED = coded("30", METADATA, SIGNATURE, CERTIFICATE, CERTIFICATE)
SERVER = coded("30", coded("80", TXID), "8110", bytes(16), "8305 612E622E63 8410", bytes(16))
TERMS = coded("30", coded("80", TXID), "0101FF")
OFFER = coded("BF25", ICCID, "910153 92014E 950102 B609 3007 80020640 810161 B705 800332F499")
SUCCESS = coded("A2", coded("A0", "4F05A000000559 0409 3007A0053003800100"))
RESULT = coded("BF37", coded("BF27", coded("80", TXID), METADATA, "060388370A", SUCCESS), SIGNATURE)
INFO = coded("BF22", "82 03 020202 83 03 010000")
SIGNED1 = coded("30", coded("80", TXID), "8305 612E622E63 8410", bytes(16), INFO, "A000")
PROOF = coded("BF38", coded("A0", SIGNED1, SIGNATURE, CERTIFICATE, CERTIFICATE))


def _profile(message: bytes) -> Any:
    profile = Profile.from_tlv(tlv("E3", message[3:]))
    return profile.iccid, profile.name, profile.notifications, profile.owner


def _offer(message: bytes) -> Any:
    offer = OfferedProfile.from_tlv(message)
    return offer.profile.iccid, offer.profile.notifications, offer.profile.owner, offer.estimated_size


def _installed(message: bytes) -> Any:
    result = InstallationResult.from_tlv(message)
    return result.transaction_id, result.aid, result.oid, result.notification.metadata


def _server(message: bytes) -> Any:
    return ServerProof(TXID, Tlv(message), SIGNATURE, Tlv(b"\x04\x01\x07"), CERTIFICATE).check(
        ServerAddress.parse("a.b.c")
    )


def _terms(message: bytes) -> Any:
    return Terms.checked(TXID, OFFER, Tlv(message), SIGNATURE, CERTIFICATE).confirmation_code_required


def _info(message: bytes) -> Any:
    info = CardProof(Tlv(message)).info
    return info and (info.svn, info.firmware)


# How a message is read, and the places in it where a later version may append members.
CASES: dict[str, tuple[bytes, Callable[[bytes], Any], tuple[tuple[int, ...], ...]]] = {
    "ProfileInfo": (OFFER, _profile, ((), (4, 0), (5,))),
    "StoreMetadata": (OFFER, _offer, ((), (4, 0), (5,))),
    "NotificationMetadata": (METADATA, NotificationMetadata.from_tlv, ((),)),
    "OtherSignedNotification": (NOTIFIED, lambda raw: Notification.from_tlv(raw).metadata, ((), (0,))),
    "ProfileInstallationResult": (RESULT, _installed, ((), (0,), (0, 1), (0, 3), (0, 3, 0))),
    "ServerSigned1": (SERVER, _server, ((),)),
    "SmdpSigned2": (TERMS, _terms, ((),)),
    "AuthenticateServerResponse": (PROOF, _info, ((), (0,), (0, 0), (0, 0, 3))),
}


@pytest.mark.parametrize("name", CASES)
def test_members_of_later_versions_change_nothing(name: str) -> None:
    message, read, places = CASES[name]
    usual = read(message)
    for place in places:
        assert read(appended(message, NEW, *place)) == usual
