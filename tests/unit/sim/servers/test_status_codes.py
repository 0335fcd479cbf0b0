"""Every status code of SGP.22 §5.2.6 comes from a simulated server, or cannot be sent to an LPA."""

from __future__ import annotations

import pytest

from tests.support.reasons import PAIRS
from tests.support.refusals import AUTHENTICATION, of_a_discovery_server
from tests.support.refused_requests import DOWNLOADS, EVENTS, HEADERS_REFUSED

# The status codes in the tests of the servers.
BY_SMDP = {pair for pair, _ in (*AUTHENTICATION, *DOWNLOADS, *HEADERS_REFUSED)}
BY_SMDS = {pair for pair, _ in (*of_a_discovery_server(AUTHENTICATION), *EVENTS)}

# LPAs use ES9+ and ES11. The other codes are for the operators and servers that give orders and events.
ORDERS, REGISTRATIONS = "ES2+, from the operator", "ES12, from an SM-DP+"
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
    "8.9/5.1": REGISTRATIONS,
    "8.9.5/3.3": REGISTRATIONS,
}
# Not in the table of the specification: a missing JSON member.
UNLISTED = {"1.2.1/2.2"}


@pytest.mark.parametrize("pair", PAIRS)
def test_each_status_code_is_sent_to_an_lpa_or_never_can_be(pair: str) -> None:
    assert (pair in BY_SMDP | BY_SMDS) != (pair in NOT_FOR_AN_LPA)


def test_no_other_status_codes_are_sent() -> None:
    assert (BY_SMDP | BY_SMDS) - set(PAIRS) == UNLISTED
    assert set(NOT_FOR_AN_LPA) <= set(PAIRS)


def test_an_sm_ds_sends_the_codes_of_the_card_too() -> None:
    of_the_card = {pair for pair in BY_SMDP if pair.startswith(("8.1/6", "8.1.2", "8.1.3", "8.10", "8.11"))}
    assert len(of_the_card) == 7
    assert of_the_card <= BY_SMDS
