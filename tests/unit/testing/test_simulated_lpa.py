"""An assistant on a simulated card with its SM-DP+, and the names of `lpa.testing`."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import lpa
from lpa import testing
from lpa.sim.euicc.state import FACTORY_DP_ADDRESS
from lpa.testing import Behaviour, SimulatedEuicc, SimulatedProfile, packages, simulated
from lpa.testing.simulated_lpa import smdp_for
from tests.support.paths import ROOT

ICCID = "8944994000000000993"


def test_a_deletion_notifies_the_server() -> None:
    with simulated() as (assistant, card, smdp):
        deleted = card.profiles[1].iccid
        outcome = assistant.delete(assistant.plan_deletion(deleted))
        assert not outcome.unacknowledged
        assert [(one.event, str(one.iccid)) for one in smdp.received] == [("delete", deleted)]
    assert [profile.iccid for profile in card.profiles].count(deleted) == 0


@pytest.mark.parametrize("matching_id", ["ABC-1", ""], ids=["activation code", "default SM-DP+"])
def test_a_profile_can_be_downloaded(matching_id: str) -> None:
    with simulated() as opened:
        order = opened.smdp.order(packages.sample(ICCID), matching_id)
        code = lpa.ActivationCode.parse(order.activation_code) if matching_id else None
        with opened.assistant.download(code) as offer:
            offer.install()
        assert (order.state, opened.card.profiles[-1].iccid) == ("installed", ICCID)


def test_the_card_may_be_any_simulated_card() -> None:
    card = SimulatedEuicc.create(
        None,
        profiles=[SimulatedProfile(ICCID, notifications=((("delete",), "other.example"),))],
        behaviour=Behaviour(protocol="T=1", channels=0),
    )
    with simulated(card) as opened:
        assert opened.card is card
        assert opened.smdp.host == "other.example"
        opened.assistant.delete(opened.assistant.plan_deletion(ICCID))
        assert [one.address for one in opened.smdp.received] == ["other.example"]


def test_the_server_of_an_empty_card_is_its_default_sm_dp() -> None:
    with simulated(SimulatedEuicc.create(None, profiles=0)) as (assistant, _, smdp):
        assert smdp.host == FACTORY_DP_ADDRESS == assistant.euicc.configured_addresses().default_dp


def test_a_running_server_can_be_given() -> None:
    card = SimulatedEuicc.create(None)
    with smdp_for(card) as smdp:
        with simulated(card, smdp=smdp) as opened:
            assert opened.smdp is smdp
            opened.assistant.disable(card.profiles[0].iccid)
        assert [one.event for one in smdp.received] == ["disable"]


def test_the_state_is_in_a_temporary_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with simulated() as (assistant, card, _):
        assistant.disable(card.profiles[0].iccid)
        assert len(list(tmp_path.rglob("*.der"))) == 1
    assert list(tmp_path.iterdir()) == []


def test_the_state_can_be_kept(tmp_path: Path) -> None:
    with simulated(state_dir=tmp_path) as (assistant, card, _):
        assistant.disable(card.profiles[0].iccid)
    (receipt,) = lpa.Receipts.open(tmp_path).of(lpa.Eid.parse(card.eid))
    assert receipt.notification.metadata.event == "disable"


def test_a_card_in_a_folder_is_unlocked_afterwards(tmp_path: Path) -> None:
    with simulated(SimulatedEuicc.create(tmp_path / "card")) as (assistant, card, _):
        assistant.disable(card.profiles[0].iccid)
    with SimulatedEuicc.load(tmp_path / "card") as card:
        assert not card.profiles[0].enabled


# Names


@pytest.mark.parametrize("name", testing.__all__)
def test_every_name_can_be_imported_and_is_documented(name: str) -> None:
    assert getattr(testing, name).__doc__
    assert name in dir(testing)


def test_the_names_for_type_checkers_are_those_that_are_loaded() -> None:
    tree = ast.parse((ROOT / "src" / "lpa" / "testing" / "__init__.py").read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    typed = {alias.name: f"{node.module}" for node in imports for alias in node.names}
    modules = {name: f"{typed[name]}.{name}" for name in testing._MODULES}
    assert typed | modules == testing._HOME_OF | testing._MODULES
    assert sorted(typed) == testing.__all__


def test_an_unknown_name_is_an_attribute_error() -> None:
    unknown = "SimulatedReader"
    with pytest.raises(AttributeError, match=r"module 'lpa\.testing' has no attribute 'SimulatedReader'"):
        getattr(testing, unknown)


def test_importing_lpa_testing_loads_nothing_but_itself() -> None:
    code = "import sys; before = set(sys.modules); import lpa.testing; print(*set(sys.modules) - before)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert set(loaded.split()) == {"lpa", "lpa.testing"}
