"""Downloads through the referrals of discovery servers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from lpa import Assistant, Step
from lpa.errors import BadAnswer, ConnectFailed, Refused, ServerRefused
from lpa.notifications.sender import CiPkIds, NotificationReceiver
from lpa.rsp.activation import ActivationCode
from lpa.rsp.limits import DISCOVERY_SECONDS, EVENTS
from lpa.rsp.names import ServerAddress
from lpa.server.connect_to import ConnectTo
from lpa.server.es9 import Server
from lpa.server.https import Https
from lpa.server.trust import Trust
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.samples import numbered_iccid
from lpa.sim.servers import packages
from lpa.sim.servers.smdp import SimulatedSmdp
from lpa.sim.servers.smds import SimulatedSmds

HOST = "smdp.example"


@pytest.fixture
def smdp(euicc: SimulatedEuicc) -> Iterator[SimulatedSmdp]:
    with SimulatedSmdp(euicc.authority, host=HOST) as smdp:
        yield smdp


def test_a_discovered_profile_is_installed(
    euicc: SimulatedEuicc, smdp: SimulatedSmdp, tmp_path: Path
) -> None:
    order = smdp.order(packages.sample(), "ABC-1")
    with _discovery(euicc, smdp, tmp_path) as (assistant, first, second):
        first.register(euicc.eid, HOST, "ABC-1")
        steps: list[Step] = []
        (event,) = assistant.discover(ServerAddress(first.host), progress=steps.append)
        names = [step.name for step in steps]
        assert names == ["InitiateAuthentication", "AuthenticateServer", "AuthenticateClient"]
        assert "ABC-1" not in repr(event)
        with assistant.download(event) as offer:
            offer.install()
        assert not assistant.discover(ServerAddress(second.host))
    assert order.state == "installed"


def test_a_discovery_server_may_refer_to_another(
    euicc: SimulatedEuicc, smdp: SimulatedSmdp, tmp_path: Path
) -> None:
    order = smdp.order(packages.sample(), "ABC-1")
    with _discovery(euicc, smdp, tmp_path) as (assistant, first, second):
        first.register(euicc.eid, second.host, "ABC-1")
        second.register(euicc.eid, HOST, "ABC-1")
        (event,) = assistant.discover(ServerAddress(first.host))
        with assistant.download(event) as offer:
            offer.install()
    assert order.state == "installed"


def test_the_card_names_its_discovery_server(
    euicc: SimulatedEuicc, smdp: SimulatedSmdp, tmp_path: Path
) -> None:
    with _discovery(euicc, smdp, tmp_path) as (assistant, first, _):
        root = assistant.euicc.configured_addresses().root_ds
        first.register(euicc.eid, HOST, "ABC-1")
        assert root in (first.host, "lpa.ds.gsma.com")
        assert [event.address for event in assistant.discover()] == [ServerAddress(HOST)]


def _any_profile_at(host: str) -> ActivationCode:
    return ActivationCode(ServerAddress(host))


def test_several_events_of_a_discovery_server_become_several_downloads(
    euicc: SimulatedEuicc, smdp: SimulatedSmdp, tmp_path: Path
) -> None:
    orders = [smdp.order(packages.sample(numbered_iccid("8949985", 19, at)), f"ABC-{at}") for at in (1, 3, 4)]
    with _discovery(euicc, smdp, tmp_path) as (assistant, first, second):
        first.register(euicc.eid, second.host, "ABC-1")
        first.register(euicc.eid, HOST, "ABC-3")
        first.register(euicc.eid, HOST, "ABC-4")
        second.register(euicc.eid, HOST, "ABC-1")
        with assistant.download(_any_profile_at(first.host)) as offer:
            offer.install()
        assert (len(offer.others), offer.passed_over) == (2, ())
        for event in offer.others:
            with assistant.download(event) as other:
                other.install()
            assert not other.others
    assert [order.state for order in orders] == ["installed"] * 3


def test_a_refused_event_does_not_hide_the_next(
    euicc: SimulatedEuicc, smdp: SimulatedSmdp, tmp_path: Path
) -> None:
    order = smdp.order(packages.sample(), "ABC-2")
    with _discovery(euicc, smdp, tmp_path) as (assistant, first, _):
        first.register(euicc.eid, HOST, "ABC-1")  # The server has no such order.
        first.register(euicc.eid, HOST, "ABC-2")
        with assistant.download(_any_profile_at(first.host)) as offer:
            offer.install()
        (problem,) = offer.passed_over
        assert (problem.reason, offer.others) == ("8.2.6/3.8", ())
        first.register(euicc.eid, HOST, "ABC-3")
        with (
            pytest.raises(ServerRefused, match=r"8\.2\.6/3\.8"),
            assistant.download(_any_profile_at(first.host)),
        ):
            pass  # no other event is left
    assert order.state == "installed"


def test_many_refused_events_do_not_hide_a_profile(
    euicc: SimulatedEuicc, smdp: SimulatedSmdp, tmp_path: Path
) -> None:
    smdp.order(packages.sample(), "ABC-1")
    with _discovery(euicc, smdp, tmp_path) as (assistant, first, second):
        for at in range(EVENTS - 1):  # Neither server has such an order.
            first.register(euicc.eid, (HOST, second.host)[at % 2], f"EVENT-{at}")
        first.register(euicc.eid, HOST, "ABC-1")
        with assistant.download(_any_profile_at(first.host)) as offer:
            assert len(offer.passed_over) == EVENTS - 1


def test_an_unreachable_server_is_tried_once(
    euicc: SimulatedEuicc, smdp: SimulatedSmdp, tmp_path: Path
) -> None:
    smdp.order(packages.sample(), "ABC-1")
    asked: list[str] = []
    with _discovery(euicc, smdp, tmp_path) as (assistant, first, _):
        servers = assistant._servers
        assert servers

        def counting(address: ServerAddress, *, ci_pkids: CiPkIds) -> NotificationReceiver:
            asked.append(address.host)
            if address.host == "unreachable.example":
                raise ConnectFailed("Cannot reach unreachable.example.")
            return servers(address, ci_pkids=ci_pkids)

        assistant._servers = counting
        for event in ("EVENT-1", "EVENT-2", "EVENT-3"):
            first.register(euicc.eid, "unreachable.example", event)
        with pytest.raises(ConnectFailed), assistant.download(_any_profile_at(first.host)):
            pass
        first.register(euicc.eid, HOST, "ABC-1")
        with assistant.download(_any_profile_at(first.host)) as offer:
            assert len(offer.passed_over) == 3
    assert asked == [first.host, "unreachable.example", first.host, "unreachable.example", HOST]


def test_the_search_ends_at_its_time_limit(
    euicc: SimulatedEuicc, smdp: SimulatedSmdp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    smdp.order(packages.sample(), "ABC-1")
    with _discovery(euicc, smdp, tmp_path) as (assistant, first, _):
        for at in range(3):
            first.register(euicc.eid, HOST, f"EVENT-{at}")
        first.register(euicc.eid, HOST, "ABC-1")
        clock = count(step=DISCOVERY_SECONDS / 1.5)  # the second event is the last that is tried
        monkeypatch.setattr("lpa.download.referrals.monotonic", partial(next, clock))
        with (
            pytest.raises(ServerRefused, match="2 more events were not tried: the time limit was reached"),
            assistant.download(_any_profile_at(first.host)),
        ):
            pass


def test_if_nothing_is_offered_the_error_gives_the_reason_of_each_server(
    euicc: SimulatedEuicc, smdp: SimulatedSmdp, tmp_path: Path
) -> None:
    with _discovery(euicc, smdp, tmp_path) as (assistant, first, second):
        first.register(euicc.eid, second.host, "")
        for at, host in enumerate((HOST, HOST, "nowhere.invalid")):
            first.register(euicc.eid, host, f"EVENT-{at}")
        with pytest.raises(ConnectFailed) as caught, assistant.download(_any_profile_at(first.host)):
            pass
    unreachable, _, others = caught.value.message.partition(" Asked before: ")
    assert "nowhere.invalid" in unreachable
    no_profile, refused = others.split(" Asked before: ")
    assert no_profile == f"The server {second.host} has no profile for this card."
    assert refused.startswith(f"The server {HOST} refused AuthenticateClient (8.2.6/3.8)")


def test_the_search_ends_if_discovery_servers_refer_to_each_other(
    euicc: SimulatedEuicc, smdp: SimulatedSmdp, tmp_path: Path
) -> None:
    with _discovery(euicc, smdp, tmp_path) as (assistant, first, second):
        first.register(euicc.eid, second.host, "ABC-1")
        second.register(euicc.eid, first.host, "ABC-1")
        with (
            pytest.raises(BadAnswer, match="referred the card to one another more than 4 times"),
            assistant.download(_any_profile_at(first.host)),
        ):
            pass


def test_a_server_without_a_profile_for_the_card_is_an_error(
    euicc: SimulatedEuicc, smdp: SimulatedSmdp, tmp_path: Path
) -> None:
    with _discovery(euicc, smdp, tmp_path) as (assistant, first, _):
        for host in (first.host, HOST):  # a discovery server, and one that offers profiles
            with pytest.raises(Refused) as caught, assistant.download(_any_profile_at(host)):
                pass
            assert caught.value.reason == "noProfileAvailable"
            assert caught.value.message == f"The server {host} has no profile for this card."


def test_after_a_wrong_code_only_the_server_of_the_offer_is_asked(
    euicc: SimulatedEuicc, smdp: SimulatedSmdp, tmp_path: Path
) -> None:
    order = smdp.order(packages.sample(), "ABC-1", confirmation_code="4Y8TBX")
    with _discovery(euicc, smdp, tmp_path) as (assistant, first, _):
        event = first.register(euicc.eid, HOST, "ABC-1")
        with assistant.download(_any_profile_at(first.host)) as offer:
            first.delete(event)
            with pytest.raises(ServerRefused):
                offer.install(confirmation_code="Geheim-77")
            offer.install(confirmation_code="4Y8TBX")
    assert order.state == "installed"


@contextmanager
def _discovery(
    card: SimulatedEuicc, smdp: SimulatedSmdp, folder: Path
) -> Iterator[tuple[Assistant, SimulatedSmds, SimulatedSmds]]:
    """An assistant with an SM-DP+ and two discovery servers; the first has the GSMA's address too."""
    root = "lpa.ds.gsma.com"
    card.authority.save(folder / "pki")
    with (
        SimulatedSmds(card.authority, host="smds.example", also=[root]) as first,
        SimulatedSmds(card.authority, host="second.example") as second,
    ):
        rows = [f"{server.host}:443:127.0.0.1:{server.port}" for server in (smdp, first, second)]
        rows.append(f"{root}:443:127.0.0.1:{first.port}")
        trust = Trust.bundle(folder / "pki" / "ci.pem")
        with (
            Https(trust, connect_to=[ConnectTo.parse(row) for row in rows]) as https,
            Assistant(card, state_dir=folder / "state", servers=partial(Server, https=https)) as assistant,
        ):
            yield assistant, first, second
