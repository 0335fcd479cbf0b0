"""Every status code of SGP.22 §5.2.6 is had from a simulated server, or no LPA can meet it."""

from __future__ import annotations

import pytest

from tests.support.refusals import AUTHENTICATION, of_a_discovery_server
from tests.unit.rsp.test_reasons import PAIRS
from tests.unit.sim.servers.test_smdp import HEADERS_REFUSED
from tests.unit.sim.servers.test_smdp_refusals import DOWNLOADS
from tests.unit.sim.servers.test_smds import EVENTS

# What these servers say in the tests of this name.
SAID = {pair for pair, _ in (*AUTHENTICATION, *DOWNLOADS, *HEADERS_REFUSED)}
SAID_BY_DISCOVERY = {pair for pair, _ in (*of_a_discovery_server(AUTHENTICATION), *EVENTS)}

# An LPA speaks ES9+ and ES11. The rest is between the servers and those who give them orders and events.
ORDERS, EVENTS_OF_OTHERS = "ES2+, from the operator", "ES12, from an SM-DP+"
NOT_FOR_AN_LPA = {
    "8.1.1/2.2": ORDERS,
    "8.1.1/3.10": ORDERS,
    "8.2.1/1.2": ORDERS,
    "8.2.1/3.3": ORDERS,
    "8.2.1/3.5": ORDERS,
    "8.2.1/3.9": ORDERS,
    "8.2.1/3.10": ORDERS,
    "8.2.5/1.2": ORDERS,
    "8.2.5/3.7": ORDERS,
    "8.2.5/3.8": ORDERS,
    "8.2.5/3.9": ORDERS,
    "8.2.6/3.3": ORDERS,
    "8.2.6/3.10": ORDERS,
    "8.9/5.1": EVENTS_OF_OTHERS,
    "8.9.5/3.3": EVENTS_OF_OTHERS,
}
# Also said, though the table of the specification has no row for it: a member of the JSON is missing.
BESIDE = {"1.2.1/2.2"}


@pytest.mark.parametrize("pair", PAIRS)
def test_each_status_code_is_said_to_an_lpa_or_never_can_be(pair: str) -> None:
    assert (pair in SAID | SAID_BY_DISCOVERY) != (pair in NOT_FOR_AN_LPA)


def test_no_other_status_codes_are_said() -> None:
    assert (SAID | SAID_BY_DISCOVERY) - set(PAIRS) == BESIDE
    assert set(NOT_FOR_AN_LPA) <= set(PAIRS)


def test_what_is_about_the_card_a_discovery_server_says_too() -> None:
    about_the_card = {pair for pair in SAID if pair.startswith(("8.1/6", "8.1.2", "8.1.3", "8.10", "8.11"))}
    assert len(about_the_card) == 7
    assert about_the_card <= SAID_BY_DISCOVERY
