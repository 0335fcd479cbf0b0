"""The simulated SM-DP+: which notifications it accepts, and which it rejects with what code."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from lpa.errors import ServerRefused
from lpa.rsp.names import Iccid
from lpa.sim.crypto.pki import Authority, Credentials, der
from lpa.sim.servers.acceptance import accept
from lpa.sim.servers.rejection import Rejection
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.notifications import (
    EID,
    EUICC,
    EUM,
    HEADERS,
    PATH,
    PREFIX,
    SIGNED,
    ask,
    codes,
    connection,
    deliver,
    notification,
    pending,
    tlv,
)
from tests.support.refused_requests import HEADERS_REFUSED
from tests.support.tls_faults import CI, HOST, NOW


@pytest.fixture
def smdp() -> Iterator[SimulatedSmdp]:
    with SimulatedSmdp(CI) as running:
        yield running


# Accepted


def test_a_valid_notification_is_acknowledged_and_stored_as_received(smdp: SimulatedSmdp) -> None:
    raw = notification()
    deliver(smdp, raw)
    (received,) = smdp.received
    assert received.raw == raw
    assert received.signed == SIGNED
    assert received.sequence_number == 7
    assert received.event == "delete"
    assert received.address == HOST
    assert received.iccid == Iccid.parse("8944500000000000017")
    assert received.eid == EID


def test_the_acknowledgement_is_204_without_a_body(smdp: SimulatedSmdp) -> None:
    client = connection(smdp)
    client.request("POST", PATH, pending(notification()), HEADERS)
    response = client.getresponse()
    assert (response.status, response.read()) == (204, b"")
    assert response.headers["X-Admin-Protocol"] == "gsma/rsp/v2.2.2"
    assert response.headers["Content-Length"] is None
    client.close()


def test_a_repetition_is_acknowledged_and_stored_once(smdp: SimulatedSmdp) -> None:
    first = notification()
    deliver(smdp, first)
    deliver(smdp, first)
    deliver(smdp, notification())  # the same content with a new signature
    assert [received.raw for received in smdp.received] == [first]


def test_brainpool_from_the_card_to_the_tls_certificate() -> None:
    ci = Authority.mint(curve="brainpoolP256r1", now=NOW)
    eum = ci.issue_eum(PREFIX, now=NOW)
    euicc = ci.issue_euicc(eum, EID, now=NOW)
    with SimulatedSmdp(ci) as smdp:
        deliver(smdp, notification(SIGNED, euicc, eum.certificate), authority=ci)
        assert len(smdp.received) == 1


def test_one_server_may_have_several_names_and_answers_to_no_other() -> None:
    other = SIGNED.replace(b"smdp.example", b"smdq.example")
    third = SIGNED.replace(b"smdp.example", b"smdr.example")
    with SimulatedSmdp(CI, also=["SMDQ.example"]) as smdp:
        deliver(smdp, notification())
        deliver(smdp, notification(other), "smdq.example")
        with pytest.raises(ServerRefused, match=r"8\.8\.1/3\.8.*this server is not smdr\.example"):
            deliver(smdp, notification(third))
        assert [received.address for received in smdp.received] == ["smdp.example", "smdq.example"]


@pytest.mark.parametrize(
    "address", [b"SMDP.example", b"smdp.example ", b"smdp.example.", b"smdp.example:8443"]
)
def test_its_own_name_is_recognised_in_every_spelling(smdp: SimulatedSmdp, address: bytes) -> None:
    metadata = bytes.fromhex("800107 81020410") + tlv("0C", address)
    deliver(smdp, notification(tlv("BF2F", metadata)))
    assert len(smdp.received) == 1


@pytest.mark.parametrize("address", [b"", b"https://smdp.example/", b"other.example"])
def test_a_notification_for_another_server_is_accepted_only_with_any_address(address: bytes) -> None:
    raw = notification(tlv("BF2F", bytes.fromhex("800107 81020410") + tlv("0C", address)))
    with SimulatedSmdp(CI) as strict, SimulatedSmdp(CI, any_address=True) as lax:
        assert codes(ask(strict, pending(raw))) == "8.8.1/3.8"
        assert ask(lax, pending(raw)) == (204, b"")


def test_base64_may_have_line_breaks_and_no_padding_and_the_type_a_charset(smdp: SimulatedSmdp) -> None:
    text = base64.encodebytes(notification()).decode().rstrip("=\n")
    headers = HEADERS | {"Content-Type": "application/json; charset=utf-8"}
    assert ask(smdp, json.dumps({"pendingNotification": text}).encode(), headers=headers) == (204, b"")


# Rejected


@pytest.mark.parametrize(("refusal", "headers"), HEADERS_REFUSED)
def test_wrong_headers_have_their_own_codes(
    smdp: SimulatedSmdp, refusal: str, headers: dict[str, str]
) -> None:
    assert codes(ask(smdp, pending(notification()), headers=HEADERS | headers)) == refusal
    assert smdp.received == ()


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (b"", "1.2.1/2.1"),
        (b"\xff", "1.2.1/2.1"),
        (b"[" * 60000, "1.2.1/2.1"),
        (b"[]", "1.2.1/2.1"),
        (b"{}", "1.2.1/2.2"),
        (b'{"pendingNotification": 1}', "1.2.1/2.2"),
        (b'{"pendingNotification": "M*=="}', "1.2.1/2.1"),
        (b'{"pendingNotification": "\xc3\xa4"}', "1.2.1/2.1"),
        (b'{"pendingNotification": "A"}', "1.2.1/2.1"),
        (pending(b""), "1.2.1/2.1"),
        (pending(b"\x30\x80\x00\x00"), "1.2.1/2.1"),
        (pending(notification() + b"\x00"), "1.2.1/2.1"),
        (pending(notification()[:-1]), "1.2.1/2.1"),
        (pending(tlv("30", SIGNED)), "1.2.1/2.1"),
        (pending(tlv("30", b"\xa1\x00" + notification()[4:])), "1.2.1/2.1"),
        (pending(tlv("BF37", tlv("BF27", SIGNED))), "1.2.1/2.1"),
    ],
)
def test_a_malformed_notification_is_refused_before_its_certificates_are_verified(
    smdp: SimulatedSmdp, body: bytes, refusal: str
) -> None:
    assert codes(ask(smdp, body)) == refusal
    assert smdp.received == ()


def rejected(raw: bytes, now: datetime = NOW) -> str:
    with pytest.raises(Rejection) as caught:
        accept(raw, [CI.certificate], now)
    return f"{caught.value.subject}/{caught.value.reason}"


def resigned(
    credentials: Credentials,
    issuer: ec.EllipticCurvePrivateKey,
    without: type[x509.ExtensionType],
    *instead: Any,
) -> Credentials:
    """The certificate with another extension of that type, or without it, signed again."""
    old = credentials.certificate
    builder = (
        x509.CertificateBuilder()
        .subject_name(old.subject)
        .issuer_name(old.issuer)
        .public_key(old.public_key())
        .serial_number(old.serial_number)
        .not_valid_before(old.not_valid_before_utc)
        .not_valid_after(old.not_valid_after_utc)
    )
    for extension in old.extensions:
        if not isinstance(extension.value, without):
            builder = builder.add_extension(extension.value, extension.critical)
    for value in instead:
        builder = builder.add_extension(value, critical=True)
    return replace(credentials, certificate=builder.sign(issuer, hashes.SHA256()))


def with_eum(eum: Credentials, eid: str = EID) -> bytes:
    return notification(SIGNED, CI.issue_euicc(eum, eid, now=NOW), eum.certificate)


def policy(suffix: str) -> x509.CertificatePolicies:
    role = x509.ObjectIdentifier(f"2.23.146.1.2.1.{suffix}")
    return x509.CertificatePolicies([x509.PolicyInformation(role, None)])


OTHER = Authority.mint(now=NOW)
NO_CA = x509.BasicConstraints(ca=False, path_length=None)
ANYBODY = x509.NameConstraints([x509.DNSName("example")], None)
SIGNS_ONLY = EUICC.certificate.extensions.get_extension_for_class(x509.KeyUsage).value
CERTIFIES_ONLY = EUM.certificate.extensions.get_extension_for_class(x509.KeyUsage).value


def forged_eum() -> Credentials:
    """An EUM certificate with the CI's key identifier, signed with another key."""
    other = replace(CI, key=OTHER.key)
    return other.issue_eum(PREFIX, now=NOW)


@pytest.mark.parametrize(
    ("raw", "refusal"),
    [
        (notification().replace(b"smdp.example", b"smdq.example", 1), "8.1/6.1"),
        (notification(SIGNED, replace(EUICC, key=OTHER.key)), "8.1/6.1"),
        (
            tlv("30", SIGNED + tlv("5F37", bytes(64)) + der(EUICC.certificate) + der(EUM.certificate)),
            "8.1/6.1",
        ),
        (tlv("30", SIGNED + tlv("5F37", b"\x01") + der(EUICC.certificate) + der(EUM.certificate)), "8.1/6.1"),
        (with_eum(OTHER.issue_eum(PREFIX, now=NOW)), "8.11.1/3.9"),
        (with_eum(forged_eum()), "8.1.2/6.1"),
        (with_eum(CI.issue_eum("89999998", now=NOW)), "8.1.4/6.1"),
        (with_eum(resigned(EUM, CI.key, x509.BasicConstraints, NO_CA)), "8.1.2/6.1"),
        (with_eum(resigned(EUM, CI.key, x509.KeyUsage, SIGNS_ONLY)), "8.1.2/6.1"),
        (with_eum(resigned(EUM, CI.key, x509.CertificatePolicies, policy("1"))), "8.1.2/6.1"),
        (with_eum(resigned(EUM, CI.key, x509.CertificatePolicies)), "8.1.2/6.1"),
        (with_eum(resigned(EUM, CI.key, x509.AuthorityKeyIdentifier)), "8.1.2/6.1"),
        (with_eum(resigned(EUM, CI.key, x509.NameConstraints)), "8.1.2/6.1"),
        (with_eum(resigned(EUM, CI.key, x509.NameConstraints, ANYBODY)), "8.1.4/6.1"),
        (with_eum(EUM, "89999999"), "8.1.3/6.1"),
        (with_eum(EUM, "8" * 31 + "x"), "8.1.3/6.1"),
        (notification(SIGNED, EUICC, CI.issue_eum(PREFIX, now=NOW).certificate), "8.1.3/6.1"),
        (notification(SIGNED, resigned(EUICC, OTHER.key, x509.KeyUsage, SIGNS_ONLY)), "8.1.3/6.1"),
        (notification(SIGNED, resigned(EUICC, EUM.key, x509.KeyUsage, CERTIFIES_ONLY)), "8.1.3/6.1"),
        (notification(SIGNED, resigned(EUICC, EUM.key, x509.CertificatePolicies, policy("2"))), "8.1.3/6.1"),
        (notification(SIGNED, Credentials(CI.certificate, CI.key)), "8.1.3/6.1"),
        (notification(SIGNED, EUICC, EUICC.certificate), "8.11.1/3.9"),
    ],
)
def test_each_error_in_the_chain_has_its_own_code(raw: bytes, refusal: str) -> None:
    assert rejected(raw) == refusal


def test_an_eum_of_another_organisation_is_not_permitted() -> None:
    named_otherwise = x509.NameConstraints(
        [
            x509.DirectoryName(
                x509.Name(
                    [
                        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Other EUM"),
                        x509.NameAttribute(NameOID.SERIAL_NUMBER, PREFIX),
                    ]
                )
            )
        ],
        None,
    )
    assert rejected(with_eum(resigned(EUM, CI.key, x509.NameConstraints, named_otherwise))) == "8.1.4/6.1"


def test_the_dates_of_the_certificates_are_checked() -> None:
    after_eum = EUM.certificate.not_valid_after_utc + timedelta(seconds=1)
    assert rejected(notification(), after_eum) == "8.1.2/6.3"
    assert rejected(notification(), NOW - timedelta(days=1)) == "8.1.2/6.1"
    later = CI.issue_euicc(EUM, EID, now=NOW + timedelta(days=1))
    assert rejected(notification(SIGNED, later)) == "8.1.3/6.1"
    assert accept(notification(), [CI.certificate], after_eum - timedelta(days=2)).eid == EID


def test_a_notification_with_a_changed_byte_is_rejected() -> None:
    good = notification()
    assert accept(good, [CI.certificate], NOW).eid == EID
    # Except the number of unused bits before a certificate's signature: it is neither signed nor checked.
    unused = {good.index(held.certificate.signature) - 1 for held in (EUICC, EUM)}
    for place in set(range(len(good))) - unused:
        for change in (0x01, 0x80):
            changed = bytearray(good)
            changed[place] ^= change
            with pytest.raises(Rejection):
                accept(bytes(changed), [CI.certificate], NOW)


@given(st.binary() | st.binary().map(lambda value: tlv("30", SIGNED + tlv("5F37", bytes(64)) + value)))
def test_garbage_raises_only_rejections(raw: bytes) -> None:
    with pytest.raises(Rejection):
        accept(raw, [CI.certificate], NOW)
