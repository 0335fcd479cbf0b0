"""The library's codec and asn1tools give equal values, bytes and refusals for equal inputs.

`make soak` compares a million inputs in each direction, `make test` a fixed sample.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pytest

from lpa.errors import BadAnswer
from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv
from lpa.sim import codec as asn1tools_codec
from lpa.sim.codec.definitions import types
from tests.support.asn1_cases import damaged, spoiled, value
from tests.support.sweeps import sample

TYPES = sorted(types())
PARTS, SIZE, EVERY = 20, 50_000, 401
REFUSED = "refused"
PREPARE = {"smdpSigned2": b"0\0", "smdpSignature2": bytes(64), "smdpCertificate": b"0\0"}


def inputs(part: int) -> Sequence[int]:
    return sample(range(part * SIZE, (part + 1) * SIZE), EVERY)


@pytest.mark.parametrize("part", range(PARTS))
def test_damaged_messages_are_decoded_or_refused_alike(part: int) -> None:
    for seed in inputs(part):
        random = Random(seed)  # noqa: S311  (no secret)
        name = random.choice(TYPES)
        coded: bytes = asn1tools_codec.encode(name, value(types()[name], random))
        for _ in range(random.choice((0, 1, 1, 2, 3))):
            coded = damaged(coded, random)
        assert decoded(schema.decode, name, coded) == decoded(asn1tools_codec.decode, name, coded), (
            name,
            coded.hex(),
        )
        if types()[name]["type"] == "SEQUENCE":
            ours, theirs = (decoded(one.decode_open, name, coded) for one in (schema, asn1tools_codec))
            assert ours == theirs, (name, coded.hex())


@pytest.mark.parametrize("part", range(PARTS))
def test_values_are_encoded_or_refused_alike(part: int) -> None:
    for seed in inputs(part):
        random = Random(seed)  # noqa: S311  (no secret)
        name = random.choice(TYPES)
        found = value(types()[name], random)
        for _ in range(random.choice((0, 0, 1))):
            found = spoiled(found, random)
        assert encoded(schema.encode, name, found) == encoded(asn1tools_codec.encode, name, found), (
            name,
            found,
        )


def decoded(decode: Callable[[str, bytes], Any], name: str, coded: bytes) -> object:
    try:
        return comparable(decode(name, coded))
    except BadAnswer:
        return REFUSED


def encoded(encode: Callable[[str, Any], bytes], name: str, found: Any) -> bytes | str:
    try:
        return encode(name, found)
    except ValueError:
        return REFUSED


def comparable(found: Any) -> object:
    """With its types, since True == 1. See below about the text of an object identifier."""
    if isinstance(found, dict):
        return {name: comparable(inner) for name, inner in found.items() if name != "smdpOid"}
    if isinstance(found, list | tuple):
        return type(found).__name__, *(comparable(inner) for inner in found)
    return ("bytes", bytes(found)) if isinstance(found, bytes | bytearray) else (type(found).__name__, found)


@pytest.mark.parametrize("content", ["2B06", "8837", "78", "8000", "2B8F8F7F00"])
def test_an_object_identifier_is_the_same_text(content: str) -> None:
    message = result_data(bytes.fromhex(content))
    ours, theirs = (one.decode("ProfileInstallationResultData", message) for one in (schema, asn1tools_codec))
    assert ours["smdpOid"] == theirs["smdpOid"]


@pytest.mark.parametrize(
    ("content", "text"), [("", ""), ("2B", "1.3"), ("2B86", "1.3.6"), ("2B80", "1.3"), ("86", "0.6")]
)
def test_an_unfinished_object_identifier_ends_where_it_ends(content: str, text: str) -> None:
    """asn1tools goes on reading in the next member. Nothing relies on the text: see `rsp.asn`."""
    value = schema.decode("ProfileInstallationResultData", result_data(bytes.fromhex(content)))
    assert value["smdpOid"] == text


def test_an_endless_number_in_an_object_identifier_is_a_bad_answer() -> None:
    message = result_data(b"\x2b" + b"\xff" * 2100 + b"\x7f")
    for one in (schema, asn1tools_codec):
        with pytest.raises(BadAnswer):
            one.decode("ProfileInstallationResultData", message)


def result_data(oid: bytes) -> bytes:
    """A ProfileInstallationResultData with this content of smdpOid, and a success."""
    members = bytes.fromhex("800107 BF2F0A 800101 81020780 0C0161"), Tlv.build(0x06, oid)
    return Tlv.build(0xBF27, *members, bytes.fromhex("A20B A009 4F05A000000559 0400"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("ListNotificationRequest", {"profileManagementOperation": (b"\xff\xff", -8)}, id="bits"),
        pytest.param("RetrieveNotificationsListResponse", ("notificationList", [[1, 2]]), id="ANY"),
        pytest.param("PrepareDownloadRequest", {**PREPARE, "smdpSigned2": None}, id="a missing ANY"),
    ],
)
def test_what_asn1tools_makes_of_nonsense_is_a_value_error(name: str, value: Any) -> None:
    asn1tools_codec.encode(name, value)
    with pytest.raises(ValueError, match=name):
        schema.encode(name, value)
