"""`lpa sim new --identity`: a card that somebody else certified, from the command line."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from lpa.sim.crypto.pki import Authority
from tests.support import command
from tests.support.forgery import EID
from tests.support.identities import NOW, authority, certified, pem_files, write


def test_the_command_makes_a_card_of_an_identity(tmp_path: Path) -> None:
    above = authority()
    folder = write(tmp_path / "identity", pem_files(certified(above), above))
    ran = command.run("sim", "new", tmp_path / "card", "--identity", folder, "--memory", 5000, "--json")
    assert (ran.code, ran.document["result"]["eid"]) == (0, EID)
    info = command.run("--reader", f"sim:{tmp_path / 'card'}", "info", "--json").document["result"]
    assert info["eid"] == EID
    assert above.key_identifier.hex() in str(info).lower()


def test_the_command_says_what_is_wrong_with_an_identity(tmp_path: Path) -> None:
    folder = write(tmp_path / "identity", {"README": b""})
    ran = command.run("sim", "new", tmp_path / "card", "--identity", folder)
    assert ran.code == 1
    assert "There are no certificates." in ran.err
    assert not (tmp_path / "card").exists()


def test_the_command_says_that_an_identity_is_over(tmp_path: Path) -> None:
    """It is still made: a card does not check dates, and a test may need such a card."""
    long_ago = NOW - timedelta(days=50 * 365)
    above = Authority.mint(now=long_ago)
    held = above.issue_euicc(above.issue_eum(EID[:8], now=long_ago), EID, now=long_ago)
    folder = write(tmp_path / "identity", pem_files(held, above))
    ran = command.run("sim", "new", tmp_path / "card", "--identity", folder)
    assert ran.code == 0
    assert re.search(r"expired on [0-9]{4}-[0-9]{2}-[0-9]{2}; servers may reject it", ran.err)
    assert f"Created a card with EID {EID}" in ran.out


def test_no_server_is_made_of_the_folder_of_such_a_card(tmp_path: Path) -> None:
    above = authority()
    folder = write(tmp_path / "identity", pem_files(certified(above), above))
    assert command.run("sim", "new", tmp_path / "card", "--identity", folder).err == ""
    ran = command.run("sim", "server", "--pki", tmp_path / "card")
    assert ran.code == 3
    assert "(ci.pem and ci-key.pem): No such file or directory." in ran.err
    assert "without --identity" in ran.err
