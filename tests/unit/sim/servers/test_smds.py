"""The simulated SM-DS, over TLS, with a card written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from lpa.sim.crypto.pki import Authority
from lpa.sim.servers.packages import sample
from lpa.sim.servers.smdp import SimulatedSmdp
from lpa.sim.servers.smds import EventRecord, SimulatedSmds
from tests.support.minimal_server import BRAINPOOL
from tests.support.refusals import AUTHENTICATION, Scene, of_a_discovery_server
from tests.support.refused_requests import EVENTS
from tests.support.scripted_card import EID, Client, Refused, SmallCard, registered_id
from tests.support.tls_faults import CI, NOW

OTHER_EID = "89999999000000000000000000000122"


def card(authority: Authority = CI, matching_id: str | None = "", address: str = "smds.example") -> SmallCard:
    return SmallCard(authority, matching_id=matching_id, address=address, role="7")


def entries(smds: SimulatedSmds, asking: SmallCard, authority: Authority = CI) -> list[tuple[str, str]]:
    answer = asking.offered(Client(smds, authority))
    assert bytes.fromhex(answer["transactionId"]) == asking.transaction
    return [(entry["rspServerAddress"], entry["eventId"]) for entry in answer["eventEntries"]]


@pytest.fixture
def smds() -> Iterator[SimulatedSmds]:
    with SimulatedSmds(CI) as running:
        yield running


@pytest.mark.parametrize("matching_id", ["", None])
def test_a_card_gets_only_its_own_events(smds: SimulatedSmds, matching_id: str | None) -> None:
    smds.register(EID, "smdp.example", "EVENT-1")
    smds.register(OTHER_EID, "smdp.example", "EVENT-2")
    smds.register(EID, "smdq.example", "EVENT-3")
    asking = card(matching_id=matching_id)
    assert entries(smds, asking) == [("smdp.example", "EVENT-1"), ("smdq.example", "EVENT-3")]
    assert registered_id(asking.server) == "2.999.20"


def test_a_card_without_events_gets_an_empty_list(smds: SimulatedSmds) -> None:
    assert entries(smds, card()) == []


def test_one_event_can_be_requested_by_its_identifier(smds: SimulatedSmds) -> None:
    smds.register(EID, "smdp.example", "EVENT-1")
    smds.register(EID, "smdq.example", "EVENT-3")
    assert entries(smds, card(matching_id="EVENT-3")) == [("smdq.example", "EVENT-3")]


def test_one_discovery_server_leads_to_another(smds: SimulatedSmds) -> None:
    with SimulatedSmds(CI, host="smds2.example") as second:
        smds.register(EID, second.host, "CASCADE-1")
        second.register(EID, "smdp.example", "EVENT-1")
        ((address, event),) = entries(smds, card())
        assert entries(second, card(address=address)) == [("smdp.example", "EVENT-1")]
        assert event == "CASCADE-1"


def test_an_event_is_registered_once_until_it_is_deleted(smds: SimulatedSmds) -> None:
    event = smds.register(EID, "smdp.example", "EVENT-1")
    assert smds.events == (event,) == (EventRecord(EID, "smdp.example", "EVENT-1"),)
    with pytest.raises(ValueError, match="EVENT-1 is already registered"):
        smds.register(EID, "smdp.example", "EVENT-1")
    smds.delete(event)
    assert len(smds.events) == 0
    with pytest.raises(ValueError, match="is not an EID"):
        smds.register("1", "smdp.example", "EVENT-1")


def test_announced_orders_are_events_as_long_as_they_are_open(tmp_path: Path) -> None:
    file = tmp_path / "orders.db"
    package = sample()
    with SimulatedSmdp(CI, orders=file) as smdp, SimulatedSmds(CI, orders=file) as smds:
        order = smdp.order(package, "ABC-1", eid=EID, announced=True)
        smdp.order(package, "ABC-2", eid=EID)
        smdp.order(package, "ABC-3", eid=EID, announced=True, released=False)
        smdp.order(package, "ABC-4", eid=EID, announced=True, expires=NOW - timedelta(days=1))
        assert entries(smds, card()) == [("smdp.example", "ABC-1")]
        downloading = SmallCard(CI)
        downloading.load(downloading.downloaded(Client(smdp, CI)))
        result = downloading.result(package.iccid.coded)
        Client(smdp, CI).ask("handleNotification", pendingNotification=result)
        assert order.state == "installed"
        assert entries(smds, card()) == []
        with pytest.raises(ValueError, match="needs an EID and a matching identifier"):
            smdp.order(package, "ABC-5", announced=True)


def test_it_works_on_brainpool_too() -> None:
    with SimulatedSmds(BRAINPOOL) as smds:
        smds.register(EID, "smdp.example", "EVENT-1")
        assert entries(smds, card(BRAINPOOL), BRAINPOOL) == [("smdp.example", "EVENT-1")]


@pytest.mark.parametrize(("pair", "scene"), [*of_a_discovery_server(AUTHENTICATION), *EVENTS])
def test_each_rejection_has_its_codes(smds: SimulatedSmds, pair: str, scene: Scene) -> None:
    smds.register(EID, "smdp.example", "EVENT-1")
    smds.register(OTHER_EID, "smdp.example", "EVENT-2")
    with pytest.raises(Refused) as caught:
        scene(Client(smds, CI), card())
    assert str(caught.value) == pair


def test_it_delivers_no_profiles(smds: SimulatedSmds) -> None:
    status, _, _ = Client(smds, CI).post("getBoundProfilePackage", b"{}")
    assert status == 404
