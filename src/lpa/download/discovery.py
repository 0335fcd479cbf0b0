"""Ask a discovery server (SM-DS) which servers have a profile for this card (SGP.22 §3.6)."""

from __future__ import annotations

from lpa.advice.downloads import GIVE_CODE_OR_DEFAULT_SERVER
from lpa.card.es10 import Euicc
from lpa.download.authentication import authenticate
from lpa.errors import BadAnswer, Refused
from lpa.notifications.sender import ServerFactory
from lpa.rsp.activation import ActivationCode
from lpa.rsp.arguments import expect
from lpa.rsp.device import Device
from lpa.rsp.names import ServerAddress
from lpa.rsp.session import Event, Terms

GSMA_ROOT = ServerAddress("lpa.ds.gsma.com")  # for cards that name no server of their own


def root(euicc: Euicc) -> ServerAddress:
    """The discovery server that the card names, or the GSMA's. Raises `BadAnswer` if it is no address."""
    return _address(euicc.configured_addresses().root_ds, "discovery server") or GSMA_ROOT


def expect_order(order: object) -> None:
    """Raise TypeError if it is none that `code_for` takes."""
    expect("order", order, ActivationCode, Event, type(None))


def code_for(euicc: Euicc, order: ActivationCode | Event | None) -> ActivationCode:
    """The activation code for `order`: itself, that of an event, or that of the card's default server."""
    expect_order(order)
    if order is None:
        return ActivationCode(default_server(euicc))
    return order.code if isinstance(order, Event) else order


def default_server(euicc: Euicc) -> ServerAddress:
    """The default SM-DP+ of the card. Raises `Refused` if it has none."""
    address = _address(euicc.configured_addresses().default_dp, "default server")
    if address is None:
        raise Refused(
            "GetEuiccConfiguredAddresses",
            "noDefaultServer",
            "The card has no default server.",
            advice=GIVE_CODE_OR_DEFAULT_SERVER,
        )
    return address


def events(
    euicc: Euicc, servers: ServerFactory, device: Device | None = None, at: ServerAddress | None = None
) -> tuple[Event, ...]:
    """The events for this card at the discovery server `at`, or at the one that the card names.

    An event may lead to another discovery server, and from there to a profile: see `referrals`.
    """
    expect("at", at, ServerAddress, type(None))
    at = at or root(euicc)
    session = authenticate(euicc, servers, at, device or Device())
    if isinstance(session.answer, Terms):
        session.cancel("postponed")
        raise BadAnswer(f"The server {at} is not a discovery server: it offers a profile itself.")
    return session.answer


def _address(text: str, what: str) -> ServerAddress | None:
    if not text:
        return None
    try:
        return ServerAddress.parse(text)
    except ValueError as error:
        raise BadAnswer(f"The address of the {what} on the card is not valid: {error}.") from error
