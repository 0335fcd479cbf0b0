"""Decodes messages with the ASN.1 in asn1play and encodes them again: run by the Python of build/asn1play.

Arguments: a file of compiled ASN.1, below the folder of all, and the module in it. Each line of the standard
input is a JSON list [type name, bytes in hexadecimal]; for each a line is printed: null if this ASN.1 has no
such type, else the bytes that came out in hexadecimal, or what went wrong.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import sysconfig
from pathlib import Path
from typing import Any


def main(path: str, module_name: str) -> None:
    """Answer each line."""
    types = _types(path)
    for line in sys.stdin:
        name, coded = json.loads(line)
        sys.stdout.write(json.dumps(_recoded(types, module_name, name, bytes.fromhex(coded))) + "\n")


def _recoded(types: Any, module_name: str, name: str, coded: bytes) -> str | None:
    known = getattr(getattr(types, module_name), name, None)
    if known is None:
        known = next((getattr(module, name) for module in _below(types) if hasattr(module, name)), None)
    if known is None:
        return None
    try:
        known.from_der(coded)
        out: bytes = known.to_der()
    except Exception as error:  # noqa: BLE001  (whatever the library raises is the finding)
        return repr(error)
    return out.hex()


def _below(types: Any) -> list[Any]:
    """The modules that this ASN.1 imports: those of X.509."""
    return [value for name, value in sorted(vars(types).items()) if name.startswith("PKIX1")]


def _types(path: str) -> Any:
    """The file by itself: the package that it is in imports much more."""
    below = Path(sysconfig.get_path("purelib"), "asn1_play/generated_code/asn1")
    spec = importlib.util.spec_from_file_location("compiled", below / path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} is no Python module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main(*sys.argv[1:])
