"""`lpa resume`: what is recovered, and which other cards are needed."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lpa import Assistant, Deliveries, Delivery
from lpa.errors import ConnectFailed
from lpa.journal import DELETING
from lpa.rsp.records import CHANGE_TAGS
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support import command

NORDLICHT = "8949985000000000025"


@pytest.fixture
def away(tmp_path: Path) -> str:
    """The EID of a card that was removed while one of its profiles was deleted."""
    with (
        SimulatedEuicc.load(command.card(tmp_path / "away")) as card,
        Assistant(card, state_dir=tmp_path / "state") as assistant,
    ):
        before = assistant.euicc.profiles(CHANGE_TAGS)
        assistant.journal.begin(assistant.eid, "delete", before, target=before[1].iccid).set_state(DELETING)
        assistant.euicc.delete_profile(before[1].iccid)
    return card.eid


def check(document: dict[str, object], eid: str) -> None:
    result = document["result"]
    assert isinstance(result, dict)
    (operation,) = result["other_cards"]
    begun = datetime.fromisoformat(operation.pop("begun"))
    assert datetime.now(UTC) - begun < timedelta(minutes=2)
    assert operation == {"eid": eid, "operation": "delete", "target": NORDLICHT}


def test_resume_names_the_other_card_of_an_interrupted_operation(away: str, tmp_path: Path) -> None:
    other = command.card(tmp_path / "other")
    place = ("--reader", f"sim:{other}", "--state-dir", tmp_path / "state", "resume")
    ran = command.run(*place)
    assert ran.code == 0
    assert ran.err.startswith("An earlier 'delete' (")
    assert ran.err.endswith(f") was interrupted; insert the card {away} to resume it.\n")
    check(command.run(*place, "--json").document, away)


def test_resume_without_a_card_names_the_card_to_insert(away: str, tmp_path: Path) -> None:
    place = ("--reader", f"sim:{tmp_path / 'nothing'}", "--state-dir", tmp_path / "state", "resume")
    here = ("--reader", f"sim:{command.card(tmp_path / 'other')}", *place[2:])
    ran = command.run(*place)
    assert ran.code == 3
    first, problem, *_ = ran.err.splitlines()
    assert first.startswith("An earlier 'delete' (")
    assert first.endswith(f") was interrupted; insert the card {away} to resume it.")
    assert problem.startswith("lpa: ")
    document = command.run(*place, "--json").document
    assert document["error"]["message"] == problem.removeprefix("lpa: ")
    check(document, away)
    assert [document["result"][name] for name in ("recovered", "deliveries", "due", "pending")] == [[]] * 4
    assert document["result"].keys() == command.run(*here, "--json").document["result"].keys()


def test_resume_without_a_card_lists_pending_notifications_in_json(tmp_path: Path) -> None:
    place = ("--state-dir", tmp_path / "state", "--connect-to", "::127.0.0.1:1")
    assert (
        command.run(*place, "--reader", f"sim:{command.card(tmp_path / 'card')}", "disable", "0017").code == 4
    )
    ran = command.run(*place, "--reader", f"sim:{tmp_path / 'nothing'}", "resume", "--json")
    assert [one["notification"]["events"] for one in ran.document["result"]["pending"]] == [["disable"]]


def test_recoveries_are_printed_to_stdout_or_with_json_to_stderr(away: str, tmp_path: Path) -> None:
    place = ("--reader", f"sim:{tmp_path / 'away'}", "--state-dir", tmp_path / "state")
    shutil.copytree(tmp_path / "state", tmp_path / "copy")
    ran = command.run(*place, "resume")
    lines = ran.out.splitlines()
    assert lines[0].startswith("An earlier 'delete' (")
    assert lines[1] == f"  Deleted Nordlicht ({NORDLICHT})."
    assert ran.err == ""
    place = ("--reader", f"sim:{tmp_path / 'away'}", "--state-dir", tmp_path / "copy")
    ran = command.run(*place, "resume", "--json")
    assert ran.document["result"]["recovered"]
    assert f"  Deleted Nordlicht ({NORDLICHT}).\n" in ran.err


def test_a_recovery_is_in_the_document(away: str, tmp_path: Path) -> None:
    ran = command.run(
        "--reader", f"sim:{tmp_path / 'away'}", "--state-dir", tmp_path / "state", "resume", "--json"
    )
    (recovered,) = ran.document["result"]["recovered"]
    assert (recovered["operation"], recovered["not_deleted"], recovered["target"]) == (
        "delete",
        False,
        NORDLICHT,
    )
    assert datetime.fromisoformat(recovered["begun"]).tzinfo
    assert [(one["event"], one["external"]) for one in recovered["changes"]] == [("delete", False)]
    assert ran.document["result"]["other_cards"] == []


def test_a_notification_acknowledged_at_the_second_try_counts_as_acknowledged(
    away: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text and the exit code agree."""
    first = Delivery(("delete",), "rsp.example", None, 7, problem=ConnectFailed("down"))
    again = Delivery(("delete",), "rsp.example", None, 7, acknowledged=True, removed=True)
    monkeypatch.setattr(Assistant, "send_notifications", lambda _, **_options: Deliveries.of([first, again]))
    ran = command.run("--reader", f"sim:{tmp_path / 'away'}", "--state-dir", tmp_path / "new", "resume")
    assert "All notifications were acknowledged.\n" in ran.out
    assert ran.code == 0
