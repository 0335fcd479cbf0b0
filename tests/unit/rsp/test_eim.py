"""The remote managers of an IoT card."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpa.errors import BadAnswer
from lpa.rsp.eim import Eim
from tests.support.der import tlv


def eim(members: str) -> Eim:
    return Eim.from_tlv(tlv("30", bytes.fromhex(members)))


def test_an_eim_may_be_named_and_no_more() -> None:
    assert eim("8003 612E62") == Eim("a.b")


def test_all_that_a_card_reports_of_an_eim_is_read() -> None:
    found = eim(
        "8007 312E322E332E34 810B 65696D2E6578616D706C65 820101 83020080 840101 870205A0 8900 A5023000"
    )
    assert found == Eim(
        identifier="1.2.3.4",
        address="eim.example",
        identifier_type="oid",
        counter=128,
        association_token=1,
        protocols=("eimRetrieveHttps", "eimInjectHttps"),
        indirect_download=True,
        unknown=found.unknown,
    )
    assert [member.hex() for member in found.unknown] == ["a5023000"]


@pytest.mark.parametrize(("coded", "kind"), [("820102", "fqdn"), ("820103", "proprietary"), ("820107", "7")])
def test_the_kind_of_its_identifier_is_named(coded: str, kind: str) -> None:
    assert eim(f"800161 {coded}").identifier_type == kind


@given(st.binary(max_size=60))
def test_garbage_is_a_value_or_a_bad_answer(content: bytes) -> None:
    for message in (content, tlv("30", content), tlv("30", b"\x80\x01a", content)):
        with contextlib.suppress(BadAnswer):
            assert Eim.from_tlv(message)
