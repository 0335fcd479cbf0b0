import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpa.rsp.bounds import JSON_DEPTH
from lpa.server import strict_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


@given(VALUES)
def test_what_is_not_deep_is_read_as_ever(value: object) -> None:
    text = json.dumps(value).encode()
    if text.count(b"[") + text.count(b"{") <= JSON_DEPTH:
        assert strict_json.loads(text) == value


@pytest.mark.parametrize(("opening", "inner", "closing"), [(b"[", b"1", b"]"), (b'{"a":', b"1", b"}")])
def test_as_deep_as_the_limit_is_read_and_deeper_is_not(opening: bytes, inner: bytes, closing: bytes) -> None:
    strict_json.loads(JSON_DEPTH * opening + inner + JSON_DEPTH * closing)
    for depth in (JSON_DEPTH + 1, 5_000, 200_000):
        with pytest.raises(ValueError, match="too deep"):
            strict_json.loads(depth * opening + inner + depth * closing)


@pytest.mark.parametrize("text", [b"", b"[", b"\xff", b"{]", b"1 2"])
def test_what_is_no_json_is_a_value_error(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        strict_json.loads(text)
