"""Activation codes as people, links and QR codes contain them, and the errors of invalid ones."""

from urllib.parse import quote

import pytest

from lpa.rsp.activation import ActivationCode
from lpa.rsp.names import ServerAddress

HOST = ServerAddress("rsp.example.com")
CODES = [
    ("LPA:1$rsp.example.com$ABC-123", ActivationCode(HOST, "ABC-123")),
    ("LPA:1$rsp.example.com$", ActivationCode(HOST)),
    ("LPA:1$rsp.example.com$ABC-123$1.3.6.1.4.1.31746", ActivationCode(HOST, "ABC-123", "1.3.6.1.4.1.31746")),
    ("LPA:1$rsp.example.com$ABC-123$$1", ActivationCode(HOST, "ABC-123", "", True)),
    ("LPA:1$rsp.example.com$$1.3.6$1", ActivationCode(HOST, "", "1.3.6", True)),
    ("LPA:1$rsp.example.com:8443$ABC-123", ActivationCode(ServerAddress("rsp.example.com", 8443), "ABC-123")),
]
APPLE = "https://esimsetup.apple.com/esim_qrcode_provisioning?carddata="
ANDROID = "https://esimsetup.android.com/esim_qrcode_provisioning?a=b&carddata="


@pytest.mark.parametrize(("text", "code"), CODES)
def test_a_code_is_read_and_written(text: str, code: ActivationCode) -> None:
    assert ActivationCode.parse(text) == code
    assert code.text == text


@pytest.mark.parametrize(
    "text",
    [
        "1$rsp.example.com$ABC-123",
        "lpa:1$RSP.example.com.$ABC-123",
        "  LPA:1$rsp.example.com$ABC-123\r\n",
        "LPA:1$rsp.example.com$ABC-123$",
        "LPA:1$rsp.example.com$ABC-123$$0",
        "LPA:1$rsp.example.com$ABC-123$$$what$comes$later",
        "lpa:1%24rsp.example.com%24ABC-123",
        quote("LPA:1$rsp.example.com$ABC-123"),
        f"{APPLE}LPA:1$rsp.example.com$ABC-123",
        f"{ANDROID}{quote('LPA:1$rsp.example.com$ABC-123', safe='')}",
        f"{APPLE.upper().replace('CARDDATA', 'carddata')}LPA:1%24rsp.example.com%24ABC-123",
    ],
)
def test_variants_that_people_and_links_produce_are_accepted(text: str) -> None:
    assert ActivationCode.parse(text) == ActivationCode(HOST, "ABC-123")


@pytest.mark.parametrize(
    ("text", "objection"),
    [
        ("", "is empty"),
        ("LPA:", "is empty"),
        ("hello", r"begins with LPA:1\$"),
        ("LPA:2$rsp.example.com$ABC", r"has version 2; only version 1 is supported"),
        ("LPA:$rsp.example.com$ABC", r"begins with LPA:1\$"),
        ("LPA:1", r"the '\$' signs are missing, perhaps removed by the shell"),
        ("LPA:1.example.com-123", r"the '\$' signs are missing, perhaps removed by the shell"),
        ("LPA:1.example$", r"the '\$' signs are missing, perhaps removed by the shell"),
        ("1-123", "put the code in single quotes"),
        ("LPA:1$rsp.example.com", r"the second '\$' is missing"),
        ("LPA:1$rsp.example.com-123", r"the second '\$' is missing"),
        ("LPA:1$$ABC", "the server address is empty"),
        ("LPA:1$https://rsp.example.com$ABC", "a server name should follow"),
        ("LPA:1$192.0.2.1$ABC", "a server name should follow"),
        ("LPA:1$rsp.example.com$SECRET 1", "may contain only letters, digits and '-'"),
        ("LPA:1$rsp.example.com$SECRET_ö", "may contain only letters, digits and '-'"),
        ("LPA:1$rsp.example.com$ABC$SM-DP", "is not an object identifier"),
        ("LPA:1$rsp.example.com$ABC$$2", "should be 1 or empty"),
        ("LPA:1$rsp.example.com$ABC\n$1", "is one line"),
        (f"LPA:1$rsp.example.com${'A' * 240}", "at most 255 characters; this one has 258"),
        ("https://esimsetup.apple.com/", "contains no activation code"),
    ],
)
def test_each_mistake_has_its_own_error_without_secrets(text: str, objection: str) -> None:
    with pytest.raises(ValueError, match=objection) as caught:
        ActivationCode.parse(text)
    assert "SECRET" not in str(caught.value)
    assert "AAAA" not in str(caught.value)


def test_the_matching_id_is_not_in_str_or_repr() -> None:
    code = ActivationCode.parse("LPA:1$rsp.example.com$SECRET-1")
    assert "SECRET" not in f"{code} {code!r}"


def test_the_longest_code_is_accepted() -> None:
    assert len(ActivationCode.parse(f"LPA:1$rsp.example.com${'A' * 237}").matching_id) == 237
