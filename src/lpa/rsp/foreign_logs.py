"""Find the exchanges with a card in the logs of other programs.

Known are: lpac (LIBEUICC_DEBUG_APDU), pcscd (--apdu), AT commands as modems, ModemManager and lpac log them
(AT+CSIM, AT+CGLA), `lpa -vv`, and arrows or names before hexadecimal digits (pySim, GlobalPlatformPro and
others). What precedes them on a line, such as a time, is skipped.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from lpa.rsp.masked import Masked
from lpa.rsp.trace import CardExchange

_COLOUR = re.compile(r"\x1b\[[0-9;]{0,20}m")
_LPAC_COMMAND = re.compile(
    r"\[TX\] *CLA: ([0-9A-F]{2}), INS: ([0-9A-F]{2}), P1: ([0-9A-F]{2}), P2: ([0-9A-F]{2})"
    r"(?:, L[ce]: ([0-9A-F]{2}))?(?:, Data:(.*))?",
    re.IGNORECASE,
)
_LPAC_ANSWER = re.compile(r"\[RX\] *SW1: ([0-9A-F]{2}), SW2: ([0-9A-F]{2})(?:, Data:(.*))?", re.IGNORECASE)
# The answer has a space behind the colon, or none; AT+CGLA has the number of the session first.
_AT_COMMAND = re.compile(r"""AT\+C(?:SIM|GLA)=(?:[0-9A-F]{1,20}, ?){1,2}["']?([0-9A-F]+)""", re.IGNORECASE)
_AT_ANSWER = re.compile(r"""\+C(?:SIM|GLA): ?[0-9]{1,6}, ?["']?([0-9A-F]+)""", re.IGNORECASE)
_OURS = re.compile(
    r"\bapdu: ([0-9a-f]{8,}(?: <[0-9]{1,6} bytes>)?) -> "
    r"(?:no answer|([0-9a-f]*(?:<[0-9]{1,6} bytes>)?) ([0-9A-F]{4}))$"
)
_COMMAND = re.compile(
    r"\[TX\] *CLA: ([0-9A-F]{2}), INS: ([0-9A-F]{2}), P1: ([0-9A-F]{2}), P2: ([0-9A-F]{2})"
    r"(?:, L[ce]: ([0-9A-F]{2}))?(?:, Data:(.*))?",
    re.IGNORECASE,
)
_LPAC_ANSWER = re.compile(r"\[RX\] *SW1: ([0-9A-F]{2}), SW2: ([0-9A-F]{2})(?:, Data:(.*))?", re.IGNORECASE)
# The answer has a space behind the colon, or none; AT+CGLA has the number of the session first.
_AT_COMMAND = re.compile(r"""AT\+C(?:SIM|GLA)=(?:[0-9A-F]{1,20}, ?){1,2}["']?([0-9A-F]+)""", re.IGNORECASE)
_AT_ANSWER = re.compile(r"""\+C(?:SIM|GLA): ?[0-9]{1,6}, ?["']?([0-9A-F]+)""", re.IGNORECASE)
_OURS = re.compile(r"\bapdu: ([0-9a-f]{8,}(?: <[0-9]+ bytes>)?) -> (?:no answer|(.*?) ?([0-9A-F]{4}))$")
_COMMAND = re.compile(
    r"-->|->|==>|=>|>>>?|>|(?<!\bR-)(?<!\bresponse )\bAPDU\b|\bTX\b|\bcommand\b|\brequest\b|\bsend(?:ing)?\b",
    re.IGNORECASE,
)
_ANSWER = re.compile(
    r"<--|<-|<==|<=|<<<?|<|\bR-?APDU\b|\bresponse APDU\b|\bSW\b|\bRX\b|\banswer\b|\bresponse\b|\breceived?\b",
    re.IGNORECASE,
)
# The rest of a line behind such a mark: digits with separators. GlobalPlatformPro remarks protocol and time.
_REST = re.compile(
    r"[ \t]*+[:=]?((?:[0-9A-F \t,;:'\"\[\]{}]++|0?x|T=[01]|\([^()]{0,40}\))*+)$", re.IGNORECASE
)
_REMARK = re.compile(r"T=[01]|\([^()]{0,40}\)|0x", re.IGNORECASE)
_SW_FIRST = re.compile(r" *([0-9A-F]{4}):([0-9A-F ]*)", re.IGNORECASE)  # pySim
_SEPARATORS = str.maketrans("", "", " \t,;:'\"[]{}")
_NO_CLASS = (0x3B, 0x3F, 0xFF)  # an ATR begins with the first two, a command to the reader itself with FF
_SHORTEST_COMMAND, _SHORTEST_ANSWER = 4, 2  # bytes


@dataclass(frozen=True)
class FoundInLog:
    """The exchanges of a log, and the numbers of the other lines. Empty ones do not count."""

    exchanges: tuple[CardExchange, ...]
    other_lines: tuple[int, ...]


def find_exchanges(text: str) -> FoundInLog:
    """The exchanges in a log, in their order; `line` is that of the command.

    A command that another one follows has no answer; an answer without a command is another line, and so is
    the echo of a command. Raises ValueError if there is no command.
    """
    found: list[CardExchange] = []
    others: list[int] = []
    waiting: CardExchange | None = None  # the last command, if its answer may follow
    for number, line in enumerate(text.split("\n"), 1):
        shown = _COLOUR.sub("", line).strip()
        if (exchange := _command(shown)) and not (waiting and exchange.command == waiting.command):
            found.append(replace(exchange, line=number))
            waiting = None if _OURS.search(shown) else found[-1]
        elif not exchange and waiting and (answer := _answer(shown)):
            found[-1] = replace(waiting, data=Masked.of(answer[:-2]), sw=int.from_bytes(answer[-2:], "big"))
            waiting = None
        elif shown:
            others.append(number)
    if not found:
        raise ValueError("no command to a card was found")
    return FoundInLog(tuple(found), tuple(others))


def _command(line: str) -> CardExchange | None:
    """The command in a line; with its answer if that is in the same line."""
    if ours := _OURS.search(line):
        return _our_exchange(ours)
    if lpac := _LPAC_COMMAND.search(line):
        command = _bytes("".join(part or "" for part in lpac.groups()))
    elif at := _AT_COMMAND.search(line):
        command = _bytes(at[1])
    else:
        command = _marked(line, _COMMAND, _bytes)
    is_one = len(command) >= _SHORTEST_COMMAND and command[0] not in _NO_CLASS
    return CardExchange(Masked.of(command), None) if is_one else None


def _answer(line: str) -> bytes | None:
    """The answer in a line, with its status word."""
    if lpac := _LPAC_ANSWER.search(line):
        answer = _bytes(lpac[3] or "") + _bytes(lpac[1] + lpac[2])
    elif at := _AT_ANSWER.search(line):
        answer = _bytes(at[1])
    else:
        answer = _marked(line, _ANSWER, _bytes_of_answer)
    return answer if len(answer) >= _SHORTEST_ANSWER else None


def _our_exchange(found: re.Match[str]) -> CardExchange | None:
    try:
        command = Masked.parse(found[1])
        return CardExchange(command, *((Masked.parse(found[2]), int(found[3], 16)) if found[3] else (None,)))
    except ValueError:
        return None


def _marked(line: str, mark: re.Pattern[str], read: Callable[[str], bytes]) -> bytes:
    """The bytes behind a mark, if nothing else is there."""
    for found in mark.finditer(line):
        if (rest := _REST.match(line, found.end())) and (content := read(rest[1])):
            return content
    return b""


def _bytes_of_answer(text: str) -> bytes:
    if first := _SW_FIRST.fullmatch(text):
        return _bytes(first[2] + first[1])
    return _bytes(text)


def _bytes(text: str) -> bytes:
    """The bytes of hexadecimal digits with separators; none if it is anything else."""
    try:
        return bytes.fromhex(_REMARK.sub("", text).translate(_SEPARATORS))
    except ValueError:
        return b""
