"""The main job, step by step, on a simulated card with a simulated SM-DP+: no reader, no network, no risk.

make demo
"""

import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from lpa.testing import SimulatedEuicc, SimulatedSmdp


def main() -> None:
    """Run `lpa` as a person does, and show what it prints."""
    with tempfile.TemporaryDirectory(prefix="lpa-demo-") as folder:
        card = Path(folder) / "card"
        with SimulatedEuicc.create(card) as euicc:
            authority = euicc.authority
            servers = [address for profile in euicc.profiles for address in profile.addresses("delete")]
        with SimulatedSmdp(authority, host=servers[0], also=servers[1:]) as smdp:
            options = ["--reader", f"sim:{card}", "--state-dir", f"{folder}/state"]
            options += ["--connect-to", smdp.connect_to]
            say("A simulated eUICC, and a simulated SM-DP+ on this computer. List the profiles:")
            lpa(options, "list")
            say("Plan the deletion of the enabled profile:")
            lpa(options, "delete", "0017", "--disable-first", "--plan")
            say("Delete it (--yes confirms instead of the last four digits):")
            lpa(options, "delete", "0017", "--disable-first", "--yes")
            say("List the remaining profiles and the pending notifications:")
            lpa(options, "list")
            lpa(options, "notifications", "list")
            say("The notifications that the SM-DP+ received and verified:")
            for received in smdp.received:
                print(f"  {received.event:8} {received.iccid}  from the card {received.eid}")
            say("The receipts that this computer keeps:")
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
