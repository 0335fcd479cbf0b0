"""A run with seeds is the same byte for byte, on every day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from lpa import ActivationCode, Assistant
from lpa.server.connect_to import ConnectTo
from lpa.server.es9 import Server
from lpa.server.https import Https
from lpa.server.trust import Trust
from lpa.sim.crypto.pki import Authority
from lpa.sim.crypto.seeds import CERTIFIED, seeded
from lpa.sim.euicc.recorded_card import RecordedCard
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers import packages
from lpa.sim.servers.smdp import SimulatedSmdp


def test_a_seed_gives_each_user_other_numbers_and_always_the_same() -> None:
    """Absolute values: a recording of last year is repeated, too."""
    assert seeded(7, "new card")(4).hex() == "9fd61c21"
    assert seeded(7, "card")(4).hex() == "e5c4843f"
    assert seeded(7, "server")(4).hex() == "511c601f"
    assert seeded(8, "server")(4).hex() != "511c601f"
    assert seeded(None, "card")(16) != seeded(None, "card")(16)


def test_the_same_commands_give_the_same_recording_on_another_day(tmp_path: Path) -> None:
    today = datetime.now(UTC)
    first = _recorded(tmp_path / "1", today, 7)
    assert len(first) > 100
    assert _recorded(tmp_path / "2", today - timedelta(days=5), 7) == first
    assert _recorded(tmp_path / "3", today, 8) != first


def _recorded(folder: Path, day: datetime, seed: int) -> list[str]:
    """The trace of a download and a deletion, with the same new card and this seed for card and server."""
    place, randomness = folder / "card", seeded(1, "new card")
    with SimulatedEuicc.create(place, clock=lambda: CERTIFIED, randomness=randomness) as card:
        names = [address for profile in card.profiles for address in profile.addresses("delete")]
    lines: list[str] = []
    euicc = SimulatedEuicc.load(place, randomness=seeded(seed, "card"))
    authority = Authority.load(place, randomness=seeded(seed, "server"))
    with (
        SimulatedSmdp(authority, also=names, lasting=True, clock=lambda: day) as smdp,
        Https(Trust.system(), connect_to=[ConnectTo.parse(smdp.connect_to)]) as https,
        RecordedCard(euicc, lines.append) as recorded,
        Assistant(recorded, state_dir=folder / "state", servers=partial(Server, https=https)) as assistant,
    ):
        order = smdp.order(packages.sample(), "ABC-1")
        with assistant.download(ActivationCode.parse(order.activation_code)) as offer:
            offer.install()
        assistant.delete(assistant.plan_deletion(euicc.profiles[0].iccid, disable_first=True))
        assert [one.event for one in smdp.received] == ["install", "disable", "delete"]
    return lines
