"""A profile that the card does not hold is one error, however it was named and whatever was asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lpa import AmbiguousProfile, Assistant, EuiccRefused, NoSuchProfile, NoSuchProfileOnCard, Selector
from lpa.profiles import selection
from lpa.rsp.names import Aid, Iccid
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.disturbed import DisturbedCard

NAMES: dict[str, Iccid | Selector] = {
    "8944000000000009999": Iccid.parse("8944000000000009999"),
    "9999": Selector.parse("9999"),
    "A0000005591010FFFFFFFF8900009900": Selector(Aid.parse("A0000005591010FFFFFFFF8900009900")),
}
VERBS: dict[str, Callable[[Assistant, Any], object]] = {
    "EnableProfile": lambda assistant, name: assistant.enable(name),
    "DisableProfile": lambda assistant, name: assistant.disable(name),
    "DeleteProfile": lambda assistant, name: assistant.plan_deletion(name),
    "SetNickname": lambda assistant, name: assistant.rename(name, "Work"),
    "GetProfilesInfo": lambda assistant, name: assistant.profile(name),
}
ENABLE, DELETE = 0xBF31, 0xBF33


@pytest.fixture
def assistant(tmp_path: Path) -> Any:
    with Assistant(SimulatedEuicc.create(None), state_dir=tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("function", VERBS)
def test_an_unknown_profile_is_one_error_with_its_name_and_what_was_asked_for(
    function: str, name: str, assistant: Assistant
) -> None:
    with pytest.raises(NoSuchProfile) as caught:
        VERBS[function](assistant, NAMES[name])
    error = caught.value
    assert (error.kind, error.reason, error.function) == ("NoSuchProfile", "iccidOrAidNotFound", function)
    assert error.names == (name,)
    assert not isinstance(error, EuiccRefused)


def test_a_temporary_enable_of_an_unknown_profile_is_the_same_error(assistant: Assistant) -> None:
    with pytest.raises(NoSuchProfile) as caught, assistant.temporarily_enabled(NAMES["9999"]):
        raise AssertionError
    assert caught.value.function == "EnableProfile"


def test_a_title_that_no_profile_has_is_the_same_error(assistant: Assistant) -> None:
    with pytest.raises(NoSuchProfile) as caught:
        selection.to_read(assistant.euicc, "Nobody", "DeleteProfile")
    assert (caught.value.names, caught.value.function) == (("Nobody",), "DeleteProfile")


def test_several_profiles_are_listed_in_the_error(tmp_path: Path) -> None:
    profiles = SimulatedEuicc.create(None).profiles[:2]
    iccids = ("8944000000000010017", "8944000000000020017")
    twins = [replace(profile, iccid=iccid) for profile, iccid in zip(profiles, iccids, strict=True)]
    with (
        Assistant(SimulatedEuicc.create(None, profiles=twins), state_dir=tmp_path) as assistant,
        pytest.raises(AmbiguousProfile) as caught,
    ):
        assistant.enable(Selector.parse("0017"))
    assert (caught.value.function, caught.value.reason) == ("EnableProfile", "ambiguous")
    assert caught.value.iccids == iccids


def test_the_answer_of_the_card_is_the_same_error_and_a_refusal_of_the_card(assistant: Assistant) -> None:
    euicc, iccid = assistant.euicc, Iccid.parse("8944000000000009999")
    asked: list[tuple[str, Callable[[], object], str]] = [
        ("EnableProfile", lambda: euicc.enable_profile(iccid, refresh=False), "iccidOrAidNotFound"),
        ("DisableProfile", lambda: euicc.disable_profile(iccid, refresh=False), "iccidOrAidNotFound"),
        ("DeleteProfile", lambda: euicc.delete_profile(iccid), "iccidOrAidNotFound"),
        ("SetNickname", lambda: euicc.set_nickname(iccid, "Work"), "iccidNotFound"),
    ]
    for function, ask, reason in asked:
        with pytest.raises(NoSuchProfileOnCard) as caught:
            ask()
        error = caught.value
        assert isinstance(error, NoSuchProfile)
        assert isinstance(error, EuiccRefused)
        assert (error.kind, error.reason, error.function, error.code) == (
            "NoSuchProfile",
            reason,
            function,
            1,
        )


@pytest.mark.parametrize(
    ("tag", "answer", "change"),
    [
        (ENABLE, "BF3103800101 9000", lambda card, profile: card.enable(profile)),
        (DELETE, "BF3303800101 9000", lambda card, profile: card.delete(card.plan_deletion(profile))),
    ],
)
def test_a_card_that_does_not_know_a_profile_that_it_lists_refuses_it(
    tag: int, answer: str, change: Callable[[Assistant, Any], object], tmp_path: Path
) -> None:
    card = DisturbedCard(SimulatedEuicc.create(None))
    with Assistant(card, state_dir=tmp_path) as assistant:
        other = assistant.profiles()[1]
        card.instead(tag, *[answer] * 4)
        with pytest.raises(EuiccRefused, match="listed the profile, but answered") as caught:
            change(assistant, other)
    assert caught.value.reason == "iccidOrAidNotFound"
    assert not isinstance(caught.value, NoSuchProfile)
