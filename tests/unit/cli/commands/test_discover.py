"""`lpa discover`, and downloads that a discovery server leads to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lpa.sim.samples import numbered_iccid
from lpa.sim.servers import packages
from lpa.sim.servers.orders import Order
from lpa.sim.servers.smds import SimulatedSmds
from tests.support import command
from tests.support.download_parties import (
    DISCOVERY,
    HOST,
    DownloadParties,
    kept_secret,
    made,
    register,
    way_through,
)


@pytest.fixture
def parties(tmp_path: Path) -> Iterator[DownloadParties]:
    yield from made(tmp_path)


def test_nothing_is_discovered_where_nothing_waits(parties: DownloadParties) -> None:
    with SimulatedSmds(parties.authority, host=DISCOVERY) as smds:
        ran = kept_secret(command.run(*way_through(parties, smds), "discover", "--server", DISCOVERY))
    assert (ran.code, ran.out) == (0, "")
    assert "No profile is available" in ran.err


def test_what_is_discovered_is_listed_and_installed(parties: DownloadParties) -> None:
    order = parties.order()
    with SimulatedSmds(parties.authority, host=DISCOVERY) as smds:
        register(parties, smds, HOST, "SECRET-1")
        way = way_through(parties, smds)
        listed = kept_secret(command.run(*way, "--json", "discover", "--server", DISCOVERY))
        assert listed.document["result"] == {"events": [{"address": HOST}]}
        ran = kept_secret(command.run(*way, "discover", "--server", DISCOVERY, "--download", "--yes"))
    assert ran.code == 0
    assert HOST in ran.out
    assert order.state == "installed"


def test_a_no_to_one_profile_hides_neither_those_before_nor_those_after(parties: DownloadParties) -> None:
    orders = [
        parties.smdp.order(packages.sample(numbered_iccid("8949985", 19, at)), f"SECRET-1{at}")
        for at in (1, 3)
    ]
    with SimulatedSmds(parties.authority, host=DISCOVERY) as smds:
        # The server knows nothing of the second.
        register(parties, smds, HOST, "SECRET-11", "SECRET-12", "SECRET-13")
        way = way_through(parties, smds)
        ran = kept_secret(
            command.run(*way, "--json", "discover", "--server", DISCOVERY, "--download", "--yes")
        )
    assert [order.state for order in orders] == ["installed", "installed"]
    assert ran.code == 1
    assert ran.document["error"]["reason"] == "8.2.6/3.8"
    first, second, third = ran.document["result"]["downloads"]
    assert [one["profile"]["iccid"] for one in (first, third)] == [order.iccid for order in orders]
    assert second["problem"]["reason"] == "8.2.6/3.8"
    assert ran.document["result"]["pending"] == []
    assert "refused AuthenticateClient (8.2.6/3.8)" in ran.err


def test_several_that_a_discovery_server_names_are_downloaded_from_its_address_alone(
    parties: DownloadParties,
) -> None:
    orders = [
        parties.smdp.order(packages.sample(numbered_iccid("8949985", 19, at)), f"SECRET-1{at}")
        for at in (1, 3)
    ]
    code = f"LPA:1${DISCOVERY}$"
    with SimulatedSmds(parties.authority, host=DISCOVERY) as smds:
        way = way_through(parties, smds)
        nothing = kept_secret(command.run(*way, "--json", "download", code, "--yes"))
        assert (nothing.code, nothing.document["error"]["reason"]) == (1, "noProfileAvailable")
        # The server knows nothing of the first.
        register(parties, smds, HOST, "SECRET-10", "SECRET-11", "SECRET-13")
        seen = kept_secret(command.run(*way, "download", code, "--preview"))
        assert "1 more may be available for this card" in seen.err
        ran = kept_secret(command.run(*way, "--json", "download", code, "--yes"))
    assert [order.state for order in orders] == ["installed", "installed"]
    result = ran.document["result"]
    assert result["profile"]["iccid"] == orders[0].iccid
    first, missing, second = result["downloads"]
    assert [one["profile"]["iccid"] for one in (first, second)] == [order.iccid for order in orders]
    assert missing["problem"]["reason"] == "8.2.6/3.8"
    assert (ran.code, ran.document["error"]["reason"]) == (1, "8.2.6/3.8")
    assert "refused AuthenticateClient (8.2.6/3.8)" in ran.err


@pytest.fixture
def coded(parties: DownloadParties) -> list[Order]:
    """Two orders, each with a code of its own, and only one try for it."""
    return [
        parties.smdp.order(
            packages.sample(numbered_iccid("8949985", 19, at)),
            f"SECRET-1{at}",
            confirmation_code=code,
            code_tries=1,
        )
        for at, code in ((1, "4Y8TBX"), (3, "Geheim-77"))
    ]


def test_a_confirmation_code_from_a_file_is_for_one_order_and_voids_no_other(
    parties: DownloadParties, coded: list[Order], tmp_path: Path
) -> None:
    file = tmp_path / "code"
    download = ("discover", "--server", DISCOVERY, "--download", "--yes", "--confirmation-code-file", file)
    with SimulatedSmds(parties.authority, host=DISCOVERY) as smds:
        # The first wants no code: then the file has it still for the one that does.
        parties.smdp.order(packages.sample(numbered_iccid("8949985", 19, 0)), "SECRET-10")
        register(parties, smds, HOST, "SECRET-10", "SECRET-11", "SECRET-13")
        way = way_through(parties, smds)
        file.write_text("4Y8TBX")
        ran = kept_secret(command.run(*way, *download))
        assert (ran.code, [order.state for order in coded]) == (1, ["installed", "released"])
        assert "Run the command again with a file that has this profile's code." in ran.err
        file.write_text("Geheim-77")
        command.run(*way, *download)
        assert [order.state for order in coded] == ["installed", "installed"]


def test_for_the_next_order_the_confirmation_code_is_asked_for(
    parties: DownloadParties, coded: list[Order], tmp_path: Path
) -> None:
    (tmp_path / "code").write_text("4Y8TBX")
    file = ("--confirmation-code-file", tmp_path / "code")
    with SimulatedSmds(parties.authority, host=DISCOVERY) as smds:
        register(parties, smds, HOST, "SECRET-11", "SECRET-13")
        code = f"LPA:1${DISCOVERY}$"
        ran = command.dialogue(
            *way_through(parties, smds), "download", code, "--yes", *file, answers=("Geheim-77",)
        )
    assert (ran.code, [order.state for order in coded]) == (0, ["installed", "installed"])
