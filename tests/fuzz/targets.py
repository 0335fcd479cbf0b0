"""The targets of the fuzzer by name: a decoder of untrusted bytes, the errors it may raise, and its seeds.

The invariant of all: a value or a declared error, in limited time and memory. To fuzz another decoder, write
a `read` function for it and add a line to `TARGETS`.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random

from lpa.errors import BadAnswer, LpaError, NotVerified, Refused, StorageFailed, WireError
from tests.fuzz import downloads, readers, seeds, sessions, traces
from tests.fuzz.mutation import mutated

SECONDS = 1.0  # of CPU time, for one input of up to 64 KiB
MOST_BYTES = 65536
MEMORY = 64 << 20  # bytes, for reading one input


@dataclass(frozen=True)
class Target:
    """`read` returns a value or raises one of `errors`. `seeds` are genuine inputs.

    `choosing`: the number of first bytes that select the function for the others.
    """

    read: Callable[[bytes], object]
    errors: tuple[type[Exception], ...]
    seeds: Callable[[], Iterable[bytes]]
    choosing: int = 0

    def mutated(self, data: bytes, random: Random, mutate: Callable[[bytes], bytes] | None = None) -> bytes:
        """As `mutation.mutated`, without the choosing bytes."""
        return data[: self.choosing] + mutated(data[self.choosing :], random, mutate)


class TooSlow(Exception):
    """Reading an input takes more time than allowed."""


TARGETS = {
    "ber": Target(readers.ber, (BadAnswer,), seeds.answers),
    "es10": Target(readers.es10_message, (BadAnswer,), seeds.answers),
    "es10-result": Target(readers.es10_result, (Refused, LpaError), seeds.answers),
    "es10-eid": Target(readers.es10_eid, (LpaError,), lambda: seeds.answers("GetEIDResponse")),
    "es10-challenge": Target(
        readers.es10_challenge, (BadAnswer,), lambda: seeds.answers("GetEuiccChallengeResponse")
    ),
    "es10-info1": Target(readers.es10_info1, (BadAnswer,), lambda: seeds.answers("GetEuiccInfo1Response")),
    "es10-info2": Target(readers.es10_info2, (BadAnswer,), lambda: seeds.answers("GetEuiccInfo2Response")),
    "es10-addresses": Target(
        readers.es10_addresses, (BadAnswer,), lambda: seeds.answers("GetEuiccConfiguredAddressesResponse")
    ),
    "es10-rules": Target(readers.es10_rules, (BadAnswer,), lambda: seeds.answers("GetRATResponse")),
    "es10-profiles": Target(
        readers.es10_profiles, (BadAnswer, Refused), lambda: seeds.answers("GetProfilesInfoResponse")
    ),
    "es10-notifications": Target(
        readers.es10_notifications, (BadAnswer, Refused), lambda: seeds.answers("ListNotificationResponse")
    ),
    "es10-signed": Target(
        readers.es10_signed,
        (BadAnswer, Refused),
        lambda: seeds.answers("RetrieveNotificationsListResponse"),
    ),
    "card": Target(readers.card, (LpaError,), lambda: [seeds.conversation()]),
    "notification": Target(
        readers.notification,
        (BadAnswer,),
        lambda: [*seeds.receipts(), *seeds.answers("OtherSignedNotification", "ProfileInstallationResult")],
    ),
    "certificate": Target(readers.certificate, (BadAnswer, NotVerified), seeds.certificates),
    "chain": Target(readers.chain, (NotVerified,), seeds.receipts),
    "server-chain": Target(readers.server_certificates, (NotVerified,), seeds.server_certificates),
    "issuer-file": Target(readers.issuer_file, (ValueError,), lambda: [seeds.bundle()]),
    "receipt-file": Target(readers.receipt_file, (NotVerified, StorageFailed), seeds.receipts),
    "json": Target(readers.json_answer, (BadAnswer, Refused), seeds.json_answers),
    "json-of-download": Target(
        downloads.json_of_download, (BadAnswer, NotVerified, Refused), downloads.json_answers, choosing=1
    ),
    "activation-code": Target(downloads.activation_code, (ValueError,), downloads.codes),
    "bound-package": Target(downloads.bound_package, (BadAnswer,), downloads.packages),
    "offered-profile": Target(downloads.offered_profile, (BadAnswer,), downloads.offers),
    "installation-result": Target(
        downloads.installation_result,
        (BadAnswer,),
        lambda: seeds.answers("ProfileInstallationResult"),
    ),
    "card-in-a-download": Target(sessions.card_in_a_download, (LpaError,), sessions.card_answers, choosing=1),
    "server-to-card": Target(sessions.server_to_card, (LpaError,), sessions.server_answers, choosing=1),
    "server-identifier": Target(downloads.server_identifier, (BadAnswer,), downloads.server_certificates),
    "names": Target(
        readers.names,
        (),
        lambda: [b"smdp.example:8443", b"89049032123451234512345678901235", b"8944994000000000017"],
    ),
    "uicc-records": Target(readers.uicc_records, (), seeds.records),
    "uicc-files": Target(readers.uicc_files, (WireError, BadAnswer, Refused), lambda: [seeds.files()]),
    "sms": Target(readers.sms, (), seeds.records),
    "plan-file": Target(readers.plan_file, (ValueError,), lambda: [seeds.plan()]),
    "trace": Target(traces.trace, (ValueError,), traces.traces),
    "foreign-log": Target(traces.foreign_log, (ValueError,), traces.logs),
    "http-trace": Target(traces.http_trace, (), seeds.json_answers),
    "journal-row": Target(readers.journal_row, (StorageFailed,), seeds.journal_rows, choosing=2),
}


def check(target: Target, data: bytes) -> None:
    """Have `target` read `data`. Raises any undeclared error, and `TooSlow`."""
    began = time.thread_time()
    with contextlib.suppress(*target.errors):
        target.read(data)
    took = time.thread_time() - began
    # Measuring coverage makes everything slower.
    if took > SECONDS * (3 if sys.gettrace() else 1):
        raise TooSlow(f"{len(data)} bytes took {took:.1f} s")
