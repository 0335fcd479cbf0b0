"""The API reference, made from signatures and docstrings; run as a module, this writes it."""

from __future__ import annotations

import ast
import enum
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import lpa
from lpa import errors as errors_module
from lpa.rsp.facts import Fact
from tests.support.paths import DOCS

PAGE = DOCS / "api.md"

_HEAD = """\
# The Python API

`make api` writes this page from the signatures and docstrings of what `lpa.__all__` names. `import lpa` \
loads nothing: each name is loaded when it is first used. What is not on this page may change at any time.

Begin with [`Assistant`](#assistant), or with [`lpa.aio`](#lpaaio) in coroutines. \
Every error is an [`LpaError`](#errors), and [errors.md](errors.md) \
says what to do about each. [`lpa.testing`](simulator.md) has a simulated card with its server.

A `Fact` becomes JSON, and is read back: `as_json()` gives an object with its fields and plain types, as \
`--json` prints it, and the class method `from_json(value)` makes a fact of that, or raises ValueError. Of a \
receipt the JSON has only the path, and times are to the second.
"""


def page() -> str:
    """The whole page."""
    errors = [name for name in lpa.__all__ if _is_error(getattr(lpa, name))]
    others = [name for name in lpa.__all__ if name not in (*errors, "Assistant", "aio")]
    parts = [_HEAD]
    for name in ["Assistant", *others]:
        parts += _entry(name, getattr(lpa, name))
    parts += ["## Errors\n", f"```text\n{_tree()}\n```\n"]
    for name in errors:
        parts += _error(name, getattr(lpa, name))
    parts += ["## lpa.aio\n", f"{_text(lpa.aio)}\n"]
    for name in ["open", *(name for name in lpa.aio.__all__ if name != "open")]:
        parts += (re.sub("^## ", "### ", line) for line in _entry(name, getattr(lpa.aio, name)))
    return "\n".join(parts)


def named(kind: type) -> set[str]:
    """The types that the fields and public members of a class name in their annotations."""
    definition = _definition(kind)
    assert isinstance(definition, ast.ClassDef)
    found: list[ast.expr | None] = []
    for node in definition.body:
        if isinstance(node, ast.AnnAssign):
            found.append(node.annotation)
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            arguments = node.args
            every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
            found += [node.returns, *(one.annotation for one in every)]
    return {
        name.id
        for annotation in filter(None, found)
        for name in ast.walk(annotation)
        if isinstance(name, ast.Name) and name.id[0].isupper()
    }


def _entry(name: str, value: object) -> Iterator[str]:
    yield f"## {name}\n"
    if inspect.isfunction(value):
        yield f"```python\n{name}{_signature(value)}\n```\n"
        yield f"{_text(value)}\n"
        return
    if not inspect.isclass(value):
        yield f"`{str(value).replace('lpa.rsp.records.', '')}`\n" if _is_plain(value) else "A type alias.\n"
        return
    yield f"```python\n{_head(name, value)}\n```\n"
    yield f"{_text(value)}\n"
    for member, described in _members(value):
        yield f"**`{member}`**\n\n{described}\n" if described else f"**`{member}`**\n"


def _error(name: str, kind: type) -> Iterator[str]:
    if vars(kind).get("__doc__"):
        yield f"**`{_head(name, kind).removeprefix('class ')}`**\n\n{_text(kind)}\n"


def _head(name: str, kind: type) -> str:
    if issubclass(kind, enum.Enum):
        return f"class {name}: {', '.join(repr(str(one.value)) for one in kind)}"
    if getattr(kind, "_is_protocol", False):
        return f"class {name}(Protocol)"
    definition = _definition(kind)
    assert isinstance(definition, ast.ClassDef)
    fields = [node for node in definition.body if isinstance(node, ast.AnnAssign)]
    if hasattr(kind, "__dataclass_fields__") or hasattr(kind, "_fields"):
        return "\n    ".join([f"class {name}{'(Fact)' * issubclass(kind, Fact)}:", *map(_field, fields)])
    if issubclass(kind, tuple):
        return f"class {name}({', '.join(map(ast.unparse, definition.bases))})"
    made = next((vars(one)["__init__"] for one in _unnamed_too(kind) if "__init__" in vars(one)), None)
    return f"class {name}{_signature(made) if made else ''}".removesuffix(" -> None")


def _unnamed_too(kind: type) -> Iterator[type]:
    """The class, and those of `lpa` that it is made of and that have no entry of their own."""
    yield kind
    for owner in kind.__mro__[1:]:
        if owner.__module__.startswith("lpa.") and owner.__name__ not in lpa.__all__:
            yield owner


def _field(node: ast.AnnAssign) -> str:
    """A field of a dataclass; how a default is computed is nobody's business."""
    default = node.value
    if isinstance(default, ast.Call):
        default = ast.Constant(...)
    return ast.unparse(ast.AnnAssign(node.target, node.annotation, default, node.simple))


def _members(kind: type) -> Iterator[tuple[str, str]]:
    """What a caller may use: methods and properties, in the order of the class."""
    for owner in reversed(kind.__mro__):
        if not owner.__module__.startswith("lpa.") or (owner is Fact and kind is not Fact):
            continue
        for name, found in vars(owner).items():
            if name.startswith("_") and name != "__call__":
                continue
            if isinstance(found, cached_property):
                yield f"{name}: {_returns(found.func)}", _text(found.func)
            elif isinstance(found, property) and found.fget:
                yield f"{name}: {_returns(found.fget)}", _text(found.fget)
            elif isinstance(found, classmethod | staticmethod):
                yield f"{name}{_signature(found.__func__)}", _text(found.__func__)
            elif inspect.isfunction(found):
                marked = "async " if inspect.iscoroutinefunction(found) else ""
                yield f"{marked}{name}{_signature(found)}", _text(found)


def _signature(function: Callable[..., Any]) -> str:
    """As it is written, without `self` or `cls`."""
    definition = _definition(function)
    assert isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef)
    arguments = definition.args
    first = [*arguments.posonlyargs, *arguments.args][:1]
    if first and first[0].arg in ("self", "cls"):
        (arguments.posonlyargs or arguments.args).pop(0)
    return f"({ast.unparse(arguments)}) -> {_returns(function)}"


def _returns(function: Callable[..., Any]) -> str:
    definition = _definition(function)
    assert isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef)
    return ast.unparse(definition.returns) if definition.returns else "None"


def _definition(value: type | Callable[..., Any]) -> ast.stmt:
    return ast.parse(textwrap.dedent(inspect.getsource(value))).body[0]


def _tree() -> str:
    lines = (errors_module.__doc__ or "").splitlines()
    begin = lines.index("LpaError")
    return "\n".join(lines[begin : lines.index("", begin)])


def _is_error(value: object) -> bool:
    return inspect.isclass(value) and issubclass(value, lpa.LpaError)


def _is_plain(value: object) -> bool:
    return "<" not in str(value)


def _text(documented: object) -> str:
    return inspect.cleandoc(getattr(documented, "__doc__", "") or "")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
