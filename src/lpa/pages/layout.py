"""The parts that all pages have: header, list of facts, footer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from lpa.pages.html import Markup, element, sentence, together, value
from lpa.pages.texts import Words

# A label and its values, one below the other; without a value it is left out.
Fact = tuple[str, str | Iterable[str]]


def header(brand: str, title: str, subject: str, *beside: Markup) -> Markup:
    """What the page is and what it is about, with pictures `beside` it."""
    title_block = element(
        "div",
        element("p", brand, css="brand"),
        element("h1", title),
        element("p", subject, css="subject"),
    )
    return element("header", title_block, *beside)


def listed(facts: Iterable[Fact]) -> Markup:
    """Labels and values."""
    shown = []
    for label, given in facts:
        values = [given] if isinstance(given, str) else [*given]
        lines = [one if isinstance(one, Markup) else value(one) for one in values if one]
        if lines:
            shown += [element("dt", label), element("dd", *(element("p", line) for line in lines))]
    return element("dl", *shown)


def section(title: str, *content: str) -> Markup:
    """A part of the page with its heading."""
    return element("section", element("h2", title), *content)


def footer(words: Words, made: datetime, note: str = "") -> Markup:
    """When it was made, in the time zone of `made`, after a `note`."""
    when = sentence(words["made"], date=made.isoformat(" ", "minutes"))
    return element("footer", together(note, " " if note else "", when))
