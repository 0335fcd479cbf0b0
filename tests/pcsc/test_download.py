"""A download as a person does it: a card in a reader, the smart card service, HTTPS, on both curves."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Literal

import pytest

from lpa import Assistant, Step
from lpa.errors import OutcomeUnknown
from lpa.rsp.activation import ActivationCode
from lpa.server.es9 import Server
from lpa.sim.crypto.pki import CurveName
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers import packages
from lpa.sim.servers.smdp import SimulatedSmdp
from lpa.testing.pcscd import PrivatePcscd
from tests.support import command
from tests.support.interfering import InterferedHttps
from tests.support.orders import ICCID, holds, way_to

from .conftest import PlugIn

HOST = "smdp.example"


@pytest.fixture(params=["T=0", "T=1"])
def protocol(request: pytest.FixtureRequest) -> Literal["T=0", "T=1"]:
    chosen: Literal["T=0", "T=1"] = request.param
    return chosen


@pytest.fixture(params=["P-256", "brainpoolP256r1"])
def euicc(request: pytest.FixtureRequest, protocol: Literal["T=0", "T=1"]) -> SimulatedEuicc:
    """A card with either protocol on either curve, instead of the plugin's fixture."""
    curve: CurveName = request.param
    return SimulatedEuicc.create(None, curve=curve, behaviour=Behaviour(protocol=protocol))


@pytest.fixture
def smdp(euicc: SimulatedEuicc) -> Iterator[SimulatedSmdp]:
    with SimulatedSmdp(euicc.authority, host=HOST, also=["*.smdp.example"], any_address=True) as smdp:
        yield smdp


@pytest.fixture
def https(euicc: SimulatedEuicc, smdp: SimulatedSmdp, tmp_path: Path) -> Iterator[InterferedHttps]:
    with way_to(smdp, euicc, tmp_path / "pki") as https:
        yield https


def test_a_profile_is_installed_and_its_server_notified(
    euicc: SimulatedEuicc, smdp: SimulatedSmdp, https: InterferedHttps, virtual_reader: PlugIn, tmp_path: Path
) -> None:
    order = smdp.order(packages.sample(size=3000), "ABC-1", confirmation_code="1234")
    with (
        virtual_reader(euicc),
        Assistant.open(state_dir=tmp_path / "state", servers=partial(Server, https=https)) as assistant,
    ):
        with assistant.download(ActivationCode.parse(order.activation_code)) as offer:
            outcome = offer.install(confirmation_code="1234")
        assert [delivery.removed for delivery in outcome.deliveries] == [True]
        assert ICCID in [str(profile.iccid) for profile in assistant.profiles()]
    assert order.state == "installed"


def test_the_command_downloads_and_enables_a_profile(
    euicc: SimulatedEuicc, smdp: SimulatedSmdp, virtual_reader: PlugIn, service: PrivatePcscd, tmp_path: Path
) -> None:
    euicc.authority.save(tmp_path)
    order = smdp.order(packages.sample(), "ABC-1")
    options = ("--ca-bundle", tmp_path / "ci.pem", "--connect-to", smdp.connect_to, "--state-dir", tmp_path)
    with virtual_reader(euicc):
        ran = subprocess.run(
            [
                *(sys.executable, "-m", "lpa", *map(str, options)),
                *("--json", "download", order.activation_code, "--yes", "--enable"),
            ],
            env=os.environ,
            capture_output=True,
            text=True,
            check=True,
        )
    assert command.document(ran.stdout)["ok"]
    assert order.state == "installed"
    assert [profile.state for profile in euicc.profiles if profile.iccid == ICCID] == ["enabled"]


def test_a_card_pulled_during_the_installation_is_recovered_later(
    euicc: SimulatedEuicc, smdp: SimulatedSmdp, https: InterferedHttps, virtual_reader: PlugIn, tmp_path: Path
) -> None:
    order = smdp.order(packages.sample(size=3000), "ABC-1")
    code, servers = ActivationCode.parse(order.activation_code), partial(Server, https=https)
    with virtual_reader(euicc) as reader:

        def tear(step: Step) -> None:
            if step.name == "LoadBoundProfilePackage" and 2 * step.done > step.total:
                reader.pull()

        with (
            Assistant.open(state_dir=tmp_path / "state", servers=servers) as assistant,
            pytest.raises(OutcomeUnknown),
            assistant.download(code) as offer,
        ):
            offer.install(progress=tear)
    assert not holds(euicc)
    with (
        virtual_reader(euicc),
        Assistant.open(state_dir=tmp_path / "state", servers=servers) as assistant,
    ):
        (recovered,) = assistant.recover()
        assert (recovered.function, recovered.changes, recovered.deliveries) == ("download", (), ())
        with assistant.download(code) as offer:
            offer.install()
    assert order.state == "installed"
