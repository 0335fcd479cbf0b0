"""Checks the values of a `Behaviour`, where its types say too little."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, get_args

from lpa.rsp.codec import schema
from lpa.rsp.names import Aid, Iccid
from lpa.sim.euicc.generations import Generation

if TYPE_CHECKING:
    from lpa.sim.euicc.behaviour import Behaviour

EVERY_WAY = (("iccid", True), ("iccid", False), ("isdpAid", True), ("isdpAid", False))
_DAY = 86_400  # seconds
_CHANNEL_COMMANDS = ("SELECT", "STORE DATA")
# What SGP.22 does not allow a card to leave out: without it there is no ProfileInfo, or no download.
_NEEDED = ("iccid", "euiccCiPKIdListForVerification", "euiccCiPKIdListForSigning")


def check(behaviour: Behaviour) -> None:
    """Raise ValueError with a sentence that names the setting, if a card cannot be so."""
    _check_numbers(behaviour)
    _check_names(behaviour)
    _check_statuses(behaviour)
    _check_rules(behaviour)
    _check_loading(behaviour)


def _check_numbers(behaviour: Behaviour) -> None:
    if not 0 <= behaviour.channels <= 19:
        raise ValueError(
            f"channels: a card has 0 to 19 logical channels beside the basic one, not {behaviour.channels}"
        )
    if not 1 <= behaviour.block_size <= 255:
        raise ValueError(f"block_size: a block has 1 to 255 bytes, not {behaviour.block_size}")
    if behaviour.notification_capacity < 1:
        raise ValueError("notification_capacity: a card stores at least one notification")
    if behaviour.first_sequence_number < 0:
        raise ValueError("first_sequence_number: a sequence number is not negative")
    if behaviour.sequence_step < 1:
        raise ValueError("sequence_step: sequence numbers increase by at least 1")
    if not 0 <= behaviour.last_segment_seconds <= _DAY:
        raise ValueError(
            f"last_segment_seconds: expected 0 to {_DAY} (a day), not {behaviour.last_segment_seconds}"
        )


def _check_names(behaviour: Behaviour) -> None:
    if behaviour.generation not in get_args(Generation):
        raise ValueError(f"generation is one of {get_args(Generation)}, not {behaviour.generation!r}")
    if not set(behaviour.accepted) <= set(EVERY_WAY):
        raise ValueError(f"accepted is a subset of {EVERY_WAY}, not {behaviour.accepted}")
    _parse("isdr_aid", Aid.parse, behaviour.isdr_aid)
    if behaviour.second_isdr_aid:
        _parse("second_isdr_aid", Aid.parse, behaviour.second_isdr_aid)
    if behaviour.second_isdr_aid == behaviour.isdr_aid:
        raise ValueError("second_isdr_aid: the two secure elements have different AIDs")
    for enabled, chosen in behaviour.fallbacks:
        _parse("fallbacks", Iccid.parse, chosen)
        _parse("fallbacks", Iccid.parse, enabled or chosen)
    if not re.fullmatch(r"([0-9A-Fa-f]{2}){0,15}", behaviour.historical_bytes, re.ASCII):
        raise ValueError("historical_bytes: expected 1 to 15 bytes in hexadecimal")
    if not re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,2}){2}", behaviour.svn, re.ASCII):
        raise ValueError(f"svn: {behaviour.svn!r} is not a version such as 2.2.2")
    known = [*_members("ProfileInfo"), *_members("GetEuiccInfo2Response")]
    for name in behaviour.omits:
        if name not in known:
            raise ValueError(f"omits: {name!r} is unknown; expected some of {', '.join(known)}")


def _parse(key: str, parse: Callable[[str], object], text: str) -> None:
    try:
        parse(text)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from error


def _members(name: str) -> list[str]:
    return [member for member in schema.member_names(name) if member not in _NEEDED]


def _check_statuses(behaviour: Behaviour) -> None:
    for key in ("refuses_es10", "refuses_list_notification"):
        _check_refusal(key, getattr(behaviour, key) or "6F00")
    if not re.fullmatch(r"9000|9[12F][0-9A-F]{2}|6[23][0-9A-F]{2}", behaviour.es10_status, re.ASCII):
        raise ValueError(
            f"es10_status: expected 9000, 91xx, 92xx, 9Fxx, 62xx or 63xx, not {behaviour.es10_status!r}"
        )
    if behaviour.refuses_on_channels:
        command, status = _pair(
            "refuses_on_channels", behaviour.refuses_on_channels, "a command and a status"
        )
        if command not in _CHANNEL_COMMANDS:
            raise ValueError(f"refuses_on_channels: expected SELECT or STORE DATA, not {command!r}")
        _check_refusal("refuses_on_channels", status)


def _check_refusal(key: str, status: str) -> None:
    if not re.fullmatch(r"6[4-9A-F][0-9A-F]{2}", status, re.ASCII) or status[:2] == "6C":
        raise ValueError(f"{key}: expected the status word of an error, such as 6985, not {status!r}")


def _check_rules(behaviour: Behaviour) -> None:
    authorised = [rule for rules, _, _ in behaviour.authorised_policy_rules for rule in rules]
    rules = {
        "authorised_policy_rules": authorised,
        "forbidden_policy_rules": behaviour.forbidden_policy_rules,
    }
    for key, found in rules.items():
        if not {*found} <= {"pprUpdateControl", "ppr1", "ppr2"}:
            raise ValueError(f"{key}: the policy rules are pprUpdateControl, ppr1 and ppr2")
    for _, operator, _ in behaviour.authorised_policy_rules:
        if not re.fullmatch(r"[0-9E]{3}-[0-9E]{2,3}", operator, re.ASCII):
            raise ValueError(
                f"authorised_policy_rules: {operator!r} is not an operator: "
                "write MCC and MNC as in '262-01', E for any digit"
            )


def _check_loading(behaviour: Behaviour) -> None:
    if behaviour.refuses_segment:
        tag, status = _pair("refuses_segment", behaviour.refuses_segment, "a tag and a status")
        if tag not in ("BF36", "A0", "A1", "A2", "A3", "86", "87", "88"):
            raise ValueError(f"refuses_segment: expected BF36, A0, A1, A2, A3, 86, 87 or 88, not {tag!r}")
        _check_refusal("refuses_segment", status)
    if not behaviour.loading_fails:
        return
    try:
        command, reason = behaviour.loading_fails
        schema.code("BppCommandId", command), schema.code("ErrorReason", reason)
    except (KeyError, ValueError) as error:
        raise ValueError(f"loading_fails is a bppCommandId and an errorReason: {error}") from error


def _pair(key: str, value: Sequence[str], what: str) -> tuple[str, str]:
    if len(value) != 2:
        raise ValueError(f"{key}: expected {what}, not {list(value)}")
    return value[0], value[1]
