"""Many cards in one process: a thousand with LPA_SOAK=1, a hundred without."""

from __future__ import annotations

import json
import subprocess
import sys

from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.sweeps import WHOLE

CARDS = 1000 if WHOLE else 100
_MEASURE = """
import gc, json, sys, time, tracemalloc
from pathlib import Path
from lpa import Assistant
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc

def resident():
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmRSS" in line)
    return int(line.split()[1]) * 1024

def cards(number):
    made = [SimulatedEuicc.create(None, authority=authority) for _ in range(number)]
    for card in made:
        with Assistant(card) as assistant:
            assert len(assistant.profiles()) == 3
    gc.collect()
    return made

authority = SimulatedEuicc.create(None).authority
one = cards(1)
before, begin = resident(), time.process_time()
held = cards(int(sys.argv[1]))
grown, seconds = resident() - before, time.process_time() - begin
tracemalloc.start()
more = cards(int(sys.argv[1]))
print(json.dumps({"resident": grown, "traced": tracemalloc.get_traced_memory()[0], "seconds": seconds}))
"""


def test_a_thousand_cards_take_80_mib_and_a_few_seconds() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _MEASURE, str(CARDS)], capture_output=True, text=True, check=True, timeout=300
    )
    measured = json.loads(ran.stdout)
    most = 80 * 1024 * 1024 * CARDS // 1000
    assert measured["resident"] <= most, measured
    assert measured["traced"] <= most, measured
    assert measured["seconds"] <= 20 * CARDS / 1000, measured  # made, and each listed once; usually 5


def test_cards_share_their_sample_profiles() -> None:
    first = SimulatedEuicc.create(None)
    second = SimulatedEuicc.create(None, authority=first.authority)
    assert all(one is other for one, other in zip(first.profiles, second.profiles, strict=True))
    assert first.eid != second.eid


def test_a_shared_profile_changes_on_one_card_only() -> None:
    first = SimulatedEuicc.create(None)
    second = SimulatedEuicc.create(None, authority=first.authority)
    second.transmit(bytes.fromhex("00A4040010A0000005591010FFFFFFFF8900000100"))
    nickname = bytes.fromhex("BF29125A0A") + first.profiles[1].coded_iccid + bytes.fromhex("9004") + b"Mine"
    second.transmit(bytes.fromhex("80E29100") + bytes([len(nickname)]) + nickname)
    assert [card.profiles[1].nickname for card in (first, second)] == ["", "Mine"]
