"""The card's answers in a download, and a server's answers that are sent to the card as commands."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import cast

import pytest

from lpa.card.es10 import ISDR_AIDS, Euicc
from lpa.rsp.bpp import Package
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.device import Device
from lpa.rsp.session import CardProof, ServerProof, Terms
from lpa.server.es9 import Server
from lpa.server.https import Https
from tests.fuzz import downloads, seeds
from tests.fuzz.hostile import FixedCard, FixedHttps
from tests.fuzz.readers import documented
from tests.support import es9_messages, es10_messages

_TXID = es9_messages.TXID
_PROOF, _TERMS = es10_messages.PROOF, es10_messages.TERMS
_CONTEXT = {"deviceInfo": Device().info}
_CODE = bytes(32)  # a confirmation code, hashed
_LONGEST_COMMAND = 5 + 255 + 1
_MORE_BLOCKS = 0x11


class RequestRecorder(FixedCard):
    """Records the requests that it gets, joined from their blocks as a card does."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[bytes] = []
        self._request = b""

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """Check that it is a command that a card can process."""
        if not 4 <= len(apdu) <= _LONGEST_COMMAND:
            pytest.fail("no card can process this command")  # no `Exception`, which would be a `WireError`
        if apdu[1] == 0xE2:
            if apdu[4] != len(apdu[5:]) - (len(apdu) > 5 + apdu[4]):
                pytest.fail("the command does not have the length that it names")
            self._request += apdu[5 : 5 + apdu[4]]
            if apdu[2] == _MORE_BLOCKS:
                return b"", 0x9000
            self.requests.append(self._request)
            self._request = b""
        return super().transmit(apdu)


def card_in_a_download(data: bytes) -> None:
    """The first byte selects the function that the card answers."""
    euicc, card = _opened()
    card.answer = data[1:]
    functions: tuple[Callable[[], object], ...] = (
        lambda: euicc.authenticate_server(_PROOF, _CONTEXT).info,
        lambda: euicc.prepare_download(_TERMS, _CODE),
        lambda: euicc.cancel_session(_TXID, "postponed"),
        lambda: euicc.load_segment(b"\xbf\x36\x00"),
    )
    found = functions[data[0] % len(functions) if data else 0]()
    if isinstance(found, Tlv):
        assert found == data[1:]
    elif found:
        documented(getattr(found, "reason", None) or getattr(found, "version", None))


def server_to_card(data: bytes) -> None:
    """A server's answer is sent to the card as it came, in valid commands, or not at all.

    The first byte selects the function that the server answers.
    """
    euicc, card = _opened()
    card.requests.clear()
    server = Server(downloads.SERVER, cast("Https", FixedHttps(data[1:])))
    functions: tuple[Callable[[], None], ...] = (
        lambda: _authenticate(euicc, card, server),
        lambda: _prepare(euicc, card, server),
        lambda: _load(euicc, card, server),
    )
    functions[data[0] % len(functions) if data else 0]()


def _authenticate(euicc: Euicc, card: RequestRecorder, server: Server) -> None:
    proof = server.initiate_authentication(bytes(16), b"\xbf\x20\x00")
    proof.check(server.address)
    _authenticate_by(euicc, card, proof, "")


def _authenticate_by(euicc: Euicc, card: RequestRecorder, proof: ServerProof, matching_id: str) -> CardProof:
    card.answer = _answers()["AuthenticateServer"]
    context = _CONTEXT | ({"matchingId": matching_id} if matching_id else {})
    answer = euicc.authenticate_server(proof, context)
    (request,) = card.requests
    signed = (proof.signed, proof.signature, proof.key, proof.certificate)
    assert request == Tlv.build(0xBF38, *signed, Tlv.whole(request).children[-1])
    assert (matching_id.encode() in request) or not matching_id
    return answer


def _prepare(euicc: Euicc, card: RequestRecorder, server: Server) -> None:
    terms = server.authenticate_client(_TXID, b"\xbf\x38\x00")
    if isinstance(terms, Terms):
        card.answer = _answers()["PrepareDownload"]
        euicc.prepare_download(terms, _CODE)
        (request,) = card.requests
        code = Tlv.build(0x04, _CODE)
        assert request == Tlv.build(0xBF21, terms.signed, terms.signature, code, terms.certificate)
        return
    for event in terms:
        card.requests.clear()
        _authenticate_by(euicc, card, _PROOF, event.code.matching_id)


def _load(euicc: Euicc, card: RequestRecorder, server: Server) -> None:
    received = bytearray()
    server.get_bound_profile_package(_TXID, b"\xbf\x21\x00", received.extend)
    package = Package.checked(bytes(received))
    card.answer = b""
    for segment in package.segments():
        euicc.load_segment(segment)
    assert b"".join(card.requests) == package.whole


def card_answers() -> list[bytes]:
    """The answers of each function, successful ones and others."""
    names = ("AuthenticateServer", "PrepareDownload", "CancelSession")
    found = [
        bytes([which]) + answer
        for which, name in enumerate(names)
        for answer in (_answers()[name], *seeds.answers(f"{name}Response"))
    ]
    return [*found, b"\x03", *(b"\x03" + result for result in seeds.answers("ProfileInstallationResult"))]


def server_answers() -> list[bytes]:
    """The answers of `downloads.json_answers` with something for the card, and another event."""
    answers = [answer for answer in downloads.json_answers() if answer[0] != 3]
    return [*answers, answers[-1].replace(b'"A-1"', b'"04386-AGYFT-A74Y8-3F815"')]


@cache
def _opened() -> tuple[Euicc, RequestRecorder]:
    card = RequestRecorder()
    euicc = Euicc(card, aids=ISDR_AIDS[:1])
    return euicc, card


@cache
def _answers() -> dict[str, bytes]:
    """Successful answers of a card, with its EUICCInfo2."""
    signature = Tlv.build(0x5F37, bytes(64))
    (info2,) = seeds.answers("GetEuiccInfo2Response")[:1]
    signed = Tlv.build(0x30, Tlv.build(0x80, _TXID), info2)
    proof = Tlv.build(0xA0, signed, signature, b"\x30\x00", b"\x30\x00")
    accepted = Tlv.build(0xA0, Tlv.build(0x30, Tlv.build(0x80, _TXID)), signature)
    return {
        "AuthenticateServer": Tlv.build(0xBF38, proof),
        "PrepareDownload": Tlv.build(0xBF21, accepted),
        "CancelSession": Tlv.build(0xBF41, accepted),
    }
