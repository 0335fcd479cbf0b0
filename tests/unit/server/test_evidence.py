"""The evidence of an acknowledgement matches the server's certificate and what it received."""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
import time
from contextlib import closing
from pathlib import Path

import pytest

from lpa.journal import Journal
from lpa.rsp.names import Eid
from lpa.sim.crypto.pki import Authority
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support import command
from tests.support.journals import everything


def shown_by(smdp: SimulatedSmdp) -> bytes:
    """The certificate (DER) that the server sends to Python's own TLS."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    *_, port = smdp.connect_to.split(":")
    with (
        socket.create_connection(("127.0.0.1", int(port)), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="albion.smdp.example") as handshake,
    ):
        certificate = handshake.getpeercert(binary_form=True)
    assert certificate
    return certificate


def test_the_evidence_of_an_acknowledgement_is_kept(tmp_path: Path) -> None:
    folder, began = command.card(tmp_path / "card"), time.time()
    place = ("--reader", f"sim:{folder}", "--state-dir", tmp_path / "state")
    card = SimulatedEuicc.load(folder)
    card.close()
    certificates = []
    for count, change in enumerate(("disable", "enable"), 1):  # Each server has a certificate of its own.
        with SimulatedSmdp(Authority.load(folder), host="albion.smdp.example") as smdp:
            assert command.run(*place, "--connect-to", smdp.connect_to, change, "0017").code == 0
            certificates.append(shown_by(smdp))
            (received,) = smdp.received
        with closing(Journal(tmp_path / "state")) as journal:
            entries = everything(journal, Eid.parse(card.eid))
        entry = next(one for one in entries if one.notification.metadata.sequence_number == count)
        body = entry.notification.raw
        assert entry.evidence == entry.evidence | {
            "address": "albion.smdp.example",
            "http_status": "204",
            "tls_certificate_sha256": hashlib.sha256(certificates[-1]).hexdigest(),
            "notification_sha256": hashlib.sha256(body).hexdigest(),
        }
        assert received.raw == body
        assert entry.sent
        assert began <= entry.kept <= entry.sent <= time.time()
    assert certificates[0] != certificates[1]


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_the_page_shows_the_certificate_of_the_server(language: str, tmp_path: Path) -> None:
    folder, page = command.card(tmp_path / "card"), tmp_path / "out.html"
    place = ("--reader", f"sim:{folder}", "--state-dir", tmp_path / "state")
    with SimulatedSmdp(Authority.load(folder), host="albion.smdp.example") as smdp:
        assert command.run(*place, "--connect-to", smdp.connect_to, "disable", "0017").code == 0
        certificate = hashlib.sha256(shown_by(smdp)).hexdigest()
    trusting = (*place, "--ca-bundle", folder / "ci.pem")
    assert command.run(*trusting, "receipts", "export", "1", "--html", page, "--lang", language).code == 0
    assert certificate in re.sub("<[^>]*>", "", page.read_text(encoding="utf-8"))
