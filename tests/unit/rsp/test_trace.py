"""Traces, against text written by hand."""

from __future__ import annotations

import pytest

from lpa.rsp.masked import Masked
from lpa.rsp.trace import CardExchange, CardReset, HttpExchange, HttpMessage, Trace, first_line

REQUEST = HttpMessage(
    (("X-Admin-Protocol", "gsma/rsp/v2.2.2"), ("Content-Type", "application/json")),
    '{"pendingNotification":"<1034 characters>"}',
)
BY_HAND = """\
lpa-trace 1 redacted
! reset 3B17968031E073FE2113
> 0070000001
< 01 9000
> 81E2910006BF3E035C015A00
< BF3E125A1089049032123451234512345678901235 9000
> 0020000108 <8 bytes>
< 9000
> 00B0000009
< <9 bytes> 9000
! reset
> 00A40004023F00
>> POST smdp.example:8443/gsma/rsp2/es9plus/handleNotification
>> X-Admin-Protocol: gsma/rsp/v2.2.2
>> Content-Type: application/json
>> {"pendingNotification":"<1034 characters>"}
<< 204
>> POST smdp.example/gsma/rsp2/es9plus/cancelSession
>> <12 bytes>
<< 503
<< Content-Type: text/html
<< 3C68746D6C3E
>> POST smdp.example/gsma/rsp2/es9plus/cancelSession
"""


def card(command: str, data: str | None, sw: int = 0x9000) -> CardExchange:
    """An exchange in the written form; with None, no answer came."""
    if data is None:
        return CardExchange(Masked.parse(command), None)
    return CardExchange(Masked.parse(command), Masked.parse(data), sw)


EVENTS = (
    CardReset(bytes.fromhex("3B17968031E073FE2113")),
    card("0070000001", "01"),
    card("81E2910006BF3E035C015A00", "BF3E125A1089049032123451234512345678901235"),
    card("0020000108 <8 bytes>", ""),
    card("00B0000009", "<9 bytes>"),
    CardReset(),
    card("00A40004023F00", None),
    HttpExchange("smdp.example:8443/gsma/rsp2/es9plus/handleNotification", REQUEST, 204),
    HttpExchange(
        "smdp.example/gsma/rsp2/es9plus/cancelSession",
        HttpMessage((), "<12 bytes>"),
        503,
        HttpMessage((("Content-Type", "text/html"),), "3C68746D6C3E"),
    ),
    HttpExchange("smdp.example/gsma/rsp2/es9plus/cancelSession", HttpMessage()),
)


def test_a_trace_written_by_hand_is_read_and_written() -> None:
    assert Trace.parse(BY_HAND) == Trace(EVENTS)
    assert "\n".join(Trace(EVENTS).lines()) == BY_HAND.rstrip("\n")


def test_an_exchange_knows_the_line_of_its_command() -> None:
    assert [event.line for event in Trace.parse(BY_HAND).events] == [2, 3, 5, 7, 9, 11, 12, 13, 18, 23]


@pytest.mark.parametrize(
    "text",
    [
        "lpa-trace 1 whole\n# a comment\n\n> 81 e2 91 00 03 bf 3e 00\n# between\n< 61 15\n",
        "lpa-trace 1 whole\r\n> 81E2910003BF3E00\r\n< 6115\r\n",
        "# above\nlpa-trace 1 whole\n+0.001 > 81E2910003BF3E00\n+1.25 < 6115",
        "lpa-trace 1 whole recorded by hand\n> 81E2910003BF3E00\n< 6115",
    ],
    ids=["comments", "line ends of Windows", "time stamps", "words behind the kind"],
)
def test_lines_may_be_written_in_other_ways(text: str) -> None:
    assert Trace.parse(text) == Trace((card("81E2910003BF3E00", "", 0x6115),), whole=True)


def test_a_file_that_several_programs_appended_to_is_whole_if_all_of_it_is() -> None:
    begun = "lpa-trace 1 whole\n> 00A40000\n"
    assert Trace.parse(begun + begun) == Trace((card("00A40000", None),) * 2, whole=True)
    for text in (f"{begun}lpa-trace 1 redacted\n", f"lpa-trace 1 redacted\n{begun}"):
        assert Trace.parse(text) == Trace((card("00A40000", None),))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "line 1: it does not begin with 'lpa-trace 1 redacted'"),
        ("# only a comment", "line 1: it does not begin"),
        ("> 00A40000", "line 1: it does not begin"),
        ("lpa-trace 2 whole", "line 1: only 'lpa-trace 1' can be read"),
        ("lpa-trace 1", "line 1: only 'lpa-trace 1' can be read, whole or redacted"),
        ("lpa-trace 1 secret", "line 1: only 'lpa-trace 1' can be read, whole or redacted"),
        ("lpa-trace 1 whole\n= 00", "line 2: it begins with none of"),
        ("lpa-trace 1 whole\n>00A40000", "line 2: it begins with none of"),
        ("lpa-trace 1 whole\n> 00A4000", "line 2: it is neither pairs"),
        ("lpa-trace 1 whole\n>", "line 2: there is no command"),
        ("lpa-trace 1 whole\n\n< 9000", "line 3: an answer without a command"),
        ("lpa-trace 1 whole\n> 00\n< 9000\n< 9000", "line 4: an answer without a command"),
        ("lpa-trace 1 whole\n> 00\n< 90", "line 3: an answer ends with a status word"),
        ("lpa-trace 1 whole\n> 00\n< 01 <2 bytes>", "line 3: an answer ends with a status word"),
        ("lpa-trace 1 whole\n! warm", "line 2: after ! it says only reset"),
        ("lpa-trace 1 whole\n! reset <2 bytes>", "line 2: an ATR is never hidden"),
        ("lpa-trace 1 whole\n>> GET a/b", "line 2: a request begins with POST"),
        ("lpa-trace 1 whole\n>> POST a", "line 2: a request begins with POST"),
        ("lpa-trace 1 whole\n<< 200", "line 2: an answer without a request"),
        ("lpa-trace 1 whole\n>> POST a/b\n<< {}", "line 3: an answer begins with its status"),
        ("lpa-trace 1 whole\n>> POST a/b\n>> {}\n>> X: y", "line 4: there is more after the body"),
        ("lpa-trace 1 whole\n>> POST a/b\n>> hello", "line 3: it is neither pairs"),
        ("lpa-trace 1 whole\n>> POST a/b\n<< 200\n>> X: y", "line 4: a request begins with POST"),
        ("lpa-trace 1 whole\n>> POST a/b" + "\n>> X: y" * 101, "line 103: there are more than 100 headers"),
    ],
)
def test_a_line_that_is_none_is_refused_with_its_number(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Trace.parse(text)


def test_the_first_line_says_what_was_hidden() -> None:
    assert (first_line(whole=True), first_line(whole=False)) == ("lpa-trace 1 whole", "lpa-trace 1 redacted")


@pytest.mark.parametrize(
    ("exchange", "line"),
    [
        (card("81E2910003BF3E0000", "", 0x6115), "81e2910003bf3e0000 ->  6115"),
        (card("0020000108 <8 bytes>", "<4 bytes>"), "0020000108 <8 bytes> -> <4 bytes> 9000"),
        (card("00A40004023F00", None), "00a40004023f00 -> no answer"),
    ],
)
def test_an_exchange_is_one_line_in_a_log(exchange: CardExchange, line: str) -> None:
    assert exchange.in_log() == line
