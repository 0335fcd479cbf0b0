"""`lpac profile list`, `enable`, `disable`, `nickname` and `delete`."""

from __future__ import annotations

from pathlib import Path

import pytest

from lpa.card.es10 import Euicc
from lpa.notifications.receipts import Receipts
from lpa.rsp.names import Eid, Iccid
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support import command
from tests.support.lpac_shim import (
    AID,
    ALBION,
    NO_AID,
    NONE,
    NORDLICHT,
    SHILI,
    SUCCESS,
    Shim,
    failure,
)

PIXELS = "iVBORw0KGgoAAAANSUhEUgAAAEAAAABAAQMAAACQp+OdAAAAA1BMVE"
END = "AAAAD0lEQVR42mNgGAWjgHwAAAJAAAHgTR1EAAAAAElFTkSuQmCC"


def receipts(lpac: Shim, folder: Path) -> list[str]:
    """The events of the receipts that are kept."""
    with SimulatedEuicc.load(lpac.parties.card) as card:
        kept = Receipts.open(folder / "state").of(Eid.parse(card.eid))
    return [str(one.notification.metadata.event) for one in kept]


def test_the_list_has_the_members_of_lpac(lpac: Shim) -> None:
    rows = (
        (ALBION, "10", "enabled", "Albion Mobile", "Albion Travel", "XIHjIkUJR9"),
        (NORDLICHT, "11", "disabled", "Nordlicht", "Nordlicht Prepaid", "UUeLSXv7Id"),
        (SHILI, "12", "disabled", "示例移动", "示例日租卡", "UAllDrCkGy"),
    )
    ran = lpac("profile", "list")
    assert ran.exit_code == 0
    assert ran.out == (
        '{"type":"lpa","payload":{"code":0,"message":"success","data":['
        + ",".join(
            f'{{"iccid":"{iccid}","isdpAid":"a0000005591010ffffffff890000{number}00","profileState":"{state}",'
            f'"profileNickname":null,"serviceProviderName":"{provider}","profileName":"{name}",'
            f'"iconType":"png","icon":"{PIXELS}{colour}{END}","profileClass":"operational"}}'
            for iccid, number, state, provider, name, colour in rows
        )
        + "]}}\n"
    )


@pytest.mark.parametrize("words", [(NORDLICHT,), (AID.replace("1000", "1100"), "0")])
def test_a_profile_is_enabled_and_its_notifications_are_left(
    lpac: Shim, tmp_path: Path, words: tuple[str, ...]
) -> None:
    ran = lpac("profile", "enable", *words)
    assert (ran.exit_code, ran.lines) == (0, [{"type": "lpa", "payload": SUCCESS}])
    assert lpac.states == {ALBION: "disabled", NORDLICHT: "enabled", SHILI: "disabled"}
    assert (lpac.on_card, lpac.received) == ([1, 2], [])
    assert receipts(lpac, tmp_path) == ["disable", "enable"]
    assert f"Notification 2: enable of {NORDLICHT} for nordlicht.smdp.example: pending." in ran.err


def test_a_profile_is_disabled_and_its_notification_is_left(lpac: Shim, tmp_path: Path) -> None:
    assert lpac("profile", "disable", ALBION, "1").result == SUCCESS
    assert lpac.states[ALBION] == "disabled"
    assert (lpac.on_card, lpac.received) == ([1], [])
    assert receipts(lpac, tmp_path) == ["disable"]


def test_a_refusal_has_the_reason_of_lpac(lpac: Shim) -> None:
    for words, reason in (
        (("enable", ALBION), "profile not in disabled state"),
        (("disable", NORDLICHT), "profile not in enabled state"),
        (("delete", ALBION), "profile not in disabled state"),
        (("enable", NONE), "iccid or aid not found"),
        (("enable", NO_AID), "iccid or aid not found"),
        (("enable", "0017"), "iccid or aid not found"),  # not the profile whose ICCID ends so
        (("disable", NONE), "iccid or aid not found"),
        (("delete", NONE), "iccid or aid not found"),
        (("delete", "0025"), "iccid or aid not found"),
    ):
        ran = lpac("profile", *words)
        assert (words, ran.exit_code, ran.result) == (
            words,
            255,
            failure(f"es10c_{words[0]}_profile", reason),
        )
    assert lpac.states == {ALBION: "enabled", NORDLICHT: "disabled", SHILI: "disabled"}
    assert lpac.on_card == []


def test_a_nickname_is_set_and_removed(lpac: Shim) -> None:
    def nicknames() -> list[object]:
        return [one["profileNickname"] for one in lpac("profile", "list").result["data"]]

    assert lpac("profile", "nickname", ALBION, "Hölzern 旅行").result == SUCCESS
    assert nicknames() == ["Hölzern 旅行", None, None]
    assert lpac("profile", "nickname", ALBION).result == SUCCESS
    assert nicknames() == [None] * 3


def test_a_nickname_that_is_refused(lpac: Shim) -> None:
    function = "es10c_set_nickname"
    for name in (NONE, "0017"):
        assert lpac("profile", "nickname", name, "a").result == failure(function, "iccid not found")
    too_long = lpac("profile", "nickname", ALBION, "x" * 65)
    reason = "a nickname has at most 64 bytes; this one has 65."
    assert (too_long.exit_code, too_long.result) == (255, failure(function, reason))


def test_a_profile_is_deleted_and_its_notification_is_left(lpac: Shim, tmp_path: Path) -> None:
    assert lpac("profile", "delete", NORDLICHT).result == SUCCESS
    assert lpac("profile", "delete", AID.replace("1000", "1200")).result == SUCCESS
    assert lpac.states == {ALBION: "enabled"}
    assert (lpac.on_card, lpac.received) == ([1, 2], [])
    assert receipts(lpac, tmp_path) == ["delete", "delete"]


def test_what_lpac_left_on_the_card_does_not_prevent_a_deletion(lpac: Shim) -> None:
    """Disable, delete, then process: the usual way of its users."""
    assert lpac("profile", "disable", ALBION).result == SUCCESS
    assert lpac("profile", "delete", ALBION).result == SUCCESS
    assert lpac("notification", "process", "-a", "-r").result == SUCCESS
    assert lpac.received == [("disable", ALBION), ("delete", ALBION)]
    assert lpac.on_card == []


def test_a_notification_of_another_program_prevents_it(lpac: Shim) -> None:
    with SimulatedEuicc.load(lpac.parties.card) as card:
        terminal_disables(card)
    ran = lpac("profile", "delete", ALBION)
    assert ran.exit_code == 255
    assert ran.result["data"].startswith("notifications-pending: This profile has pending notifications")
    assert ran.result["data"].endswith("LPA_LPAC_ACCEPT=notifications-pending accepts this.")
    lpac.set(LPA_LPAC_ACCEPT="notifications-pending")
    assert lpac("profile", "delete", ALBION).result == SUCCESS


def terminal_disables(card: SimulatedEuicc) -> None:
    """Disable ALBION as a program does of which this computer knows nothing."""
    with Euicc(card) as euicc:
        euicc.disable_profile(Iccid.parse(ALBION), refresh=False)


def test_a_warning_refuses_and_names_the_variable_that_accepts_it(lpac: Shim) -> None:
    for iccid in (NORDLICHT, SHILI):
        assert lpac("profile", "delete", iccid).result == SUCCESS
    assert lpac("profile", "disable", ALBION).result == SUCCESS
    ran = lpac("profile", "delete", ALBION)
    reason = (
        "last-profile: This is the last operational profile: without it, the card provides no mobile "
        "service. Nothing was changed. LPA_LPAC_ACCEPT=last-profile accepts this."
    )
    assert (ran.exit_code, ran.result) == (255, failure("es10c_delete_profile", reason))
    assert lpac.states == {ALBION: "disabled"}
    lpac.set(LPA_LPAC_ACCEPT="last-profile")
    assert lpac("profile", "delete", ALBION).result == SUCCESS


def test_a_protected_profile_is_not_deleted(lpac: Shim) -> None:
    assert command.run(*lpac.parties.options, "protect", NORDLICHT).code == 0
    ran = lpac("profile", "delete", NORDLICHT)
    assert (ran.exit_code, ran.result["message"]) == (255, "es10c_delete_profile")
    assert "is protected on this computer. 'lpa unprotect 0025' lifts the protection." in ran.result["data"]
    assert NORDLICHT in lpac.states
