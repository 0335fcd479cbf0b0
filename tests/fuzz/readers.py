"""The decoders as the library calls them, and the invariants of every value that they give."""

from __future__ import annotations

import atexit
import contextlib
import json
import re
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, cast

from lpa.card.es10 import ISDR_AIDS, Euicc
from lpa.card.files.filesystem import UiccFiles
from lpa.cli.json_output import plain
from lpa.deletion import saved_plan
from lpa.errors import BadAnswer, LpaError
from lpa.journal import Journal, LostNotification
from lpa.notifications import receipts, verification
from lpa.notifications.receipt_names import ReceiptName
from lpa.profiles import backup
from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.display import safe
from lpa.rsp.names import Aid, Eid, Iccid, ServerAddress
from lpa.rsp.pki import server_chain
from lpa.rsp.pki.certificates import Certificate
from lpa.rsp.pki.chain import check_signature
from lpa.rsp.pki.issuers import PRODUCTION, TrustedIssuers
from lpa.rsp.reasons import explain
from lpa.rsp.records import ICON_TAGS, Notification, NotificationEvent
from lpa.rsp.uicc import alphabets
from lpa.rsp.uicc import elementary_files as uicc
from lpa.rsp.uicc.contacts import Contact, Extension, NumberRecord, PhoneBookSet, merged, text
from lpa.rsp.uicc.messages import Message, joined
from lpa.rsp.uicc.vcard import vcards
from lpa.server.connect_to import ConnectTo
from lpa.server.es9 import Server
from lpa.server.https import Https
from lpa.sim.codec.definitions import types
from tests.fuzz import seeds
from tests.fuzz.hostile import FixedCard, FixedHttps, RecordedCard
from tests.support.journals import EID, PROFILE, signed
from tests.support.tls_faults import NOW

_SERVER = ServerAddress("smdp.example")


def documented(value: object) -> object:
    """Check that `--json` can print a value: what it prints."""
    return json.loads(json.dumps(plain(value), allow_nan=False))


def ber(data: bytes) -> None:
    """A TLV is its own bytes, and so are its children."""
    for tlv in Tlv.sequence(data):
        tlv.search(0xBF2F)
        if tlv[0] & 0x20:
            with contextlib.suppress(BadAnswer):
                assert b"".join(tlv.children) == tlv.value
    assert b"".join(Tlv.sequence(data)) == data


def es10_message(data: bytes) -> None:
    """Any answer, by its tag: decoded, decoded open, and its refusal explained."""
    name = responses().get(Tlv.whole(data).tag)
    if name is None:
        return
    kind = types()[name]["type"]
    if kind == "CHOICE":
        with contextlib.suppress(BadAnswer):
            schema.alternative(name, data)
    if kind == "SEQUENCE":
        with contextlib.suppress(BadAnswer):
            schema.decode_open(name, data)
    refused = schema.refusal(name, schema.decode(name, data))
    if refused:
        explain(name.removesuffix("Response"), refused[0])


def es10_result(data: bytes) -> None:
    """The answers that are only a result."""
    euicc = _euicc(data)
    iccid = seeds.ICCID
    changes: dict[str, Callable[[], None]] = {
        "EnableProfile": lambda: euicc.enable_profile(iccid, refresh=True),
        "DisableProfile": lambda: euicc.disable_profile(iccid, refresh=False),
        "DeleteProfile": lambda: euicc.delete_profile(iccid),
        "SetNickname": lambda: euicc.set_nickname(iccid, "x"),
        "EuiccMemoryReset": lambda: euicc.memory_reset(["deleteOperationalProfiles"]),
        "SetDefaultDpAddress": lambda: euicc.set_default_dp_address("a.example"),
        "NotificationSent": lambda: euicc.notification_sent(7),
    }
    changes.get(schema.functions().get(_outer_tag(data), ""), changes["DeleteProfile"])()


def es10_eid(data: bytes) -> None:
    card = FixedCard()
    card.answer = data
    assert len(str(Euicc(card, aids=ISDR_AIDS[:1]).eid)) == 32


def es10_challenge(data: bytes) -> None:
    assert len(_euicc(data).challenge()) == 16


def es10_info1(data: bytes) -> None:
    documented(_euicc(data).euicc_info1())


def es10_info2(data: bytes) -> None:
    documented(_euicc(data).euicc_info2())


def es10_addresses(data: bytes) -> None:
    documented(_euicc(data).configured_addresses())


def es10_rules(data: bytes) -> None:
    documented(_euicc(data).rules())


def es10_profiles(data: bytes) -> None:
    found = _euicc(data).profiles(ICON_TAGS)
    documented([found, found.unreadable, [profile.title for profile in found]])


def es10_notifications(data: bytes) -> None:
    found = _euicc(data).list_notifications()
    documented([found, found.unreadable])


def es10_signed(data: bytes) -> None:
    found = _euicc(data).retrieve_notifications()
    documented([[notification.metadata for notification in found], found.unreadable])


def card(data: bytes) -> None:
    """A whole session with a card, including status words."""
    with Euicc(RecordedCard(data), aids=ISDR_AIDS[:2]) as euicc:
        euicc.profiles(ICON_TAGS)
        euicc.euicc_info2()
        euicc.disable_profile(seeds.ICCID, refresh=False)
        euicc.retrieve_notifications()


def notification(data: bytes) -> None:
    """It stays the bytes that came, and its receipt has a file name."""
    found = Notification.from_tlv(data)
    assert found.raw == data
    documented(found.metadata)
    name = ReceiptName.of(found).name
    assert Path(name).name == name.strip() == safe(name)
    assert len(name) < 255


def certificate(data: bytes) -> None:
    found = Certificate.from_tlv(Tlv.whole(data))
    str(found.eid)
    str(found)


def chain(data: bytes) -> None:
    """Only the signed bytes themselves are verified. What follows the certificates is a deviation."""
    verified = verification.verify(data, _trusted(), seeds.FIXED)
    documented(verified)
    genuine = Tlv(seeds.receipts()[0]).children
    found = Tlv(data).children
    assert (found[0], found[2:4]) == (genuine[0], genuine[2:])
    assert not found[4:] or {"members", "unknownMembers"} & {*verified.deviations}


def server_certificates(data: bytes) -> None:
    """The certificates that a server sends, its own first."""
    try:
        shown = list(Tlv.sequence(data))
    except BadAnswer:
        return  # OpenSSL would not accept them.
    chain = seeds.tls_chain()
    paths = server_chain.paths_to(chain.ci_pkids, shown)
    if paths:
        server_chain.verify_any(paths, chain.host, chain.ci_pkids, NOW)
        # The signed part is genuine; the coding of the outermost length is not signed.
        assert bytes(shown[0].children[0]) in seeds.server_certificates()[0]


def plan_file(data: bytes) -> None:
    """The fingerprint reveals any change, so the profiles are also read without it."""
    found = []
    for members in _profiles_in(data):
        with contextlib.suppress(*saved_plan.NONSENSE):
            found.append(saved_plan._profile(members))
    documented([(profile.title, profile) for profile in found])
    for profile in found:
        assert all(isinstance(text, str) for text in (*profile.policy_rules, profile.state, profile.title))
    documented(saved_plan.parse(data.decode(errors="surrogateescape")))


def issuer_file(data: bytes) -> None:
    TrustedIssuers.from_pem(data)


def receipt_file(data: bytes) -> None:
    path = _folder() / "receipt.der"
    path.write_bytes(data)
    check_signature(receipts.read(path).notification)


def json_answer(data: bytes) -> None:
    """A server's text is shown on one line, and shortened."""
    try:
        Server(_SERVER, cast("Https", FixedHttps(data))).handle_notification(b"")
    except LpaError as error:
        _check_sentence(error.message)
        raise


def names(data: bytes) -> None:
    """Each identifier; a parsed one is printed and parsed again as the same."""
    text = data.decode(errors="surrogateescape")
    for kind in (ServerAddress, Iccid, Eid, Aid):
        with contextlib.suppress(ValueError):
            found = kind.parse(text)
            assert kind.parse(str(found)) == found
            assert safe(str(found)) == str(found)
    with contextlib.suppress(ValueError):
        ConnectTo.parse(text)


def uicc_records(data: bytes) -> None:
    """A record as one of each file: phone book, identity, directory."""
    contacts = []
    for read in (NumberRecord.from_adn, NumberRecord.from_anr):
        with contextlib.suppress(BadAnswer):
            if found := read(data):
                contacts.append(Contact(found.name, (found.number,), (text(data, linked=True),)))
    for other in (Extension.from_record, PhoneBookSet.from_record, uicc.FileControl.from_tlv, uicc.imsi):
        with contextlib.suppress(BadAnswer):
            cast("Callable[[bytes], object]", other)(data)
    uicc.application(data)
    contacts.append(Contact(alphabets.alpha(data), (uicc.service_provider_name(data),)))
    _check_vcards(vcards(merged(contacts)), len(merged(contacts)))


def uicc_files(data: bytes) -> None:
    """A whole backup, as it is written to files."""
    contents = backup.read(UiccFiles(RecordedCard(data)), seeds.ICCID)
    documents = {name: content.encode() for name, content in backup._documents(contents).items()}
    _check_vcards(documents["contacts.vcf"].decode(), len(contents.contacts))
    for name in ("messages.json", "identity.json", "records.json"):
        json.loads(documents[name])


def sms(data: bytes) -> None:
    """Records of 176 bytes, joined; each message can be written."""
    records = [data[start : start + 176] for start in range(0, len(data), 176)]
    for message in joined(found for record in records if (found := Message.from_record(record))):
        backup._readable(message).encode()
        json.dumps(backup._message(message))


def journal_row(data: bytes) -> None:
    """The number of a column, the type of the value, and the value."""
    journal = _journal()
    database = journal._database.connection
    table, column = _columns()[data[0] % len(_columns())] if data else _columns()[0]
    value = ("CAST(? AS TEXT)", "?", "CAST(CAST(? AS TEXT) AS NUMERIC)")[data[1] % 3 if len(data) > 1 else 0]
    database.execute("BEGIN")
    try:
        try:
            database.execute(f"UPDATE {table} SET {column} = {value}", (data[2:],))  # noqa: S608  (our names)
        except Exception:  # noqa: BLE001  (SQLite refuses it, so it cannot be in a journal)
            return
        unfinished = [(one.function, one.before, one.state, one.target) for one in journal.unfinished()]
        documented([journal.outbox(), unfinished, journal.record_of(EID, signed()), journal.lost()])
    finally:
        database.execute("ROLLBACK")


def _euicc(answer: bytes) -> Euicc:
    euicc, card = _opened()
    card.answer = answer
    return euicc


@cache
def _opened() -> tuple[Euicc, FixedCard]:
    card = FixedCard()
    return Euicc(card), card


@cache
def responses() -> dict[int, str]:
    return {schema.tag_of(name): name for name in types() if name.endswith("Response")}


@cache
def _trusted() -> TrustedIssuers:
    return TrustedIssuers((Certificate.of(seeds.chain().ci_certificate),), PRODUCTION)


@cache
def _folder() -> Path:
    shared_memory = Path("/dev/shm")  # noqa: S108  (a new folder in it; a disk would be slow)
    return Path(tempfile.mkdtemp(dir=shared_memory if shared_memory.is_dir() else None))


@cache
def _journal() -> Journal:
    """A journal with one operation and its notification."""
    journal = Journal(_folder())
    atexit.register(journal.close)
    with journal.operation(EID, "delete", (PROFILE,), target=PROFILE.iccid) as operation:
        journal.keep(EID, signed(), operation=operation)
    event, noticed = NotificationEvent.DELETE, 1_700_000_000.0
    lost = LostNotification(EID, PROFILE.iccid, PROFILE.title, event, "smdp.example", noticed)
    journal.begin(EID, "delete", (PROFILE,)).complete("", [lost])
    return journal


@cache
def _columns() -> list[tuple[str, str]]:
    database = _journal()._database.connection
    return [
        (table, column)
        for table in ("operation", "notification", "loss")
        for _, column, *_ in database.execute(f"PRAGMA table_info({table})")
        if column != "id"
    ]


def _outer_tag(data: bytes) -> int:
    try:
        return Tlv.whole(data).tag
    except BadAnswer:
        return 0


def _check_sentence(message: str) -> None:
    assert safe(message) == message
    assert len(message) < 2000


def _profiles_in(data: bytes) -> list[Any]:
    try:
        result = json.loads(data)["result"]
        return [result["profile"], *result["others"]]
    except (KeyError, RecursionError, TypeError, ValueError):
        return []


def _check_vcards(written: str, count: int) -> None:
    """One vCard for each contact, only known lines, none too long."""
    lines = written.split("\r\n")
    assert lines.count("BEGIN:VCARD") == lines.count("END:VCARD") == count
    known = ("BEGIN:VCARD", "VERSION:4.0", "FN:", "NICKNAME:", "TEL;VALUE=text:", "EMAIL:", "END:VCARD", " ")
    assert all(line.startswith(known) and len(line.encode()) <= 75 for line in lines[:-1])
    assert not re.search(r"[\x00-\x1f]", "".join(lines))
