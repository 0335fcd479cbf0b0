"""Every message as pinned bytes, in both directions; lenient and strict decoding."""

import contextlib
import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpa.errors import BadAnswer
from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv
from lpa.sim.codec.definitions import ANY, Node, members_by_tag, resolved, tag, types
from tests.support.paths import ASN1, VECTORS

ES10 = json.loads((VECTORS / "es10.json").read_text())
TYPES = sorted(json.loads((ASN1 / "rsp.json").read_text())["Rsp"]["types"])
MESSAGES = [name for name in TYPES if name.endswith(("Request", "Response"))]
OPEN = ["ProfileInfo", "NotificationMetadata", "GetEuiccInfo2Response", "GetEuiccConfiguredAddressesResponse"]
ICCID = "5A0A98989898989898989898"


def python_value(value: Any) -> Any:
    """The Python value of the JSON in a vector."""
    if isinstance(value, dict) and "choose" in value:
        return value["choose"], python_value(value["value"])
    if isinstance(value, dict):
        return {name: python_value(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [python_value(inner) for inner in value]
    if isinstance(value, str) and value.startswith("0x"):
        return bytes.fromhex(value[2:])
    if isinstance(value, str) and value.startswith("0b"):
        bits = value[2:]
        return int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big"), len(bits)
    return value


@pytest.mark.parametrize("vector", ES10, ids=lambda vector: f"{vector['type']} {vector['bytes'][:40]}")
def test_each_message_is_written_and_read_as_pinned(vector: dict[str, Any]) -> None:
    value, coded = python_value(vector["value"]), bytes.fromhex(vector["bytes"])
    assert schema.encode(vector["type"], value) == coded
    assert schema.decode(vector["type"], coded) == value


@pytest.mark.parametrize("vector", ES10, ids=lambda vector: f"{vector['type']} {vector['bytes'][:40]}")
def test_members_of_later_versions_are_ignored_at_every_level(vector: dict[str, Any]) -> None:
    coded, value = Tlv(bytes.fromhex(vector["bytes"])), python_value(vector["value"])
    for extended in extensions(types()[vector["type"]], coded):
        assert extended != coded
        assert schema.decode(vector["type"], extended) == value


def extensions(node: Node, coded: Tlv) -> Iterator[Tlv]:
    """`coded` with a member of no version (9F7F) at the end of each SEQUENCE in it, one at a time."""
    kind = resolved(node)["type"]
    if kind == "SEQUENCE" or (kind == "CHOICE" and tag(node) != ANY):
        yield Tlv.build(coded.tag, coded.value, bytes.fromhex("9F7F0101"))
    if kind == "CHOICE" and tag(node) == ANY:
        (chosen,) = (member for number, member in members_by_tag(node) if number == coded.tag)
        yield from extensions(chosen, coded)
    elif kind in ("SEQUENCE", "SEQUENCE OF", "CHOICE"):
        children = coded.children
        for place, child in enumerate(children):
            for inside in extensions(_node_of(node, child), child):
                yield Tlv.build(coded.tag, *children[:place], inside, *children[place + 1 :])


def _node_of(node: Node, child: Tlv) -> Node:
    if resolved(node)["type"] == "SEQUENCE OF":
        element: Node = resolved(node)["element"]
        return element
    known = [member for number, member in members_by_tag(node) if number == child.tag]
    return known[0] if known else {"type": "ANY"}


def test_every_function_has_a_pinned_request_and_answer() -> None:
    pinned = {vector["type"] for vector in ES10}
    assert len(schema.functions()) == 20
    assert (
        not {f"{name}{half}" for name in schema.functions().values() for half in ("Request", "Response")}
        - pinned
    )


def test_a_function_is_found_by_the_tag_of_its_request() -> None:
    assert schema.functions() == {
        0xBF20: "GetEuiccInfo1",
        0xBF21: "PrepareDownload",
        0xBF22: "GetEuiccInfo2",
        0xBF28: "ListNotification",
        0xBF29: "SetNickname",
        0xBF2B: "RetrieveNotificationsList",
        0xBF2D: "GetProfilesInfo",
        0xBF2E: "GetEuiccChallenge",
        0xBF30: "NotificationSent",
        0xBF31: "EnableProfile",
        0xBF32: "DisableProfile",
        0xBF33: "DeleteProfile",
        0xBF34: "EuiccMemoryReset",
        0xBF38: "AuthenticateServer",
        0xBF3C: "GetEuiccConfiguredAddresses",
        0xBF3E: "GetEID",
        0xBF3F: "SetDefaultDpAddress",
        0xBF41: "CancelSession",
        0xBF43: "GetRAT",
        0xBF55: "GetEimConfigurationData",
    }


def test_tables_and_parsed_form_are_made_from_the_asn1() -> None:
    build = built()
    assert build.TABLES.read_text() == build.tables(), "run 'make schema'"
    assert build.PARSED.read_text() == build.parsed(), "run 'make schema'"


@pytest.mark.parametrize(
    "definition",
    [
        "INTEGER (0..7)",
        "BIT STRING (SIZE(3))",
        "SEQUENCE OF INTEGER (SIZE(3))",
        "SEQUENCE { one INTEGER DEFAULT 1 }",
        "ENUMERATED { one(1) }",
        "OCTET STRING (SIZE(1 | 3))",
        "IA5String",
    ],
)
def test_what_the_tables_cannot_say_is_not_built(definition: str, tmp_path: Path) -> None:
    build = built()
    build.SOURCE = tmp_path / "x.asn"
    build.SOURCE.write_text(f"Rsp DEFINITIONS IMPLICIT TAGS ::= BEGIN A ::= {definition} END")
    with pytest.raises(NotImplementedError, match="the tables"):
        build.tables()


def built() -> Any:
    """The module `asn1/build.py`."""
    spec = importlib.util.spec_from_file_location("build", ASN1 / "build.py")
    assert spec
    assert spec.loader
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    return build


def test_an_open_object_may_be_unordered_and_have_unknown_members() -> None:
    value, unknown = schema.decode_open(
        "ProfileInfo", Tlv.build(0xE3, bytes.fromhex(f"9F250101 9F700101 {ICCID} C000"))
    )
    assert value == {"iccid": b"\x98" * 10, "profileState": 1}
    assert unknown == (bytes.fromhex("9F250101"), bytes.fromhex("C000"))


def test_an_open_object_sets_aside_repeated_unreadable_and_wrongly_sized_members() -> None:
    members = f"{ICCID} 9000 900141 9500 4F0401020304 B7043002 0500"
    value, unknown = schema.decode_open("ProfileInfo", Tlv.build(0xE3, bytes.fromhex(members)))
    assert value == {"iccid": b"\x98" * 10, "profileNickname": ""}
    assert set(unknown) == {
        bytes.fromhex(hex_) for hex_ in ("900141", "9500", "4F0401020304", "B70430020500")
    }


def test_an_open_object_decodes_invalid_text_with_replacement_characters() -> None:
    value, unknown = schema.decode_open("ProfileInfo", bytes.fromhex("E305 900341FF42"))
    assert value == {"profileNickname": "A�B"}
    assert unknown == ()


def test_an_open_object_without_a_mandatory_member_is_a_bad_answer() -> None:
    with pytest.raises(BadAnswer):
        schema.decode_open("NotificationMetadata", bytes.fromhex("BF2F 09 81020780 0C03612E62"))


def test_the_alternative_of_an_answer_is_named_and_left_undecoded() -> None:
    answer = bytes.fromhex("BF2D 07 A002 FFFF 810101")
    assert schema.alternative("GetProfilesInfoResponse", answer) == (
        "profileInfoListOk",
        bytes.fromhex("A002FFFF"),
    )
    assert schema.alternative("GetProfilesInfoResponse", bytes.fromhex("BF2D03810101")) == (
        "profileInfoListError",
        bytes.fromhex("810101"),
    )


@pytest.mark.parametrize("coded", ["BF2D 00", "BF2D 02 A200", "BF28 02 A000", "BF2D 02 A001", "BF2D"])
def test_an_answer_without_a_known_alternative_is_a_bad_answer(coded: str) -> None:
    with pytest.raises(BadAnswer):
        schema.alternative("GetProfilesInfoResponse", bytes.fromhex(coded))


@pytest.mark.parametrize(
    ("name", "value", "refusal"),
    [
        ("DeleteProfileResponse", {"deleteResult": 0}, None),
        ("DeleteProfileResponse", {"deleteResult": 3}, ("disallowedByPolicy", 3)),
        ("DeleteProfileResponse", {"deleteResult": 99}, ("99", 99)),
        ("GetProfilesInfoResponse", ("profileInfoListError", 11), ("profileChangeOngoing", 11)),
        ("GetProfilesInfoResponse", ("profileInfoListError", 0), ("0", 0)),
        ("GetProfilesInfoResponse", ("profileInfoListOk", []), None),
        ("RetrieveNotificationsListResponse", ("notificationsListResultError", 1), ("noResultAvailable", 1)),
        ("GetEuiccInfo2Response", {"euiccCategory": 1, "lpaMode": 1}, None),
        ("GetEuiccChallengeResponse", {"euiccChallenge": bytes(16)}, None),
    ],
)
def test_a_refusal_is_named_by_the_schema(name: str, value: Any, refusal: tuple[str, int] | None) -> None:
    assert schema.refusal(name, value) == refusal


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        (
            "EnableProfileResponse",
            "ok 0, iccidOrAidNotFound 1, profileNotInDisabledState 2, disallowedByPolicy 3,"
            " wrongProfileReenabling 4, catBusy 5, disallowedByEnterpriseRule 6, commandError 7,"
            " disallowedForRpm 9, noEsimPortAvailable 10, undefinedError 127",
        ),
        (
            "DisableProfileResponse",
            "ok 0, iccidOrAidNotFound 1, profileNotInEnabledState 2, disallowedByPolicy 3, catBusy 5,"
            " disallowedByEnterpriseRule 6, commandError 7, disallowedForRpm 9, undefinedError 127",
        ),
        (
            "DeleteProfileResponse",
            "ok 0, iccidOrAidNotFound 1, profileNotInDisabledState 2, disallowedByPolicy 3,"
            " disallowedInTestMode 4, commandError 7, undefinedError 127",
        ),
        ("GetEuiccInfo2Response", ""),
    ],
)
def test_outcomes_have_the_specified_numbers(name: str, numbers: str) -> None:
    by_number = sorted(schema.outcomes(name).items(), key=lambda outcome: outcome[1])
    assert ", ".join(f"{identifier} {number}" for identifier, number in by_number) == numbers


def test_a_number_is_found_by_its_name() -> None:
    assert schema.code("DeleteProfileResponse", "disallowedByPolicy") == 3
    assert schema.code("GetProfilesInfoResponse", "profileChangeOngoing") == 11
    assert schema.code("ProfileClass", "operational") == 2
    with pytest.raises(KeyError, match="catBusy"):
        schema.code("DeleteProfileResponse", "catBusy")


def test_an_unnamed_number_stays_a_number() -> None:
    assert schema.named("ProfileState", 1) == "enabled"
    assert schema.named("ProfileState", 7) == "7"


@pytest.mark.parametrize(
    ("name", "bits", "identifiers"),
    [
        ("PolicyRules", (b"\x40", 2), ("ppr1",)),
        ("PolicyRules", (b"\x20", 3), ("ppr2",)),
        ("PolicyRules", (b"\x60", 3), ("ppr1", "ppr2")),
        ("PolicyRules", (b"\x80", 1), ("pprUpdateControl",)),
        ("PolicyRules", (b"", 0), ()),
        ("NotificationEvent", (b"\xf0", 4), ("install", "enable", "disable", "delete")),
        ("NotificationEvent", (b"\x0f", 8), ("rpmEnable", "rpmDisable", "rpmDelete", "rpmPackageResult")),
        (
            "ResetOptions",
            (b"\xe0", 3),
            ("deleteOperationalProfiles", "deleteFieldLoadedTestProfiles", "resetDefaultSmdpAddress"),
        ),
        ("RspCapability", (b"\x90", 4), ("additionalProfile", "testProfileSupport")),
        ("UiccCapability", (b"\x00\x02", 15), ("javacard",)),
    ],
)
def test_bits_have_names_in_both_directions(
    name: str, bits: tuple[bytes, int], identifiers: tuple[str, ...]
) -> None:
    assert schema.bits(name, bits) == identifiers
    assert schema.from_bits(name, identifiers + identifiers[:1]) == bits


def test_bits_after_the_end_of_a_bit_string_are_padding() -> None:
    assert schema.bits("NotificationEvent", (b"\x1f", 4)) == ("delete",)
    assert schema.bits("NotificationEvent", (b"\x10", -7)) == ()
    assert schema.bits("NotificationEvent", (b"\x10", 99)) == ("delete",)


def test_an_unnamed_bit_is_named_by_its_number() -> None:
    assert schema.bits("PolicyRules", (b"\x50", 4)) == ("ppr1", "bit 3")


def test_every_capability_of_the_specification_has_its_bit() -> None:
    rsp = schema.bits("RspCapability", (b"\xff" * 4, 29))
    assert len(rsp) == 29
    assert (rsp[1], rsp[2], rsp[9], rsp[24]) == (
        "loadCrlSupport",
        "rpmSupport",
        "enterpriseProfilesSupport",
        "pushServiceRegistrationSupport",
    )
    assert rsp[25:] == ("bit 25", "iotMetadata", "mslCheck", "serverAllowlist")
    uicc = schema.bits("UiccCapability", (b"\xff" * 4, 32))
    assert (uicc[0], uicc[8], uicc[14], uicc[21], uicc[31]) == (
        "contactlessSupport",
        "usimTestAlgorithm",
        "javacard",
        "catTp",
        "iotminimal",
    )


@given(name=st.sampled_from(TYPES), data=st.binary(max_size=80))
def test_garbage_is_a_value_or_a_bad_answer(name: str, data: bytes) -> None:
    _read_in_every_way(name, data)


@given(name=st.sampled_from(MESSAGES + OPEN), data=st.binary(max_size=80))
def test_garbage_in_the_right_wrapper_is_a_value_or_a_bad_answer(name: str, data: bytes) -> None:
    _read_in_every_way(name, Tlv.build(schema.tag_of(name), data))


@given(vector=st.sampled_from(ES10), data=st.data())
def test_a_damaged_message_is_a_value_or_a_bad_answer(vector: dict[str, Any], data: st.DataObject) -> None:
    coded = bytearray.fromhex(vector["bytes"])
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, max(len(coded) - 1, 0)))
        coded[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    _read_in_every_way(vector["type"], bytes(coded))


def test_deep_nesting_is_a_bad_answer() -> None:
    data = b""
    for _ in range(3000):
        data = Tlv.build(0xBF2D, data)
    for name in MESSAGES:
        _read_in_every_way(name, data)


def _read_in_every_way(name: str, data: bytes) -> None:
    with contextlib.suppress(BadAnswer):
        schema.refusal(name, schema.decode(name, data))
    if name in MESSAGES:
        with contextlib.suppress(BadAnswer):
            schema.alternative(name, data)
    if name in OPEN:
        with contextlib.suppress(BadAnswer):
            schema.decode_open(name, data)
