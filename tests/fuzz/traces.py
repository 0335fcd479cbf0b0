"""Traces and the logs of other programs: files that strangers send with a report."""

from __future__ import annotations

import contextlib

from lpa.card.traffic import redacted_log
from lpa.errors import CardUnpowered
from lpa.rsp.foreign_logs import find_exchanges
from lpa.rsp.trace import CardExchange, Trace
from lpa.server.http_traffic import redacted
from lpa.sim.euicc.replay import Replay
from tests.fuzz.seeds import answers

_SENT = 20  # commands of a trace that are sent to its replay

TRACE = b"""\
lpa-trace 1 redacted
# 2026-11-25 12:00:00,123 DEBUG lpa.x: a comment
! reset 3B17968031E073FE2113
+0.5 > 0070000001
< 01 9000
> 0020000108 <8 bytes>
< <hidden> 63C2
> 00708001
>> POST smdp.example/gsma/rsp2/es9plus/handleNotification
>> Content-Type: application/json
>> {"pendingNotification":"<1034 characters>"}
<< 200
<< X-Admin-Protocol: gsma/rsp/v2.2.2
<< 7B7D
"""
LOG = b"""\
[DEBUG] [APDU] [TX] CLA: 80, INS: E2, P1: 91, P2: 00, Lc: 03, Data: BF 3E 00
[DEBUG] [APDU] [RX] SW1: 61, SW2: 15, Data: 0
00000019 [14] APDU: 00 20 00 01 04 31 32 33 34
00000123 SW: 63 C2
<debug> [1] [ttyUSB2/at] --> 'AT+CSIM=10,"0020000100"<CR>'
<debug> [1] [ttyUSB2/at] <-- '<CR><LF>+CSIM: 4,"63C3"<CR><LF>'
AT+CGLA=1,16,"81E2910003BF3C00"
+CGLA:4,"611A"
-> 00a40004023f00
<- 9000: 6221
A>> T=1 (4+0008) 00A40400 08 0F00BA0000000101
A<< (0000+2) (18ms) 9000
lpa.card.apdu: 0020000108 <8 bytes> -> <2 bytes> 9000
"""


def trace(data: bytes) -> None:
    """What is read is written and read as the same; its replay accepts the commands of the trace."""
    found = Trace.parse(data.decode(errors="replace"))
    assert Trace.parse("\n".join(found.lines())) == found
    exchanges = [event for event in found.events if isinstance(event, CardExchange)][:_SENT]
    for lenient in (False, True):
        if exchanges:
            card = Replay(found, lenient=lenient)
            for exchange in exchanges:
                with contextlib.suppress(CardUnpowered):
                    card.transmit(exchange.command.filled())


def foreign_log(data: bytes) -> None:
    """What is found and redacted is a trace, which has nothing that was not in the log."""
    found = find_exchanges(data.decode(errors="replace"))
    redacted_once = tuple(redacted_log(found.exchanges))
    assert len(redacted_once) == len(found.exchanges)
    again = Trace.parse("\n".join(Trace(redacted_once).lines()))
    assert again == Trace(redacted_once)


def http_trace(data: bytes) -> None:
    """Whatever a server sends is lines of a trace, and of texts nothing but a length."""
    path = data[:40].decode("latin-1")
    exchange = redacted(path, path, ({path: path}, data), (200, {"Content-Type": path}, data))
    assert Trace.parse("\n".join(Trace((exchange,)).lines())) == Trace((exchange,))


def traces() -> list[bytes]:
    """Each line, whole and redacted."""
    return [TRACE, TRACE.replace(b"redacted", b"whole")]


def logs() -> list[bytes]:
    """Each known log, and long ones."""
    return [LOG, b"> " + answers("GetProfilesInfoResponse")[0].hex().encode(), TRACE]
