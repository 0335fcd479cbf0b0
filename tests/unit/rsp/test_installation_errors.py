"""Why a card did not install a profile: every reason of the specification has a sentence and advice."""

from __future__ import annotations

import re

import pytest

from lpa.rsp.codec import schema
from lpa.rsp.installation_errors import explain_failure
from tests.support.reasons import NUMBERS


@pytest.mark.parametrize("number", NUMBERS)
def test_every_reason_has_a_sentence_and_advice(number: int) -> None:
    reason = schema.named("ErrorReason", number)
    message, advice = explain_failure(reason)
    assert reason not in message
    assert "reason " not in message
    assert re.fullmatch(r"[A-Z].*[^.]\.", message)
    assert re.fullmatch(r"['A-Z].*\.", advice)


@pytest.mark.parametrize("number", sorted(set(range(128)) - set(NUMBERS)))
def test_an_unnamed_number_stays_a_number(number: int) -> None:
    reason = schema.named("ErrorReason", number)
    assert reason == str(number)
    assert explain_failure(reason)[0] == f"The card did not install the profile (reason {number})."
