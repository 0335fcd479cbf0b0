"""When notifications are sent: which words there are, and which of two sends less."""

from __future__ import annotations

import pytest

from lpa.rsp.deliver import CHOICES, checked, most_reluctant


def test_there_are_three_words_for_it() -> None:
    assert [checked(word) for word in ("now", "later", "never")] == ["now", "later", "never"]
    assert CHOICES == ("now", "later", "never")


@pytest.mark.parametrize("wrong", ["", "Now", "no", None, True, 0])
def test_anything_else_is_refused_with_a_sentence(wrong: object) -> None:
    with pytest.raises(ValueError, match="deliver must be 'now', 'later' or 'never', not "):
        checked(wrong)


def test_the_most_reluctant_one_wins() -> None:
    assert most_reluctant("now", "later") == most_reluctant("later", "now") == "later"
    assert most_reluctant("never", "now", "later") == "never"
    assert most_reluctant("now", "now") == "now"
