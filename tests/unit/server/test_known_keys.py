"""The keys of issuers that are remembered: they save a computation, and change no decision."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lpa import Assistant
from lpa.errors import NotVerified
from lpa.rsp.pki import server_chain
from lpa.rsp.pki.key_identifier import KeyIdentifier
from lpa.server.connect_to import ConnectTo
from lpa.server.es9 import Server
from lpa.server.https import Https
from lpa.server.known_keys import KnownKeys
from lpa.server.trust import Trust
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.budgets import Measure
from tests.support.sweeps import sample
from tests.support.tls_attacks import CASES
from tests.support.tls_chains import BRAINPOOL, TlsChain, changed
from tests.support.tls_faults import NOW

_CURVES: tuple[ec.EllipticCurve, ...] = (ec.SECP256R1(), BRAINPOOL)


def point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def issuer_of(chain: TlsChain) -> KeyIdentifier:
    return KeyIdentifier(chain.ci.identifier)


def decision(chain: TlsChain, known: KnownKeys | None) -> str:
    """Which issuer proves the identity of the server, or why none does."""
    ci_pkids = tuple(chain.ci_pkids)
    try:
        paths = server_chain.paths_to(ci_pkids, chain.shown())
        return str(server_chain.verify_any(paths, chain.host, ci_pkids, NOW, known)) if paths else ""
    except NotVerified as doubt:
        return doubt.message


@pytest.mark.parametrize("curve", sample(_CURVES, 2), ids=lambda curve: curve.name)
@pytest.mark.parametrize("name", CASES)
def test_what_is_remembered_changes_no_decision(name: str, curve: ec.EllipticCurve) -> None:
    chain = changed(CASES[name].change, curve)
    expected = decision(chain, None)
    own, other = point(chain.ci.key), point(ec.generate_private_key(curve))
    for remembered in (own, other):
        known = KnownKeys()
        for issuer in chain.ci_pkids:
            known.put(issuer, remembered)
        assert decision(chain, known) == expected


@pytest.mark.parametrize("curve", _CURVES, ids=lambda curve: curve.name)
def test_a_recovered_key_is_kept_in_a_private_file_and_not_recovered_again(
    tmp_path: Path, curve: ec.EllipticCurve, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = TlsChain(curve=curve)
    assert decision(chain, KnownKeys(tmp_path)) == str(issuer_of(chain))
    (path,) = tmp_path.iterdir()
    assert path.name == f"issuer-{issuer_of(chain)}.key"
    assert path.read_bytes() == point(chain.ci.key)
    assert path.stat().st_mode & 0o777 == 0o600
    monkeypatch.delattr("lpa.rsp.pki.key_recovery.keys_that_may_have_signed")
    assert decision(chain, KnownKeys(tmp_path)) == str(issuer_of(chain))


@pytest.mark.parametrize(
    "planted",
    [b"", b"\x04", bytes(65), b"\x04" * 66, point(ec.generate_private_key(_CURVES[0]))],
    ids=["empty", "short", "no point", "long", "another key"],
)
def test_a_wrong_file_is_ignored_and_written_anew(tmp_path: Path, planted: bytes) -> None:
    chain = TlsChain()
    path = tmp_path / f"issuer-{issuer_of(chain)}.key"
    path.write_bytes(planted)
    assert decision(chain, KnownKeys(tmp_path)) == str(issuer_of(chain))
    assert path.read_bytes() == point(chain.ci.key)


def test_a_planted_key_does_not_make_its_owner_trusted(tmp_path: Path) -> None:
    chain = TlsChain()
    listed = KeyIdentifier(bytes(20))
    chain.ci.claimed = listed.coded
    chain.ci_pkids = [listed]
    refused = decision(chain, None)
    assert "that key did not sign it" in refused
    path = tmp_path / f"issuer-{listed}.key"
    path.write_bytes(point(chain.ci.key))
    assert decision(chain, KnownKeys(tmp_path)) == refused
    assert path.read_bytes() == point(chain.ci.key)


def _no_folder(folder: Path) -> None:
    folder.rmdir()


def _a_fifo(folder: Path) -> None:
    os.mkfifo(folder / f"issuer-{issuer_of(_CHAIN)}.key")


def _a_folder(folder: Path) -> None:
    (folder / f"issuer-{issuer_of(_CHAIN)}.key").mkdir()


def _a_loop(folder: Path) -> None:
    path = folder / f"issuer-{issuer_of(_CHAIN)}.key"
    path.symlink_to(path)


_CHAIN = TlsChain()


@pytest.mark.parametrize("obstacle", [_no_folder, _a_fifo, _a_folder, _a_loop])
def test_where_nothing_can_be_kept_the_key_is_remembered_in_the_process(
    tmp_path: Path, obstacle: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    obstacle(folder)
    before = sorted(tmp_path.rglob("*"))
    known = KnownKeys(folder)
    assert decision(_CHAIN, known) == str(issuer_of(_CHAIN))
    assert sorted(tmp_path.rglob("*")) == before
    monkeypatch.delattr("lpa.rsp.pki.key_recovery.keys_that_may_have_signed")
    assert decision(_CHAIN, known) == str(issuer_of(_CHAIN))


def test_the_library_that_recovers_is_loaded_only_for_that() -> None:
    code = "import sys, lpa.server.https; print('ecdsa' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"


class CountedHttps(Https):
    """Counts the TLS handshakes."""

    handshakes = 0

    def _connect(self, *of_the_server: Any) -> Any:
        self.handshakes += 1
        return super()._connect(*of_the_server)


def test_a_deletion_takes_one_handshake_with_its_server(euicc: SimulatedEuicc, tmp_path: Path) -> None:
    names = sorted({address for profile in euicc.profiles for address in profile.addresses("delete")})
    with (
        SimulatedSmdp(euicc.authority, host=names[0], also=names[1:]) as smdp,
        CountedHttps(Trust.system(), connect_to=[ConnectTo.parse(smdp.connect_to)]) as https,
        Assistant(euicc, state_dir=tmp_path, servers=partial(Server, https=https)) as assistant,
    ):
        plan = assistant.review_deletion(assistant.plan_deletion(euicc.profiles[1].iccid))
        assert not assistant.delete(plan).unacknowledged
    measure = Measure("network", "TLS handshakes, delete", https.handshakes)
    assert measure.kept, measure
