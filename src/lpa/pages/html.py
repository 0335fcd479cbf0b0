"""HTML that no text inside it can break. The only import of segno, which draws QR codes.

Law: everything that is not `Markup` is text, and is escaped; an invisible character, such as one that changes
the reading direction, is shown as its escape. The page loads and runs nothing: its policy (CSP) forbids it.
"""

from __future__ import annotations

import html
import io

import segno

from lpa.pages.style import STYLE
from lpa.rsp.display import safe

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_VOID = ("meta",)
_GROUP, _LONG = 4, 10  # digits


class Markup(str):
    """A well-formed piece of HTML. Only this module makes one."""

    __slots__ = ()


def text(shown: str) -> Markup:
    """`shown`, escaped."""
    return Markup(html.escape(safe(shown)))


def element(tag: str, *content: str, css: str = "", **attributes: str) -> Markup:
    """An element around `content`: text, or Markup as it is. `css`: its classes."""
    given = ({"class": css} if css else {}) | attributes
    head = "".join(f' {name.replace("_", "-")}="{text(value)}"' for name, value in given.items())
    end = "" if tag in _VOID else f"</{tag}>"
    return Markup(f"<{tag}{head}>{together(*content)}{end}")


def together(*content: str) -> Markup:
    """Pieces, one after another."""
    return Markup("".join(piece if isinstance(piece, Markup) else text(piece) for piece in content))


def value(shown: str) -> Markup:
    """A text from elsewhere, isolated from the reading direction around it; or a long number."""
    return number(shown) if shown.isdecimal() and len(shown) >= _LONG else element("bdi", shown)


def number(digits: str) -> Markup:
    """A long number in groups for reading; copied text has no spaces."""
    groups = (digits[start : start + _GROUP] for start in range(0, len(digits), _GROUP))
    return element("bdi", *(element("span", group) for group in groups), css="number")


def sentence(template: str, **values: str) -> Markup:
    """`template` with values in its braces, each as `value` makes it."""
    shown = {name: given if isinstance(given, Markup) else value(given) for name, given in values.items()}
    return Markup(text(template).format(**shown))


def qr_code(content: str, label: str) -> Markup:
    """A QR code as a drawing (SVG)."""
    drawn = io.BytesIO()
    segno.make(content, error="m", micro=False).save(
        drawn, kind="svg", xmldecl=False, svgns=False, nl=False, border=2, omitsize=True, svgclass="qr"
    )
    return element("figure", Markup(drawn.getvalue().decode()), element("figcaption", label), css="code")


def document(language: str, title: str, *content: str) -> str:
    """A whole page."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width"),
        element("title", title),
        Markup(f"<style>{STYLE}</style>"),
    )
    body = element("body", element("main", *content))
    return "<!DOCTYPE html>\n" + element("html", head, body, lang=language) + "\n"
