"""The page of a receipt: what the card reported, what that proves and what not, and how to verify it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from lpa.errors import LpaError
from lpa.notifications.verification import EVENTS, Verification
from lpa.pages import Language
from lpa.pages.html import Markup, document, element, number, qr_code, sentence
from lpa.pages.layout import Fact, footer, header, listed, section
from lpa.pages.texts import TEXTS, Words
from lpa.rsp.names import Eid
from lpa.rsp.records import Notification

_PROVEN = ("signed", "event", "maker")
_COLOURS = {"production": "good", "private": "doubtful", "test": "doubtful", "none": "bad"}
_DECODE = "base64 -d receipt.b64 > receipt.der"
_VERIFY = "lpa receipts verify receipt.der"
_VERIFY_WITH = "lpa --ca-bundle issuer.pem receipts verify receipt.der"


@dataclass(frozen=True)
class Record:
    """What this computer recorded about the receipt; all of it may be missing.

    `delivery`: the evidence by name: "kept" and "acknowledged" (times), and those that
    `lpa.server.es9.Server.handle_notification` returns; others are shown under their own name.
    `memory`: free bytes before and after. `operator`: of the profile. `reason`: the person's note.
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
    record: Record | None = None,
) -> str:
    """The HTML page of `receipt`, which is kept for the card `eid`.

    `result`: what `verification.verify` returned or raised. `made`: now, in the reader's time zone.
    """
    words = Words(language)
    digest = hashlib.sha256(receipt.raw).hexdigest()
    event = receipt.metadata.event
    title = words[f"title.{_title(event, result)}"]
    doubt = ".unverified" if isinstance(result, LpaError) else ""
    return document(
        language,
        f"{title} {receipt.metadata.iccid or ''}".strip(),
        header(words[f"brand{doubt}"], title, _iccid(receipt), qr_code(digest.upper(), words["code"])),
        _verdict(words, result),
        section(words[f"facts{doubt}"], listed(_facts(words, receipt, eid, result))),
        *(_proof(words, result) if isinstance(result, Verification) else ()),
        section(words["record"], listed(_recorded(words, record or Record()))),
        section(words["check"], *_check(words, receipt.raw, digest, result)),
        footer(words, made),
    )


def statements(words: Words, result: Verification) -> Iterator[tuple[str, str, dict[str, str]]]:
    """What is "proven" and "unproven": the kind, a sentence with braces, and the values for them."""
    values = {
        "eid": str(result.eid),
        "iccid": str(result.iccid or "?"),
        "event": words.of("event", result.event),
        "number": str(result.sequence_number),
        "address": result.address,
        "maker": result.maker,
        "issuer": _called(result),
        "signed": str(len(result.signed)),
        "size": str(result.size),
    }
    for name in _PROVEN:
        yield "proven", words[f"proven.{name}"], values
    for expired in result.expired:
        days = {"end": _day(expired.end), "moment": _day(result.moment.time)}
        holder = {"holder": words[f"holder.{expired.holder}"]}
        yield "unproven", words[f"unproven.{expired.name}"], days | holder
    for name in (*result.deviations, *result.unproven):
        yield "unproven", words[f"unproven.{name}"], values


def _day(time: datetime) -> str:
    """A day in UTC, as in certificates."""
    return f"{time.astimezone(UTC):%Y-%m-%d} (UTC)"


def _title(event: str, result: Verification | LpaError) -> str:
    """Which title the page has: it is called a proof only if the receipt was verified."""
    if isinstance(result, LpaError):
        return "unverified"
    return event if event in EVENTS else "other"


def _iccid(receipt: Notification) -> Markup:
    return number(str(receipt.metadata.iccid or ""))


def _verdict(words: Words, result: Verification | LpaError) -> Markup:
    if isinstance(result, LpaError):
        return _doubt(words, result)
    kind = result.issuer_kind
    why = sentence(words[f"verdict.{kind}.why"], issuer=_called(result))
    expired = result.expired and kind != "test"  # A public key is the greater doubt.
    heading = element("strong", words["verdict.expired" if expired else f"verdict.{kind}"])
    colour = _COLOURS["private"] if expired else _COLOURS[kind]
    return element("section", heading, element("p", why), css=f"verdict {colour}")


def _doubt(words: Words, doubt: LpaError) -> Markup:
    """Why it proves nothing: in the language of the page, then the error's own message."""
    known = f"doubt.{doubt.reason}" in TEXTS
    heading = element("strong", words["verdict.none"])
    why = element("p", words[f"doubt.{doubt.reason}" if known else "doubt.other"])
    detail = element("p", sentence("{message}", message=doubt.message), css="detail", lang="en")
    return element("section", heading, why, detail, css=f"verdict {_COLOURS['none']}")


def _called(result: Verification) -> str:
    """The issuer in a sentence; the facts contain its whole key identifier."""
    return result.issuer_name or f"{str(result.issuer)[:8]}…"


def _facts(
    words: Words, receipt: Notification, eid: Eid | None, result: Verification | LpaError
) -> Iterator[Fact]:
    metadata = receipt.metadata
    yield words["event"], words.of("event", metadata.event)
    yield words["iccid"], str(metadata.iccid or "")
    yield words["eid"], str(eid or "")
    if isinstance(result, Verification):
        yield words["maker"], result.maker
        yield words["issuer"], [result.issuer_name, element("code", str(result.issuer))]
    yield words["sequenceNumber"], str(metadata.sequence_number)
    yield words["address"], metadata.address


def evidence(words: Words, delivery: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """What was recorded of a delivery: name, label and value.

    The key of an issuer appears once; an issuer without a name has only the key.
    """
    key = delivery.get("issuer_key")
    for name, given in delivery.items():
        shown = words.of("trust_anchor", given) if name == "trust_anchor" else given
        if name == "issuer" and key:
            shown = "" if given == key else given.removesuffix(f" ({key})")
        if shown:
            yield name, words.of("delivery", name), shown


def _recorded(words: Words, record: Record) -> Iterator[Fact]:
    yield words["operator"], record.operator
    yield words["reason"], record.reason
    if record.memory:
        before, after = (f"{size // 1024}" for size in record.memory)
        yield words["memory"], sentence(words["memory.change"], before=before, after=after)
    if not record.delivery:
        yield words["delivery"], element("span", words["delivery.none"], css="missing")
    elif not {"acknowledged", "abandoned"} & record.delivery.keys():
        yield words["delivery.acknowledged"], element("span", words["delivery.notYet"], css="missing")
    for name, label, given in evidence(words, record.delivery):
        yield label, element("code", given) if name.endswith(("_sha256", "_key")) else given


def _proof(words: Words, result: Verification) -> Iterator[Markup]:
    """What is proven, and what not."""
    for kind in ("proven", "unproven"):
        lines = [
            element("li", sentence(template, **values))
            for part, template, values in statements(words, result)
            if part == kind
        ]
        yield section(words[kind], element("ul", *lines, css=kind))


def _check(words: Words, receipt: bytes, digest: str, result: Verification | LpaError) -> Iterator[Markup]:
    """How to verify it. `lpa` knows the GSMA's issuers; it must be given the certificate of another."""
    given = (
        result.reason == "unknownIssuer"
        if isinstance(result, LpaError)
        else result.issuer_kind != "production"
    )
    commands = (_DECODE, _VERIFY_WITH if given else _VERIFY)
    yield element("p", words["check.how"])
    yield element("p", *(element("code", command) for command in commands), css="commands")
    if given:
        yield element("p", words["check.issuer"])
    yield element("p", words["check.code"])
    yield element("p", digest, css="hash")
    yield element("p", words["check.receipt"])
    yield element("p", base64.b64encode(receipt).decode(), css="receipt")
