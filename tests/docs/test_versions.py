"""The example of docs/simulator/versions.md does what the page says."""

from __future__ import annotations

import re

from tests.support.paths import DOCS

PAGE = DOCS / "simulator" / "versions.md"


def test_the_example_runs() -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    exec(compile(example, str(PAGE), "exec"), {})  # noqa: S102 - it is ours
