"""Profiles and notifications as a card reports them, also unordered or with unknown members."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpa.errors import BadAnswer
from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.names import Aid, Iccid
from lpa.rsp.records import (
    AID_TAGS,
    CHANGE_TAGS,
    DETAIL_TAGS,
    ICCID_TAGS,
    ICON_TAGS,
    LIST_TAGS,
    Identifier,
    Notification,
    NotificationConfiguration,
    NotificationEvent,
    NotificationMetadata,
    Operator,
    PolicyRule,
    Profile,
    ProfileClass,
    ProfileState,
)
from lpa.sim.codec.definitions import types

ICCID = "5A0A989209012143658709F1"
FULL = (
    f"E358 {ICCID} 4F05A000000559 9F700101 900178 91025350 92014E 930101 9402FFD8 950102"
    " B60B 3009 80020780 8103612E62 B705 800362F210 B804 80022A03 99020640"
    " BF2205 300380012A BF7604 E202E100"
)
# Of Appendix A: the data of an installation result for txid 0123456789ABCDEF; the signature is a placeholder.
INSTALLED = (
    "BF37 35 BF272D 80080123456789ABCDEF BF2F0C 800101 81020780 0C03612E62"
    " 060388370A A20D A00B 4F05A000000559 04023000 5F37020102"
)
OTHER = f"3024 BF2F18 800102 81020410 0C03612E62 {ICCID} 5F37020102 3000 3000"


def profile(members: str) -> Profile:
    return Profile.from_tlv(Tlv.build(0xE3, bytes.fromhex(members)))


def metadata(members: str) -> NotificationMetadata:
    return NotificationMetadata.from_tlv(Tlv.build(0xBF2F, bytes.fromhex(members)))


def test_a_profile_has_everything_that_the_card_reports() -> None:
    assert Profile.from_tlv(bytes.fromhex(FULL)) == Profile(
        iccid=Iccid.parse("8929901012345678901"),
        state="enabled",
        aid=Aid.parse("A000000559"),
        nickname="x",
        service_provider="SP",
        name="N",
        profile_class="operational",
        policy_rules=("ppr1",),
        notifications=(NotificationConfiguration(("install",), "a.b"),),
        owner=Operator("262-01"),
        icon=b"\xff\xd8",
        service_data=(Tlv(bytes.fromhex("300380012A")),),
        access_rules=(Tlv(bytes.fromhex("E202E100")),),
    )


def test_a_profile_needs_only_its_iccid() -> None:
    assert profile(ICCID) == Profile(Iccid.parse("8929901012345678901"))
    assert not profile(ICCID).enabled
    with pytest.raises(BadAnswer, match="ICCID"):
        profile("9F700100")


@pytest.mark.parametrize("iccid", ["5A09989209012143658709", "5A0B989209012143658709F1FF", "5A00"])
def test_a_profile_with_an_iccid_of_the_wrong_size_is_unreadable(iccid: str) -> None:
    with pytest.raises(BadAnswer):
        profile(f"{iccid} 9F700100")


def test_invalid_utf8_in_names_does_not_hide_the_profile() -> None:
    found = profile(f"{ICCID} 9002FF41 9103E58D00 9200")
    assert (found.nickname, found.service_provider, found.name) == ("\ufffdA", "\ufffd\0", "")


def test_members_may_be_unordered_or_unknown() -> None:
    found = profile(f"9F250101 95 0101 90 0178 {ICCID} BA00")
    assert (found.nickname, found.profile_class) == ("x", "provisioning")
    assert found.unknown == (bytes.fromhex("9F250101"), bytes.fromhex("BA00"))


@pytest.mark.parametrize(
    "member",
    [
        pytest.param("4F0401020304", id="an AID of 4 bytes"),
        pytest.param("B704 800262F2", id="an owner's code of 2 bytes"),
        pytest.param("B702 8105", id="a truncated owner"),
        pytest.param("B603 300180", id="a truncated notification configuration"),
        pytest.param("B8028005", id="truncated proprietary data"),
    ],
)
def test_an_unreadable_member_is_set_aside(member: str) -> None:
    found = profile(f"{ICCID} 9F700101 {member}")
    assert found.enabled
    assert found.unknown == (bytes.fromhex(member),)
    assert (found.aid, found.owner, found.notifications) == (None, None, ())


@pytest.mark.parametrize("member", ["9F7000", "9F700101 9F700100", "9500", "99020640 99020520"])
def test_a_profile_whose_state_class_or_rules_are_unclear_is_unreadable(member: str) -> None:
    with pytest.raises(BadAnswer, match="are unclear"):
        profile(f"{ICCID} {member}")


@pytest.mark.parametrize("member", ["", "9900", "990100"])
def test_no_rules_may_be_coded_in_several_ways(member: str) -> None:
    assert profile(f"{ICCID} {member}").policy_rules == ()


@pytest.mark.parametrize(
    ("member", "rules"),
    [
        ("99020640", ("ppr1",)),
        ("99020520", ("ppr2",)),
        ("99020560", ("ppr1", "ppr2")),
        ("99020780", ("pprUpdateControl",)),
        ("99020040", ("ppr1",)),
        ("9903004000", ("ppr1",)),
    ],
)
def test_policy_rules_are_named(member: str, rules: tuple[str, ...]) -> None:
    assert profile(f"{ICCID} {member}").policy_rules == rules


@pytest.mark.parametrize(("name", "enum"), [("ProfileState", ProfileState), ("ProfileClass", ProfileClass)])
def test_an_enum_has_every_named_number_of_the_specification(name: str, enum: type[Identifier]) -> None:
    assert set(types()[name]["named-numbers"]) == set(enum)


@pytest.mark.parametrize(
    ("name", "enum"), [("PolicyRules", PolicyRule), ("NotificationEvent", NotificationEvent)]
)
def test_an_enum_has_every_named_bit_of_the_specification(name: str, enum: type[Identifier]) -> None:
    assert schema.bits(name, (b"\xff", len(enum))) == tuple(enum)


def test_a_known_identifier_is_a_member_of_its_enum_and_equal_to_its_text() -> None:
    found = profile(f"{ICCID} 9F700101 950100 99020640 B60B 3009 80020780 8103612E62")
    assert found.state is ProfileState.ENABLED
    assert found.profile_class is ProfileClass.TEST
    assert found.policy_rules[0] is PolicyRule.PPR1
    assert found.notifications[0].events[0] is NotificationEvent.INSTALL
    assert (found.state, found.profile_class) == ("enabled", "test")
    assert f"{found.state}" == str(found.state) == "enabled"


@pytest.mark.parametrize(
    ("members", "state", "port"),
    [
        ("9F700100 9F240101", "enabled", 1),
        ("9F700100 9F240100", "enabled", 0),
        ("9F240102", "enabled", 2),
        ("9F700101", "enabled", None),
        ("9F700101 9F240101", "enabled", 1),
        ("9F700100 9F2401FF", "disabled", None),
    ],
)
def test_a_profile_that_is_enabled_on_a_port_is_enabled(members: str, state: str, port: int | None) -> None:
    found = profile(f"{ICCID} {members}")
    assert (found.state, found.enabled, found.esim_port) == (state, state == "enabled", port)


def test_a_profile_with_an_unreadable_port_is_unreadable() -> None:
    with pytest.raises(BadAnswer, match="unclear"):
        profile(f"{ICCID} 9F700100 9F2400")


@pytest.mark.parametrize(
    ("members", "found"),
    [
        ("", (False, False, False)),
        ("9F2601FF", (True, False, False)),
        ("9F260101 9F6701FF", (True, True, False)),
        ("9F7B01FF 9F260100", (False, False, True)),
        ("9F2600", (False, False, False)),
    ],
)
def test_an_iot_card_says_which_profile_is_for_fallback_and_emergency(
    members: str, found: tuple[bool, bool, bool]
) -> None:
    read = profile(f"{ICCID} {members}")
    assert (read.fallback, read.fallback_allowed, read.emergency) == found


def test_an_unknown_state_or_class_stays_a_number() -> None:
    found = profile(f"{ICCID} 9F700107 950109")
    assert (found.state, found.profile_class, found.enabled) == ("7", "9", False)


@pytest.mark.parametrize(
    ("members", "title"),
    [
        (f"{ICCID} 900178 91025350 92014E", "x"),
        (f"{ICCID} 900120 91025350 92014E", "SP"),
        (f"{ICCID} 92014E", "N"),
        (ICCID, "8929901012345678901"),
    ],
)
def test_a_title_is_the_best_available_name(members: str, title: str) -> None:
    assert profile(members).title == title


@pytest.mark.parametrize(
    ("coded", "text"),
    [("62F210", "262-01"), ("130014", "310-410"), ("EEEEEE", "EEE-EEE"), ("62F2EE", "262-EE")],
)
def test_an_operator_is_its_country_and_network_code(coded: str, text: str) -> None:
    assert Operator.from_asn1({"mccMnc": bytes.fromhex(coded)}) == Operator(text)


def test_an_operator_may_have_groups() -> None:
    value = {"mccMnc": bytes.fromhex("62F210"), "gid1": b"\x01", "gid2": b"\x02"}
    assert Operator.from_asn1(value) == Operator("262-01", b"\x01", b"\x02")


@pytest.mark.parametrize("size", [0, 2, 4])
def test_an_operator_of_the_wrong_size_is_a_bad_answer(size: int) -> None:
    with pytest.raises(BadAnswer):
        Operator.from_asn1({"mccMnc": bytes(size)})


def test_the_requested_tags_fit_their_purpose() -> None:
    assert bytes.fromhex("5A 4F") == AID_TAGS
    assert bytes.fromhex("5A 4F 9F70 90 91 92 95 99 9F24 9F26 9F67 9F7B") == LIST_TAGS
    details = "5A 4F 9F70 90 91 92 95 99 B6 B7 B8 BF22 BF76"
    assert bytes.fromhex(f"{details} 9F24 9F26 9F67 9F7B") == DETAIL_TAGS
    assert bytes.fromhex(f"{details} 93 94 9F24 9F26 9F67 9F7B") == ICON_TAGS
    assert bytes.fromhex("5A") == ICCID_TAGS
    assert bytes.fromhex("5A 9F70 90 91 92 95 99 B6 9F24 9F26 9F67 9F7B") == CHANGE_TAGS


def test_notification_metadata_have_event_address_and_profile() -> None:
    assert metadata(f"800102 81020410 0C03612E62 {ICCID}") == NotificationMetadata(
        sequence_number=2, events=("delete",), address="a.b", iccid=Iccid.parse("8929901012345678901")
    )
    assert metadata("800102 81020410 0C03612E62").iccid is None


@pytest.mark.parametrize(
    ("coded", "number"),
    [
        ("800100", 0),
        ("80017F", 127),
        ("80020080", 128),
        ("8003000080", 128),
        ("80047FFFFFFF", 2**31 - 1),
        ("800500FFFFFFFF", 2**32 - 1),
    ],
)
def test_sequence_numbers_have_any_size(coded: str, number: int) -> None:
    assert metadata(f"{coded} 81020410 0C03612E62").sequence_number == number


@pytest.mark.parametrize("coded", ["800180", "8001FF", "8000"])
def test_a_negative_or_empty_sequence_number_is_a_bad_answer(coded: str) -> None:
    with pytest.raises(BadAnswer):
        metadata(f"{coded} 81020410 0C03612E62")


@pytest.mark.parametrize(
    ("coded", "events", "event"),
    [
        ("81020780", ("install",), "install"),
        ("81020640", ("enable",), "enable"),
        ("81020520", ("disable",), "disable"),
        ("81020410", ("delete",), "delete"),
        ("81020010", ("delete",), "delete"),
        ("81020308", ("rpmEnable",), "rpmEnable"),
        ("81020420", ("disable",), "disable"),
        ("81020490", ("install", "delete"), "install+delete"),
        ("8103000080", ("bit 8",), "bit 8"),
        ("810100", (), "none"),
    ],
)
def test_events_are_named(coded: str, events: tuple[str, ...], event: str) -> None:
    found = metadata(f"800102 {coded} 0C03612E62")
    assert (found.events, found.event) == (events, event)


def test_a_single_event_is_a_member_of_its_enum() -> None:
    assert metadata("800102 81020410 0C03612E62").event is NotificationEvent.DELETE


def test_invalid_utf8_in_an_address_does_not_hide_the_notification() -> None:
    assert metadata("800102 81020410 0C02FF41").address == "\ufffdA"
    assert metadata("800102 81020410 0C00").address == ""


def test_an_installation_result_has_its_inner_metadata() -> None:
    notification = Notification.from_tlv(bytes.fromhex(INSTALLED))
    assert notification.raw == bytes.fromhex(INSTALLED)
    assert notification.metadata == NotificationMetadata(1, ("install",), "a.b", None)


def test_another_notification_has_the_metadata_that_it_begins_with() -> None:
    notification = Notification.from_tlv(bytes.fromhex(OTHER))
    assert notification.raw == bytes.fromhex(OTHER)
    assert notification.metadata.event == "delete"


@pytest.mark.parametrize(
    "coded", ["", "3000", "BF3700", "BF3703BF2700", "A10FBF2F0C800101810207800C03612E62"]
)
def test_an_invalid_notification_is_a_bad_answer(coded: str) -> None:
    with pytest.raises(BadAnswer):
        Notification.from_tlv(bytes.fromhex(coded))


@given(coded=st.sampled_from([FULL, INSTALLED, OTHER]), data=st.data())
def test_a_damaged_record_is_a_record_or_a_bad_answer(coded: str, data: st.DataObject) -> None:
    damaged = bytearray.fromhex(coded)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, max(len(damaged) - 1, 0)))
        damaged[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    _read(bytes(damaged))


@given(tag=st.sampled_from([0xE3, 0xBF2F, 0xBF37, 0x30]), data=st.binary(max_size=60))
def test_garbage_is_a_record_or_a_bad_answer(tag: int, data: bytes) -> None:
    _read(Tlv.build(tag, data))
    _read(data)
    _read(Tlv.build(0xE3, bytes.fromhex(ICCID), data))


def _read(data: bytes) -> None:
    for record in (Profile, NotificationMetadata, Notification):
        try:
            known = record.from_tlv(data)
        except BadAnswer:
            continue
        assert repr(known)
        if isinstance(known, Profile):
            assert isinstance(known.title, str)
