"""Sixteen readers, as many as pcscd has, each with another card; and the fixture that others get."""

from __future__ import annotations

import os
import subprocess
import sys

from lpa import Assistant
from lpa.card.pcsc import PcscTransport
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.testing.pcscd import MOST_READERS, VirtualReader, private_pcscd
from tests.support import command


def test_sixteen_readers_hold_sixteen_cards_and_lpa_reads_each() -> None:
    first = SimulatedEuicc.create(None)
    cards = [first] + [
        SimulatedEuicc.create(None, authority=first.authority) for _ in range(MOST_READERS - 1)
    ]
    with private_pcscd(MOST_READERS) as service, service.inserted(*cards) as inserted:
        ran = subprocess.run(
            [sys.executable, "-m", "lpa", "--json", "readers"],
            env=os.environ | service.environment,
            check=True,
            capture_output=True,
            text=True,
        )
    listed = {row["reader"]: row["eid"] for row in command.document(ran.stdout)["result"]["readers"]}
    assert list(listed) == [*service.readers] == [reader.name for reader in inserted]
    assert list(listed.values()) == [card.eid for card in cards]
    assert len({*listed.values()}) == 16


def test_the_fixture_is_a_reader_with_the_card_of_the_other_fixtures(
    reader: VirtualReader, euicc: SimulatedEuicc
) -> None:
    assert os.environ["PCSCLITE_CSOCK_NAME"] == reader.environment["PCSCLITE_CSOCK_NAME"]
    with Assistant(PcscTransport.open(reader.name)) as assistant:
        assert str(assistant.eid) == euicc.eid
    assert euicc.wire.commands > 0
