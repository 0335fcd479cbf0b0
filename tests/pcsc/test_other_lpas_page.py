"""The page for maintainers of other LPAs, with this LPA in the place of theirs."""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from lpa.sim.faults.language import Fault
from lpa.sim.faults.vocabulary import card_words, server_words
from lpa.testing import PrivatePcscd
from tests.support.paths import DOCS
from tests.support.sweeps import WHOLE

pytest_plugins = ["pytester"]

TEXT = (DOCS / "simulator" / "other-lpas.md").read_text(encoding="utf-8")
PYTHON = shlex.quote(sys.executable)
LPA = f'#!/bin/sh\nexec {PYTHON} -m lpa "$@"\n'
MY_LPA = f"""\
#!/bin/sh
case $1 in delete | download) set -- "$@" --yes; esac
exec {PYTHON} -m lpa --state-dir state --reader "$MY_READER" --connect-to "$MY_CONNECT_TO" "$@"
"""
EVERY_KIND = "lpa sim manners |"
# What a person sees before going on, in another terminal
READY = {"lpa sim server": "The server is listening", "lpa sim card": "is in the reader"}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


def test_the_commands_do_what_the_page_says(pcscd: PrivatePcscd, tmp_path: Path) -> None:
    programs(tmp_path)
    server = free_port()
    ports = {"443": server, "4100": free_port(), "4200": free_port(), "35963": pcscd.port}
    commands = [block for block in blocks("sh") if WHOLE or not block.startswith(EVERY_KIND)]
    script = "set -e\ntrap 'kill $(jobs -p)' EXIT\n" + "".join(map(in_one_terminal, commands))
    script = script.replace(EVERY_KIND, f"{EVERY_KIND} grep -E '^(t1|m2m) ' |")
    script = re.sub(r"(?<=[: /])(443|4100|4200|35963)\b", lambda match: str(ports[match[0]]), script)
    ran = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=os.environ
        | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
        | {"MY_READER": pcscd.readers[0], "MY_CONNECT_TO": f"::127.0.0.1:{server}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    out = ran.stdout
    assert ran.returncode == 0, out[-1500:] + ran.stderr[-600:]
    assert '"message": "euiccChallenge is missing"' in out
    added, exited, inserted, card, received = [
        line for line in out.splitlines() if line.startswith(('{"ok"', "exit code"))
    ]
    assert (added, exited, inserted) == ('{"ok": true}', "exit code 3", '{"ok": true}')
    shown = json.loads(card)
    assert [profile["name"] for profile in shown["profiles"]] == ["Albion Travel", "Nordlicht Prepaid"]
    assert [pending["event"] for pending in shown["notifications"]] == ["delete"]
    assert [one["event"] for one in json.loads(received)["received"]] == ["install", "delete"]
    if WHOLE:
        assert out.splitlines()[-1].startswith("m2m: exit code 3 (M2M card (SGP.02)")
        assert "8944994000000000017" in (tmp_path / "t1.txt").read_text()
    assert (tmp_path / "bug.trace").read_text().startswith("lpa-trace 1 redacted\n")


def in_one_terminal(block: str) -> str:
    """The block; a command that runs until Ctrl-C in the background, once it is ready, and ended later."""
    seen = next((seen for command, seen in READY.items() if block.startswith(f"{command} ")), None)
    if seen and block.count("\n") == 1 and " order " not in block:
        log = f"{block.split()[2]}.log"
        return f'{block.rstrip()} 2> {log} &\nuntil grep -qs "{seen}" {log}; do sleep 0.1; done\nlast=$!\n'
    return f"kill $last\n{block}" if block.startswith(EVERY_KIND) else block


def test_the_example_for_pytest_passes(pytester: pytest.Pytester) -> None:
    (block,) = blocks("python")
    programs(pytester.path)
    pytester.makepyfile(block)
    some = () if WHOLE else ("-k", "t1")
    ran = pytester.runpytest_inprocess("-q", "-p", "no:randomly", *some)
    ran.assert_outcomes(passed=4 if WHOLE else 1, deselected=0 if WHOLE else 3)


@pytest.mark.parametrize("row", re.findall(r"^\| `(.*)` \| (card|server) \|", TEXT, re.MULTILINE))
def test_each_fault_to_begin_with_is_one(row: tuple[str, str]) -> None:
    fault, owner = row
    Fault.parse(fault, card_words() if owner == "card" else server_words())


def programs(folder: Path) -> None:
    """`lpa`, and in the place of another program `my-lpa`."""
    for name, text in {"lpa": LPA, "my-lpa": MY_LPA}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
