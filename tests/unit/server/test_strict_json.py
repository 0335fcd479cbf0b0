"""Ambiguous JSON, and JSON that exceeds a limit, is refused."""

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpa.rsp.limits import JSON_DEPTH, JSON_VALUES, PACKAGE_BYTES
from lpa.server import strict_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


@given(VALUES)
def test_json_that_is_not_deep_is_read(value: object) -> None:
    text = json.dumps(value).encode()
    if text.count(b"[") + text.count(b"{") <= JSON_DEPTH:
        assert strict_json.loads(text) == value


@pytest.mark.parametrize(("opening", "inner", "closing"), [(b"[", b"1", b"]"), (b'{"a":', b"1", b"}")])
def test_json_is_read_up_to_the_limit_of_depth(opening: bytes, inner: bytes, closing: bytes) -> None:
    strict_json.loads(JSON_DEPTH * opening + inner + JSON_DEPTH * closing)
    for depth in (JSON_DEPTH + 1, 2_000, 4_000):
        with pytest.raises(ValueError, match="too deeply"):
            strict_json.loads(depth * opening + inner + depth * closing)


@pytest.mark.parametrize(
    ("whole", "value"), [(b"[%s]", b"[],"), (b"[%s]", b"{},"), (b"[%s]", b"1,"), (b'{"a":[%s]}', b'"",')]
)
def test_too_many_values_are_refused_before_they_are_made(whole: bytes, value: bytes) -> None:
    many = whole % (value * (PACKAGE_BYTES // len(value)) + b"1")
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="too many values"):
            strict_json.loads(many)
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_json_is_read_up_to_the_limit_of_values() -> None:
    assert len(strict_json.loads(b"[" + b"1," * (JSON_VALUES - 2) + b"1]")) == JSON_VALUES - 1
    with pytest.raises(ValueError, match="too many values"):
        strict_json.loads(b"[" + b"1," * (JSON_VALUES - 1) + b"1]")


@pytest.mark.parametrize(
    ("text", "objection"),
    [
        (b'{"a":NaN}', "NaN is not JSON"),
        (b"[Infinity]", "Infinity is not JSON"),
        (b"[-Infinity]", "-Infinity is not JSON"),
        (b"[1e999]", "too large"),
        (b"[-1e999]", "too large"),
        (b'{"a":1,"a":2}', "repeats a member"),
        (b'{"b":{"a":1,"\\u0061":1}}', "repeats a member"),
        ('{"a":1}'.encode("utf-16"), "utf-8"),
        ('{"a":1}'.encode("utf-16-le"), "Expecting"),
        ('{"a":1}'.encode("utf-32"), "utf-8"),
        (b'{"a":"\xe4"}', "utf-8"),
    ],
)
def test_ambiguous_json_is_refused(text: bytes, objection: str) -> None:
    with pytest.raises(ValueError, match=objection):
        strict_json.loads(text)


def test_a_byte_order_mark_is_ignored() -> None:
    assert strict_json.loads(b'\xef\xbb\xbf{"a":[1.5e3]}') == {"a": [1500.0]}


@pytest.mark.parametrize("text", [b"", b"[", b"\xff", b"{]", b"1 2"])
def test_invalid_json_is_a_value_error(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        strict_json.loads(text)
