"""The page of the simulator leads to all its pages, and the tutorial works."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
from pathlib import Path

import pytest

from lpa.cli.commands import sim_server
from tests.support import command
from tests.support.paths import DOCS

PAGE = (DOCS / "simulator.md").read_text(encoding="utf-8")
PAGES = sorted((DOCS / "simulator").glob("*.md"))
FAULT = re.compile(r"^lpa (sim server .* --fault .*)$", re.MULTILINE)


def test_it_has_three_parts() -> None:
    assert re.findall(r"^## (.*)", PAGE, re.MULTILINE) == ["Tutorial", "How-to", "Reference"]


def test_every_page_is_in_the_reference() -> None:
    reference = PAGE.partition("\n## Reference\n")[2]
    assert re.findall(r"\]\(simulator/([^)#]+)\) \|", reference) == sorted(
        (page.name for page in PAGES), key=reference.index
    )


@pytest.mark.parametrize("page", [DOCS / "simulator.md", *PAGES], ids=lambda page: page.name)
def test_a_link_into_a_page_leads_to_a_heading(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", page.read_text(encoding="utf-8"))
    missing = [
        (file, anchor)
        for file, anchor in targets
        if anchor not in anchors((page.parent / file) if file else page)
    ]
    assert missing == []


def anchors(page: Path) -> list[str]:
    """The anchors that GitHub gives the headings of a page."""
    titles = re.findall(r"^#+ (.*)", page.read_text(encoding="utf-8"), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]


def test_every_option_of_the_server_is_documented() -> None:
    text = (DOCS / "simulator" / "servers.md").read_text(encoding="utf-8")
    options = [option for parameter in sim_server.server.params for option in parameter.opts]
    assert [option for option in options if f"`{option}" not in text and option != "--help"] == []


def test_the_fault_of_the_tutorial_is_followed_by_a_delivery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (start,) = FAULT.findall(PAGE.partition("## How-to")[0])
    first, second = re.findall(r"^lpa ((?:delete 0033|notifications send).*)$", PAGE, re.MULTILINE)
    monkeypatch.chdir(tmp_path)
    command.card(tmp_path / "card")
    words = shlex.split(start.replace("8443", "0"))
    with subprocess.Popen([*command.PROGRAM, *words], stdout=-1, stderr=-1, text=True) as server:
        try:
            assert server.stderr
            said = [server.stderr.readline() for _ in range(3)]
            place = ("--reader", "sim:card", "--state-dir", "state", *said[2].partition("with: ")[2].split())
            assert command.run(*place, *shlex.split(first)).code == 4
            assert command.run(*place, *shlex.split(second)).code == 0
            server.send_signal(signal.SIGINT)
            out, _ = server.communicate(timeout=30)
        finally:
            server.kill()
    assert "delete of 89869870000000000033, notification 1 for shili.smdp.example" in out
