"""The catalogue of advice as a page, and the places in the sources that give advice.

Run as a module, this writes the page.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from lpa.advice import Advice, catalogue
from tests.support.paths import DOCS

PAGE = DOCS / "advice.md"

_HEAD = """\
# Advice

An error of `lpa` has an `advice`: what to do, in English, for a person at a terminal. A program with a \
window, or in another language, shows words of its own: it looks up `advice_id`, and fills in \
`advice_values`. The ids are stable, the words are not. Where two sentences stand in a row, their ids are \
joined with `+`. A value that is advice itself is an object with its `id` and `values`. An error with advice \
that your own code wrote has no id. `lpa.advice.catalogue()` is this table. \
`python -m tests.support.advice` writes this page.

| Id | Advice |
|---|---|
"""
# The calls that take advice, and the position of it if it need not be named.
_POSITIONS = {"Finding": 3, "Diagnosis": 2}
# The functions that return advice.
_RETURN = {"advice", "advice_after_bad_package", "server_advice"}


def page() -> str:
    """The whole page."""
    rows = sorted(catalogue().values(), key=lambda advice: advice.id)
    return _HEAD + "".join(f"| `{advice.id}` | {advice.template} |\n" for advice in rows)


def constants(sources: Path) -> Iterator[tuple[str, Advice]]:
    """The constants of the catalogue."""
    for path in sorted((sources / "advice").glob("*.py")):
        for name, value in vars(import_module(f"lpa.advice.{path.stem}")).items():
            if isinstance(value, Advice):
                yield name, value


def given(sources: Path) -> Iterator[tuple[str, ast.expr]]:
    """Every place that gives advice, and the expression."""
    for path in sorted(set(sources.rglob("*.py")) - set((sources / "advice").glob("*.py"))):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for expression in _advice_in(node):
                yield f"{path.relative_to(sources)}:{expression.lineno}", expression


def without_catalogue(sources: Path) -> Iterator[str]:
    """The places that write advice, instead of taking it from the catalogue."""
    for place, expression in given(sources):
        if any(_is_text(part) for part in _outside_of_values(expression)):
            yield f"{place}: {ast.unparse(expression)[:80]}"


def _advice_in(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.Call(func=ast.Name(id=name)) if name[:1].isupper():
            yield from (word.value for word in node.keywords if word.arg == "advice")
            position = _POSITIONS.get(name)
            if position and len(node.args) > position:
                yield node.args[position]
        case ast.Assign(targets=[target]) | ast.AnnAssign(target=target):
            named = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
            if named == "advice" and node.value:
                yield node.value
        case ast.FunctionDef(name=name) if name in _RETURN:
            yield from (one.value for one in ast.walk(node) if isinstance(one, ast.Return) and one.value)


def _outside_of_values(expression: ast.expr) -> Iterator[ast.expr]:
    """The parts of an expression, without what is filled in."""
    if isinstance(expression, ast.Call) and isinstance(expression.func, ast.Attribute):
        yield from _outside_of_values(expression.func)
        return
    yield expression
    for child in ast.iter_child_nodes(expression):
        if isinstance(child, ast.expr):
            yield from _outside_of_values(child)


def _is_text(part: ast.expr) -> bool:
    return isinstance(part, ast.JoinedStr) or (
        isinstance(part, ast.Constant) and bool(part.value) and isinstance(part.value, str)
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
