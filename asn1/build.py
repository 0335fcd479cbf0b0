"""Parse `rsp.asn` into `rsp.json`, which ships and which a running `lpa` reads (`make schema`)."""

import json
from pathlib import Path

import asn1tools

HERE = Path(__file__).parent


def parsed() -> str:
    """The text that `rsp.json` must hold."""
    return json.dumps(asn1tools.parse_files(str(HERE / "rsp.asn")), indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    (HERE / "rsp.json").write_text(parsed())
