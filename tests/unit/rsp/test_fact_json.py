"""Facts become plain JSON and facts again, by their fields and the types of these."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest

import lpa
from lpa.rsp.fact_json import plain
from lpa.rsp.facts import Fact, fact
from lpa.rsp.names import Aid, Eid, Iccid
from lpa.rsp.pki.key_identifier import KeyIdentifier
from tests.support.fact_examples import classes, examples

PROFILE = {
    "iccid": "8944994000000000017",
    "state": "enabled",
    "policy_rules": ["ppr1", "bit 8"],
    "notifications": [{"events": ["delete"], "address": "smdp.example"}],
    "esim_port": 0,
}
NESTED: list[Any] = []
for _ in range(10_000):
    NESTED = [NESTED]


def test_a_fact_becomes_json_and_the_same_fact_again() -> None:
    for one in examples():
        document = json.loads(json.dumps(one.as_json()))
        again = type(one).from_json(document)
        assert again.as_json() == document, one
        if not any(word in str(document) for word in ("kind", "path", "+00:00")):
            assert again == one


def test_the_json_of_a_fact_consists_of_the_types_of_json() -> None:
    for one in examples():
        document = one.as_json()
        assert {type(value) for value in _values(document)} <= {str, int, float, bool, type(None)}
        assert type(one).from_json(document).as_json() == document


def _values(document: Any) -> list[Any]:
    inner = document.values() if type(document) is dict else document if type(document) is list else None
    return [document] if inner is None else [value for one in inner for value in _values(one)]


def test_there_is_an_example_of_every_class_that_becomes_json() -> None:
    inner = {"Entry", "Notification", "NotificationMetadata", "OperationRecord", "Receipt"}
    shown = {type(one) for one in examples()}
    parts = {type(value) for one in examples() if isinstance(one, Fact) for value in _inside(one)}
    public = {kind for kind in classes() if kind.__module__.startswith("lpa.")}
    assert {kind.__name__ for kind in public - shown - parts} <= inner


def _inside(one: Any) -> list[Any]:
    found = []
    for value in (getattr(one, field.name) for field in fields(one)):
        for item in value if isinstance(value, tuple) else (value,):
            found += [item, *_inside(item)] if isinstance(item, Fact) else []
    return found


def test_the_json_of_a_fact_is_what_the_command_prints() -> None:
    for one in examples():
        if isinstance(one, Fact):
            assert plain(one) == one.as_json()


def test_a_profile_is_read_by_the_types_of_its_fields() -> None:
    profile = lpa.Profile.from_json(PROFILE | {"of_a_later_version": 7})
    assert (profile.iccid, profile.state) == (Iccid.parse("8944994000000000017"), lpa.ProfileState.ENABLED)
    assert profile.policy_rules == (lpa.PolicyRule.PPR1, "bit 8")
    assert type(profile.policy_rules[0]) is lpa.PolicyRule
    assert profile.notifications == (
        lpa.NotificationConfiguration((lpa.NotificationEvent.DELETE,), "smdp.example"),
    )
    assert (profile.esim_port, profile.aid, profile.fallback) == (0, None, False)
    assert json.dumps(profile.as_json()) == (
        '{"iccid": "8944994000000000017", "state": "enabled", "nickname": "", "service_provider": "", '
        '"name": "", "profile_class": "operational", "policy_rules": ["ppr1", "bit 8"], '
        '"notifications": [{"events": ["delete"], "address": "smdp.example"}], "esim_port": 0, '
        '"fallback": false, "fallback_allowed": false, "emergency": false}'
    ).replace(', "fallback": false, "fallback_allowed": false, "emergency": false', "")


@pytest.mark.parametrize(
    "identifier",
    [
        Iccid(bytes.fromhex("984499040000000010F7")),
        Iccid(bytes.fromhex("FF" * 10)),
        Iccid(bytes.fromhex("1F32" + "00" * 8)),
        Iccid(bytes.fromhex("ABCDEF" + "12" * 7)),
        Eid(bytes.fromhex("AB" * 16)),
        Aid(bytes.fromhex("A000000559")),
        KeyIdentifier(bytes.fromhex("f54172bdf98a95d65cbeb88a38a1c11d800a85c3")),
        KeyIdentifier(b""),
    ],
)
def test_an_identifier_is_read_back_whatever_a_card_sent(identifier: Any) -> None:
    assert type(identifier).from_text(str(identifier)) == identifier


@pytest.mark.parametrize("text", ["89 44", "8944994000000000017F", "894499400000000001a", "x", "8" * 21])
def test_an_identifier_that_is_written_otherwise_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (any sentence)
        Iccid.from_text(text)


@pytest.mark.parametrize(
    ("kind", "document", "sentence"),
    [
        (lpa.Profile, None, "Profile is None, not an object"),
        (lpa.Profile, [PROFILE], r"Profile is \[.*, not an object"),
        (lpa.Profile, {}, "Profile.iccid is missing"),
        (lpa.Profile, PROFILE | {"iccid": 7}, "Profile.iccid is 7, not a text"),
        (lpa.Profile, PROFILE | {"iccid": "zz"}, "Profile.iccid is not an identifier: "),
        (lpa.Profile, PROFILE | {"iccid": None}, "Profile.iccid is None, not a text"),
        (lpa.Profile, PROFILE | {"aid": "A0"}, "Profile.aid is not an AID: an AID has 5 to 16 bytes"),
        (lpa.Profile, PROFILE | {"fallback": "no"}, "Profile.fallback is 'no', not true or false"),
        (lpa.Profile, PROFILE | {"fallback": 1}, "Profile.fallback is 1, not true or false"),
        (lpa.Profile, PROFILE | {"esim_port": True}, "Profile.esim_port is True, not a whole number"),
        (lpa.Profile, PROFILE | {"esim_port": 1.5}, "Profile.esim_port is 1.5, not a whole number"),
        (lpa.Profile, PROFILE | {"icon": "0"}, "Profile.icon is not bytes: "),
        (lpa.Profile, PROFILE | {"policy_rules": "ppr1"}, "Profile.policy_rules is 'ppr1', not a list"),
        (lpa.Profile, PROFILE | {"policy_rules": [1]}, r"Profile.policy_rules\[0\] is 1, not a text"),
        (
            lpa.Profile,
            PROFILE | {"notifications": [{"events": []}]},
            r"Profile.notifications\[0\].address is missing",
        ),
        (
            lpa.Finding,
            {"level": "error", "name": "x", "message": "x"},
            "Finding.level is 'error', not 'blocker'",
        ),
        (lpa.Finding, {"level": "warning", "name": "x", "message": "x"}, "Finding: 'x' is not the name of a"),
        (lpa.Event, {"address": "http://x", "event_id": ""}, "Event.address is not a server address: "),
        (
            lpa.Delivery,
            {"events": [], "address": "", "iccid": None, "next_try": "soon"},
            "Delivery.next_try is not a time: ",
        ),
        (
            lpa.Delivery,
            {"events": [], "address": "", "iccid": None, "next_try": "2026-01-01T00:00:00"},
            "Delivery.next_try is not a time: '2026-01-01T00:00:00' has no time zone",
        ),
        (
            lpa.Delivery,
            {"events": [], "address": "", "iccid": None, "problem": {"kind": "Nothing"}},
            "Delivery.problem is not an error: there is no error of the kind 'Nothing'",
        ),
        (
            lpa.Delivery,
            {"events": [], "address": "", "iccid": None, "receipt": {"path": 7}},
            "Delivery.receipt is not a receipt: a receipt is an object with its 'path'",
        ),
        (
            lpa.Delivery,
            {"events": [], "address": "", "iccid": None, "next_try": "0001-01-01T00:00:00+23:00"},
            "Delivery.next_try is not a time: ",
        ),
        (lpa.Delivery, NESTED, "Delivery is a deeply nested list, not an object"),
        (
            lpa.Delivery,
            {"events": [], "address": "", "iccid": None, "problem": NESTED},
            "Delivery.problem is not an error: an error is an object, not a deeply nested list",
        ),
        (lpa.Deliveries, [], "deliveries are an object with a list of 'deliveries'"),
        (lpa.Deliveries, {"deliveries": [7]}, "Delivery is 7, not an object"),
    ],
)
def test_json_that_is_no_fact_is_a_value_error_that_says_where(
    kind: Any, document: object, sentence: str
) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}"):
        kind.from_json(document)


def test_a_long_wrong_value_is_shortened() -> None:
    with pytest.raises(ValueError, match="…") as caught:
        lpa.Profile.from_json(PROFILE | {"iccid": ["x" * 10_000]})
    assert len(str(caught.value)) < 200


def test_a_type_that_json_has_no_form_of_is_a_mistake_in_the_program() -> None:
    @fact
    class Strange(Fact):
        value: complex

    Strange.__annotations__["value"] = complex
    with pytest.raises(TypeError, match=r"Strange\.value has a type that JSON has no form of"):
        Strange.from_json({"value": "1"})
