"""Why a card did not install a profile: every reason that the specification names has words."""

from __future__ import annotations

import pytest

from lpa.rsp.codec import schema
from lpa.rsp.installation_errors import explain_failure
from tests.support.paths import DOCS

# The numbers of SGP.22 §2.5.6 and of its later versions; 16, 24, 25 and 27 to 30 are nobody's.
NUMBERS = [*range(1, 16), *range(17, 24), 26, 31, 32, 127]
ERRORS = (DOCS / "errors.md").read_text().splitlines()


@pytest.mark.parametrize("number", NUMBERS)
def test_every_reason_has_a_name_words_and_a_row_in_the_documents(number: int) -> None:
    reason = schema.named("ErrorReason", number)
    message, advice = explain_failure(reason)
    assert reason not in message
    assert f"| `{reason}` | {message} | {advice} |" in ERRORS


@pytest.mark.parametrize("number", sorted(set(range(128)) - set(NUMBERS)))
def test_a_number_without_a_name_stays_a_number(number: int) -> None:
    reason = schema.named("ErrorReason", number)
    assert reason == str(number)
    assert explain_failure(reason)[0] == f"The card did not install the profile, for the reason {number}."
