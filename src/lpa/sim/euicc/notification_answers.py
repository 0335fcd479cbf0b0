"""How cards answer about their notifications that do not list them, or give only all of them at once."""

from __future__ import annotations

from lpa.rsp.codec.ber import Tlv
from lpa.sim import codec as schema
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.command_apdu import CONDITIONS_NOT_SATISFIED, UNKNOWN_OBJECT, StatusWord
from lpa.sim.euicc.state import CardState

_RESPONSE = "RetrieveNotificationsListResponse"


def check_list(behaviour: Behaviour) -> None:
    """Raise the `StatusWord` with which the card refuses ListNotification, if it does."""
    if behaviour.gives_all_notifications_or_none:
        raise StatusWord(CONDITIONS_NOT_SATISFIED)
    if behaviour.refuses_list_notification:
        raise StatusWord(int(behaviour.refuses_list_notification, 16))


def instead(state: CardState, *, criterion: bool) -> Tlv | None:
    """The answer to RetrieveNotificationsList, if it is not the notifications that match; else None.

    `criterion`: whether those of a number or an event are asked for. Raises `StatusWord` for a refusal.
    """
    behaviour = state.behaviour
    refused = behaviour.gives_all_notifications_or_none or behaviour.notification_criteria == "refused"
    if criterion and refused:
        return _error("undefinedError")
    if criterion and behaviour.notification_criteria == "empty":
        return Tlv.build(schema.tag_of(_RESPONSE), Tlv.build(0xA0))
    if state.notifications or behaviour.no_notifications == "empty":
        return None
    if behaviour.no_notifications == "6A88":
        raise StatusWord(UNKNOWN_OBJECT)
    return _error("noResultAvailable")


def _error(reason: str) -> Tlv:
    return schema.encode(_RESPONSE, ("notificationsListResultError", schema.code(_RESPONSE, reason)))
