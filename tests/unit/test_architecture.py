"""What import-linter cannot see: what is loaded when."""

import subprocess
import sys


def test_importing_lpa_loads_no_library_for_cards_codecs_servers_or_terminals() -> None:
    code = "import lpa, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    heavy = {"smartcard", "asn1tools", "urllib3", "click", "rich", "cryptography", "ssl"}
    assert heavy.isdisjoint(loaded.split())
