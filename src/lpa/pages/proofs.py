"""The page of a receipt: what the card reported, what that proves, what it does not, and how to check it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from lpa.errors import LpaError
from lpa.pages.facts import Fact, footer, header, listed, section
from lpa.pages.html import Markup, document, element, number, qr_code, sentence
from lpa.pages.words import Language, Words
from lpa.proof import Verification
from lpa.rsp.names import Eid
from lpa.rsp.records import Notification

_EVENTS = ("install", "enable", "disable", "delete")
_PROVEN = ("signed", "event", "maker")
_COLOURS = {"production": "good", "private": "doubtful", "test": "doubtful", "none": "bad"}
_DECODE = "base64 -d receipt.b64 > receipt.der"
_VERIFY = "lpa receipts verify receipt.der"


@dataclass(frozen=True)
class Witnessed:
    """What this computer saw beside the receipt; all of it may be missing.

    `delivery`: the evidence by name: "kept" and "acknowledged" (times), and those that
    `lpa.server.es9.Server.handle_notification` gives; others are shown under their own name.
    `memory`: free bytes before and after. `operator`: of the profile. `reason`: in the person's words.
    """

    delivery: Mapping[str, str] = field(default_factory=dict)
    memory: tuple[int, int] | None = None
    operator: str = ""
    reason: str = ""


def page(
    receipt: Notification,
    eid: Eid | None,
    result: Verification | LpaError,
    *,
    made: datetime,
    language: Language = "en",
    witnessed: Witnessed | None = None,
) -> str:
    """The HTML page of `receipt`, which is kept as one of the card `eid`.

    `result`: what `proof.verify` returned or raised. `made`: now, in the reader's time zone.
    """
    words, seen = Words(language), witnessed or Witnessed()
    digest = hashlib.sha256(receipt.raw).hexdigest()
    event = receipt.metadata.event
    title = words[f"title.{_title(event, result)}"]
    return document(
        language,
        f"{title} {receipt.metadata.iccid or ''}".strip(),
        header(words["brand"], title, _iccid(receipt), qr_code(digest.upper(), words["code"])),
        _verdict(words, result),
        section(words["facts"], listed(_facts(words, receipt, eid, result))),
        *(_proof(words, result) if isinstance(result, Verification) else ()),
        section(words["witnessed"], listed(_witnessed(words, seen))),
        section(words["check"], *_check(words, receipt.raw, digest)),
        footer(words, made),
    )


def statements(words: Words, result: Verification) -> Iterator[tuple[str, str, dict[str, str]]]:
    """What is "proven" and "unproven", each as a sentence with braces and the values for them."""
    values = {
        "eid": str(result.eid),
        "iccid": str(result.iccid or "?"),
        "event": words.of("event", result.event),
        "number": str(result.sequence_number),
        "address": result.address,
        "maker": result.maker,
        "issuer": _called(result),
    }
    for name in _PROVEN:
        yield "proven", words[f"proven.{name}"], values
    for expired in result.expired:
        said = {"end": _day(expired.end), "moment": _day(result.moment.time)}
        said["holder"] = words[f"holder.{expired.holder}"]
        yield "unproven", words[f"unproven.{expired.name}"], said
    for name in result.unproven:
        yield "unproven", words[f"unproven.{name}"], values


def _day(time: datetime) -> str:
    """A day as certificates have it."""
    return f"{time.astimezone(UTC):%Y-%m-%d} (UTC)"


def _title(event: str, result: Verification | LpaError) -> str:
    """What to call the page: nothing is called a proof that is none."""
    if isinstance(result, LpaError):
        return "unverified"
    return event if event in _EVENTS else "other"


def _iccid(receipt: Notification) -> Markup:
    return number(str(receipt.metadata.iccid or ""))


def _verdict(words: Words, result: Verification | LpaError) -> Markup:
    if isinstance(result, LpaError):
        kind, why = "none", sentence(words["verdict.none.why"], reason=result.message)
    else:
        kind = result.issuer_kind
        why = sentence(words[f"verdict.{kind}.why"], issuer=_called(result))
    # That anyone can sign with the key, or that it proves nothing, is the greater doubt.
    expired = isinstance(result, Verification) and result.expired and kind != "test"
    told = element("strong", words["verdict.expired" if expired else f"verdict.{kind}"])
    colour = _COLOURS["private"] if expired else _COLOURS[kind]
    return element("section", told, element("p", why), css=f"verdict {colour}")


def _called(result: Verification) -> str:
    """The issuer in a sentence; the facts have its whole key identifier."""
    return result.issuer_name or f"{str(result.issuer)[:8]}…"


def _facts(
    words: Words, receipt: Notification, eid: Eid | None, result: Verification | LpaError
) -> Iterator[Fact]:
    told = receipt.metadata
    yield words["event"], words.of("event", told.event)
    yield words["iccid"], str(told.iccid or "")
    yield words["eid"], str(eid or "")
    if isinstance(result, Verification):
        yield words["maker"], result.maker
        yield words["issuer"], [result.issuer_name, element("code", str(result.issuer))]
    yield words["sequenceNumber"], str(told.sequence_number)
    yield words["address"], told.address


def evidence(words: Words, name: str, given: str) -> str:
    """What was noted of a delivery, in words where it is one of a few names."""
    return words.of("voucher", given) if name == "vouched_by" else given


def _witnessed(words: Words, seen: Witnessed) -> Iterator[Fact]:
    yield words["operator"], seen.operator
    yield words["reason"], seen.reason
    if seen.memory:
        before, after = (f"{size // 1024}" for size in seen.memory)
        yield words["memory"], sentence(words["memory.change"], before=before, after=after)
    if not seen.delivery:
        yield words["delivery"], element("span", words["delivery.none"], css="missing")
    for name, given in seen.delivery.items():
        value = evidence(words, name, given)
        in_figures = name.endswith(("_sha256", "_key"))
        yield words.of("delivery", name), element("code", value) if in_figures else value


def _proof(words: Words, result: Verification) -> Iterator[Markup]:
    """What is proven, and what not."""
    for kind in ("proven", "unproven"):
        lines = [
            element("li", sentence(template, **values))
            for part, template, values in statements(words, result)
            if part == kind
        ]
        yield section(words[kind], element("ul", *lines, css=kind))


def _check(words: Words, receipt: bytes, digest: str) -> Iterator[Markup]:
    how = sentence(words["check.how"], decode=element("code", _DECODE), verify=element("code", _VERIFY))
    yield element("p", how)
    yield element("p", digest, css="hash")
    yield element("p", base64.b64encode(receipt).decode(), css="receipt")
