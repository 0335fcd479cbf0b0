"""The contents of a simulated profile: what fits in its files, and what is stored of them."""

from __future__ import annotations

import json

import pytest

from lpa.sim.contents import Contents, SimulatedContact


def test_missing_contents_have_defaults() -> None:
    assert Contents.from_json({"imsi": "234990000000001"}) == Contents(imsi="234990000000001")


def test_invalid_contents_are_refused() -> None:
    for wrong in (
        {"imsi": "12345"},
        {"pin": "123"},
        {"messages": ("00" * 177,)},
        {"messages": ("0",)},
        {"pin": ""},
        {"pin_tries": 4},
        {"disabled_pin": "123"},
        {"pin2": "123456789"},
        {"pin2_tries": -1},
        {"puk": "1234"},
        {"puk_tries": 11},
        {"puk2": "1234567x"},
        {"puk2_tries": 11},
        {"adm": "123456789"},
        {"adm_tries": -1},
        {"updates": (("3F002F05", "zz"),)},
        {"phone_book": "yellow"},
        {"contacts": tuple(SimulatedContact(str(number)) for number in range(1001))},
    ):
        with pytest.raises(ValueError, match=r".+"):
            Contents(**wrong)
    for numbers in (("1", "2", "3"), ("x",), ("",), ("1" * 43,)):
        with pytest.raises(ValueError, match="number"):
            SimulatedContact("Ada", numbers)


def test_contents_are_stored_completely() -> None:
    contents = Contents(
        (SimulatedContact("Ada", ("1",)),), ("0100",), pin2="1234", updates=(("3F002F05", "64"),)
    )
    assert Contents.from_json(json.loads(json.dumps(contents.to_json()))) == contents
