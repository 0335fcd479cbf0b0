"""The settings in which simulated cards differ."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, Self

from lpa.sim import typed_values
from lpa.sim.euicc import behaviour_checks, manners
from lpa.sim.euicc.generations import Generation
from lpa.sim.operators import ANY_OPERATOR

STANDARD_ISDR = "A0000005591010FFFFFFFF8900000100"
_ANY_RULE = ((("ppr1", "ppr2"), ANY_OPERATOR, True),)


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
    accepted: tuple[tuple[str, bool], ...] = behaviour_checks.EVERY_WAY
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

    deletes_by: Literal["either", "iccid", "isdpAid"] = "either"
    """The kind of identifier that DeleteProfile accepts; another one is not found (iccidOrAidNotFound)."""
    historical_bytes: str = ""
    """The historical bytes of the answer to reset, at most 15 in hexadecimal; empty for the usual ones."""
    standard_aid_too: bool = False
    """The ISD-R can be selected by the standard AID, too."""
    second_isdr_aid: str = ""
    """The AID of the ISD-R of a second secure element, which has its own EID, profiles and notifications."""
    unknown_aid_breaks_link: bool = False
    """SELECT of an AID that the card lacks ends in an error of the reader, and so does all until a reset."""
    refuses_on_channels: tuple[str, ...] = ()
    """("SELECT" or "STORE DATA", status): this command is refused on every channel but the basic one."""
    store_data_le: Literal["optional", "required", "refused"] = "optional"
    """Whether a STORE DATA has an Le; another one is refused (6700)."""
    refuses_es10: str = ""
    """The status of every ES10 request: a card locked to its maker's app, or an M2M card."""
    es10_status: str = "9000"
    """The status of an ES10 answer: 91xx while an applet has a message for the device, 92xx on old cards."""
    svn: str = "2.2.2"
    """The version of SGP.22 that the card reports."""
    omits: tuple[str, ...] = ()
    """Members of ProfileInfo and EUICCInfo2 that the card never reports."""
    refuses_list_notification: str = ""
    """The status of ListNotification."""
    notification_criteria: Literal["answered", "refused", "empty"] = "answered"
    """How RetrieveNotificationsList with a number or an event is answered; refused: undefinedError."""
    no_notifications: Literal["empty", "noResultAvailable", "6A88"] = "empty"
    """How RetrieveNotificationsList is answered if there is none. noResultAvailable: in version 2.0."""
    sequence_step: int = 1
    """By how much the sequence numbers of notifications increase."""
    switch_answer: Literal["result", "6F00", "lost"] = "result"
    """Enabling, disabling and a memory reset are carried out, but the refresh takes away the answer: the card
    answers 6F00, or the reader reports an error until a reset."""
    refuses_segment: tuple[str, ...] = ()
    """(tag, status), such as ("BF36", "6A80"): no such segment of a package is accepted."""
    last_segment_seconds: int = 0
    """How long the last segment of a package takes, counted in `SimulatedEuicc.wire`."""

    def __post_init__(self) -> None:
        behaviour_checks.check(self)

    @property
    def isdr_aids(self) -> list[bytes]:
        """The AIDs by which the ISD-R of the first secure element can be selected."""
        standard = [STANDARD_ISDR] if self.standard_aid_too else []
        return [bytes.fromhex(aid) for aid in (self.isdr_aid, *standard)]

    @property
    def of_second_element(self) -> Self:
        """The behaviour of the second secure element, as a card of its own."""
        return replace(self, isdr_aid=self.second_isdr_aid, second_isdr_aid="", standard_aid_too=False)

    @classmethod
    def like(cls, name: str | Path) -> Self:
        """The behaviour of a card in the field, by its name in `lpa sim manners`, or by a TOML file.

        A text that ends in .toml or has a slash is a file. Raises ValueError if there is no such name, or
        the file cannot be read or has an unknown key or value.
        """
        manner = manners.find(name)
        try:
            return typed_values.from_table(cls, manner.settings)
        except ValueError as error:
            raise manners.named_error(str(name), error) from error

    def changed(self, settings: Iterable[tuple[str, str]]) -> Self:
        """With some settings changed: (name, value as a text), as for `--behaviour`. Raises ValueError."""
        return typed_values.from_table(type(self), self.to_json() | manners.parsed(type(self), settings))

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """The inverse of `to_json`; a missing member has its default. Raises ValueError if one is wrong."""
        return typed_values.from_table(cls, value)

    def to_json(self) -> dict[str, Any]:
        """The settings as JSON values."""
        return asdict(self)
