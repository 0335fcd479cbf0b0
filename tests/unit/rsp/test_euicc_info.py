"""What a card reports about itself, also with members missing, added or malformed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpa.errors import BadAnswer
from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.euicc_info import (
    AuthorisationRule,
    CardResource,
    ConfiguredAddresses,
    EuiccInfo1,
    EuiccInfo2,
    IotInfo,
    KeyIdentifier,
)
from lpa.rsp.records import Operator
from tests.support.paths import VECTORS

ANSWERS = {
    vector["type"]: bytes.fromhex(vector["bytes"])
    for vector in json.loads((VECTORS / "es10.json").read_text())
    if vector["type"] in ("GetEuiccInfo1Response", "GetEuiccInfo2Response", "GetRATResponse")
}
GSMA = KeyIdentifier(bytes.fromhex("81370f5125d0b1d408d4c3b232e6d25e795bebfb"))
TEST = KeyIdentifier(bytes.fromhex("f54172bdf98a95d65cbeb88a38a1c11d800a85c3"))


def info2(members: str) -> EuiccInfo2:
    return EuiccInfo2.from_tlv(Tlv.build(0xBF22, bytes.fromhex(members)))


def test_info2_has_everything_that_the_card_reports() -> None:
    raw = ANSWERS["GetEuiccInfo2Response"]
    assert EuiccInfo2.from_tlv(raw) == EuiccInfo2(
        raw=Tlv(raw),
        profile_version="2.3.1",
        svn="2.2.2",
        firmware="1.2.3",
        resource=CardResource(3, 500_000, 8192, bytes.fromhex("81010382040007A12083022000")),
        uicc_capability=("usimSupport", "isimSupport", "akaMilenage", "akaTuak128", "javacard"),
        ts102241_version="6.0.0",
        globalplatform_version="2.3.0",
        rsp_capability=("additionalProfile", "testProfileSupport"),
        ci_for_verification=(GSMA,),
        ci_for_signing=(GSMA,),
        ci_for_signing_v3=(GSMA,),
        category="mediumEuicc",
        forbidden_policy_rules=("ppr1",),
        pp_version="1.0.0",
        sas_accreditation_number="XX-YY-UP-MMYY",
        platform_label="abc",
        discovery_base_url="https://x.y",
        tre_properties=("isIntegrated",),
        tre_product_reference="TR",
        additional_profile_versions=("2.3.2",),
        lpa_mode="lpad",
        additional_info=b"\xab\xcd",
        highest_svn="3.1.0",
    )


def test_info2_may_be_empty() -> None:
    assert info2("") == EuiccInfo2(raw=Tlv(b"\xbf\x22\x00"))


def test_info2_keeps_unknown_members() -> None:
    info = info2("950100 8203020202 8203030100 8B00 8103020301 8302FFFF")
    assert (info.profile_version, info.svn) == ("2.3.1", "2.2.2")
    assert set(info.unknown) == {bytes.fromhex(part) for part in ("8302FFFF", "950100", "8203030100", "8B00")}


def test_info2_accepts_invalid_text_and_unnamed_numbers() -> None:
    info = info2("8B0109 0C02FF41 900105")
    assert (info.category, info.sas_accreditation_number, info.lpa_mode) == ("9", "\ufffdA", "5")


@pytest.mark.parametrize(
    ("members", "lpa_mode", "ipa_mode"),
    [
        ("900100", "lpad", ""),
        ("900101", "lpae", ""),
        ("900100 B407A00504030102 00", "", "ipad"),
        ("B400 900101", "", "ipae"),
        ("B400 900105", "", "5"),
        ("B400", "", ""),
        ("9001FF", "", ""),
        ("9001FF B400", "", ""),
        ("9000 B400", "", ""),
    ],
)
def test_the_mode_of_an_iot_card_is_that_of_its_ipa(members: str, lpa_mode: str, ipa_mode: str) -> None:
    info = info2(members)
    assert (info.lpa_mode, info.ipa_mode) == (lpa_mode, ipa_mode)
    reported = {item.hex() for item in info.unknown}
    assert ("9001ff" in reported, "9000" in reported) == ("9001FF" in members, "9000" in members)


def test_info1_has_the_trusted_ci_keys() -> None:
    raw = ANSWERS["GetEuiccInfo1Response"]
    assert EuiccInfo1.from_tlv(raw) == EuiccInfo1(Tlv(raw), "2.2.2", (GSMA,), (GSMA,))


def test_info1_keeps_the_cards_order_of_preference() -> None:
    keys = f"A92C 0414 {TEST} 0414 {GSMA}"
    assert EuiccInfo1.from_tlv(bytes.fromhex(f"BF202E {keys}")).ci_for_verification == (TEST, GSMA)


def test_an_info1_of_version_3_has_more_members() -> None:
    later = f"BF20 2A 8203020202 A900 AA00 88020490 B116 0414 {GSMA} 9303030100"
    info = EuiccInfo1.from_tlv(bytes.fromhex(later))
    assert (info.highest_svn, info.ci_for_signing_v3) == ("3.1.0", (GSMA,))
    assert info.rsp_capability == ("additionalProfile", "testProfileSupport")


@pytest.mark.parametrize(
    ("members", "iot"),
    [
        ("", None),
        ("B400", IotInfo()),
        ("B407 A005 0403 010200", IotInfo(("1.2.0",))),
        ("B40E A00A 0403 010000 0403 010200 8200", IotInfo(("1.0.0", "1.2.0"), False, True)),
        ("B404 8100 8200", IotInfo((), True, True)),
        ("B406 8101FF 820100", IotInfo((), True, False)),
        ("B404 9F7F0101", IotInfo()),
    ],
)
def test_an_iot_card_says_what_it_supports(members: str, iot: IotInfo | None) -> None:
    info = info2(members)
    assert (info.iot, info.managed_remotely) == (iot, iot is not None)


def test_malformed_iot_members_are_set_aside_and_the_card_is_known_to_be_one() -> None:
    info = info2("900100 B403 820501")
    assert (info.iot, info.ipa_mode, info.managed_remotely) == (None, "ipad", True)
    assert [item.hex() for item in info.unknown] == ["b403820501"]


@pytest.mark.parametrize(
    ("keys", "test_only"), [((TEST,), True), ((TEST, GSMA), False), ((GSMA,), False), ((), False)]
)
def test_a_card_that_trusts_only_test_issuers_is_recognised(
    keys: tuple[KeyIdentifier, ...], test_only: bool
) -> None:
    assert EuiccInfo1(Tlv(b"\xbf\x20\x00"), ci_for_verification=keys).test_only is test_only


@pytest.mark.parametrize("coded", ["", "BF2100", "BF22", "BF2001FF"])
def test_invalid_info_is_a_bad_answer(coded: str) -> None:
    for record in (EuiccInfo1, EuiccInfo2):
        with pytest.raises(BadAnswer):
            record.from_tlv(bytes.fromhex(coded))
    with pytest.raises(BadAnswer):
        EuiccInfo1.from_tlv(bytes.fromhex("BF2200"))
    with pytest.raises(BadAnswer):
        EuiccInfo2.from_tlv(bytes.fromhex("BF2000"))


@pytest.mark.parametrize(
    ("coded", "resource"),
    [
        ("", (None, None, None)),
        ("810100 820100 830100", (0, 0, 0)),
        ("8104FFFFFFFF", (4_294_967_295, None, None)),
        ("8100 820203E8", (None, 1000, None)),
        ("820203E8 82020001", (None, 1000, None)),
        ("84010A 820203E8 83", (None, 1000, None)),
        ("FFFFFF", (None, None, None)),
    ],
)
def test_the_readable_parts_of_the_cards_memory_are_reported(
    coded: str, resource: tuple[int | None, int | None, int | None]
) -> None:
    raw = bytes.fromhex(coded)
    assert CardResource.from_coded(raw) == CardResource(*resource, raw)


@pytest.mark.parametrize(
    ("prefix", "name", "kind"),
    [
        ("81370f5125d0b1d408d4c3b232e6d25e795bebfb", "GSMA RSP2 Root CI1", "production"),
        ("81370f", "GSMA RSP2 Root CI1", "other"),
        ("4c27967ad20c14b391e9601e41e604ad57c0222f", "OISTE GSMA CI G1", "production"),
        ("f54172", "SGP.26 test CI (NIST P-256)", "test"),
        ("c0bc70", "SGP.26 test CI (Brainpool)", "test"),
        ("34eecf", "SGP.26 v3 test CI (NIST P-256)", "test"),
        ("2209f6", "SGP.26 v3 test CI (Brainpool)", "test"),
        ("665a14", "Symantec RSP test root", "test"),
        ("d7a7d0", "GSMA M2M31 Root CI2", "other"),
        ("b70ba4", "Truphone SAS-UP", "other"),
        ("148030", "Taier", "other"),
        ("16b5d1", "China Unicom", "other"),
        ("7c0e54", "China Unicom", "other"),
        ("3bd3f5", "China Unicom", "other"),
        ("cdf6d1", "China Mobile", "other"),
        ("d3ef83", "China Telecom", "other"),
        ("4eb94e", "China Telecom", "other"),
        ("73fca0", "Redtea", "other"),
        ("16704b", "Entrust", "other"),
        ("ea53ad", "SubMan V4.2", "other"),
        ("96524c", "SubMan V4.2", "other"),
        ("b60f0b", "SubMan V4.2", "other"),
        ("cd6e60", "MC4", "other"),
        ("066d48", "MC4", "other"),
        ("77f0bd", "Gemalto CE", "other"),
        ("000000", "", "other"),
    ],
)
def test_an_issuer_is_recognised_by_the_first_bytes_of_its_key_identifier(
    prefix: str, name: str, kind: str
) -> None:
    key = KeyIdentifier(bytes.fromhex(prefix.ljust(40, "0")))
    assert (key.name, key.kind) == (name, kind)


def test_the_repr_of_a_key_identifier_is_hexadecimal() -> None:
    assert repr(GSMA) == "KeyIdentifier('81370f5125d0b1d408d4c3b232e6d25e795bebfb')"


def test_an_empty_key_identifier_has_no_name() -> None:
    assert (KeyIdentifier(b"").name, KeyIdentifier(b"").kind, str(KeyIdentifier(b""))) == ("", "other", "")


@pytest.mark.parametrize(
    ("coded", "addresses"),
    [
        (
            "BF3C 22 800F 7273702E6578616D706C652E636F6D 810F 6C70612E64732E67736D612E636F6D",
            ("rsp.example.com", "lpa.ds.gsma.com"),
        ),
        ("BF3C 05 8103612E62", ("", "a.b")),
        ("BF3C 04 8000 8100", ("", "")),
        ("BF3C 00", ("", "")),
        ("BF3C 0E 8005 20612E6220 8105 20632E6400", ("a.b", "c.d\0")),
    ],
)
def test_configured_addresses_are_stripped_of_spaces(coded: str, addresses: tuple[str, str]) -> None:
    assert ConfiguredAddresses.from_tlv(bytes.fromhex(coded)) == ConfiguredAddresses(*addresses)


def test_an_authorisation_rule_has_operators_and_policy_rules() -> None:
    rules = schema.decode("GetRATResponse", ANSWERS["GetRATResponse"])["rat"]
    assert [AuthorisationRule.from_asn1(rule) for rule in rules] == [
        AuthorisationRule(("ppr1", "ppr2"), (Operator("EEE-EEE"),), consent_required=True)
    ]


def test_an_authorisation_rule_may_require_no_consent() -> None:
    value = {"pprIds": (b"\x40", 2), "allowedOperators": [], "pprFlags": (b"", 0)}
    assert AuthorisationRule.from_asn1(value) == AuthorisationRule(("ppr1",), (), consent_required=False)


@given(data=st.binary(max_size=60))
def test_garbage_is_a_record_or_a_bad_answer(data: bytes) -> None:
    for tag, record in ((0xBF20, EuiccInfo1), (0xBF22, EuiccInfo2), (0xBF3C, ConfiguredAddresses)):
        for coded in (data, Tlv.build(tag, data), Tlv.build(tag, Tlv.build(0x84, data))):
            try:
                assert repr(record.from_tlv(coded))
            except BadAnswer:
                continue


@given(data=st.data())
def test_damaged_info_is_a_record_or_a_bad_answer(data: st.DataObject) -> None:
    damaged = bytearray(ANSWERS["GetEuiccInfo2Response"])
    place = data.draw(st.integers(0, len(damaged) - 1))
    damaged[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    try:
        assert repr(EuiccInfo2.from_tlv(bytes(damaged)))
    except BadAnswer:
        assert damaged != ANSWERS["GetEuiccInfo2Response"]


@given(st.binary(max_size=30))
def test_any_bytes_are_a_card_resource(raw: bytes) -> None:
    assert CardResource.from_coded(raw).raw == raw
