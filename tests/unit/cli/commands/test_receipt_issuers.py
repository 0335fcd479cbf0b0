"""The advice about a receipt whose issuer is unknown."""

from __future__ import annotations

from pathlib import Path

from tests.support import command


def test_the_issuer_of_the_simulated_card_in_the_reader_is_named(
    tmp_path: Path,
) -> None:
    place, card = ("--state-dir", tmp_path / "state"), command.card(tmp_path / "card")
    unreachable = ("--connect-to", "::127.0.0.1:1")
    assert command.run(*place, "--reader", f"sim:{card}", *unreachable, "disable", "0017").code == 4
    (path,) = (tmp_path / "state").rglob("*.der")
    ran = command.run(*place, "--reader", f"sim:{card}", "receipts", "verify", path)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.endswith(
        f"\nIts issuer is that of the simulated card in {card}: use --ca-bundle {card / 'ci.pem'}.\n"
    )
    named = f"--ca-bundle {card / 'ci.pem'}"
    assert command.run(*place, *named.split(), "receipts", "verify", path).code == 0
    page = ("receipts", "export", path, "--html", tmp_path / "page.html")
    assert f"use {named}." in command.run(*place, "--reader", f"sim:{card}", *page).err
    other = command.card(tmp_path / "other")
    general = (
        "If you trust this authority, give its certificate with --ca-bundle. "
        "For a simulated card that is ci.pem in its folder: --ca-bundle CARD/ci.pem."
    )
    for reader in (f"sim:{other}", f"sim:{tmp_path / 'nothing'}", "A reader"):
        ran = command.run(*place, "--reader", reader, "receipts", "verify", path)
        assert ran.err.endswith(f"\n{general}\n")
