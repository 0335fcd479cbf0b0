"""Errors as plain JSON, and back: what `LpaError.to_json` and `LpaError.from_json` do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from lpa.advice import Advice, id_of, values_of
from lpa.redaction import without_secrets

E = TypeVar("E", bound=Exception)

# What errors know beside their message and advice, with the type of each, in the order of the document.
_KNOWN: dict[str, type] = {
    "function": str,
    "names": tuple,
    "iccids": tuple,
    "sequence_number": int,
    "code": int,
    "sw": int,
    "subject": str,
    "reason_code": str,
    "http_status": int,
    "server_message": str,
}


def members(error: Any) -> dict[str, Any]:
    """An error as an object of JSON. Texts are without secrets: a server may have echoed one."""
    advice: str = error.advice
    found = {
        "kind": error.kind,
        "reason": error.reason,
        "message": without_secrets(error.message),
        "advice": str(without_secrets(advice)),  # of advice, its text alone
    }
    found |= {"advice_id": id_of(advice)} if id_of(advice) else {}
    found |= {"advice_values": _redacted(values_of(advice))} if values_of(advice) else {}
    known = {name: getattr(error, name, None) for name in _KNOWN}
    nothing = [name for name, value in known.items() if value in (None, "", ()) or (name, value) == ("sw", 0)]
    found |= {name: _plain(value) for name, value in known.items() if name not in nothing}
    outcome: Any = getattr(error, "outcome", None)
    return found | ({"outcome": outcome.as_json()} if hasattr(outcome, "as_json") else {})


def error_of(value: object, root: type[E], revived: Callable[[type[E], str], E]) -> E:
    """The error in an object of JSON, of the subclass of `root` that it names. Raises ValueError.

    `revived`: makes an error of a class, with a message. An `outcome` is not read back.
    """
    if not isinstance(value, dict):
        raise ValueError(f"an error is an object, not {_named(value)}")  # noqa: TRY004  (as for all that is no error)
    kinds = {kind.__name__: kind for kind in _subclasses(root)}
    kind = _checked(value, "kind", str)
    if kind not in kinds:
        raise ValueError(f"there is no error of the kind {kind[:80]!r}")
    message = _checked(value, "message", str)
    error = revived(kinds[kind], message)
    found: dict[str, Any] = {"message": message, "advice": _advice(value)}
    if value.get("reason") is not None:
        found["reason"] = _checked(value, "reason", str)
    for name, form in _KNOWN.items():
        if name in value:
            found[name] = _checked(value, name, form)
    for name, member in found.items():
        setattr(error, name, member)
    return error


def _subclasses(kind: type[E]) -> Iterator[type[E]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _subclasses(below)


def _advice(value: dict[str, Any]) -> str:
    text: str = _checked(value, "advice", str)
    if "advice_id" not in value:
        return text
    values = _checked(value, "advice_values", dict) if "advice_values" in value else {}
    template = text.replace("{", "{{").replace("}", "}}") if values else text
    return Advice(_checked(value, "advice_id", str), template, values)


def _checked(value: dict[str, Any], name: str, form: type) -> Any:
    """A member that is of this type; a tuple consists of texts. Raises ValueError."""
    member = value.get(name)
    if form is tuple and isinstance(member, list) and all(isinstance(one, str) for one in member):
        return tuple(member)
    if type(member) is not form or form is tuple:
        raise ValueError(f"'{name}' of an error is not of the right type: {_named(member)}")
    return member


def _named(value: object) -> str:
    try:
        return f"{str(value)[:80]!r}"
    except RecursionError:
        return f"a deeply nested {type(value).__name__}"


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [str(one) for one in value]
    return without_secrets(value) if isinstance(value, str) else value


def _redacted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _redacted(one) for name, one in value.items()}
    return without_secrets(value) if isinstance(value, str) else value
