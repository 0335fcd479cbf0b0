"""Answers of an SM-DP+ over ES9+, written by hand."""

from __future__ import annotations

from lpa.rsp.codec.ber import Tlv
from tests.support.tls_faults import HOST

OK = {"header": {"functionExecutionStatus": {"status": "Executed-Success"}}}


TXID = bytes.fromhex("0123456789ABCDEF")


SIGNATURE = bytes.fromhex("5F3740" + "AA" * 64)


METADATA = bytes.fromhex("BF2512 5A0A98940121436587090121 91015392014E")


def signed1(address: str = HOST, transaction_id: bytes = TXID) -> Tlv:
    parts = (transaction_id, bytes(16), address.encode(), bytes(16))
    return Tlv.build(
        0x30, *(Tlv.build(tag, part) for tag, part in zip((0x80, 0x81, 0x83, 0x84), parts, strict=True))
    )
