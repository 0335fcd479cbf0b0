"""Hide secrets and long numbers in everything that is logged. Every logger of `lpa` is made here.

At every level, no log contains a matching id or other part of an activation code, a confirmation code, a PIN,
a token or a package. Secrets that are about to be used are known by value (`register_secret`); others are
recognised where a text names them. What a server says is not logged as it is (`lpa.server.es9`), because the
names that it uses are unknown. Above DEBUG, of EIDs, ICCIDs, IMSIs and telephone numbers only the last four
digits are shown. Secrets in the traffic with a card are hidden where it is logged (`lpa.card.traffic`).
The patterns are compiled with the first text: most commands log nothing and show no error.
"""

from __future__ import annotations

import functools
import logging
import re
from collections import deque
from collections.abc import Callable

TRAFFIC = 5  # the log level below DEBUG that shows what is exchanged with cards
_HIDDEN = "<hidden>"

# The latest secrets of this process; read as a copy, because other threads add to them. Short ones may be
# words, or parts of words, by chance.
_known: deque[str] = deque(maxlen=64)
_SHORTEST, _SHORT = 4, 8

# In characters: how much of a long text is searched, and how much of that is not shown, because a secret may
# be cut there. No secret is as long as that.
_SEARCHED, _NOT_SHOWN = 1 << 16, 1 << 12

# As people write them (`lpa.rsp.written_code`): also in a link, where $ is %24, and in full width.
_DOLLAR = r"[^\S\n]?(?:[$＄]|%24)[^\S\n]?"
_ACTIVATION_CODE = rf"""((?:LPA(?:[:：]|%3A)[^\S\n]?[1１]|(?<![\w$])(?:1|(?=[$＄][\w-]+\.)))
    {_DOLLAR}[^$＄%\s'"]*{_DOLLAR})
    (?!<hidden>)(?:[^\s'",;)<\\]|,(?=\w))*"""
# Names as in JSON, XML, forms, headers and programs: matchingId, matching_id, MATCHING-ID, "matching id".
_NAMES = r"""(?:matching[_ -]?id|(?:activation|confirmation)[_ -]?code
    |hash(?:ed)?[_-]?(?:cc|confirmation[_-]?code)|(?:event|transaction|session)[_ -]?id
    |bound[_-]?profile[_-]?package|prepare[_-]?download[_-]?response
    |authenticate[_-]?server[_-]?response|smdp[_-]?signed[_-]?2|access[_-]?token|password
    |(?<![A-Za-z])(?:pin[12]?|puk[12]?|token|secret))(?![A-Za-z])"""
# A value ends with the quotation mark that it began with; escaped ones (JSON in JSON) are part of it.
# Each repetition that is tried at every position has a bound: servers write this, and time must stay linear.
_VALUE = r"""(?P<quote>\\{0,15}["'])(?:(?!(?P=quote))\\?.)*(?:(?P=quote))?
    |\\{16}.*|\[[^\]]*\]?|<!\[CDATA\[[^\]]*|[^\s,;}&<]+"""
_NAMED = rf"""(?P<name>{_NAMES}(?:\\*["'])?(?:\s*[:=]\s*|(?:\s+[\w:-]{{1,40}}=[^<>]{{0,500}})?>\s*))
    (?P<value>{_VALUE})"""
# A name in a sentence, with a value that contains a digit.
_IN_SENTENCE = r"""
    (?P<name>(?:matching[_ -]?id|(?:activation|confirmation)[_ -]?code|event[_ -]?id|\bpin)\s+['"]?)
    (?=[A-Za-z-]*[0-9])(?P<value>[0-9A-Za-z-]{4,})"""
# To the end of the line: a scheme and its token, or several cookies.
_HEADER = (
    r"""(?P<name>\b(?:(?:proxy-)?authorization|(?:set-)?cookie)\b\\*["']?\s*[:=]\s*)(?P<value>[^\r\n]+)"""
)

# Ten digits (dates and sizes have fewer), or nine bytes in hexadecimal, for an ICCID as it is on the card.
_LONG_NUMBER = r"\+?(?<![0-9])[0-9]{10,}[0-9A-Fa-f]*|(?<![0-9A-Za-z])(?:0x)?[0-9A-Fa-f]{18,}(?![0-9A-Za-z])"
# In groups, as people write them, or byte by byte. Ten digits make a number; a date with a time does not.
_GROUPED = (
    r"(?<![\w.:])(?:[0-9A-Fa-f]{2}(?:[ :][0-9A-Fa-f]{2}){8,}"
    r"|\+?[0-9]{1,9}(?:[ \xa0()-]{1,2}[0-9]{1,9})+)(?![\w:])"
)
# Shorter ones with a label.
_LABELLED = r"""
    ((?<![A-Za-z])(?:msisdn|imsi|iccid|eid|tel|tele?phone|phone|mobile|caller|sms(?:[ ](?:from|to))?)
    (?:[ ]number)?[\s"':=#]{0,4}|(?=\+))(\+?[0-9]{5,})"""
_FEWEST_DIGITS = 10


def logger(name: str) -> logging.Logger:
    """The logger of a module. Its records are redacted before any handler receives them."""
    found = logging.getLogger(name)
    if not any(isinstance(known, RedactingFilter) for known in found.filters):
        found.addFilter(RedactingFilter())
    return found


def register_secret(secret: str) -> None:
    """Hide `secret` from now on, wherever it occurs: a code, PIN or matching id that is about to be used.

    One of fewer than four characters is not hidden: it occurs everywhere, so the gaps would reveal it.
    """
    if len(secret) >= _SHORTEST and secret not in _known.copy():
        _known.append(secret)


class RedactingFilter(logging.Filter):
    """Lets every record pass, redacted."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Replace the message, and the traceback if there is one, by the redacted text."""
        hide = without_secrets if record.levelno <= logging.DEBUG else without_names
        record.msg, record.args = hide(record.getMessage()), None
        _hide_traceback(record, hide)
        return True


def without_secrets(text: str) -> str:
    """`text` without codes and tokens."""
    for secret in sorted(_known.copy(), key=len, reverse=True):  # one may be part of another
        text = _pattern(secret).sub(_HIDDEN, text)
    activation_code, *named = _secrets()
    text = activation_code.sub(lambda code: f"{code[1]}{_HIDDEN}", text)
    for one in named:
        text = one.sub(lambda found: f"{found['name']}{_HIDDEN}", text)
    return text


def beginning(text: str, most: int) -> str:
    """The first `most` characters of the redacted `text` of a card or server; an ellipsis if there are more.

    Secrets are hidden before the text is cut, because a part of one is not recognised. For the same reason
    the end of what is searched of a very long text is not shown.
    """
    shown = without_secrets(text[:_SEARCHED])
    if len(text) > _SEARCHED:
        return f"{shown[:-_NOT_SHOWN][:most]}…"
    return shown if len(shown) <= most else f"{shown[:most]}…"


def without_names(text: str) -> str:
    """`text` without secrets, and with the last four digits of long numbers: "...0017"."""
    long_number, grouped, labelled = _numbers()
    text = long_number.sub(_last_four, without_secrets(text))
    text = grouped.sub(_last_four_of_many, text)
    return labelled.sub(lambda found: f"{found[1]}...{found[2][-4:]}", text)


@functools.cache
def _secrets() -> tuple[re.Pattern[str], ...]:
    """Of an activation code, and then of what has a name."""
    flags = re.IGNORECASE | re.VERBOSE
    return (
        re.compile(_ACTIVATION_CODE, flags),
        re.compile(_HEADER, re.IGNORECASE),
        re.compile(_NAMED, flags | re.DOTALL),
        re.compile(_IN_SENTENCE, flags),
    )


@functools.cache
def _numbers() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    return (
        re.compile(_LONG_NUMBER),
        re.compile(_GROUPED),
        re.compile(_LABELLED, re.IGNORECASE | re.VERBOSE),
    )


def _pattern(secret: str) -> re.Pattern[str]:
    plain = re.escape(secret)
    if len(secret) < _SHORT:
        return re.compile(rf"(?<![0-9A-Za-z]){plain}(?![0-9A-Za-z])")
    return re.compile(plain, re.IGNORECASE)


def _last_four(number: re.Match[str]) -> str:
    return f"...{number[0][-4:]}"


def _last_four_of_many(number: re.Match[str]) -> str:
    digits = re.sub(r"[^0-9A-Fa-f]", "", number[0])
    return f"...{digits[-4:]}" if len(digits) >= _FEWEST_DIGITS else number[0]


def _hide_traceback(record: logging.LogRecord, hide: Callable[[str], str]) -> None:
    if record.exc_info and record.exc_info[0]:
        record.exc_text = hide(logging.Formatter().formatException(record.exc_info))
        record.exc_info = None
