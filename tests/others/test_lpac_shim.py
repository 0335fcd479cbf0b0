"""`lpa lpac` prints what lpac 2.3.0 prints: command by command, on equal cards, the same lines and values.

Run by .ci/lpac. Only what differs from card to card is not compared, and the lines of a cancellation.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers import packages
from lpa.sim.servers.smdp import SimulatedSmdp
from lpa.sim.servers.smds import SimulatedSmds
from tests.others.conftest import Slot
from tests.support import command
from tests.support.lpac import (
    DISCOVERY,
    SMDP,
    SMDP_ADDRESS,
    SMDS,
    SMDS_ADDRESS,
    Lpac,
    Ran,
    installed_root,
    servers,
)
from tests.support.lpac_shim import AID, ALBION, NO_AID, NONE, NORDLICHT, SHILI

BLOCK = 250
IMEI = "353490069873319"
ORDER = "profile download -s smdp.example -m"
WAYS = [
    *(f"{host}:443:{SMDS_ADDRESS}:443" for host in (SMDS, DISCOVERY)),
    "none.example:443:127.0.0.79:443",  # where nothing listens
    f"::{SMDP_ADDRESS}:443",
]
RULES = Behaviour(
    block_size=BLOCK, authorised_policy_rules=((("ppr1",), "262-01", False), (("ppr2",), "310-410", True))
)
# Each command, and what is typed.
COMMANDS = (
    ("", ""),
    ("bogus", ""),
    ("version", ""),
    ("driver", ""),
    ("driver list", ""),
    ("driver apdu", ""),
    ("driver apdu list", ""),
    ("driver http list", ""),
    ("chip", ""),
    ("chip info", ""),
    ("chip defaultsmdp", ""),
    ("chip defaultsmdp smdp.example", ""),
    ("chip purge", ""),
    ("chip purge no", ""),
    ("profile", ""),
    ("profile bogus", ""),
    ("profile list", ""),
    ("profile enable", ""),
    (f"profile enable {NORDLICHT}", ""),
    (f"profile enable {NORDLICHT}", ""),
    (f"profile enable {NONE}", ""),
    (f"profile enable {NO_AID}", ""),
    (f"profile enable {AID} 0", ""),
    (f"profile disable {AID} 1", ""),
    (f"profile disable {ALBION}", ""),
    (f"profile disable {NONE}", ""),
    (f"profile nickname {ALBION} name", ""),
    (f"profile nickname {ALBION}", ""),
    (f"profile nickname {NONE} name", ""),
    ("profile nickname", ""),
    ("notification list", ""),
    ("notification process 1", ""),
    ("notification process 99", ""),
    ("notification process", ""),
    ("notification process -h", ""),
    ("notification process -r 1 2", ""),
    ("notification dump 3", ""),
    ("notification dump 99", ""),
    ("notification dump -a", ""),
    ("notification remove 3", ""),
    ("notification remove 99", ""),
    ("notification remove -h", ""),
    ("notification process -a -r", ""),
    ("notification remove -a", ""),
    ("notification list", ""),
    (f"profile enable {ALBION}", ""),
    (f"profile delete {ALBION}", ""),
    (f"profile delete {NONE}", ""),
    (f"profile delete {SHILI}", ""),
    ("profile delete", ""),
    ("profile download -h", ""),
    ("profile download -x", ""),
    ("profile download -a nonsense", ""),
    ("profile download -a LPA:1$", ""),
    ("profile download -a LPA:1$smdp.example$X$$1", ""),
    (f"{ORDER} ONE", ""),
    (f"{ORDER} TWO -p -i {IMEI}", "y\n"),
    (f"{ORDER} THREE -p", "n\n"),
    (f"{ORDER} CODE -c 1234", ""),
    ("profile download", ""),
    ("profile list", ""),
    ("profile download -s none.example -m X", ""),
    ("profile discovery -s smds.example", ""),
    ("profile discovery", ""),
    ("profile discovery -h", ""),
    ("profile discovery -s none.example", ""),
    ("notification process -a", ""),
    ("notification list", ""),
    ("notification remove -a", ""),
    ("chip info", ""),
    ("chip purge yes", ""),
    ("chip purge yes", ""),
    ("profile list", ""),
    ("notification list", ""),
)
# What lpac prints although there is no session, or although its server has ended it: docs/lpac.md.
CANCELLING = ("es10b_cancel_session", "es9p_cancel_session")
# What differs from card to card; and what lpac always gives as null, or null if a server leaves it out.
OF_THE_CARD = {
    "eid",
    "eidValue",
    "pendingNotification",
    "euiccCiPKIdListForVerification",
    "euiccCiPKIdListForSigning",
    "euiccCategory",
    "profileClass",
}
OF_THE_PROGRAM = ("version", "driver list")  # the data of these commands


def new_card() -> SimulatedEuicc:
    """A card with the usual profiles, on which rules of two operators are permitted."""
    card = SimulatedEuicc.create(None, behaviour=RULES)
    card.reset()
    return card


def ordered(smdp: SimulatedSmdp, smds: SimulatedSmds, card: SimulatedEuicc) -> None:
    """What the commands ask for."""
    for number, matching_id in enumerate(("ONE", "TWO", "THREE", "CODE", "")):
        code = "1234" if matching_id == "CODE" else None
        smdp.order(packages.sample(f"894499400000000{9900 + number}"), matching_id, confirmation_code=code)
    smds.register(card.eid, SMDP, "A")


def lines(ran: Ran) -> list[dict[str, Any]]:
    """Those without a cancellation."""
    return [line for line in ran.lines if line.get("payload", {}).get("message") not in CANCELLING]


def general(value: Any) -> Any:
    """A value, with the type in the place of what differs from card to card, and members in order."""
    if isinstance(value, dict):
        return [
            (name, "a text" if name in OF_THE_CARD else general(member)) for name, member in value.items()
        ]
    return [general(item) for item in value] if isinstance(value, list) else value


def members(ran: Ran) -> list[tuple[object, list[str]]]:
    """For a command whose data differ: the types of the data."""
    return [(line["type"], [*line["payload"]]) for line in lines(ran)]


def test_each_command_prints_what_lpac_prints(
    slot: tuple[Slot, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, run = slot
    results: list[list[Ran]] = []
    (tmp_path / "lpac").mkdir()
    lpac = Lpac(installed_root(), tmp_path / "lpac", run, BLOCK)

    def shim(*words: str, typed: str) -> Ran:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        options = [word for way in WAYS for word in ("--connect-to", way)]
        ran = command.run(*options, "--state-dir", tmp_path / "state", "lpac", *words)
        return Ran(ran.code, ran.out, ran.err)

    for program in (lpac, shim):
        card = new_card()
        with servers(card) as (smdp, smds):
            ordered(smdp, smds, card)
            reader.card = card
            results.append([program(*words.split(), typed=typed) for words, typed in COMMANDS])
    for (words, _), theirs, ours in zip(COMMANDS, *results, strict=True):
        assert (words, ours.exit_code) == (words, theirs.exit_code), (theirs, ours)
        form = members if words in OF_THE_PROGRAM else lambda ran: general(lines(ran))
        assert form(ours) == form(theirs), words
