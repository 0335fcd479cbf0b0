"""The logs of other programs, as they print them."""

from __future__ import annotations

import pytest

from lpa.rsp.foreign_logs import find_exchanges

LPAC = """\
[DEBUG] [APDU] [TX] CLA: 80, INS: E2, P1: 91, P2: 00, Lc: 06, Data: BF 3E 03 5C 01 5A
[DEBUG] [APDU] [RX] SW1: 61, SW2: 15, Data:
\x1b[32m[DEBUG] [APDU] [TX] CLA: 80, INS: C0, P1: 00, P2: 00, Lc: 15, Data:\x1b[0m
\x1b[31m[DEBUG] [APDU] [RX] SW1: 90, SW2: 00, Data: BF 3E 12\x1b[0m
[DEBUG] [APDU] [TX] CLA: 80, INS: C0, P1: 00, P2: 00, Lc: 15
[DEBUG] [APDU] [RX] SW1: 90, SW2: 00, Data: BF3E12
[DEBUG] [HTTP] [TX] URL: https://smdp.example/gsma/rsp2/es9plus/initiateAuthentication, Data: {}
{"type":"lpa","payload":{"code":0,"message":"success","data":null}}
"""
PCSCD = """\
00000000 debuglog.c:298:DebugLogSetCategory() Debug options: APDU
00000013 [139] APDU: 80 E2 91 00 06 BF 3E 03 5C 01 5A
00012345 [139] SW: 61 15
00000011 APDU: 80 C0 00 00 15
00000822 SW: BF 3E 12 90 00
00000009 winscard.c:213:SCardConnect() Attempting Connect to Virtual PCD 00 00 using protocol: 3
"""
MODEM_MANAGER = """\
<debug> [1732000000.123456] [modem0/ttyUSB2/at] --> 'AT+CSIM=22,"80E2910006BF3E035C015A"<CR>'
<debug> [1732000000.223456] [modem0/ttyUSB2/at] <-- '<CR><LF>+CSIM: 4,"6115"<CR><LF><CR><LF>OK<CR><LF>'
<debug> [1732000001.123456] [modem0/ttyUSB2/at] --> 'AT+CSIM=10,"80C0000015"<CR>'
<debug> [1732000001.223456] [modem0/ttyUSB2/at] <-- '<CR><LF>+CSIM: 10,"BF3E129000"<CR><LF>'
"""
AT = """\
AT_DEBUG: AT+CCHO="A0000005591010FFFFFFFF8900000100"
AT_DEBUG: +CCHO: 1
AT_DEBUG: AT+CGLA=1,22,"80E2910006BF3E035C015A"
AT+CGLA=1,22,"80E2910006BF3E035C015A"
+CGLA:4,"6115"
OK
at+cgla=00000000038aa32f, 10, 80C0000015
+CGLA: 10, BF3E129000
"""
PYSIM = """\
-> 80e2910006bf3e035c015a
<- 6115:
-> 80c0000015
<- 9000: bf3e12
"""
GLOBAL_PLATFORM = """\
# SCardConnect("ACS ACR1252 Dual Reader PICC", T=*) -> T=1, 3B8580018073C821100E
A>> T=1 (4+0006) 80E29100 06 BF3E035C015A
A<< (0000+2) (18ms) 6115
A>> T=1 (4+0000) 80C00000 15
A<< (0003+2) (7ms) BF3E12 9000
"""
NAMES = """\
C-APDU: 0x80 0xE2 0x91 0x00 0x06 0xBF 0x3E 0x03 0x5C 0x01 0x5A
R-APDU: 0x61 0x15
Command APDU: [80:C0:00:00:15]
Response APDU: [BF:3E:12:90:00]
"""
ARROWS = """\
12:00:01 => 80E2910006BF3E035C015A
12:00:02 <= 6115
12:00:03 > 80C0000015 (5 bytes)
12:00:04 < BF3E129000
"""
OURS = """\
lpa.card.apdu: 80e2910006bf3e035c015a ->  6115
2026-11-25 12:00:00,123 TRAFFIC lpa.card.apdu: 80c0000015 -> bf3e12 9000
"""
EXCHANGES = [["> 80E2910006BF3E035C015A", "< 6115"], ["> 80C0000015", "< BF3E12 9000"]]


@pytest.mark.parametrize(
    "log",
    [PCSCD, MODEM_MANAGER, AT, PYSIM, GLOBAL_PLATFORM, NAMES, ARROWS, OURS],
    ids=["pcscd", "ModemManager", "AT", "pySim", "GlobalPlatformPro", "names", "arrows", "ours"],
)
def test_the_exchanges_of_a_log_are_found(log: str) -> None:
    """Also where each line ends with a space, as some programs print them, and with line ends of Windows."""
    for text in (log, log.replace("\n", " \n"), log.replace("\n", "\r\n")):
        assert [exchange.lines() for exchange in find_exchanges(text).exchanges] == EXCHANGES


def test_the_forms_of_lpac_are_found() -> None:
    found = find_exchanges(LPAC)
    assert [exchange.lines() for exchange in found.exchanges] == [*EXCHANGES, EXCHANGES[1]]
    assert [exchange.line for exchange in found.exchanges] == [1, 3, 5]
    assert found.other_lines == (7, 8)


def test_what_lpa_hid_in_its_log_stays_hidden() -> None:
    log = "lpa.card.apdu: 0020000108 <8 bytes> -> <4 bytes> 63C2\nlpa.card.apdu: 00b0000009 -> no answer\n"
    found = find_exchanges(f"{log}< 0102 9000")
    assert [exchange.lines() for exchange in found.exchanges] == [
        ["> 0020000108 <8 bytes>", "< <4 bytes> 63C2"],
        ["> 00B0000009"],
    ]
    assert found.other_lines == (3,)  # the log said that there was no answer


def test_an_answer_belongs_to_the_command_before_it() -> None:
    found = find_exchanges("< 9000\n> 00A40000\n> 00B00000\n< 0102 9000\n< 9000\n")
    assert [exchange.lines() for exchange in found.exchanges] == [
        ["> 00A40000"],
        ["> 00B00000", "< 0102 9000"],
    ]
    assert found.other_lines == (1, 5)


@pytest.mark.parametrize(
    "log",
    [
        "",
        "\n\n",
        "hello\nworld",
        "< 9000",
        "> 00A4",  # too short for a command
        "> 00A4000",  # half a byte
        "APDU: 00 A4 00 xx",
        "a <debug> b",
        "-->",
        'AT+CSIM="00A40000"',
        "[DEBUG] [APDU] [TX] CLA: 80",
        "\x00\xff",
    ],
)
def test_a_log_without_a_command_is_an_error(log: str) -> None:
    with pytest.raises(ValueError, match="no command to a card was found"):
        find_exchanges(log)
