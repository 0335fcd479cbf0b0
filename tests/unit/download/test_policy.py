"""Judge policy rules by the Rules Authorisation Table of a card."""

import pytest

from lpa.download.policy import Verdict, judge
from lpa.rsp.euicc_info import AuthorisationRule
from lpa.rsp.names import Iccid
from lpa.rsp.records import Operator, Profile

OWNER = Operator("262-01", b"\x01", b"\x02")
ANYBODY = Operator("EEE-EEE")


def rule(rules: str, *operators: Operator, consent: bool = False) -> AuthorisationRule:
    return AuthorisationRule(tuple(rules.split()), operators, consent)


def judged(
    rules: str, *table: AuthorisationRule, owner: Operator | None = OWNER, refused: str = ""
) -> Verdict:
    profile = Profile(Iccid.parse("8949985000000000017"), policy_rules=tuple(rules.split()), owner=owner)
    return judge(profile, table, refused.split())


def test_a_profile_without_rules_needs_no_permission() -> None:
    assert judged("") == Verdict()
    assert judged("pprUpdateControl") == Verdict()


def test_a_rule_that_no_line_permits_is_forbidden() -> None:
    assert judged("ppr1 ppr2") == Verdict(forbidden=("ppr1", "ppr2"))
    assert judged("ppr1 ppr2", rule("ppr1", ANYBODY)) == Verdict(forbidden=("ppr2",))


@pytest.mark.parametrize(
    ("operator", "fits"),
    [
        (ANYBODY, True),
        (Operator("262-01"), True),
        (Operator("262-0E"), True),
        (Operator("26E-01"), True),
        (Operator("262-01E"), True),
        (Operator("262-02"), False),
        (Operator("262-010"), False),
        (Operator("262-01", b"\x01"), True),
        (Operator("262-01", b"\x02"), False),
        (Operator("EEE-EEE", b"", b"\x02"), True),
        (Operator("EEE-EEE", b"", b"\x01"), False),
    ],
)
def test_an_operator_is_matched_digit_by_digit(operator: Operator, fits: bool) -> None:
    assert (judged("ppr1", rule("ppr1", operator)) == Verdict()) is fits


def test_the_first_matching_line_decides() -> None:
    strict, free = rule("ppr1 ppr2", ANYBODY, consent=True), rule("ppr1", OWNER)
    assert judged("ppr1", strict, free) == Verdict(consent=("ppr1",))
    assert judged("ppr1", free, strict) == Verdict()
    assert judged("ppr1 ppr2", free, strict) == Verdict(consent=("ppr2",))


def test_a_line_may_have_several_operators() -> None:
    assert judged("ppr1", rule("ppr1", Operator("262-02"), OWNER)) == Verdict()


def test_without_an_owner_nothing_is_permitted() -> None:
    assert judged("ppr1", rule("ppr1", ANYBODY), owner=None) == Verdict(forbidden=("ppr1",))


def test_a_rule_that_the_card_permits_to_no_operator_is_forbidden() -> None:
    assert judged("ppr2", rule("ppr2", ANYBODY), refused="ppr2") == Verdict(forbidden=("ppr2",))
