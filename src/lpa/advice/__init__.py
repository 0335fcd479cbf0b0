"""What a person can do about a problem: every such sentence, with a stable identifier.

The English sentences name options of the command. A window, or a translation, shows words of its own for
`Advice.id` and `Advice.values`. Who raises an error imports the sentence (`advice=CHOOSE_READER`), or
fills it in (`advice=WRITE_SIM.filled(name=name)`). The modules beside this one have the sentences, by topic;
`catalogue` is all of them.
"""

from __future__ import annotations

from typing import Any, Self

_TOPICS = (
    "cards",
    "commands",
    "defaults",
    "downloads",
    "notifications",
    "profiles",
    "servers",
    "simulator",
    "storage",
)


class Advice(str):
    """A sentence, or a template of one with the names of `values` in braces. `id` is stable, the words not.

    A value may be advice itself. Two sentences in a row (`joined`) have their ids joined with "+", and the
    values of both.
    """

    id: str
    values: dict[str, object]
    template: str

    def __new__(cls, id: str, template: str, values: dict[str, object] | None = None) -> Self:  # noqa: A002 (its public name)
        """Without `values` it needs none, or is not filled in yet."""
        advice = super().__new__(cls, template.format(**values) if values else template)
        advice.id, advice.values, advice.template = id, values or {}, template
        return advice

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.id, self.template, self.values)

    def filled(self, **values: object) -> Self:
        """The sentence with these values. Raises KeyError if one is missing."""
        return type(self)(self.id, self.template, values)


def joined(*texts: str) -> str:
    """The sentences that are not empty, in a row. It has no id if one of them has none."""
    given = [text for text in texts if text]
    parts = [text for text in given if isinstance(text, Advice)]
    if len(given) < 2 or len(parts) < len(given):
        return given[0] if len(given) == 1 else " ".join(given)
    values = {name: value for part in parts for name, value in part.values.items()}
    return Advice("+".join(part.id for part in parts), " ".join(part.template for part in parts), values)


def id_of(text: str) -> str:
    """The id of a piece of advice; empty if it has none, as a text of a caller."""
    return text.id if isinstance(text, Advice) else ""


def values_of(text: str) -> dict[str, Any]:
    """The values in a piece of advice, as plain JSON: advice becomes an object with its `id` and `values`."""
    return {name: _plain(value) for name, value in text.values.items()} if isinstance(text, Advice) else {}


def catalogue() -> dict[str, Advice]:
    """Every sentence and template, by its id: what there is to translate."""
    from importlib import import_module  # noqa: PLC0415  (few programs ask for all)

    modules = [vars(import_module(f"{__name__}.{topic}")) for topic in _TOPICS]
    return {one.id: one for module in modules for one in module.values() if isinstance(one, Advice)}


def _plain(value: object) -> object:
    if isinstance(value, Advice):
        return {"id": value.id, "values": values_of(value)}
    return value if isinstance(value, int) else str(value)
