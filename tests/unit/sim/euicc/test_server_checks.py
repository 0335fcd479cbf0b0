"""Mutual authentication of the simulated card and a server written by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from lpa.sim.crypto.pki import CurveName, der
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.der import parts, tlv, value
from tests.support.downloads import (
    ADDRESS,
    CANCEL,
    CONTEXT,
    DPAUTH,
    DPPB,
    DSAUTH,
    OID,
    TXID,
    Conversation,
    Server,
    certificate,
    signature,
    verify,
)
from tests.support.terminal import made

CURVES: tuple[CurveName, ...] = ("P-256", "brainpoolP256r1")


@pytest.fixture
def talk() -> Conversation:
    return Conversation(made())


def refusal(answer: bytes) -> int:
    """The error code of an AuthenticateServerResponse or PrepareDownloadResponse of this transaction."""
    assert parts(answer)[0][0] == 0xA1, answer.hex()
    transaction, code = parts(parts(answer)[0])
    assert (transaction, code[0]) == (tlv("80", TXID), 0x02)
    return value(code)[0]


# AuthenticateServer


@pytest.mark.parametrize("curve", CURVES)
def test_the_card_signs_the_values_of_the_server_and_its_own_info(curve: CurveName) -> None:
    talk = Conversation(SimulatedEuicc.create(None, curve=curve))
    info = talk.ask(bytes.fromhex("BF2200"))
    signed, signature, euicc, eum = parts(parts(talk.authenticate())[0])
    members = (tlv("80", TXID), tlv("83", ADDRESS.encode()), tlv("84", bytes(range(16))), info, CONTEXT)
    assert signed == tlv("30", *members)
    verify(euicc, signed, signature)
    held = talk.card.identity.credentials[0]
    assert (euicc, eum) == (der(held.certificate), der(held.chain[0]))


@pytest.mark.parametrize(
    "context",
    [
        "A014 A112 8004 35290611 A10A 8003 0E0000 8503 0E0000",
        "A016 8000 A112 8004 35290611 A10A 8003 0E0000 8503 0E0000",
        "A014 A112 8004 35290611 A100 8208 534309608937139F",
        # members of later versions: nrEpc and others, operationType, and an unknown one
        "A020 A117 8004 35290611 A10F 8003 0E0000 8803 0F0000 8D03 010203 82020780 9F7F00",
    ],
    ids=["no matching id", "an empty one", "an IMEI", "of a later version"],
)
def test_the_context_is_signed_as_received(talk: Conversation, context: str) -> None:
    talk.server.context = bytes.fromhex(context)
    signed, *_ = parts(parts(talk.authenticate())[0])
    assert parts(signed)[4] == talk.server.context


def test_an_sm_ds_is_authenticated_but_cannot_bind_a_package(talk: Conversation) -> None:
    server = talk.server
    server.certificate = certificate(server.authority, server.auth, DSAUTH, "2.999.11")
    talk.authenticate()
    assert refusal(talk.ask(server.prepare_download(talk.signature))) == 1


def test_a_server_may_be_on_another_curve_than_the_card() -> None:
    """Both are certified under the same issuer, with keys on different curves."""
    card = made()
    talk = Conversation(card, Server(card.authority, card.eid, ec.BrainpoolP256R1()))
    assert parts(talk.download())[0]
    assert len(card.profiles) == 4


Wrong = Callable[[Server], None]


def no_such_issuer(server: Server) -> None:
    server.issuer = bytes(20)


def garbage(server: Server) -> None:
    server.certificate = bytes.fromhex("3003020101")


def another_authority(server: Server) -> None:
    other = made().authority
    server.certificate = certificate(other, server.auth, DPAUTH)


def forged(server: Server) -> None:
    """The certificate names the right issuer, but is signed with another key."""
    key = ec.generate_private_key(ec.SECP256R1())
    server.certificate = certificate(server.authority, server.auth, DPAUTH, signer=key)


def another_role(server: Server) -> None:
    server.certificate = certificate(server.authority, server.auth, DPPB)


def another_use(server: Server) -> None:
    server.certificate = certificate(server.authority, server.auth, DPAUTH, usage=False)


def another_curve(server: Server) -> None:
    server.certificate = certificate(server.authority, ec.generate_private_key(ec.SECP384R1()), DPAUTH)


def no_identifier(server: Server) -> None:
    server.certificate = certificate(server.authority, server.auth, DPAUTH, "")


def another_key(server: Server) -> None:
    server.auth = ec.generate_private_key(ec.SECP256R1())


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (no_such_issuer, 7),
        (garbage, 1),
        (another_authority, 1),
        (forged, 1),
        (another_role, 1),
        (another_use, 1),
        (another_curve, 3),
        (no_identifier, 5),
        (another_key, 2),
    ],
)
def test_an_invalid_server_is_refused(talk: Conversation, wrong: Wrong, code: int) -> None:
    genuine = talk.server
    talk.server = Server(genuine.authority, genuine.eid)
    wrong(talk.server)
    challenge = talk.challenge()
    assert refusal(talk.ask(talk.server.authenticate_server(challenge))) == code
    # The session is unchanged.
    assert parts(talk.ask(genuine.authenticate_server(challenge)))[0][0] == 0xA0


def test_a_challenge_of_another_session_is_refused(talk: Conversation) -> None:
    old, fresh = talk.challenge(), talk.challenge()
    assert refusal(talk.ask(talk.server.authenticate_server(old))) == 6
    assert parts(talk.ask(talk.server.authenticate_server(fresh)))[0][0] == 0xA0


def test_a_changed_bit_in_server_signed1_is_refused(talk: Conversation) -> None:
    challenge = talk.challenge()
    request = talk.server.authenticate_server(challenge)
    signed = parts(request)[0]
    start = request.index(signed) + 2
    for position in range(start, start + len(signed) - 2):
        changed = bytearray(request)
        changed[position] ^= 0x01
        answer = talk.terminal.ask(changed.hex())
        assert answer == "6A80" or answer[-6:-4] in ("02", "06"), answer
    assert parts(talk.ask(request))[0][0] == 0xA0


def test_a_changed_bit_in_the_certificate_is_refused(talk: Conversation) -> None:
    challenge = talk.challenge()
    request = talk.server.authenticate_server(challenge)
    start = request.index(talk.server.certificate)
    for position in range(start, start + len(talk.server.certificate)):
        changed = bytearray(request)
        changed[position] ^= 0x10
        answer = talk.terminal.ask(changed.hex())
        assert answer == "6A80" or answer[:4] + answer[6:8] == "BF38A1", position


@pytest.mark.parametrize(
    "request_", ["BF3800", "BF380430020000", "BF2100", "BF21043002 0000", "BF4100", "BF2E01"]
)
def test_a_malformed_request_is_wrong_data(talk: Conversation, request_: str) -> None:
    assert talk.terminal.ask(request_) == "6A80"


# PrepareDownload


@pytest.mark.parametrize("curve", CURVES)
def test_the_card_answers_with_a_one_time_key_on_the_curve_of_the_server(curve: CurveName) -> None:
    talk = Conversation(SimulatedEuicc.create(None, curve=curve))
    talk.authenticate()
    code = bytes(range(32))
    request = talk.server.prepare_download(talk.signature, code=code)
    signed, own = parts(parts(talk.ask(request))[0])
    transaction, key, hashed = parts(signed)
    assert (transaction, hashed) == (tlv("80", TXID), tlv("04", code))
    assert key[:3] == bytes.fromhex("5F4941")
    ec.EllipticCurvePublicKey.from_encoded_point(talk.server.pb.curve, value(key))
    verify(talk.certificate, signed + parts(request)[1], own)


def test_every_download_has_its_own_one_time_key(talk: Conversation) -> None:
    talk.prepare()
    first = talk.key
    talk.prepare()
    assert talk.key != first


def binding_of(oid: str = "2.999.10", role: str = DPPB) -> Callable[[Conversation], bytes]:
    def request(talk: Conversation) -> bytes:
        server = talk.server
        server.binding = certificate(server.authority, server.pb, role, oid)
        return server.prepare_download(talk.signature)

    return request


def binding_by_another(talk: Conversation) -> bytes:
    talk.server.binding = certificate(made().authority, talk.server.pb, DPPB)
    return talk.server.prepare_download(talk.signature)


def binding_on_another_curve(talk: Conversation) -> bytes:
    server = talk.server
    server.binding = certificate(server.authority, ec.generate_private_key(ec.SECP384R1()), DPPB)
    return server.prepare_download(talk.signature)


def signed_by_another(talk: Conversation) -> bytes:
    talk.server.pb = ec.generate_private_key(ec.SECP256R1())
    return talk.server.prepare_download(talk.signature)


def of_another_answer(talk: Conversation) -> bytes:
    """The signature covers the euiccSignature1 of another session."""
    return talk.server.prepare_download(signature(talk.server.auth, b""))


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (binding_of("2.999.11"), 1),
        (binding_of(""), 1),
        (binding_of(role=DPAUTH), 1),
        (binding_by_another, 1),
        (binding_on_another_curve, 3),
        (signed_by_another, 2),
        (of_another_answer, 2),
    ],
)
def test_an_invalid_binding_is_refused(
    talk: Conversation, request_: Callable[[Conversation], bytes], code: int
) -> None:
    genuine = Server(talk.server.authority, talk.server.eid)
    talk.server = genuine
    talk.authenticate()
    good = genuine.prepare_download(talk.signature)
    assert refusal(talk.ask(request_(talk))) == code
    assert talk.card.notifications == ()
    # The session is unchanged.
    assert parts(talk.ask(good))[0][0] == 0xA0


def test_another_transaction_is_refused(talk: Conversation) -> None:
    talk.authenticate()
    answer = talk.ask(talk.server.prepare_download(talk.signature, bytes(8)))
    assert answer.hex() == "bf210fa10d80080000000000000000020105"


# CancelSession


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("reason", [0, 1, 2, 3, 4, 5, 16, 127])
def test_the_card_signs_the_reason_of_a_cancellation(curve: CurveName, reason: int) -> None:
    talk = Conversation(SimulatedEuicc.create(None, curve=curve))
    talk.authenticate()
    signed, own = parts(parts(talk.ask(bytes.fromhex(f"{CANCEL}{reason:02X}")))[0])
    assert signed == tlv("30", tlv("80", TXID), tlv("81", OID), tlv("82", bytes([reason])))
    verify(talk.certificate, signed, own)
    assert talk.card.notifications == ()


def test_the_session_of_another_transaction_is_not_cancelled(talk: Conversation) -> None:
    talk.authenticate()
    assert talk.terminal.ask("BF410D80080000000000000000810100") == "BF41038101059000"
    assert talk.terminal.ask(f"{CANCEL}00")[:4] == "BF41"
