"""Carry out a saved plan, only if the card is still as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpa import Assistant
from lpa.deletion import saved_plan
from lpa.deletion.plan import Plan
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support import command

ALBION, NORDLICHT, SHILI = "8944994000000000017", "8949985000000000025", "89869870000000000033"


@pytest.fixture
def card(tmp_path: Path) -> Path:
    return command.card(tmp_path / "card")


def run(card: Path, *words: object) -> command.Ran:
    place = ("--reader", f"sim:{card}", "--state-dir", card.parent / "state", "--connect-to", "::127.0.0.1:1")
    return command.run(*place, *words)


def planned(card: Path, *words: object) -> Path:
    """A file with a plan."""
    ran = run(card, "delete", *words, "--plan", "--json")
    assert ran.code == 0
    path = card.parent / "plan.json"
    path.write_text(ran.out)
    return path


def iccids(card: Path) -> list[str]:
    with SimulatedEuicc.load(card) as euicc:
        return [profile.iccid for profile in euicc.profiles]


def test_a_saved_plan_is_carried_out(card: Path) -> None:
    plan = planned(card, ALBION, "--disable-first")
    ran = run(card, "delete", "--apply", plan, "--yes")
    assert ran.code == 4  # No server is reached in this test.
    assert "Disabled Albion Mobile" in ran.out
    assert iccids(card) == [NORDLICHT, SHILI]


def test_a_saved_plan_is_no_consent(card: Path) -> None:
    ran = run(card, "delete", "--apply", planned(card, NORDLICHT), "--json")
    assert (ran.code, ran.document["error"]["kind"]) == (1, "Declined")
    assert len(iccids(card)) == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("rename", SHILI, "日本"), "nickname changed from none to '日本'."),
        (("disable", ALBION), "Albion Mobile (8944994000000000017): state changed from 'enabled' to 'dis"),
        (("delete", SHILI, "--yes"), "示例移动 (89869870000000000033) is no longer on the card."),
        (("delete", NORDLICHT, "--yes"), "Nordlicht (8949985000000000025) is no longer on the card."),
    ],
)
def test_a_saved_plan_is_refused_with_the_differences_if_the_card_has_changed(
    change: tuple[str, ...], message: str, card: Path
) -> None:
    plan = planned(card, NORDLICHT)
    assert run(card, *change).code in (0, 4)
    before = iccids(card)
    ran = run(card, "delete", "--apply", plan, "--yes", "--json")
    assert (ran.code, ran.document["error"]["reason"]) == (1, "cardChanged")
    assert message in ran.document["error"]["message"]
    assert iccids(card) == before


def test_a_saved_plan_is_refused_for_another_card(card: Path, tmp_path: Path) -> None:
    plan = planned(card, NORDLICHT)
    other = command.card(tmp_path / "other")
    ran = run(other, "delete", "--apply", plan, "--yes", "--json")
    assert (ran.code, ran.document["error"]["reason"]) == (1, "otherCard")
    assert len(iccids(other)) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"fingerprint": "00" * 32},
        {"others": []},
        {"eid": "89049032000000000000000000000091"},
        {"disable_first": True},
    ],
)
def test_a_plan_that_was_changed_by_hand_is_refused_before_the_card_is_asked(
    change: dict[str, Any], card: Path
) -> None:
    path = planned(card, NORDLICHT)
    document = json.loads(path.read_text())
    document["result"] |= change
    path.write_text(json.dumps(document))
    ran = run(card, "delete", "--apply", path, "--yes")
    assert ran.code == 2
    assert "was changed after it was made" in ran.err


def test_a_plan_in_which_the_profile_was_exchanged_for_another_is_refused(card: Path) -> None:
    path = planned(card, NORDLICHT)
    document = json.loads(path.read_text())
    result = document["result"]
    result["profile"], result["others"][1] = result["others"][1], result["profile"]
    path.write_text(json.dumps(document))
    ran = run(card, "delete", "--apply", path, "--yes")
    assert ran.code == 2
    assert "was changed after it was made" in ran.err
    assert len(iccids(card)) == 3


def test_consent_to_disable_cannot_be_added_by_hand(card: Path) -> None:
    path = planned(card, ALBION)
    text = path.read_text()
    assert '"disable_first": false' in text
    path.write_text(text.replace('"disable_first": false', '"disable_first": true'))
    ran = run(card, "delete", "--apply", path, "--yes")
    assert ran.code == 2
    assert "the plan in it was changed after it was made" in ran.err
    assert len(iccids(card)) == 3


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"result": null}', '{"result": {"eid": "1"}}'])
def test_a_file_without_a_plan_is_a_usage_error(content: str, card: Path, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(content)
    ran = run(card, "delete", "--apply", tmp_path / "plan.json", "--yes")
    assert ran.code == 2
    assert "there is no plan in it" in ran.err
    assert run(card, "delete", "--apply", tmp_path / "missing.json").code == 2


@given(st.recursive(st.none() | st.integers() | st.text(), lambda s: st.dictionaries(st.text(), s)))
def test_any_json_document_is_a_plan_or_a_value_error(document: object) -> None:
    with pytest.raises(ValueError, match="there is no plan in it"):
        saved_plan.parse(json.dumps(document))


@pytest.mark.parametrize(
    "words",
    [(), ("--yes",), (NORDLICHT, "--apply", "PLAN"), ("--apply", "PLAN", "--disable-first")],
)
def test_a_deletion_takes_a_name_or_a_plan(words: tuple[str, ...], card: Path) -> None:
    plan = str(planned(card, NORDLICHT))
    assert run(card, "delete", *(plan if word == "PLAN" else word for word in words)).code == 2


def test_a_plan_is_read_back_from_its_document(card: Path, tmp_path: Path) -> None:
    path = planned(card, ALBION, "--disable-first")
    back = saved_plan.parse(path.read_text())
    with Assistant(SimulatedEuicc.load(card), state_dir=tmp_path) as assistant:
        now = assistant.plan_deletion(ALBION, disable_first=True)
    assert isinstance(back, Plan)
    assert (back.eid, back.profile, back.others) == (now.eid, now.profile, now.others)
    assert (back.disable_first, back.fingerprint) == (True, now.fingerprint)


def test_a_plan_names_the_card_and_the_reader(card: Path) -> None:
    with SimulatedEuicc.load(card) as euicc:
        eid = euicc.eid
    ran = run(card, "delete", NORDLICHT, "--plan")
    assert f"EID {eid}\n" in ran.out
    assert f"in sim:{card}\n" in ran.out
    result = run(card, "delete", NORDLICHT, "--plan", "--json").document["result"]
    assert (result["eid"], result["reader"]) == (eid, f"sim:{card}")
