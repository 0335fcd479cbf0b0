"""The rows of `--connect-to`."""

from __future__ import annotations

import pytest

from lpa.rsp.names import ServerAddress
from lpa.server.connect_to import ConnectTo


@pytest.mark.parametrize(
    ("text", "asked", "target"),
    [
        ("a.example:443:b.example:8443", "a.example", ("b.example", 8443)),
        ("A.example.:443:B.example:8443", "a.example", ("b.example", 8443)),
        ("a.example:443:b.example:8443", "a.example:444", None),
        ("a.example:443:b.example:8443", "c.example", None),
        ("a.example::b.example:", "a.example:444", ("b.example", 444)),
        (":443::8443", "a.example", ("a.example", 8443)),
        ("::127.0.0.1:8443", "a.example:9", ("127.0.0.1", 8443)),
        ("::[::1]:8443", "a.example", ("::1", 8443)),
        (":::", "a.example", ("a.example", 443)),
    ],
)
def test_a_row_leads_an_address_to_its_target(text: str, asked: str, target: tuple[str, int] | None) -> None:
    assert ConnectTo.parse(text).target(ServerAddress.parse(asked)) == target


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.example:443:b.example",
        "a.example:443:b.example:8443:9",
        "a.example:0:b.example:1",
        "a.example:443:b.example:65536",
        "a.example:443:b.example:١",
        "a.example:x:b.example:1",
        "a.example:443:b.example:" + "1" * 5_000,
        "a example:443:b.example:1",
        "a.example:443:b/example:1",
        "a.example:443:[::1:1",
        "a.example:443:[b.example]:1",
        "127.0.0.1:443:b.example:1",
    ],
)
def test_an_invalid_row_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not"):
        ConnectTo.parse(text)
