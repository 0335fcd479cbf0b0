"""The main job, step by step, on a simulated card and a simulated SM-DP+: no reader, no network, no risk.

make demo
"""

import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp


def main() -> None:
    """Run `lpa` as a person would, and show what it prints."""
    with tempfile.TemporaryDirectory(prefix="lpa-demo-") as folder:
        card = Path(folder) / "card"
        with SimulatedEuicc.create(card) as euicc:
            authority = euicc.authority
            servers = [address for profile in euicc.profiles for address in profile.addresses("delete")]
        with SimulatedSmdp(authority, host=servers[0], also=servers[1:]) as smdp:
            options = ["--reader", f"sim:{card}", "--state-dir", f"{folder}/state"]
            options += ["--connect-to", smdp.connect_to]
            say("A simulated eUICC, and a simulated SM-DP+ on this computer. Which profiles are there?")
            lpa(options, "list")
            say("What would it take to delete the one in use?")
            lpa(options, "delete", "0017", "--disable-first", "--plan")
            say("Delete it. (--yes stands for typing the last four digits.)")
            lpa(options, "delete", "0017", "--disable-first", "--yes")
            say("What is left, on the card and for the servers?")
            lpa(options, "list")
            lpa(options, "notifications", "list")
            say("What the SM-DP+ got, after it verified the card's signature:")
            for received in smdp.received:
                print(f"  {received.event:8} {received.iccid}  from the card {received.eid}")
            say("The proofs that stay here:")
            lpa(options, "receipts", "list")


def say(text: str) -> None:
    """Announce the next step."""
    print(f"\n# {text}", flush=True)


def lpa(options: list[str], *words: str) -> None:
    """Run one command and show it; a failure ends the demonstration."""
    print(f"$ lpa {shlex.join(words)}", flush=True)
    subprocess.run([sys.executable, "-m", "lpa", *options, *words], check=True)


if __name__ == "__main__":
    main()
