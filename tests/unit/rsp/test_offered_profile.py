"""The metadata of an offered profile, and when two metadata mean the same."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest

from lpa.errors import BadAnswer
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.offered_profile import OfferedProfile
from lpa.rsp.pki import server_oid
from lpa.rsp.pki.server_oid import coded, of_certificate
from lpa.rsp.records import NotificationConfiguration, Operator
from lpa.sim.crypto.pki import DP_AUTH, Authority, der
from tests.support.offered_metadata import SAMPLE


def changed(old: str, new: str) -> bytes:
    content = SAMPLE.hex().upper().replace(old, new)[6:]
    return bytes.fromhex(f"BF25{len(content) // 2:02X}{content}")


def test_the_sample_of_the_specification_is_read() -> None:
    profile = OfferedProfile.from_tlv(SAMPLE).profile
    assert str(profile.iccid) == "89491012345678901012"
    assert (profile.service_provider, profile.name, profile.profile_class) == ("SP", "N", "operational")
    assert profile.notifications == (NotificationConfiguration(("install",), "a.b"),)
    assert profile.owner == Operator("262-01")
    assert profile.policy_rules == ("ppr1",)


def test_the_default_class_is_operational() -> None:
    assert OfferedProfile.from_tlv(changed("950102", "")).profile.profile_class == "operational"
    assert OfferedProfile.from_tlv(changed("950102", "950100")).profile.profile_class == "test"


@pytest.mark.parametrize(
    ("member", "size"),
    [
        ("9F2102A410", None),  # negative
        ("9F210300A410", 42_000),
        ("9F210400A41000", 10_752_000),
        ("9F2101 00", None),
        ("9F2100", None),
        ("9F2105 0100000000", None),  # too large
        ("", None),
    ],
)
def test_a_server_may_report_the_size_of_a_profile(member: str, size: int | None) -> None:
    offered = OfferedProfile.from_tlv(changed("99020640", f"99020640{member}".replace(" ", "")))
    assert offered.estimated_size == size
    assert offered.profile.policy_rules == ("ppr1",)


@pytest.mark.parametrize("member", ["5A0A98940121436587090121", "91025350", "92014E"])
def test_a_missing_mandatory_member_is_refused(member: str) -> None:
    with pytest.raises(BadAnswer, match="offers a profile without its"):
        OfferedProfile.from_tlv(changed(member, ""))


@pytest.mark.parametrize(
    "metadata",
    [b"", SAMPLE[:-1], SAMPLE + b"\0", b"\xbf\x26" + SAMPLE[2:], changed("99020640", "99020941")],
)
def test_invalid_metadata_are_refused(metadata: bytes) -> None:
    with pytest.raises(BadAnswer):
        OfferedProfile.from_tlv(metadata)


def test_equivalent_metadata_describe_the_same_profile() -> None:
    offered = OfferedProfile.from_tlv(SAMPLE)
    assert offered.describes(SAMPLE)
    assert offered.describes(changed("950102", ""))
    assert offered.describes(changed("91025350 92014E".replace(" ", ""), "92014E91025350"))
    assert OfferedProfile.from_tlv(changed("950102", "")).describes(SAMPLE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("92014E", "92014D"),
        ("99020640", ""),
        ("950102", "950100"),
        ("99020640", "99020560"),
        ("612E62", "612E63"),
    ],
)
def test_different_metadata_do_not_describe_the_same_profile(old: str, new: str) -> None:
    assert not OfferedProfile.from_tlv(SAMPLE).describes(changed(old, new))
    assert not OfferedProfile.from_tlv(SAMPLE).describes(b"\xbf")


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("2.999.10", "88370A"),
        ("1.3.6.1.4.1.31746", "2B060104018 1F802"),
        ("2.23.146.1.2.1.4", "67811201020104"),
    ],
)
def test_an_object_identifier_is_coded(text: str, octets: str) -> None:
    octet_string = bytes.fromhex(octets.replace(" ", ""))
    assert coded(text) == octet_string
    assert server_oid.text(octet_string) == text


@pytest.mark.parametrize("octets", ["", "88", "2B8B"])
def test_what_is_no_object_identifier_is_shown_as_hex(octets: str) -> None:
    assert server_oid.text(bytes.fromhex(octets)) == octets.lower()


def test_the_object_identifier_in_a_certificate_is_read() -> None:
    now = datetime.now(UTC)
    signer = Authority.mint(now=now).issue_signer("smdp.example", DP_AUTH, now=now, oid="2.999.10")
    assert of_certificate(Tlv.whole(der(signer.certificate))) == bytes.fromhex("88370A")


@pytest.mark.parametrize("certificate", ["3000", "3003020101", "0101FF", "30053003A30100"])
def test_a_certificate_without_object_identifier_is_refused_or_gives_none(certificate: str) -> None:
    with suppress(BadAnswer):
        assert of_certificate(Tlv.whole(bytes.fromhex(certificate))) == b""
