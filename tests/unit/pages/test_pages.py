"""The pages in both languages: their content, and that no text can break them."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpa import pages
from lpa.errors import NotVerified, StorageFailed
from lpa.pages import LANGUAGES, Language, html, receipt_page
from lpa.pages.texts import TEXTS, Words
from lpa.profiles.subscriber import Subscriber
from lpa.rsp.records import Notification
from tests.support import sample_pages
from tests.support.forgery import EID

VOID = ("meta", "path")


class Reader(HTMLParser):
    """A strict parser: every element that is opened is closed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.shown: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on") or name in ("src", "href", "style")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.shown.append(data)


def read(page: str) -> str:
    """What a person reads on the page."""
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    assert not {"script", "img", "link", "iframe", "object", "form", "a"} & set(reader.tags)
    return "".join(reader.shown)


SIZE = len(sample_pages.RECEIPT)
PAGES = {
    f"{kind.__name__} {language}": kind(language)
    for kind in (sample_pages.receipt, sample_pages.profile)
    for language in LANGUAGES
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_a_page_is_well_formed_and_loads_nothing(page: str) -> None:
    read(page)
    assert "default-src &#x27;none&#x27;; style-src &#x27;unsafe-inline&#x27;" in page
    assert not re.search(r"https?:|url\(|@import|javascript:", page)


def test_a_page_of_an_unverified_receipt_does_not_say_that_the_card_signed_or_reported_it() -> None:
    shown, verified = read(sample_pages.doubt()), read(sample_pages.receipt())
    for sentence in ("signed by the card", "What the card reported"):
        assert sentence in verified
        assert sentence not in shown
    assert "What the receipt says" in shown


def test_every_text_exists_in_both_languages_with_the_same_fields() -> None:
    for key, texts in TEXTS.items():
        assert all(texts), key
        fields = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in texts]
        assert fields[0] == fields[1], key
    assert not [key for key, (_, chinese) in TEXTS.items() if chinese.endswith(".")]


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        (
            "en",
            [
                "Proof of deletion",
                f"The card with EID {EID} signed the content of this notification: profile, event, server "
                f"and number are as signed. The signature covers 27 of the {SIZE} bytes of the receipt, the "
                "complete object BF2F.",
                "That the other bytes are as the card gave them.",
                "It reports the deletion of profile 89898989898989898989 to a.b, with number 7.",
                "When it happened. The card has no clock",
                "That the operator closed the line or ended the contract.",
                "244 KiB before, 322 KiB after",
                "Acknowledged2026-11-22 21:04:59+0800",
                "Made by lpa on 2026-11-22 21:05+08:00.",
            ],
        ),
        (
            "zh-CN",
            [
                "删除凭证",
                f"EID 为 {EID} 的卡片签署了这条通知的内容：配置文件、事件、服务器和序号与签名时一致。",
                f"签名覆盖凭证 {SIZE} 字节中的 27 字节，即完整的 BF2F 对象。",
                "其余字节与卡片给出的相同。",
                "通知的内容是：删除配置文件 89898989898989898989，序号 7，发往 a.b。",
                "发生的时间。卡片没有时钟",
                "运营商已经停机或销户、合约已经终止。",
                "之前 244 KiB，之后 322 KiB",
                "服务器确认2026-11-22 21:04:59+0800",
                "由 lpa 于 2026-11-22 21:05+08:00 生成。",
            ],
        ),
    ],
)
def test_the_page_of_a_receipt_states_what_is_proven_and_what_is_not(
    language: Language, sentences: list[str]
) -> None:
    page = sample_pages.receipt(language)
    assert f'lang="{language}"' in page
    shown = read(page)
    for sentence in sentences:
        assert sentence in shown


def test_the_page_contains_the_receipt_and_its_hash() -> None:
    shown = read(sample_pages.receipt())
    assert base64.b64encode(sample_pages.RECEIPT).decode() in shown
    assert hashlib.sha256(sample_pages.RECEIPT).hexdigest() in shown


@pytest.mark.parametrize(
    ("kind", "colour", "heading"),
    [
        ("production", "good", "Verified"),
        ("private", "doubtful", "Verified, but not with a GSMA issuer"),
        ("test", "doubtful", "Verified with test keys only"),
    ],
)
def test_the_verdict_depends_on_the_kind_of_issuer(kind: str, colour: str, heading: str) -> None:
    page = sample_pages.receipt(issuer_kind=kind, issuer_name="Somebody")
    assert f'class="verdict {colour}"><strong>{html.text(heading)}</strong>' in page


def test_an_unverified_receipt_is_not_called_a_proof() -> None:
    doubt = NotVerified("The card's signature is not valid.")
    page = receipt_page.page(Notification.from_tlv(sample_pages.RECEIPT), None, doubt, made=sample_pages.MADE)
    shown = read(page)
    assert "Unverified receipt" in shown
    assert "The card's signature is not valid." in shown
    assert 'class="verdict bad"' in page
    assert "Proof of" not in shown
    assert "proven" not in shown
    assert "nothing recorded" in shown
    assert "None" not in shown


@pytest.mark.parametrize(
    ("reason", "chinese"),
    [
        ("damaged", "凭证已损坏，或者被人改动过。"),
        ("unknownIssuer", "卡片证书无法追溯到受信任的签发机构。"),
        ("otherCard", "签名的卡片与保存凭证时记录的卡片不符。"),
        ("noCertificates", "安装凭证不附带证书，只有相应的服务器才能验证。"),
        (None, "凭证所附的证书不符合要求。"),
    ],
)
def test_the_reason_against_a_receipt_is_in_the_language_of_the_page(
    reason: str | None, chinese: str
) -> None:
    doubt = NotVerified("It is wrong.", reason=reason)
    note = Notification.from_tlv(sample_pages.RECEIPT)
    page = receipt_page.page(note, None, doubt, made=sample_pages.MADE, language="zh-CN")
    assert f'<p>{chinese}</p><p class="detail" lang="en"><bdi>It is wrong.</bdi></p>' in page
    assert ("--ca-bundle issuer.pem" in page) is (reason == "unknownIssuer")


@pytest.mark.parametrize("kind", ["production", "private", "test"])
def test_the_printed_command_names_an_issuer_that_lpa_does_not_know(kind: str) -> None:
    shown = read(sample_pages.receipt(issuer_kind=kind, issuer_name="Somebody"))
    given = kind != "production"
    assert ("receipt.derlpa --ca-bundle issuer.pem receipts verify receipt.der" in shown) is given
    assert ("receipt.derlpa receipts verify receipt.der" in shown) is not given
    assert ("issuer.pem is the certificate of the top-level issuer" in shown) is given


@pytest.mark.parametrize(
    ("language", "said"), [("en", "Acknowledgednot yet"), ("zh-CN", "服务器确认尚未确认")]
)
def test_a_receipt_without_acknowledgement_says_so(language: Language, said: str) -> None:
    note = Notification.from_tlv(sample_pages.RECEIPT)
    kept = {"kept": sample_pages.EVIDENCE["kept"]}
    for delivery, shown in (
        (kept, True),
        (kept | {"abandoned": "2026-11-23"}, False),
        (sample_pages.EVIDENCE, False),
        ({}, False),
    ):
        record = receipt_page.Record(delivery)
        page = receipt_page.page(
            note, None, sample_pages.verified(), made=sample_pages.MADE, language=language, record=record
        )
        assert (said in read(page)) is shown


def test_an_issuer_without_a_name_is_shown_once() -> None:
    key = "ab" * 20
    delivery = {"trust_anchor": "card", "issuer": key, "issuer_key": key}
    assert [name for name, _, _ in receipt_page.evidence(Words("en"), delivery)] == [
        "trust_anchor",
        "issuer_key",
    ]
    named = delivery | {"issuer": f"a CI ({key})"}
    assert [value for _, _, value in receipt_page.evidence(Words("en"), named)][1:] == ["a CI", key]


def test_an_unknown_event_keeps_its_name() -> None:
    shown = read(sample_pages.receipt(event="rpmDelete"))
    assert "It reports the rpmDelete of profile" in shown


def test_the_page_of_a_profile_has_what_the_operator_asks_for() -> None:
    shown = read(sample_pages.profile(read=Subscriber("262980000000025", ())))
    for fact in (
        "OperatorNordlicht",
        "Profile (ICCID)8949985000000000025",
        f"Card (EID){EID}",
        "Subscriber (IMSI)262980000000025",
        "Phone numbernone",
        "Network (MCC-MNC)262-98",
        "Operator's server (SM-DP+)nordlicht.smdp.example",
        "Stateenabled",
        "Classoperational",
        "Rules of the operatormay not be disabled (PPR1)",
    ):
        assert fact in shown
    assert "Subscriber (IMSI)not read: only the enabled profile can be read" in read(sample_pages.profile())
    assert "用户识别码（IMSI）未读取：只能读取已启用的配置文件" in read(sample_pages.profile("zh-CN"))


@pytest.mark.parametrize(
    ("subscriber", "said"),
    [
        (Subscriber("", ("+491701", "+491702")), "Subscriber (IMSI)nonePhone number+491701+491702"),
        (Subscriber(reason="pinNeeded"), "Phone numbernot read: locked with a PIN"),
        (Subscriber(reason="unreadable"), "Phone numbernot read: the card does not return it"),
    ],
)
def test_the_page_says_why_imsi_and_number_were_not_read(subscriber: Subscriber, said: str) -> None:
    assert said in read(sample_pages.profile(read=subscriber))


def test_a_profile_without_servers_says_so() -> None:
    bare = replace(sample_pages.PROFILE, notifications=(), policy_rules=(), owner=None)
    shown = read(sample_pages.profile(shown=bare))
    assert "Operator's server (SM-DP+)none" in shown
    assert "Rules of the operatornone" in shown
    assert "Network" not in shown


HOSTILE = "<script>alert(1)</script>\u202e\x1b]0;&{eid}{0}\n\u200b"


def test_hostile_names_are_shown_as_text() -> None:
    hostile = replace(sample_pages.PROFILE, nickname=HOSTILE, service_provider=HOSTILE, name=HOSTILE)
    for page in (sample_pages.profile(shown=hostile), sample_pages.receipt(maker=HOSTILE, address=HOSTILE)):
        assert "<script>alert(1)</script>\\u202e\\x1b]0;&{eid}{0}\\n\\u200b" in read(page)
        assert not {"\u202e", "\x1b", "\u200b"} & set(page)


@given(st.text())
def test_any_text_stays_text(shown: str) -> None:
    page = html.document("en", shown, html.value(shown), html.sentence("{x}", x=shown))
    read(page)
    assert all(sign.isprintable() or sign in "\n\u3000\xa0" or sign.isspace() for sign in page)


def test_long_numbers_are_grouped_without_spaces() -> None:
    assert html.value("8949985000000000025") == html.number("8949985000000000025")
    assert html.number("894998") == '<bdi class="number"><span>8949</span><span>98</span></bdi>'
    assert html.value("204") == "<bdi>204</bdi>"


def test_an_unknown_name_is_shown_as_it_is() -> None:
    assert Words("zh-CN").of("state", "enabled") == "已启用"
    assert Words("zh-CN").of("state", "5") == "5"


def test_a_page_that_cannot_be_saved_is_an_error(tmp_path: Path) -> None:
    pages.save("页", tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == "页"
    with pytest.raises(StorageFailed, match="cannot be written to"):
        pages.save("页", tmp_path / "no" / "page.html")
