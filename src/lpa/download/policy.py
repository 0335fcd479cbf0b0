"""Which of an operator's rules the card permits on a profile (SGP.22 §2.9.2): its Rules Authorisation Table.

For each rule of the profile the table is read from the top, and the first line that is for that rule and
operator decides. Pure: nothing is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from lpa.profiles.blockers import Finding
from lpa.rsp.euicc_info import AuthorisationRule
from lpa.rsp.records import Operator, Profile

_NO_RESTRICTION = "pprUpdateControl"  # who may lift the others; binds nobody itself
_MEANING = {"ppr1": "cannot be taken out of use (PPR1)", "ppr2": "cannot be deleted (PPR2)"}
_ANY, _FILLER = "E", "F"
_CODE = 7  # characters of "262-01F"


@dataclass(frozen=True)
class Verdict:
    """`forbidden`: the rules that the card does not permit. `consent`: those that a person must agree to."""

    forbidden: tuple[str, ...] = ()
    consent: tuple[str, ...] = ()


def judge(profile: Profile, table: Iterable[AuthorisationRule], refused: Collection[str] = ()) -> Verdict:
    """What the card permits. `refused`: the rules that it takes from nobody, whatever the table says."""
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
    """What a person should know of it before `function` installs the profile."""
    for rule in verdict.forbidden:
        yield Finding(
            "blocker",
            "pprNotAllowed",
            f"Its operator requires that it {_MEANING.get(rule, rule)}, and this card does not permit that.",
            "Nothing was installed. Ask the operator for a profile without such a rule.",
            function,
        )
    for rule in verdict.consent:
        yield Finding(
            "warning",
            rule,
            f"Its operator requires that it {_MEANING.get(rule, rule)}.",
            "Only the operator can lift that.",
            function,
        )


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
