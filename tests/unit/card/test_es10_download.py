"""The functions of a download: the bytes that are sent, and the result of the bytes that come back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lpa.card.es10 import Euicc, raise_refusal
from lpa.errors import BadAnswer, CardRemoved, EuiccRefused
from lpa.rsp.codec import schema
from lpa.rsp.device import Device
from tests.support.es10_messages import CERTIFICATE, KEY, PROOF, SIGNATURE, SIGNED, TERMS
from tests.support.scripted import ScriptedCard

from .test_es10 import CLOSE, OPENING, call, refused

TXID = "0123456789ABCDEF"


def sent(function: Callable[[Euicc], Any], request: str, answer: str) -> Any:
    """The result of a function that sends `request`, in any number of blocks."""
    coded, lines = bytes.fromhex(request), []
    blocks = [coded[start : start + 255] for start in range(0, len(coded), 255)]
    for number, block in enumerate(blocks):
        last = number == len(blocks) - 1
        head = bytes([0x81, 0xE2, 0x91 if last else 0x11, number, len(block)])
        lines.append(((head + block + b"\0").hex(), (answer if last else "") + "9000"))
    card = ScriptedCard(*OPENING, *lines, CLOSE)
    with Euicc(card) as euicc:
        result = function(euicc)
    assert card.finished()
    return result


def test_the_card_gets_the_bytes_that_the_server_signed() -> None:
    context = "A019 8003414243 A112 800453430960 A100 8208534309608937139F"
    ok = f"BF384D A04B 3000 {SIGNATURE} 3001AA3001BB"
    answer = sent(
        lambda euicc: euicc.authenticate_server(
            PROOF, {"matchingId": "ABC", "deviceInfo": Device.with_imei("353490069873319").info}
        ),
        f"BF386C {SIGNED} {SIGNATURE} {KEY} {CERTIFICATE} {context}",
        ok,
    )
    assert answer.answer == bytes.fromhex(ok)
    assert answer.info is None


def test_a_refusal_of_the_card_is_an_answer_for_the_server() -> None:
    refusal = f"BF380F A10D 8008{TXID} 020102"
    answer = sent(
        lambda euicc: euicc.authenticate_server(PROOF, {"deviceInfo": Device().info}),
        f"BF385D {SIGNED} {SIGNATURE} {KEY} {CERTIFICATE} A00A A108 800453926011 A100",
        refusal,
    )
    assert answer.answer == bytes.fromhex(refusal)
    assert answer.info is None
    with pytest.raises(EuiccRefused) as caught:
        raise_refusal(
            "AuthenticateServer", schema.decode("AuthenticateServerResponse", bytes.fromhex(refusal))
        )
    assert (caught.value.reason, caught.value.code) == ("invalidSignature", 2)


@pytest.mark.parametrize("code", ["020102", "810102"])
def test_the_code_of_a_refused_preparation_may_have_either_tag(code: str) -> None:
    refusal = f"BF210F A10D 8008{TXID} {code}"
    assert (
        sent(
            lambda euicc: euicc.prepare_download(TERMS),
            f"BF214D {SIGNED} {SIGNATURE} {CERTIFICATE}",
            refusal,
        ).hex()
        == bytes.fromhex(refusal).hex()
    )


def test_the_hashed_confirmation_code_is_sent_before_the_certificate() -> None:
    accepted = f"BF2147 A045 3000 {SIGNATURE}"
    sent(
        lambda euicc: euicc.prepare_download(TERMS, b"\x11" * 32),
        f"BF216F {SIGNED} {SIGNATURE} 0420{'11' * 32} {CERTIFICATE}",
        accepted,
    )


def test_a_session_is_cancelled_with_the_bytes_of_the_specification() -> None:
    ok = f"BF4159 A057 3012 8008{TXID} 810388370A 820100 {SIGNATURE}"
    answer = call(
        lambda euicc: euicc.cancel_session(bytes.fromhex(TXID), "endUserRejection"),
        f"BF410D 8008{TXID} 810100",
        ok,
    )
    assert answer == bytes.fromhex(ok)
    reason = refused(
        lambda euicc: euicc.cancel_session(bytes.fromhex(TXID), "loadBppExecutionError"),
        f"BF410D 8008{TXID} 810105",
        "BF4103 810105",
    )
    assert reason == ("CancelSession", "invalidTransactionId", 5)


NOTIFICATION = "BF2F0C 800107 81020780 0C03612E62"


def test_an_accepted_segment_has_no_result() -> None:
    assert call(lambda euicc: euicc.load_segment(memoryview(b"\xa3\x10")), "A310", "") is None


def test_the_result_of_an_installation_is_read() -> None:
    data = f"BF2730 8008{TXID} {NOTIFICATION} 060388370A A210 A00E 4F05A000000559 04053003800100"
    whole = f"BF3776 {data} {SIGNATURE}"
    result = call(lambda euicc: euicc.load_segment(bytes.fromhex("8600")), "8600", whole)
    assert (str(result.aid), result.reason, result.oid) == ("A000000559", "", bytes.fromhex("88370A"))
    assert result.transaction_id.hex().upper() == TXID
    assert result.notification.raw == bytes.fromhex(whole)
    assert result.notification.metadata.sequence_number == 7


@pytest.mark.parametrize(("code", "reason"), [("0C", "installFailedDueToPEProcessingError"), ("63", "99")])
def test_the_result_of_a_failed_installation_is_read(code: str, reason: str) -> None:
    data = f"BF2723 8008{TXID} {NOTIFICATION} A208 A106 800105 8101{code}"
    whole = f"BF3769 {data} {SIGNATURE}"
    result = call(lambda euicc: euicc.load_segment(bytes.fromhex("8600")), "8600", whole)
    assert (result.command, result.reason, result.code) == ("loadProfileElements", reason, int(code, 16))
    assert (result.aid, result.oid) == (None, b"")


def test_a_refused_segment_is_a_bad_answer_with_its_status() -> None:
    with pytest.raises(BadAnswer) as caught:
        call(lambda euicc: euicc.load_segment(b"\xa3\x00"), "A300", "", "6985")
    assert caught.value.sw == 0x6985


def test_a_segment_without_an_answer_is_a_wire_error() -> None:
    with pytest.raises(CardRemoved):
        call(lambda euicc: euicc.load_segment(b"\xa3\x00"), "A300", CardRemoved("The card was pulled."))


def test_a_segment_of_1020_bytes_is_exactly_four_blocks() -> None:
    segment = bytes.fromhex("868203F8") + bytes(1016)
    assert sent(lambda euicc: euicc.load_segment(segment), segment.hex(), "") is None
