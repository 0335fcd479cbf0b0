"""One object is the way to servers; it loads what HTTPS needs with the first server."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import lpa
from lpa import Assistant, ConnectTo, Network, Trust
from lpa.errors import NotVerified
from lpa.rsp.names import ServerAddress
from lpa.server.proxy import Proxy
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.testing.simulated_lpa import smdp_for


def test_a_notification_is_delivered_over_it(tmp_path: Path) -> None:
    card = SimulatedEuicc.create(None)
    with smdp_for(card) as smdp:
        network = Network(connect_to=smdp.connect_to)
        for name in ("one", "two"):  # It can be used again.
            with Assistant(card, state_dir=tmp_path / name, network=network) as assistant:
                profile = assistant.profiles()[0]
                act = assistant.disable if profile.enabled else assistant.enable
                act(profile).raise_for_pending()
    assert len(smdp.received) == 2


def test_the_bundle_verifies_a_server_that_the_card_does_not(tmp_path: Path) -> None:
    card, other = SimulatedEuicc.create(None), SimulatedEuicc.create(None)
    other.authority.save(tmp_path / "pki")
    address = ServerAddress.parse("albion.smdp.example")
    with smdp_for(other) as smdp:
        for bundle, verified in ((tmp_path / "pki" / "ci.pem", True), (None, False)):
            network = Network(connect_to=[smdp.connect_to], ca_bundle=bundle)
            with closing(network.servers()) as servers:
                server = servers(address, ci_pkids=())
                if verified:
                    server.handshake()
                else:
                    with pytest.raises(NotVerified):
                        server.handshake()
    card.close()


def test_parts_may_be_text_or_parsed(tmp_path: Path) -> None:
    row, proxy = ConnectTo.parse("a.example:443:b.example:8443"), Proxy.parse("http://p.example:3128")
    text = Network(connect_to="a.example:443:b.example:8443", proxy="http://u:secret@p.example:3128")
    parsed = Network(connect_to=(row,), proxy=lambda _address: proxy, ca_bundle=Trust.system())
    assert text.connect_to == parsed.connect_to == (row,)
    assert Network(connect_to=row).connect_to == Network(connect_to=iter([row])).connect_to == (row,)
    assert "secret" not in repr(text)
    for network in (text, parsed):
        with network.https(tmp_path) as https:
            assert https._connector._connect_to == (row,)
            found = https._connector._proxy and https._connector._proxy(ServerAddress.parse("a.example"))
            assert found
            assert (found.host, found.port) == ("p.example", 3128)


def test_the_deadline_is_that_of_a_request() -> None:
    with Network(deadline=7).https() as https, Network().https() as usual:
        assert (https._deadline, usual._deadline) == (7, 60)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"connect_to": "a.example"}, "is not HOST:PORT:HOST:PORT"),
        ({"connect_to": ["a:1:b:2", "::"]}, "is not HOST:PORT:HOST:PORT"),
        ({"proxy": "ftp://p.example"}, "a proxy is given as http://HOST:PORT"),
        ({"deadline": 0}, "a deadline is more than 0 seconds"),
        ({"deadline": float("nan")}, "a deadline is more than 0 seconds"),
        ({"ca_bundle": "/nowhere/ci.pem"}, "cannot read the certificates in /nowhere/ci.pem"),
        ({"ca_bundle": lpa.__file__}, "contains no certificate in PEM form"),
    ],
)
def test_a_part_that_is_not_valid_is_said_at_once(parts: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Network(**parts)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"connect_to": None}, "a row of connect_to must be str or ConnectTo, not NoneType"),
        ({"connect_to": [5]}, "a row of connect_to must be str or ConnectTo, not int"),
        ({"proxy": 5}, "proxy must be str or None, not int"),
        ({"deadline": "5"}, "deadline must be int or float or None, not str"),
        ({"ca_bundle": b"ci.pem"}, "ca_bundle must be str or Path or Trust or None, not bytes"),
    ],
)
def test_a_part_of_a_wrong_type_is_said_at_once(parts: dict[str, Any], said: str) -> None:
    with pytest.raises(TypeError, match=f"^{said}$"):
        Network(**parts)


def test_authorities_that_cannot_be_read_later_keep_the_notification_pending(tmp_path: Path) -> None:
    bundle = tmp_path / "ci.pem"
    bundle.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    card = SimulatedEuicc.create(None)
    with Assistant(card, state_dir=tmp_path / "state", network=Network(ca_bundle=bundle)) as assistant:
        (delivery,) = assistant.disable(assistant.profiles()[0]).deliveries
        assert isinstance(delivery.problem, NotVerified)
        assert str(bundle) in delivery.problem.message
        assert delivery.receipt


def test_servers_and_a_network_contradict_each_other(tmp_path: Path) -> None:
    with SimulatedEuicc.create(None) as card, pytest.raises(TypeError, match="servers or a network"):
        Assistant(card, state_dir=tmp_path, servers=Network().servers(), network=Network())


def test_nothing_heavy_is_loaded_before_a_server_is_asked(tmp_path: Path) -> None:
    (tmp_path / "ci.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    code = (
        "import sys, lpa; before = {*sys.modules}; assert 'lpa.server.network' not in before; "
        f"lpa.Network(connect_to='a:1:b:2', ca_bundle={str(tmp_path / 'ci.pem')!r}, deadline=5).servers(); "
        "print(*sorted({'cryptography', 'urllib3', 'OpenSSL', 'lpa.server.https'} & {*sys.modules}))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "\n"
    assert lpa.Network is Network
