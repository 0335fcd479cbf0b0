"""`Assistant`: an argument of a wrong type is an error with a sentence, and nothing was done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lpa import Assistant, Plan
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc

Call = Callable[[Any, Plan, Path], object]
# A call with a wrong argument, and what is said. `Any`, because a type checker would refuse each.
CALLS: dict[str, tuple[Call, str]] = {
    "find": (lambda lpa, _plan, _folder: lpa.find(None), "name must be str, not NoneType"),
    "find a profile": (lambda lpa, plan, _folder: lpa.find(plan.profile), "name must be str, not Profile"),
    "profile": (
        lambda lpa, _plan, _folder: lpa.profile(None),
        "a profile is named by Profile, Iccid, Selector or str, not NoneType",
    ),
    "subscriber": (
        lambda lpa, _plan, _folder: lpa.subscriber("0017"),
        "profile must be Profile, not str",
    ),
    "back_up": (lambda lpa, _plan, folder: lpa.back_up(str(folder)), "folder must be Path, not str"),
    "rename": (
        lambda lpa, plan, _folder: lpa.rename(plan.profile, None),
        "nickname must be str, not NoneType",
    ),
    "revalidate": (lambda lpa, _plan, _folder: lpa.revalidate(None), "plan must be Plan, not NoneType"),
    "review_deletion": (
        lambda lpa, _plan, _folder: lpa.review_deletion(None),
        "plan must be Plan, not NoneType",
    ),
    "review_backup": (lambda lpa, _plan, _folder: lpa.review_backup(None), "plan must be Plan, not NoneType"),
    "back_up_first": (
        lambda lpa, _plan, folder: lpa.back_up_first(None, folder),
        "plan must be Plan, not NoneType",
    ),
    "back_up_first into a text": (
        lambda lpa, plan, folder: lpa.back_up_first(plan, str(folder)),
        "folder must be Path, not str",
    ),
    "delete": (lambda lpa, _plan, _folder: lpa.delete(None), "plan must be Plan, not NoneType"),
    "delete a profile": (
        lambda lpa, plan, _folder: lpa.delete(plan.profile),
        "plan must be Plan, not Profile",
    ),
    "delete without a reason": (
        lambda lpa, plan, _folder: lpa.delete(plan, None),
        "reason must be str, not NoneType",
    ),
    "download": (
        lambda lpa, _plan, _folder: lpa.download("LPA:1$a.example$B"),
        "order must be ActivationCode or Event or None, not str",
    ),
    "discover": (
        lambda lpa, _plan, _folder: lpa.discover("a.example"),
        "at must be ServerAddress or None, not str",
    ),
    "remove_notification": (
        lambda lpa, _plan, _folder: lpa.remove_notification("1"),
        "sequence_number must be int, not str",
    ),
}


@pytest.mark.parametrize(("call", "said"), CALLS.values(), ids=CALLS)
def test_an_argument_of_a_wrong_type_is_a_type_error_and_nothing_is_done(
    call: Call, said: str, tmp_path: Path
) -> None:
    with SimulatedEuicc.create(None) as card, Assistant(card, state_dir=tmp_path) as assistant:
        before = assistant.profiles()
        plan = assistant.plan_deletion(before[1])
        with pytest.raises(TypeError) as caught:
            call(assistant, plan, tmp_path / "saved")
        assert str(caught.value) == said
        assert assistant.profiles() == before
        assert card.notifications == ()
    assert not (tmp_path / "saved").exists()


@pytest.mark.parametrize("transport", [None, "sim:card", object(), 5])
def test_what_is_no_transport_is_a_type_error(transport: Any, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="lacks methods or attributes of Transport, or of LogicalTransport"):
        Assistant(transport, state_dir=tmp_path)


def test_a_network_is_no_text(tmp_path: Path) -> None:
    network: Any = "http://proxy.example:3128"
    with (
        SimulatedEuicc.create(None) as card,
        pytest.raises(TypeError, match="network must be Network or None, not str"),
    ):
        Assistant(card, state_dir=tmp_path, network=network)


def test_the_folder_of_the_state_may_be_a_text(tmp_path: Path) -> None:
    folder: Any = str(tmp_path / "state")
    with SimulatedEuicc.create(None) as card, Assistant(card, state_dir=folder) as assistant:
        assert assistant.journal.lost() == ()
        assert assistant.receipts.of(assistant.eid) == ()
