"""`lpac notification`: sends, removes, dumps and replays what a card signed."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.lpac import Ran
from tests.support.lpac_shim import ALBION, NORDLICHT, SUCCESS, Shim, failure, steps

LIST, GET = "es10b_list_notification", "es10b_retrieve_notifications_list"
SEND, REMOVE = "es9p_handle_notification", "es10b_remove_notification_from_list"
DISABLED, ENABLED = ("disable", ALBION), ("enable", NORDLICHT)


@pytest.fixture
def pending(lpac: Shim) -> Shim:
    """After a profile was enabled: two notifications are on the card."""
    assert lpac("profile", "enable", NORDLICHT).result == SUCCESS
    return lpac


def test_the_list_has_the_members_of_lpac(pending: Shim) -> None:
    assert pending("notification", "list").out == (
        '{"type":"lpa","payload":{"code":0,"message":"success","data":['
        '{"seqNumber":1,"profileManagementOperation":"disable","notificationAddress":"albion.smdp.example",'
        '"iccid":"8944994000000000017"},'
        '{"seqNumber":2,"profileManagementOperation":"enable","notificationAddress":"nordlicht.smdp.example",'
        '"iccid":"8949985000000000025"}]}}\n'
    )


def test_without_r_what_was_sent_stays_on_the_card_and_is_not_sent_again(pending: Shim) -> None:
    for _ in range(2):
        ran = pending("notification", "process", "1")
        assert (ran.exit_code, ran.result, steps(ran)) == (0, SUCCESS, [(GET, "1"), (SEND, "1")])
        assert (pending.on_card, pending.received) == ([1, 2], [DISABLED])
    assert pending("notification", "remove", "1").result == SUCCESS
    assert pending.on_card == [2]


@pytest.mark.parametrize("words", [("-r", "2"), ("2", "-r")], ids=" ".join)
def test_with_r_it_is_removed_from_the_card(pending: Shim, words: tuple[str, str]) -> None:
    ran = pending("notification", "process", *words)
    assert steps(ran) == [(GET, "2"), (SEND, "2"), (REMOVE, "2")]
    assert (pending.on_card, pending.received) == ([1], [ENABLED])


@pytest.mark.parametrize("words", [("-a", "-r"), ("-ra",)], ids=" ".join)
def test_all_are_processed(pending: Shim, words: tuple[str, ...]) -> None:
    ran = pending("notification", "process", *words)
    one, two = ([(GET, number), (SEND, number), (REMOVE, number)] for number in "12")
    assert (steps(ran), ran.result) == ([(LIST, None), *one, *two], SUCCESS)
    assert (pending.on_card, pending.received) == ([], [DISABLED, ENABLED])


def test_an_earlier_one_for_the_same_server_is_sent_first(lpac: Shim) -> None:
    """§3.5. lpac sends what it was told to."""
    for state in ("disable", "enable"):
        assert lpac("profile", state, ALBION).result == SUCCESS
    assert lpac("notification", "process", "-r", "2").result == SUCCESS
    assert lpac.received == [DISABLED, ("enable", ALBION)]
    assert lpac.on_card == [1]


def test_a_server_that_does_not_acknowledge_ends_it(pending: Shim) -> None:
    pending.parties.smdp.close()
    ran = pending("notification", "process", "-a", "-r")
    assert (ran.exit_code, ran.result) == (255, failure(SEND, "HTTP transport failed"))
    assert steps(ran) == [(LIST, None), (GET, "1"), (SEND, "1")]
    assert pending.on_card == [1, 2]


def test_a_number_that_is_not_on_the_card(lpac: Shim) -> None:
    for words, number in ((["process", "99"], "99"), (["process", "x"], "0")):
        ran = lpac("notification", *words)
        assert (ran.exit_code, ran.result, steps(ran)) == (255, failure(GET), [(GET, number)])
    ran = lpac("notification", "remove", "99")
    assert (ran.exit_code, ran.result) == (255, failure(REMOVE, "seqNumber not found"))
    assert lpac("notification", "dump", "99").result == failure(GET)
    assert lpac("notification", "process").result == SUCCESS


def test_what_is_removed_unsent_has_its_receipt(pending: Shim, tmp_path: Path) -> None:
    ran = pending("notification", "remove", "-a")
    assert (steps(ran), ran.result) == ([(LIST, None), (REMOVE, "1"), (REMOVE, "2")], SUCCESS)
    assert (pending.on_card, pending.received) == ([], [])
    kept = [path.name for path in sorted(tmp_path.glob("state/receipts/*/*.der"))]
    assert [name.rpartition("-")[0] for name in kept] == [
        f"000001-disable-{ALBION}",
        f"000002-enable-{NORDLICHT}",
    ]
    assert all(name in ran.err for name in kept)


def test_a_dump_has_what_the_card_signed(pending: Shim) -> None:
    ran = pending("notification", "dump", "-a")
    with SimulatedEuicc.load(pending.parties.card) as card:
        eid, signed = card.eid, [bytes(one.signed) for one in card.notifications]
    assert [list(line) for line in ran.lines] == [
        ["type", "eid", "seqNumber", "notificationAddress", "pendingNotification"]
    ] * 2
    first = ran.lines[0]
    raw = base64.b64decode(first.pop("pendingNotification"))
    assert first == {
        "type": "notification",
        "eid": eid,
        "seqNumber": 1,
        "notificationAddress": "albion.smdp.example",
    }
    assert raw.startswith(b"\x30\x82")
    assert signed[0] in raw
    assert pending("notification", "dump", "2").lines == [ran.lines[1]]


def test_what_was_dumped_is_replayed(pending: Shim) -> None:
    dumped = pending("notification", "dump", "-a").out
    ran = pending("notification", "replay", typed=dumped)
    assert (ran.exit_code, ran.result, steps(ran)) == (0, SUCCESS, [(SEND, "1"), (SEND, "2")])
    assert pending.received == [DISABLED, ENABLED]


def test_a_line_that_was_not_dumped_from_this_card_is_refused(pending: Shim) -> None:
    dumped = pending("notification", "dump", "1").out

    def replayed(line: str) -> Ran:
        return pending("notification", "replay", typed=line)

    def changed(**members: object) -> str:
        return json.dumps(json.loads(dumped) | members)

    for line, function, reason in (
        ("garbage\n", "cJSON_ParseWithLength", ""),
        ("[1]\n", "parse_notification", "A line is not one of 'notification dump'."),
        (changed(type="lpa"), "parse_notification", "A line is not one of 'notification dump'."),
        (
            changed(eid="8" * 32),
            "parse_notification",
            "A line is of another card than the one in the reader.",
        ),
        (changed(pendingNotification="!"), "parse_notification", "A line has no signed notification."),
        (changed(pendingNotification="AAAA"), "parse_notification", "A line has no signed notification."),
        (changed(pendingNotification=None), "parse_notification", "A line has no signed notification."),
    ):
        ran = replayed(line)
        assert (ran.exit_code, ran.result) == (255, failure(function, reason)), line
    assert replayed("").result == SUCCESS
    assert pending.received == []
