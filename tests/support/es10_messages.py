"""What a server proves and offers to a card, written by hand."""

from __future__ import annotations

from lpa.rsp.codec.ber import Tlv
from lpa.rsp.offered_profile import OfferedProfile
from lpa.rsp.session import ServerProof, Terms

SIGNED, SIGNATURE, KEY, CERTIFICATE = "3003800155", f"5F3740{'AA' * 64}", "04020102", "3003010100"


OFFERED = OfferedProfile.from_tlv(bytes.fromhex("BF2512 5A0A98940121436587090121 91015392014E"))


def tlv(text: str) -> Tlv:
    return Tlv.whole(bytes.fromhex(text))


PROOF = ServerProof(b"U", tlv(SIGNED), tlv(SIGNATURE), tlv(KEY), tlv(CERTIFICATE))


TERMS = Terms(OFFERED, tlv(SIGNED), tlv(SIGNATURE), tlv(CERTIFICATE), confirmation_code_required=True)
