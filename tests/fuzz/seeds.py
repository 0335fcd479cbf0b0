"""Genuine inputs: from the vectors, the simulated card, and certificate chains with known keys."""

from __future__ import annotations

import functools
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from lpa.card.es10 import Euicc
from lpa.card.files.filesystem import UiccFiles
from lpa.cli.json_output import plain
from lpa.deletion.plan import Plan
from lpa.profiles.backup import read
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.pki.key_identifier import KeyIdentifier
from lpa.rsp.profile_json import to_json
from lpa.rsp.records import ICON_TAGS
from lpa.sim import samples
from lpa.sim.contents import Contents, SimulatedContact
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.fuzz.hostile import Recorder
from tests.support import tls_chains
from tests.support.cards import holding
from tests.support.forgery import Chain
from tests.support.journals import EID, PROFILE, signed

VECTORS = Path(__file__).parent.parent / "vectors" / "es10.json"
ICCID = Iccid.parse("8944994000000000017")  # of the simulated card's first profile
FIXED = datetime(2026, 11, 22, tzinfo=UTC)


def answers(*types: str) -> list[bytes]:
    """The messages of these types in the vectors; without types, all answers."""
    return [
        bytes.fromhex(vector["bytes"])
        for vector in _vectors()
        if (vector["type"] in types if types else vector["type"].endswith("Response"))
    ]


@functools.cache
def conversation() -> bytes:
    """The answers of a simulated card while it is opened and its lists are read."""
    with SimulatedEuicc.create(None, profiles=1) as card:
        recorder = Recorder(card)
        with Euicc(recorder) as euicc:
            euicc.profiles(ICON_TAGS)
            euicc.euicc_info2()
            euicc.disable_profile(ICCID, refresh=False)
            euicc.retrieve_notifications()
    return recorder.recorded


@functools.cache
def files() -> bytes:
    """The answers of a simulated card while the files of its enabled profile are read."""
    contents = Contents(
        contacts=(SimulatedContact("Ada", ("+447700900123", "02079460018"), "a@b", "A"),),
        messages=samples.profiles(1)[0].contents.messages[:3],
        imsi="234990000000001",
        msisdn="+447700900123",
        service_provider="Albion",
        phone_book="linked",
    )
    with holding(contents) as card:
        recorder = Recorder(card)
        read(UiccFiles(recorder), ICCID)
    return recorder.recorded


def records() -> list[bytes]:
    """Records of files: numbers, names, short messages, a phone book, FCP templates."""
    samples_ = samples.profiles(1)[0].contents.messages
    messages = [bytes.fromhex(record).ljust(176, b"\xff") for record in samples_]
    return [*messages, *map(bytes.fromhex, _RECORDS)]


@functools.cache
def chain() -> Chain:
    """A genuine chain, always with the same keys."""
    made = Chain()
    for secret, party in enumerate((made.ci, made.eum, made.euicc), start=2):
        party.key = ec.derive_private_key(secret, ec.SECP256R1())
    return made


@functools.cache
def receipts() -> list[bytes]:
    """A genuine receipt, with another signature in each process."""
    return [chain().notification()]


def certificates() -> list[bytes]:
    """The certificates of the chain."""
    made = chain()
    issued = ((made.euicc, made.eum), (made.eum, made.ci), (made.ci, made.ci))
    return [party.certificate(issuer) for party, issuer in issued]


@functools.cache
def tls_chain() -> tls_chains.TlsChain:
    """A genuine server with one authority between it and the issuer, always with the same keys."""
    chain = tls_chains.TlsChain()
    for secret, party in enumerate((chain.ci, chain.sub, chain.server), start=5):
        party.key = ec.derive_private_key(secret, ec.SECP256R1())
    chain.way, chain.ci_pkids = [chain.sub], [KeyIdentifier(chain.ci.identifier)]
    return chain


@functools.cache
def server_certificates() -> list[bytes]:
    """The certificates that the server sends, with other signatures in each process."""
    shown = tls_chain().credentials()
    return [b"".join(cert.public_bytes(Encoding.DER) for cert in (shown.certificate, *shown.chain))]


def plan() -> bytes:
    """The part of the output of `lpa delete --plan --json` that is read again."""
    made = Plan(EID, PROFILE, (replace(PROFILE, iccid=ICCID, state="disabled"),), True, ())
    return json.dumps({"result": plain(made) | {"fingerprint": made.fingerprint}}).encode()


def bundle() -> bytes:
    """The issuer as a PEM file."""
    return chain().ci_certificate.public_bytes(Encoding.PEM)


def json_answers() -> list[bytes]:
    """Answers of servers (§6.5): executed, refused, expired."""
    failed = {
        "subjectCode": "8.2.1",
        "reasonCode": "3.8",
        "message": "no such profile",
        "subjectIdentifier": "x",
    }
    headers: list[dict[str, Any]] = [
        {"status": "Executed-Success"},
        {"status": "Failed", "statusCodeData": failed},
        {"status": "Expired", "statusCodeData": {}},
    ]
    return [b"", *(json.dumps({"header": {"functionExecutionStatus": one}}).encode() for one in headers)]


def journal_rows() -> list[bytes]:
    """The number of a column, the type of the value, and the value."""
    values: list[str | bytes] = [
        str(Eid.parse("89049032123451234512345678901235")),
        bytes(signed().raw),
        '{"address": "smdp.example", "http_status": "204"}',
        "1700000000.5",
        "delete",
        to_json((PROFILE,)),
        "DELETING",
        str(PROFILE.iccid),
        "330000",
    ]
    coded = [value.encode() if isinstance(value, str) else value for value in values]
    return [bytes([column, kind]) + value for column in range(40) for kind in range(3) for value in coded]


@functools.cache
def _vectors() -> list[dict[str, Any]]:
    vectors: list[dict[str, Any]] = json.loads(VECTORS.read_text())
    return vectors


_RECORDS = (
    "416461FFFFFFFFFFFFFF 07914477009010 32FFFFFFFF FFFF 01",  # EF.ADN
    "80 5F20 4F1F FFFF 06 81 8031083110 FFFFFFFFFFFF FF FF",
    "81 03 13 54 65 D3 FF 82 04 0410 A0A1 2020 07 91 4477009010 32FFFFFFFF FF 02",
    "02 05 2143658709 FFFFFFFFFF FF",  # EF.EXT1
    "01 07 91 447700901032 FFFFFFFF FF 03 01 01",  # EF.ANR
    "A81E C0034F3A0A C5034F0902 C4034F1103 CA034F5004 C9034F2105 C1034F2506 AA05 C2034F4A07 FFFF",  # EF.PBR
    "62 1C 8205 4221001C FA 8302 6F3A 8A0105 8002 1B58 C609 900180 830101 830181",  # FCP
    "61 18 4F10 A0000000871002FFFFFFFF8900000100 5004 5553494D",  # EF.DIR
    "08 29 43990000000010",  # EF.IMSI
    "01 416C62696F6E FFFF",  # EF.SPN
)
