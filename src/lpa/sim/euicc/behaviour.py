"""The settings in which simulated cards differ."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self, get_args

from lpa.rsp.codec import schema
from lpa.rsp.names import Aid, Iccid
from lpa.sim import plain_json
from lpa.sim.euicc.generations import Generation
from lpa.sim.operators import ANY_OPERATOR

STANDARD_ISDR = "A0000005591010FFFFFFFF8900000100"
_ANY_RULE = ((("ppr1", "ppr2"), ANY_OPERATOR, True),)
_EVERY_WAY = (("iccid", True), ("iccid", False), ("isdpAid", True), ("isdpAid", False))


@dataclass(frozen=True)
class Behaviour:
    """How a card behaves. The defaults are a strict, conforming, removable T=0 card."""

    generation: Generation = "v2"
    """The specification that it follows: "v2" or "v3" of SGP.22, or "sgp32". It decides what the card
    reports. An IoT card refuses to enable, disable and delete profiles, and to reset its memory (127)."""
    protocol: Literal["T=0", "T=1"] = "T=0"
    channels: int = 3
    """Logical channels besides the basic one, 0 to 19. With 0 the card refuses MANAGE CHANNEL (6881)."""
    block_size: int = 255
    """The longest STORE DATA block in bytes, 1 to 255; a longer one is refused (6700)."""
    announces_terminal_capability: bool = False
    """Announce TERMINAL CAPABILITY in the MF, and refuse ES10 (6982) until the terminal sends it."""
    isdr_aid: str = STANDARD_ISDR
    not_an_euicc: bool = False
    """An ordinary SIM without an ISD-R (6A82)."""
    notification_capacity: int = 64
    """How many notifications the card stores; the next one replaces the oldest."""
    first_sequence_number: int = 1
    gives_all_notifications_or_none: bool = False
    """Refuse to list them (6985), and to give those of a number or an event (127), as some cards do."""
    cat_busy: bool = False
    """A proactive session is open at first: enabling and disabling are refused (catBusy) until a reset."""
    accepted: tuple[tuple[str, bool], ...] = _EVERY_WAY
    """The (kind of identifier, refreshFlag) accepted to enable and disable. Eastcompeace cards accept few."""
    fallbacks: tuple[tuple[str, str], ...] = ()
    """(enabled, chosen), as ICCIDs: at a reset with the first enabled, or none (""), the card enables the
    second. Cards in the field fall back to a provisioning profile, or to one of their own."""
    loses_isdr_at_switch: bool = False
    """A switch without REFRESH deselects the ISD-R on every channel: STORE DATA is refused (6D00) until it is
    selected again."""
    answers_9x: bool = True
    """A command that makes a REFRESH necessary ends with 91xx; if False, with 9000."""
    takes_test_profiles: bool = True
    """Profiles of the class test may be loaded."""
    forbidden_policy_rules: tuple[str, ...] = ()
    """Policy rules ("ppr1", "ppr2") that no profile may have, whatever its owner."""
    authorised_policy_rules: tuple[tuple[tuple[str, ...], str, bool], ...] = _ANY_RULE
    """The Rules Authorisation Table: (policy rules, operator, whether the user must consent), in the order of
    precedence. An operator is written "262-01"; E is any digit."""
    loading_fails: tuple[str, ...] = ()
    """(bppCommandId, errorReason): every package fails at this command for this reason."""
    reports_interruption: bool = False
    """A package interrupted by a reset leaves a result (installFailedDueToInterruption); else nothing."""

    def __post_init__(self) -> None:
        if self.generation not in get_args(Generation):
            raise ValueError(f"generation is one of {get_args(Generation)}, not {self.generation!r}")
        if not 0 <= self.channels <= 19:
            raise ValueError(f"a card has 0 to 19 logical channels beside the basic one, not {self.channels}")
        if not 1 <= self.block_size <= 255:
            raise ValueError(f"a block has 1 to 255 bytes, not {self.block_size}")
        if self.notification_capacity < 1:
            raise ValueError("a card stores at least one notification")
        if not set(self.accepted) <= set(_EVERY_WAY):
            raise ValueError(f"accepted is a subset of {_EVERY_WAY}, not {self.accepted}")
        if self.first_sequence_number < 0:
            raise ValueError("a sequence number is not negative")
        Aid.parse(self.isdr_aid)
        for enabled, chosen in self.fallbacks:
            Iccid.parse(chosen)
            Iccid.parse(enabled or chosen)
        self._check_rules()
        self._check_failure()

    def _check_rules(self) -> None:
        rules = [rule for rules, _, _ in self.authorised_policy_rules for rule in rules]
        if not {*rules, *self.forbidden_policy_rules} <= {"pprUpdateControl", "ppr1", "ppr2"}:
            raise ValueError("the policy rules are pprUpdateControl, ppr1 and ppr2")
        for _, operator, _ in self.authorised_policy_rules:
            if not re.fullmatch(r"[0-9E]{3}-[0-9E]{2,3}", operator, re.ASCII):
                raise ValueError(
                    f"{operator!r} is not an operator: write MCC and MNC as in '262-01', E for any digit"
                )

    def _check_failure(self) -> None:
        if not self.loading_fails:
            return
        try:
            command, reason = self.loading_fails
            schema.code("BppCommandId", command), schema.code("ErrorReason", reason)
        except (KeyError, ValueError) as error:
            raise ValueError(f"loading_fails is a bppCommandId and an errorReason: {error}") from error

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """The inverse of `to_json`. Raises KeyError, TypeError or ValueError if it does not fit."""
        value = cls().to_json() | value  # an older card has no member for a newer setting
        accepted = tuple((kind, refresh) for kind, refresh in value["accepted"])
        rules = tuple(
            (tuple(rules), operator, consent) for rules, operator, consent in value["authorised_policy_rules"]
        )
        changed = {
            "accepted": accepted,
            "fallbacks": tuple((enabled, chosen) for enabled, chosen in value["fallbacks"]),
            "authorised_policy_rules": rules,
            "forbidden_policy_rules": tuple(value["forbidden_policy_rules"]),
            "loading_fails": tuple(value["loading_fails"]),
        }
        return plain_json.restored(cls, value | changed)

    def to_json(self) -> dict[str, Any]:
        """The settings as JSON values."""
        return asdict(self)
