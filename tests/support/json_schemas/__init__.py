"""The JSON Schemas of what the command prints with `--json`, and their reference page.

`python -m tests.support.json_schemas` writes both; a test says when they are stale. The types of members come
from the dataclasses, the meanings stand here: a member that a dataclass gains needs one.
"""
