"""Activation codes as people, links and QR codes contain them, and the errors of invalid ones."""

import time
from contextlib import suppress
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lpa.rsp import activation, written_code
from lpa.rsp.activation import ActivationCode
from lpa.rsp.names import ServerAddress

HOST = ServerAddress("rsp.example.com")
CODE = "LPA:1$rsp.example.com$ABC-123"
CODES = [
    (CODE, ActivationCode(HOST, "ABC-123")),
    ("LPA:1$rsp.example.com$", ActivationCode(HOST)),
    ("LPA:1$rsp.example.com$ABC-123$1.3.6.1.4.1.31746", ActivationCode(HOST, "ABC-123", "1.3.6.1.4.1.31746")),
    ("LPA:1$rsp.example.com$ABC-123$$1", ActivationCode(HOST, "ABC-123", "", True)),
    ("LPA:1$rsp.example.com$$1.3.6$1", ActivationCode(HOST, "", "1.3.6", True)),
    ("LPA:1$rsp.example.com:8443$ABC-123", ActivationCode(ServerAddress("rsp.example.com", 8443), "ABC-123")),
    ("LPA:1$RSP.Example.com$abc_1,D-", ActivationCode(HOST, "abc_1,D-")),
    ("LPA:1$RSP.Example.com:8443$a", ActivationCode(ServerAddress("rsp.example.com", 8443), "a")),
]
APPLE = "https://esimsetup.apple.com/esim_qrcode_provisioning?carddata="
ANDROID = "https://esimsetup.android.com/esim_qrcode_provisioning?a=b&carddata="
INTENT = (
    "intent://esimsetup.android.com/esim_qrcode_provisioning?carddata={}#Intent;scheme=https;package=a.b;end"
)
MESSENGER = "https://chat.example/send?phone=491234&text="

QUOTED, REST = written_code.QUOTES_IGNORED, written_code.REST_IGNORED
INVISIBLE, WIDTH = written_code.INVISIBLE_IGNORED, written_code.WIDTH_IGNORED
BLANKS, LABEL, PREFIX = written_code.BLANKS_IGNORED, written_code.LABEL_IGNORED, written_code.PREFIX_ASSUMED
NO_ID, SCHEME = activation.NO_MATCHING_ID, activation.SCHEME_IGNORED
NO_OID, NO_FLAG, MORE = activation.NO_OID, activation.NO_FLAG, activation.MORE_FIELDS

# What a person has, the host and the matching id that are sent, and the notes.
AS_PEOPLE_HAVE_THEM = [
    ("LPA:1$rsp.example.com", "rsp.example.com", "", [NO_ID]),
    ("LPA:1$rsp.example.com:8443", "rsp.example.com:8443", "", [NO_ID]),
    ("LPA:1 $ rsp.example.com $\tABC-123 $ 1.3.6", "rsp.example.com", "ABC-123", [BLANKS]),
    ("lpa: 1$rsp.example.com$ABC-123", "rsp.example.com", "ABC-123", [BLANKS]),
    ("  LPA:1$rsp.example.com$ABC-123\r\n", "rsp.example.com", "ABC-123", []),
    ("LPA:1$rsp.example.com$aBc_12,3", "rsp.example.com", "aBc_12,3", []),
    ("LPA:1$rsp.example.com$ABC,", "rsp.example.com", "ABC,", []),
    ("LPA:1$RSP.Example.COM$abc", "RSP.Example.COM", "abc", []),
    ("LPA:1$Rsp.example.com.$abc", "Rsp.example.com", "abc", []),
    ("LPA:1$rsp.example.com$ABC-123#My travel eSIM", "rsp.example.com", "ABC-123", [LABEL]),
    ("LPA:1$rsp.example.com$ABC-123$$1 # 5 GB, Europa", "rsp.example.com", "ABC-123", [LABEL]),
    ("LPA:1$rsp.example.com#label", "rsp.example.com", "", [LABEL, NO_ID]),
    ("LPA:1$https://rsp.example.com$ABC-123", "rsp.example.com", "ABC-123", [SCHEME]),
    ("LPA:1$ HTTP://rsp.example.com/ $ABC-123", "rsp.example.com", "ABC-123", [BLANKS, SCHEME]),
    ("$rsp.example.com$ABC-123", "rsp.example.com", "ABC-123", [PREFIX]),
    ("'$rsp.example.com$ABC-123$$1'", "rsp.example.com", "ABC-123", [PREFIX, QUOTED]),
    ("1$rsp.example.com$ABC-123", "rsp.example.com", "ABC-123", []),
    ("1$localhost$ABC-123", "localhost", "ABC-123", []),
    (f"\ufeff{CODE}\u200b", "rsp.example.com", "ABC-123", [INVISIBLE]),
    (f"{CODE}\0\0", "rsp.example.com", "ABC-123", [INVISIBLE]),
    ("LPA:1$rsp.\u200bexample.com$ABC\u00ad-123", "rsp.example.com", "ABC-123", [INVISIBLE]),
    (f'"{CODE}"', "rsp.example.com", "ABC-123", [QUOTED]),
    (f"'{CODE}'", "rsp.example.com", "ABC-123", [QUOTED]),
    (f"`{CODE}`", "rsp.example.com", "ABC-123", [QUOTED]),
    (f" „{CODE}“ ", "rsp.example.com", "ABC-123", [QUOTED]),
    (f"«{CODE}»", "rsp.example.com", "ABC-123", [QUOTED]),
    (f"“{CODE}”", "rsp.example.com", "ABC-123", [QUOTED]),
    (f"「{CODE}」", "rsp.example.com", "ABC-123", [QUOTED]),
    (f"『{CODE}』", "rsp.example.com", "ABC-123", [QUOTED]),
    ("LPA：1＄rsp.example.com＄ABC-123", "rsp.example.com", "ABC-123", [WIDTH]),
    ("ＬＰＡ：１＄ｒｓｐ．example．com＄ａＢＣ－１２３", "rsp.example.com", "aBC-123", [WIDTH]),
    ("LPA:1$rsp.example.com$\u00a0ABC-123", "rsp.example.com", "ABC-123", [BLANKS]),
    ("LPA:1$rsp.example.com$ABC-123$4711", "rsp.example.com", "ABC-123", [NO_OID]),
    ("LPA:1$rsp.example.com$ABC-123$1", "rsp.example.com", "ABC-123", [NO_OID]),
    ("LPA:1$rsp.example.com$ABC-123$$4711", "rsp.example.com", "ABC-123", [NO_FLAG]),
    ("LPA:1$rsp.example.com$ABC-123$$$what$comes$later", "rsp.example.com", "ABC-123", [MORE]),
    (f"Your code is {CODE}. Scan it within 30 days.", "rsp.example.com", "ABC-123", [REST]),
    (f"Use {CODE} in the settings of your phone.", "rsp.example.com", "ABC-123", [REST]),
    (f"Use {CODE}, please!", "rsp.example.com", "ABC-123", [REST]),
    (f"Use “{CODE}” now", "rsp.example.com", "ABC-123", [REST]),
    (f"(<{CODE}>)", "rsp.example.com", "ABC-123", [REST]),
    (f"Hello,\n\n{CODE}\n\nSM-DP+ address: rsp.example.com\n", "rsp.example.com", "ABC-123", [REST]),
    (f"{CODE} and again {CODE}.", "rsp.example.com", "ABC-123", [REST]),
    ("Your server is LPA:1$rsp.example.com.", "rsp.example.com", "", [REST, NO_ID]),
    ("Type $rsp.example.com$ABC-123 here", "rsp.example.com", "ABC-123", [PREFIX, REST]),
    ("It costs 5$ now. 1$rsp.example.com$ABC-123", "rsp.example.com", "ABC-123", [REST]),
    (f"您的激活码是{CODE}，请在30天内扫描。", "rsp.example.com", "ABC-123", [REST]),
    (f"激活码：{CODE}是您的", "rsp.example.com", "ABC-123", [REST]),
    (f"激活码：「{CODE}」。2小时内有效", "rsp.example.com", "ABC-123", [REST]),
    ("激活码：LPA：1＄rsp.example.com＄ABC－123，确认码 1234", "rsp.example.com", "ABC-123", [WIDTH, REST]),
    ("lpa:1%24rsp.example.com%24ABC-123", "rsp.example.com", "ABC-123", []),
    (quote(CODE, safe=""), "rsp.example.com", "ABC-123", []),
    (f"{APPLE}{CODE}", "rsp.example.com", "ABC-123", []),
    (f"{APPLE}1$rsp.example.com$ABC-123", "rsp.example.com", "ABC-123", []),
    (f"{ANDROID}{quote(CODE, safe='')}&utm=ABC-9", "rsp.example.com", "ABC-123", []),
    (f"{APPLE.upper()}LPA:1%24rsp.example.com%24ABC-123", "rsp.example.com", "ABC-123", []),
    (f"{APPLE}LPA:1$rsp.example.com$ABC-123$$1", "rsp.example.com", "ABC-123", []),
    (INTENT.format(CODE), "rsp.example.com", "ABC-123", []),
    (INTENT.format(quote(CODE, safe="")), "rsp.example.com", "ABC-123", []),
    (f"intent://{CODE[4:]}#Intent;scheme=lpa;end", "rsp.example.com", "ABC-123", []),
    (
        f"https://a.example/?url={quote(APPLE + quote(CODE, safe=''), safe='')}",
        "rsp.example.com",
        "ABC-123",
        [],
    ),
    (f"https://a.example/install?data={CODE}", "rsp.example.com", "ABC-123", []),
    (f"{MESSENGER}Your+code:+{quote(CODE)}+Enjoy+it", "rsp.example.com", "ABC-123", [REST]),
    (f"Open {APPLE}{CODE} or scan it.", "rsp.example.com", "ABC-123", [REST]),
    (f"“{APPLE}{CODE}”", "rsp.example.com", "ABC-123", [QUOTED]),
    (f"请打开{APPLE}{CODE}。谢谢", "rsp.example.com", "ABC-123", [REST]),
    (f"{CODE}\nHelp: https://help.example/esim?a=1", "rsp.example.com", "ABC-123", [REST]),
]


@pytest.mark.parametrize(("text", "code"), CODES)
def test_a_code_is_read_and_written(text: str, code: ActivationCode) -> None:
    read = ActivationCode.parse(text)
    assert read == code
    assert read.text == text
    assert not read.notes


@pytest.mark.parametrize(("text", "host", "matching_id", "notes"), AS_PEOPLE_HAVE_THEM)
def test_a_code_is_found_and_sent_as_it_is_written(
    text: str, host: str, matching_id: str, notes: list[str]
) -> None:
    code = ActivationCode.parse(text)
    assert (str(code.address), code.matching_id, list(code.notes)) == (host, matching_id, notes)
    assert code.text.startswith(f"LPA:1${host}${matching_id}")
    again = ActivationCode.parse(code.text)
    assert (again, again.text, again.notes) == (code, code.text, ())


def test_an_ignored_field_is_neither_kept_nor_passed_on() -> None:
    code = ActivationCode.parse("LPA:1$rsp.example.com$ABC-123$SECRET$1")
    assert (code.oid, code.confirmation_code_required) == ("", True)
    assert code.text == "LPA:1$rsp.example.com$ABC-123$$1"
    assert "SECRET" not in repr(code) + "".join(code.notes)


def test_codes_that_differ_in_notes_or_in_the_case_of_the_host_are_equal() -> None:
    code = ActivationCode.parse(CODE)
    other = ActivationCode.parse("“LPA:1$RSP.example.com$ABC-123”")
    assert (other, hash(other)) == (code, hash(code))
    assert other != ActivationCode.parse(CODE.replace("ABC", "abc"))


SHELL = r"the '\$' signs are missing, perhaps removed by the shell; put the code in single quotes"
PART = "may be a part of it"
TWO = "contains different activation codes"


@pytest.mark.parametrize(
    ("text", "objection"),
    [
        ("", "is empty"),
        (" \n ", "is empty"),
        ("LPA:", "is empty"),
        ("“”", "is empty"),
        ("\ufeff", "is empty"),
        ("hello", r"begins with LPA:1\$"),
        ("hello$SECRET", r"begins with LPA:1\$"),
        ("rsp.example.com$SECRET", r"begins with LPA:1\$"),
        ("The price is 5$ or 6$ a day.", r"begins with LPA:1\$"),
        ("LPA:2$rsp.example.com$ABC", r"has version 2; only version 1 is supported"),
        ("2$rsp.example.com$ABC", r"has version 2; only version 1 is supported"),
        (f"{APPLE}LPA:2$rsp.example.com$ABC", r"has version 2; only version 1 is supported"),
        ("LPA:8949985000000090018$rsp.example.com$ABC", r"begins with LPA:1\$"),
        ("LPA:$rsp.example.com$ABC", r"begins with LPA:1\$"),
        ("LPA:1", SHELL),
        ("LPA:1.example.com-ABC", SHELL),
        ("“LPA:1.example.com-123”", SHELL),
        ("My code: LPA:1.example.com-123 - thanks", SHELL),
        ("LPA:1.example$", SHELL),
        ("1-123", SHELL),
        (f"{APPLE}LPA:1.example.com-123", SHELL),
        ("LPA:1$rsp.example.com-SECRET", r"the second '\$' is missing, perhaps removed by the shell"),
        ("LPA:1$SECRET!1", "what follows the first '\\$' is not a server name"),
        ("LPA:1$", "there is none"),
        ("LPA:1$$ABC", "there is none"),
        ("LPA:1$https://$ABC", "there is none"),
        ("LPA:1$rsp.example.com/x$ABC", "a server name should follow"),
        ("LPA:1$rsp.example.com:SECRET$$1", "is not a server name"),
        ("LPA:1$rsp.example.com/SECRET-1$", "is not a server name"),
        ("LPA:1$rsp\u20111.example.com", "is not a server name"),
        ("LPA:1$192.0.2.1$ABC", "a server name should follow"),
        ("LPA:1$rsp.example.com$SECRET_ö", "may contain only letters, digits, '-', '_' and ','"),
        ("LPA:1$rsp.example.com$SECRET.1", "may contain only letters, digits, '-', '_' and ','"),
        ("LPA:1$rsp.example.com$SECRET\x1b", "may contain only letters, digits, '-', '_' and ','"),
        ("LPA:1$rsp.example.com$SECRET 1", PART),
        ("LPA:1$rsp.example.com$SECRET·1", "may contain only letters, digits, '-', '_' and ','"),
        ("LPA:1$rsp.example.com$SECRET\u20131", "a dash in the matching id.* is not '-'"),
        ("LPA:1$rsp.example.com$SECRET\u20111", "a dash in the matching id.* is not '-'"),
        ("LPA:1$rsp.example.com$SECRET\u2014 thanks", "a dash in the matching id.* is not '-'"),
        ("LPA:1$rsp.example.com$SECRET SECRET", PART),
        ("LPA:1$rsp.example.com$SECRET-\n123$$1", PART),
        ("LPA:1$rsp.example.com$SECRET\n123$1.3.6$1", PART),
        ("LPA:1$rsp.example.com$SECRET-\nSECRET\nThank you.", PART),
        ("LPA:1$rsp.example.com$SECRET$1.3.\n6.1$1", PART),
        ("LPA:1$rsp.example.com$SECRET$\n1.3.6$1", PART),
        ("LPA:1$rsp.example.\ncom$SECRET", PART),
        ("LPA:1$rsp.example.com$SECRET\nSECRET", PART),
        ("LPA:1$rsp.example.com$SECRET-\r\nA12 is your code", PART),
        ("LPA:1$rsp.example.com$SECRET\n$1", PART),
        ("LPA:1$rsp.example.com\n$SECRET", PART),
        ("LPA:1$rsp.example.com$\nSECRET", PART),
        ("LPA:1$rsp.example.com$SECRET，SECRET1", PART),
        ("LPA:1$rsp.example.com$ is your code", PART),
        ("LPA:1$rsp.example.com$SECRET'S", PART),
        ('LPA:1$rsp.example.com"$"SECRET', PART),
        ("LPA:1$rsp.example.com#label$SECRET", "the label after '#' contains"),
        (f"{CODE} {CODE.replace('ABC', 'SECRET')}", TWO),
        (f"{CODE}\n{CODE.replace('rsp', 'dp')}", TWO),
        (f"{CODE}#{CODE}4", "the label after '#' contains"),
        (f"{CODE} or $rsp.example.com$SECRET.", TWO),
        (f"{CODE} or {APPLE}{CODE}4", TWO),
        (f"{APPLE}{CODE} or {APPLE}{CODE}4", TWO),
        (f"{APPLE}{CODE}&data={CODE}4", TWO),
        (f"LPA:1$rsp.example.com${'A' * 240}", "at most 255 characters; this one has 258"),
        (f"{CODE} {'a ' * 4096}", "at most 4096 characters"),
        ("https://esimsetup.apple.com/", "this link contains no activation code"),
        ("https://esimsetup.apple.com/?carddata=", "this link contains no activation code"),
    ],
)
def test_each_mistake_has_its_own_error_without_secrets(text: str, objection: str) -> None:
    with pytest.raises(ValueError, match=objection) as caught:
        ActivationCode.parse(text)
    assert "SECRET" not in str(caught.value)
    assert "AAAA" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_the_matching_id_is_not_in_str_or_repr() -> None:
    code = ActivationCode.parse("LPA:1$rsp.example.com$SECRET-1 # a label")
    assert "SECRET" not in f"{code} {code!r} {code.notes}"
    assert "SECRET" not in repr(written_code.find("LPA:1$rsp.example.com$SECRET-1"))


def test_the_longest_code_is_accepted() -> None:
    assert len(ActivationCode.parse(f"LPA:1$rsp.example.com${'A' * 237}").matching_id) == 237


PIECES = (
    *("LPA:", "lpa:1$", "1$", "$", "$$", "rsp.example.com", "SECRET-1", "#", "%24", "%3A", "https://", "."),
    *(
        "?carddata=",
        "&",
        ";",
        " ",
        "\n",
        "，",
        "。",
        "「",
        '"',
        "\u200b",
        "＄",
        "：",
        "intent://",
        "码",
        "\0",
    ),
    *("\udc80", "\ufdfa"),  # half a character, and one that NFKC makes eighteen of
)


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map("".join)))
@example("LPA:1$lpa:1$lpa:1")
def test_any_text_is_a_code_or_a_value_error(text: str) -> None:
    with suppress(ValueError):
        code = ActivationCode.parse(text)
        assert ActivationCode.parse(code.text) == code
        assert "SECRET" not in "".join(code.notes)


@pytest.mark.parametrize(
    "piece",
    [
        "lpa:",
        "lpa:1",
        "lpa:1$",
        "1$",
        "$ ",
        "a.",
        "1$a.b$",
        "https://",
        "a://?x=%24",
        "%2524",
        "\ufdfa",
        " \t",
        "#",
    ],
)
def test_the_longest_text_is_searched_in_time(piece: str) -> None:
    start = time.thread_time()
    with suppress(ValueError):
        ActivationCode.parse((piece * 4096)[:4096])
    assert time.thread_time() - start < 2
