"""The timeouts of PC/SC: the usual ones, those of a block, and what is no time."""

from __future__ import annotations

import logging

import pytest

from lpa.card.timeouts import Timeouts, current, using


def test_the_usual_ones_are_ten_seconds_and_two_minutes_for_a_command() -> None:
    usual = current()
    assert (usual.service, usual.notice, usual.card) == (10, 10, 120)


def test_those_of_a_block_end_with_it() -> None:
    with using(Timeouts(card=7)):
        assert current().card == 7
        with using(current().changed(service=3)):
            assert (current().service, current().card) == (3, 7)
        assert current().service == 10
    assert current().card == 120


@pytest.mark.parametrize(("card", "searched"), [(120, 10), (4, 4)])
def test_a_search_gives_a_card_no_more_time_than_the_service(card: float, searched: float) -> None:
    assert Timeouts(card=card).to_search().card == searched


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_a_timeout_is_more_than_nothing(seconds: float) -> None:
    for name in ("service", "card", "notice"):
        with pytest.raises(ValueError, match="more than 0 seconds"):
            Timeouts().changed(**{name: seconds})


def test_without_a_function_for_it_silence_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    Timeouts().on_silence("The card has not answered for 10 s.")
    assert [(record.levelno, record.message) for record in caplog.records] == [
        (logging.WARNING, "The card has not answered for 10 s.")
    ]
