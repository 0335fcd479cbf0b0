"""The reference page of the documents, made from the schemas and from documents of the tests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from lpa.cli.commands import schema
from tests.support.json_schemas import corpus
from tests.support.json_schemas.language import FROM_OUTSIDE, GROWING
from tests.support.paths import DOCS

PAGE = DOCS / "json.md"

_HEAD = """\
# JSON

With `--json` (or `LPA_JSON=1`) a command prints exactly one document on stdout, whatever happens; \
messages for people go to stderr. `lpa schema COMMAND` prints the JSON Schema (draft 2020-12) of its \
document, and `lpa schema` lists the commands. `python -m tests.support.json_schemas` writes this \
page from these schemas. Every document that a test produces, and every one in the other pages, is \
checked against them.

## What you can rely on

Within version 1 the documents change by additions only.

* What may be added: members, commands, and values of those enumerations of which the tables say that \
they may grow. Ignore members that you do not know, and have an answer for a value that you do not \
know.
* What never changes: the names of members, their types and meanings, whether they may be null or \
missing, and the exit codes.
* Sentences are for people: `message`, `advice`, `summary`, `last_problem`, `problems`. They may \
change at any time.
* A size or an amount of memory is in bytes, a duration in seconds; its name says so where it could \
be doubted.
* A time is in ISO 8601, in UTC, to a second: `2026-11-22T12:00:00+00:00`.
* Bytes are hexadecimal digits in lower case, two for each byte. So are AIDs. ICCIDs and EIDs are \
digits as they are printed on a card.
* A text that there is none of is empty, and a list without items is an empty list. A number, a \
time, an ICCID, an EID or an object that there is none of is null, and so is the reason of an error. \
Only the members that are called optional may be missing.
* An event, a state or a policy rule has the name that SGP.22 gives it. What a card reports beyond \
that comes as it is, such as `bit 8` or `7`.

## The document

| Member | Type | Meaning |
|---|---|---|
| `command` | text | The command that ran, such as `notifications send`; empty if it was not understood. |
| `ok` | true or false | True for exit code 0 and for no other. |
| `exit_code` | whole number | The exit code of the process: see [errors.md](errors.md#exit-codes). |
| `result` | object, optional | What was found or done, also before an error. Missing if there is nothing. |
| `error` | [error](#error), optional | Why `ok` is false. Missing if it is true. |

If `ok` is true, `result` has every member that is not called optional. After an error it has what \
is known: each of its members may then be missing. With exit code 4 the command has done its work, \
and `error` says why a notification is not acknowledged.

"""
_ALL_READERS = """\
With `--all-readers`, `result` has `readers` instead: a list with the `reader`, `ok`, `exit_code`, \
`result` and `error` of each. The exit code is then the gravest of theirs.
"""
_EXAMPLES = """\
The examples are from simulated cards. Texts of more than 80 characters are cut (…), and lists after \
one item.
"""
_PLAIN = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "object",
    "null": "null",
}
_LONGEST, _MOST = 80, 1
_Schema = dict[str, Any]


def page() -> str:
    """The whole page."""
    names = schema.commands()
    definitions: dict[str, _Schema] = {}
    for name in names:
        definitions |= schema.schema_of(name)["$defs"]
    definitions.pop("not_understood", None)
    parts = [_HEAD, _error_example(), f"{_EXAMPLES}\n", "## Commands\n\n"]
    parts += [part for name in names for part in _command(name)]
    parts.append("## Shared objects\n\n")
    for name, definition in sorted(definitions.items()):
        parts += [f"### {name}\n\n{definition['description']}\n\n", _table(definition), "\n"]
    return "".join(parts).rstrip("\n") + "\n"


def _command(name: str) -> Iterator[str]:
    yield f"### lpa {name}\n\n"
    whole = schema.schema_of(name)
    result, complete = whole["properties"]["result"], whole["then"]["properties"]["result"]
    for variant, required in zip(
        result.get("anyOf", [result]), complete.get("anyOf", [complete]), strict=True
    ):
        if "readers" in variant["properties"] and name != "readers":
            yield f"{_ALL_READERS}\n"
            continue
        when, colon, _ = variant["description"].partition(": ")
        yield f"{when}:\n\n" if colon and when in _cases(result) else ""
        yield _table(variant | {"required": required["required"]})
        yield "\n"
    yield _example(name)


def _cases(result: _Schema) -> set[str]:
    return {one["description"].partition(": ")[0] for one in result.get("anyOf", ())}


def _error_example() -> str:
    known = schema.commands()
    failed = [one for one in corpus.documents() if one["exit_code"] in {1, 3} and one["command"] in known]
    refused = [one for one in failed if "result" not in one and one["error"]["message"].count(" ") > 3]
    return _shown(min(refused, key=lambda one: len(json.dumps(one))))


def _example(name: str) -> str:
    found = corpus.example(name, corpus.documents())
    return _shown(found) if found else ""


def _shown(document: _Schema) -> str:
    return f"```json\n{json.dumps(_cut(document), indent=2, ensure_ascii=False)}\n```\n\n"


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"
    if isinstance(value, list):
        return [_cut(one) for one in value[:_MOST]]
    return {name: _cut(one) for name, one in value.items()} if isinstance(value, dict) else value


def _table(described: _Schema) -> str:
    rows = "".join(f"| {' | '.join(row)} |\n" for row in _rows(described, ""))
    return f"| Member | Type | Meaning |\n|---|---|---|\n{rows}"


def _rows(described: _Schema, before: str) -> Iterator[tuple[str, str, str]]:
    for name, member in described["properties"].items():
        optional = "" if name in described.get("required", ()) else ", optional"
        yield f"`{before}{name}`", f"{_type(member)}{optional}", _meaning(member).replace("|", "\\|")
        inner, at = member, f"{before}{name}"
        if "items" in inner:
            inner, at = inner["items"], f"{at}[]"
        if "properties" in inner:
            yield from _rows(inner, f"{at}.")


def _type(member: _Schema) -> str:
    if where := member.get("$ref"):
        name = where.rpartition("/")[2]
        return f"[{name}](#{name})"
    if "items" in member:
        listed = f"list of {_plural(_type(member['items']))}"
        return f"{listed} or null" if "null" in member.get("type", ()) else listed
    if "anyOf" in member:
        kinds = dict.fromkeys("text" if "enum" in one else _type(one) for one in member["anyOf"])
        return " or ".join(kinds)
    if "enum" in member:
        return "whole number"
    kinds = member.get("type", "object")
    names = [_plain(member, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    return " or ".join(names)


def _plain(member: _Schema, kind: str) -> str:
    if member.get("format") == "date-time" and kind == "string":
        return "time"
    if "pattern" in member and kind == "string":
        return "hexadecimal" if "a-f" in member["pattern"] else "digits"
    return _PLAIN[kind]


def _plural(name: str) -> str:
    return f"{name}s" if name in ("text", "object", "time", "whole number") else name


def _meaning(member: _Schema) -> str:
    listed = member.get("items", member)
    words = [value for one in listed.get("anyOf", ()) for value in one.get("enum", ())]
    sentence: str = member.get("description", "")
    if not words:
        return sentence
    others = {one.get("description") for one in listed["anyOf"]}
    values = ", ".join(f"`{word}`" if word else "empty" for word in words)
    more = {GROWING: "; may grow", FROM_OUTSIDE: "; or as the card reports it"}
    return f"{sentence} {values}{''.join(more[one] for one in more if one in others)}."
