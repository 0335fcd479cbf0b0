"""What the card answers in a download, and what of a server's words goes down to the card as commands."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import cast

from lpa.card.es10 import ISDR_AIDS, Euicc
from lpa.rsp.bpp import Package
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.device import Device
from lpa.rsp.session import CardProof, ServerProof, Terms
from lpa.server.es9 import Server
from lpa.server.https import Https
from tests.fuzz import downloads, seeds
from tests.fuzz.hostile import Parrot
from tests.fuzz.readers import documented
from tests.unit.card import test_es10_download
from tests.unit.server import test_es9_download

_TXID = test_es9_download.TXID
_PROOF, _TERMS = test_es10_download.PROOF, test_es10_download.TERMS
_CONTEXT = {"deviceInfo": Device().info}
_CODE = bytes(32)  # a confirmation code, hashed
_LONGEST_COMMAND = 5 + 255 + 1
_MORE_BLOCKS = 0x11


class Listener(Parrot):
    """Writes down the requests that it is given, put together from their blocks as a card does it."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[bytes] = []
        self._begun = b""

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """See that it is a command that a card can take."""
        assert 4 <= len(apdu) <= _LONGEST_COMMAND
        if apdu[1] == 0xE2:
            assert apdu[4] == len(apdu[5:]) - (len(apdu) > 5 + apdu[4])
            self._begun += apdu[5 : 5 + apdu[4]]
            if apdu[2] == _MORE_BLOCKS:
                return b"", 0x9000
            self.requests.append(self._begun)
            self._begun = b""
        return super().transmit(apdu)


def card_in_a_download(data: bytes) -> None:
    """The first byte says which function the card answers."""
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
    """What a server says goes to the card as it came, in commands that a card can take, or not at all.

    The first byte says which function the server answers.
    """
    euicc, card = _opened()
    card.requests.clear()
    server = Server(downloads._SERVER, cast("Https", downloads._Said(data[1:])))
    functions: tuple[Callable[[], None], ...] = (
        lambda: _show_the_server(euicc, card, server),
        lambda: _accept(euicc, card, server),
        lambda: _load(euicc, card, server),
    )
    functions[data[0] % len(functions) if data else 0]()


def _show_the_server(euicc: Euicc, card: Listener, server: Server) -> None:
    proof = server.initiate_authentication(bytes(16), b"\xbf\x20\x00")
    proof.check(server.address)
    _introduce(euicc, card, proof, "")


def _introduce(euicc: Euicc, card: Listener, proof: ServerProof, matching_id: str) -> CardProof:
    card.answer = _answers()["AuthenticateServer"]
    context = _CONTEXT | ({"matchingId": matching_id} if matching_id else {})
    answer = euicc.authenticate_server(proof, context)
    (request,) = card.requests
    signed = (proof.signed, proof.signature, proof.key, proof.certificate)
    assert request == Tlv.build(0xBF38, *signed, Tlv.whole(request).children[-1])
    assert (matching_id.encode() in request) or not matching_id
    return answer


def _accept(euicc: Euicc, card: Listener, server: Server) -> None:
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
        _introduce(euicc, card, _PROOF, event.code.matching_id)


def _load(euicc: Euicc, card: Listener, server: Server) -> None:
    package = Package.checked(server.get_bound_profile_package(_TXID, b"\xbf\x21\x00"))
    card.answer = b""
    for segment in package.segments():
        euicc.load_segment(segment)
    assert b"".join(card.requests) == package.whole


def card_answers() -> list[bytes]:
    """Of each function what it answers when all is well, and when not."""
    names = ("AuthenticateServer", "PrepareDownload", "CancelSession")
    found = [
        bytes([which]) + answer
        for which, name in enumerate(names)
        for answer in (_answers()[name], *seeds.answers(f"{name}Response"))
    ]
    return [*found, b"\x03", *(b"\x03" + result for result in seeds.answers("ProfileInstallationResult"))]


def server_answers() -> list[bytes]:
    """Those of `downloads.json_answers` that say something to a card, and a referral."""
    said = [answer for answer in downloads.json_answers() if answer[0] != 3]
    return [*said, said[-1].replace(b'"A-1"', b'"04386-AGYFT-A74Y8-3F815"')]


@cache
def _opened() -> tuple[Euicc, Listener]:
    card = Listener()
    euicc = Euicc(card, aids=ISDR_AIDS[:1])
    return euicc, card


@cache
def _answers() -> dict[str, bytes]:
    """Answers of a card that agrees, with all that it says about itself."""
    signature = Tlv.build(0x5F37, bytes(64))
    (info2,) = seeds.answers("GetEuiccInfo2Response")[:1]
    signed = Tlv.build(0x30, Tlv.build(0x80, _TXID), info2)
    proof = Tlv.build(0xA0, signed, signature, b"\x30\x00", b"\x30\x00")
    agreed = Tlv.build(0xA0, Tlv.build(0x30, Tlv.build(0x80, _TXID)), signature)
    return {
        "AuthenticateServer": Tlv.build(0xBF38, proof),
        "PrepareDownload": Tlv.build(0xBF21, agreed),
        "CancelSession": Tlv.build(0xBF41, agreed),
    }
