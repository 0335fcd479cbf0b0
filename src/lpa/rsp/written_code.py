"""Find the activation code in what a person typed, scanned or pasted: alone, in a sentence, or in a link.

Here it is decided where a code begins and ends. What its fields mean is in `lpa.rsp.activation`. A note says
what was left out or guessed. The text contains secrets: no note and no error repeats a part of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import unquote, unquote_plus

LONGEST = 255  # characters of a code, without "LPA:"
LONGEST_TEXT = 4096  # characters of the text that contains it

QUOTES_IGNORED = "Quotation marks around the activation code were ignored."
REST_IGNORED = "Only the activation code in the text is used; the rest was ignored."
INVISIBLE_IGNORED = "Invisible characters in the text were ignored."
WIDTH_IGNORED = "Full-width characters in the activation code were read as ordinary ones."
BLANKS_IGNORED = "Blanks in the activation code were ignored."
LABEL_IGNORED = "The label after '#' was ignored."
PREFIX_ASSUMED = "The activation code does not begin with LPA:1$; it was read as if it did."

SHELL = "perhaps removed by the shell; put the code in single quotes: lpa download 'LPA:1$...'"

_QUOTES = "\"'`‘’‚‛“”„‟«»‹›「」『』〈〉《》【】"
_CLOSING = ".!?;:)]}>*|"  # ends a sentence or a bracket, and no field
# The full-width comma separates sentences, and becomes this one; the ordinary one may be in a matching id.
_COMMA = "、"
_JOINING = "·•‧・"  # as a dash, inside a word: they do not end a field
_FIELDS = rf"(?: ?\$ ?[^\s$#{_QUOTES}]*)+"
_PREFIXED = re.compile(rf"lpa: ?(?P<version>[0-9]*)(?P<fields>{_FIELDS})", re.IGNORECASE)
_BARE = re.compile(rf"(?<![0-9A-Za-z_$.,:/=%-])(?P<version>[0-9]*)(?P<fields>{_FIELDS})")
_DOTTED = re.compile(r"(https?://)?([a-z0-9_-]+\.)+[a-z][a-z0-9-]*(:[0-9]+)?/?", re.IGNORECASE)
_LABEL = re.compile(r" ?#[^\n]*")
_REMOVED = re.compile(r"(?:\A|lpa: ?)1(?![0-9])[^\s$]*\$?(?!\S)", re.IGNORECASE)
# What may be a part of the code before it: a word with a digit, one last word in capitals, or what follows a
# quotation mark without a blank.
_CONTINUED = re.compile(
    rf"\s+(?:(?=[A-Za-z_-]*[0-9])[0-9A-Za-z_-]+(?!\S)|[0-9A-Z_-]+\s*\Z|\$)|[{_QUOTES}]+[0-9A-Za-z_$-]"
)
# A code that was wrapped: the next word has a field of it, and is no code of its own.
_WRAPPED = re.compile(r"\s+(?!\S*lpa:)[^\s$]*\$", re.IGNORECASE)

_LINK = re.compile(rf"(?<![0-9A-Za-z$])[a-z][a-z0-9+.-]{{1,20}}://[^\s{_COMMA}。{_QUOTES}]+", re.IGNORECASE)
_LINK_PLACE = " :// "
_ESCAPED = re.compile(r"%(24|3A)", re.IGNORECASE)
_NESTED = 3  # links in links, and escapes in escapes


@dataclass(frozen=True)
class WrittenCode:
    """The fields of a code after its version, and notes about what was left out or guessed."""

    fields: tuple[str, ...] = field(repr=False)
    notes: tuple[str, ...]


def find(text: str) -> tuple[WrittenCode, ...]:
    """The codes in `text`, at least one. Raises ValueError with a sentence if there is none."""
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"a text with an activation code has at most {LONGEST_TEXT} characters")
    parts = [*_parts(text, "")]
    found = tuple(code for part in parts for code in part.codes())
    if not found:
        raise ValueError(_objection(parts))
    if any(map(_is_invisible, text)):
        return tuple(replace(code, notes=(INVISIBLE_IGNORED, *code.notes)) for code in found)
    return found


@dataclass(frozen=True, repr=False)
class _Part:
    """A text without links, or a value in a link. `visible`: as it was written, but for invisible characters.

    `plain`: to be searched. `around`: what surrounds the link that contains it.
    """

    visible: str
    plain: str
    around: str

    def codes(self) -> Iterator[WrittenCode]:
        """Those with the prefix `LPA:`, and others that are alone or unmistakable."""
        prefixed = [*_PREFIXED.finditer(self.plain)]
        for match in prefixed:
            yield self._code(match, has_prefix=True)
        start = len(self.plain) - len(self.plain.lstrip(_QUOTES + " \r\n"))
        for match in _BARE.finditer(self.plain):
            alone = not prefixed and match.start() == start
            fields = _split(match["fields"])
            unmistakable = len(fields) > 1 and _DOTTED.fullmatch(fields[0])
            inside = any(one.start() < match.start() < one.end() for one in prefixed)
            if alone or (unmistakable and not inside):
                yield self._code(match, has_prefix=False)

    def _code(self, match: re.Match[str], *, has_prefix: bool) -> WrittenCode:
        _check_version(match["version"], has_prefix=has_prefix)
        *fields, last = _split(match["fields"])
        after = self.plain[match.end() :]
        kept = _without_closing(last, after)
        cut = last[len(kept) :]
        label = None if cut else _LABEL.match(after)
        _check_end(match["fields"], cut, after, label)
        fields.append(kept)
        size = len("$".join(["1", *fields]))
        if size > LONGEST:
            raise ValueError(f"an activation code has at most {LONGEST} characters; this one has {size}")
        rest = self.plain[: match.start()] + cut + after[label.end() if label else 0 :]
        applicable = (
            (WIDTH_IGNORED, match[0].removesuffix(cut) not in self.visible),
            (PREFIX_ASSUMED, not match["version"]),
            (BLANKS_IGNORED, " " in match[0]),
            (LABEL_IGNORED, label is not None),
            *_surroundings(self.around + rest),
        )
        return WrittenCode(tuple(fields), tuple(note for note, applies in applicable if applies))


def _parts(text: str, around: str, depth: int = _NESTED) -> Iterator[_Part]:
    """`text` without its links, and then what these contain, without the escapes that links need (%24)."""
    visible = _visible(text)
    plain = unicodedata.normalize("NFKC", visible.replace("，", _COMMA))
    links = [one for one in _LINK.finditer(plain) if not plain[: one.start()].endswith("$ ")]
    outside = plain
    for link in reversed(links):
        outside = outside[: link.start()] + _LINK_PLACE + outside[link.end() :]
    if depth and _ESCAPED.search(outside):
        yield from _parts(unquote(outside), around, depth - 1)
    else:
        yield _Part(visible, outside, around)
    beside = around + outside.replace(_LINK_PLACE, " ", 1)
    for link in links if depth else ():
        for piece in re.split("[?&#;]", link[0].partition("://")[2]):
            name, equals, value = piece.partition("=")
            yield from _parts(unquote_plus(value if equals else name), beside, depth - 1)


def _visible(text: str) -> str:
    """`text` without invisible characters, and with ordinary blanks, one at a time."""
    shown = ("" if _is_invisible(one) else " " if _is_blank(one) else one for one in text)
    return re.sub(" +", " ", "".join(shown))


def _is_invisible(character: str) -> bool:
    return character == "\0" or unicodedata.category(character) == "Cf"


def _is_blank(character: str) -> bool:
    return character == "\t" or unicodedata.category(character) == "Zs"


def _split(fields: str) -> list[str]:
    return [one.strip(" ") for one in fields.split("$")[1:]]


def _without_closing(last: str, after: str) -> str:
    """The last field without the sentence that follows it: Chinese needs no blank between them."""
    end = next((place for place, one in enumerate(last) if _is_other_script(one)), len(last))
    follows = end < len(last) or after.strip()
    return last[:end].rstrip(_CLOSING + "," if follows else _CLOSING)


def _is_other_script(character: str) -> bool:
    """Whether it begins another sentence: a dash does not, nor what else may be meant for one."""
    if character.isascii() or character in _JOINING:
        return False
    return unicodedata.category(character) in ("Lo", "Ps", "Pe", "Pi", "Pf", "Po")


def _check_version(version: str, *, has_prefix: bool) -> None:
    if version == "1" or not (version or has_prefix):
        return
    if not version or len(version) > 3:
        raise ValueError("an activation code begins with LPA:1$; this one does not")
    raise ValueError(f"this activation code has version {version}; only version 1 is supported")


def _check_end(fields: str, cut: str, after: str, label: re.Match[str] | None) -> None:
    """Raise ValueError if what follows a code may be a part of it: half a matching id is a wrong one."""
    if label and "$" in label[0]:
        raise ValueError("the label after '#' contains '$': give the activation code without the label")
    if label:
        return
    wrapped = _WRAPPED.match(after) or (fields.endswith("-") and after.strip())
    if cut and cut[0] != _COMMA and not wrapped:  # A full stop ends it.
        return
    after = (cut + after).replace(_COMMA, " ", 1)
    spaced = re.search(r"\$ [^$ ]+\Z", fields) and re.match(r"\s+\S", after)
    if wrapped or spaced or _CONTINUED.match(after):
        raise ValueError(
            "the activation code is followed by what may be a part of it: "
            "give the code alone, on one line and without blanks or quotation marks in it"
        )


def _surroundings(rest: str) -> tuple[tuple[str, bool], ...]:
    quoted = rest.strip()
    more = quoted.strip(_QUOTES + " \r\n")
    return (QUOTES_IGNORED, bool(quoted and not more)), (REST_IGNORED, bool(more))


def _objection(parts: list[_Part]) -> str:
    """Why there is no code in these parts."""
    texts = [part.plain.strip().strip(_QUOTES).strip() for part in parts]
    if not any(re.sub("lpa:", "", text, flags=re.IGNORECASE).strip() for text in texts):
        return "the activation code is empty"
    if any(_REMOVED.search(text) for text in texts):
        return f"the '$' signs are missing, {SHELL}"
    if any(_LINK_PLACE.strip() in text for text in texts):
        return "this link contains no activation code"
    return "an activation code begins with LPA:1$; this one does not"
