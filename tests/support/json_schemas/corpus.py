"""Documents of the tests that together have every branch of the schemas that any of them has.

To write them anew: run the tests with `LPA_DOCUMENTS=FOLDER`, then
`python -m tests.support.json_schemas.corpus FOLDER`. The ones before are taken into account, as far as they
still follow the schemas.
"""

from __future__ import annotations

import functools
import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.support.json_schemas import branches
from tests.support.json_schemas.validation import command_of, validator
from tests.support.paths import ROOT

FILE = ROOT / "tests" / "vectors" / "documents.jsonl"
# What no test produces, and why that is so.
UNMET = {
    branch: why
    for why, listed in {
        "no card of these tests reports it": (
            "(default-server).result.unknown[]",
            "(delete).result|0.free_memory null",
            "(notifications list).result.unreadable[]",
            "(receipts list).result.receipts[].iccid null",
            "delivery.iccid null",
            "eim.association_token null",
            "eim.counter null",
            "euicc_info1.ci_for_signing_v3[]",
            "euicc_info2.additional_profile_versions[]",
            "euicc_info2.forbidden_policy_rules[]",
            "euicc_info2.tre_properties[]",
            "profile.access_rules",
            "profile.access_rules[]",
            "profile.emergency",
            "profile.service_data",
            "profile.service_data[]",
            "verification.iccid null",
            "verification.unproven[]=profile",
        ),
        "no simulated server states a size": (
            "(download).result|0.estimated_size value",
            "finding.name=insufficientMemory",
        ),
        "the keys of these issuers are not ours": (
            "verification.issuer_kind=production",
            "verification.issuer_kind=test",
            "verification.unproven[]=testIssuer",
        ),
        "tested without the command": (
            "(sim card).result.wire null",
            "diagnosis.step=notifications",
            "diagnosis.verdict=doubtful",
            "expired_certificate.holder=card",
            "expired_certificate.holder=issuer",
            "expired_certificate.name=expiredSinceKept",
            "finding.name=still-on-card",
            "finding.name=temporarilyEnabled",
            "order.state=error",
            "subscriber.reason=noBasicChannel",
            "subscriber.reason=unreadable",
            "unfinished_operation.operation=temporary-enable",
        ),
    }.items()
    for branch in listed
}

_UNUSUAL = ("recovered", "due", "downloads", "unreadable", "unknown", "problem", "unusable")
_FOLDER = re.compile(r"(?:/[\w.-]+)*/pytest-of-\w+/pytest-\d+/(?:popen-gw\d+/)?[\w.-]+/|/tmp/tmp\w+/")
Document = dict[str, Any]


@functools.cache
def documents() -> list[Document]:
    """The documents in the file."""
    return [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


def chosen(found: Iterable[Document]) -> list[Document]:
    """As few of `found` as have each branch that any of them has; and an example of each command."""
    found = [*found]
    ordered = sorted(found, key=lambda one: (one["command"], one["exit_code"], len(json.dumps(one))))
    left = [(branches.met(one), one) for one in ordered]
    kept: list[Document] = []
    while left:
        most, best = max(left, key=lambda pair: (len(pair[0]), -len(json.dumps(pair[1]))))
        if not most:
            break
        kept.append(best)
        left = [(having - most, one) for having, one in left]
    kept += [one for one in _examples(found) if one not in kept]
    return sorted(kept, key=lambda one: (one["command"], one["exit_code"], json.dumps(one)))


def example(name: str, found: Iterable[Document]) -> Document | None:
    """The document of a command that shows most in the least space: of one that succeeds, if there is any."""
    fitting = [one for one in found if one["command"] == name]
    succeeded = [one for one in fitting if one["ok"]] or fitting
    return max(succeeded, key=lambda one: (_usual(one), -len(json.dumps(one))), default=None)


def _examples(found: list[Document]) -> list[Document]:
    examples = (example(name, found) for name in sorted({one["command"] for one in found}))
    return [one for one in examples if one]


def _usual(document: Document) -> int:
    """How many members of its result say something, but for the unusual, which count against it."""
    filled = [name for name, value in document.get("result", {}).items() if value not in ("", [], None)]
    return sum(-1 if name in _UNUSUAL else 1 for name in filled)


def _read(folder: Path) -> list[Document]:
    lines = (line for file in folder.glob("*.jsonl") for line in file.read_text().splitlines())
    texts = {_FOLDER.sub("~/", line) for line in lines}
    texts |= set(FILE.read_text(encoding="utf-8").splitlines()) if FILE.exists() else set()
    every = [json.loads(text) for text in sorted(texts)]
    return [one for one in every if validator(command_of(one)).is_valid(one)]


if __name__ == "__main__":
    made = "".join(f"{json.dumps(one)}\n" for one in chosen(_read(Path(sys.argv[1]))))
    FILE.write_text(made, encoding="utf-8")
