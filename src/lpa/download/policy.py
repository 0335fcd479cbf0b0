"""Judge the policy rules of a profile by the card's Rules Authorisation Table (SGP.22 §2.9.2).

For each rule of the profile the table is read from the top; the first line for that rule and operator
decides. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from lpa.advice.downloads import ONLY_OPERATOR_LIFTS, PROFILE_WITHOUT_RULE
from lpa.profiles.blockers import Finding
from lpa.rsp.euicc_info import AuthorisationRule
from lpa.rsp.records import Operator, Profile

_NO_RESTRICTION = "pprUpdateControl"  # says who may lift the others, and restricts nothing itself
_FORBIDDEN = {"ppr1": "disabling it (PPR1)", "ppr2": "deleting it (PPR2)"}
_ANY, _FILLER = "E", "F"
_CODE = 7  # characters of "262-01F"


@dataclass(frozen=True)
class Verdict:
    """`forbidden`: the rules that the card does not permit. `consent`: those that a person must accept."""

    forbidden: tuple[str, ...] = ()
    consent: tuple[str, ...] = ()


def judge(profile: Profile, table: Iterable[AuthorisationRule], refused: Collection[str] = ()) -> Verdict:
    """What the card permits. `refused`: the rules that it permits to no operator, whatever the table says."""
    table, forbidden, consent = tuple(table), [], []
    for rule in profile.policy_rules:
        if rule == _NO_RESTRICTION:
            continue
        line = _line_for(rule, profile.owner, table)
        if line is None or rule in refused:
            forbidden.append(rule)
        elif line.consent_required:
            consent.append(rule)
    return Verdict(tuple(forbidden), tuple(consent))


def findings(verdict: Verdict, function: str) -> Iterator[Finding]:
    """The findings for a person, before `function` installs the profile."""
    for rule in verdict.forbidden:
        yield Finding(
            "blocker",
            "pprNotAllowed",
            f"{_requirement(rule)}, and the card does not permit this rule.",
            PROFILE_WITHOUT_RULE,
            function,
        )
    for rule in verdict.consent:
        yield Finding(
            "warning",
            rule,
            f"{_requirement(rule)}.",
            ONLY_OPERATOR_LIFTS,
            function,
        )


def _requirement(rule: str) -> str:
    return f"Its operator does not allow {_FORBIDDEN.get(rule, rule)}"


def _line_for(
    rule: str, owner: Operator | None, table: tuple[AuthorisationRule, ...]
) -> AuthorisationRule | None:
    if owner is None:
        return None
    for line in table:
        if rule in line.policy_rules and any(_fits(operator, owner) for operator in line.operators):
            return line
    return None


def _fits(permitted: Operator, owner: Operator) -> bool:
    pairs = zip(permitted.mcc_mnc.ljust(_CODE, _FILLER), owner.mcc_mnc.ljust(_CODE, _FILLER), strict=True)
    return (
        all(wanted in (_ANY, digit) for wanted, digit in pairs)
        and permitted.gid1 in (b"", owner.gid1)
        and permitted.gid2 in (b"", owner.gid2)
    )
