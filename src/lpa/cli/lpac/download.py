"""`profile download` and `profile discovery`.

Law: an order is never rejected. lpac rejects it when a person declines the preview; here the session is
postponed, and the order stays valid.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from lpa.cli.lpac.answers import Failed
from lpa.cli.lpac.options import Options, parse
from lpa.cli.lpac.profile import icon_members, refuse_warnings
from lpa.cli.lpac.reasons import snake
from lpa.cli.views.findings import offer_findings
from lpa.download import discovery as sm_ds
from lpa.download.installation import FUNCTION
from lpa.errors import BadAnswer, EuiccRefused, Refused
from lpa.redaction import register_secret
from lpa.rsp.activation import ActivationCode
from lpa.rsp.device import Device
from lpa.rsp.installation_result import InstallationResult
from lpa.rsp.names import ServerAddress

if TYPE_CHECKING:
    from lpa.assistant import Assistant
    from lpa.cli.lpac.session import LpacCommand
    from lpa.download.offer import Offer
    from lpa.profiles.switching import Outcome
    from lpa.rsp.steps import Step

_DOWNLOAD = (
    "Usage: download [OPTIONS]",
    "\t -s SM-DP+ address",
    "\t -m Matching id",
    "\t -i IMEI",
    "\t -c Confirmation code",
    "\t -a Activation code (LPA:1$...)",
    "\t -p Ask before it is installed",
)
_DISCOVERY = ("Usage: discovery [OPTIONS]", "\t -s SM-DS address", "\t -i IMEI")
_PREPARE, _LOAD = "es10b_prepare_download", "es10b_load_bound_profile_package"
_UNKNOWN = "unknown"  # what lpac calls the command and the reason of a success
_EXISTS = "installFailedDueToIccidAlreadyExistsOnEuicc"


def download(session: LpacCommand, words: Sequence[str]) -> int:
    """Download and install a profile. Its notification stays on the card, and its receipt is kept here."""
    options = parse(words, "s:m:i:c:a:p", *_DOWNLOAD)
    confirmation_code = options.value("c") or ""
    register_secret(confirmation_code)
    given, device = _given(options), _device(options)
    with session.changing("es10b_get_euicc_challenge_and_info") as assistant:
        order = given or _at_default_server(session, assistant, options)
        session.answers.begin("es10b_get_euicc_challenge_and_info", str(order.address))
        with assistant.download(order, device=device) as offer:
            _show(session, offer)
            if options.has("p") and not _agreed(session):
                raise Failed("cancelled")
            _refuse_findings(session, offer)
            outcome = _installed(session, assistant, offer, confirmation_code)
    session.changed(outcome)
    return session.answers.success(_result(_number(outcome), _UNKNOWN, _UNKNOWN))


def discovery(session: LpacCommand, words: Sequence[str]) -> int:
    """The servers that have a profile for this card. Without -s the SM-DS of the GSMA is asked."""
    options = parse(words, "s:i:", *_DISCOVERY)
    address, device = _server(options.value("s"), "smds") or sm_ds.GSMA_ROOT, _device(options)
    with session.changing("es10b_get_euicc_challenge_and_info", discovery=True) as assistant:
        session.answers.begin("es10b_get_euicc_challenge_and_info", str(address))
        events = assistant.discover(address, device=device)
    return session.answers.success([str(event.address) for event in events])


def _given(options: Options) -> ActivationCode | None:
    """What was given on the command line; None if the card's default server is to be asked."""
    if (text := options.value("a")) is not None:
        return _code(text, options)
    server, matching_id = _server(options.value("s"), "smdp"), options.value("m") or ""
    register_secret(matching_id)
    return ActivationCode(server, matching_id) if server else None


def _code(text: str, options: Options) -> ActivationCode:
    try:
        code = ActivationCode.parse(text)
    except ValueError:
        empty = text.removeprefix("LPA:").split("$")[1:2] == [""]
        raise (Failed("smdp", "empty") if empty else Failed("activation_code", "invalid")) from None
    if code.confirmation_code_required and not options.value("c"):
        raise Failed("confirmation_code", "required")
    return code


def _server(text: str | None, name: str) -> ServerAddress | None:
    if text is None:
        return None
    try:
        return ServerAddress.parse(text)
    except ValueError as error:
        raise Failed(name, f"{error}." if text else "empty") from None


def _device(options: Options) -> Device | None:
    text = options.value("i")
    try:
        return None if text is None else Device.with_imei(text)
    except ValueError as error:
        raise Failed("es10b_authenticate_server", f"{error}.") from None


def _at_default_server(session: LpacCommand, assistant: Assistant, options: Options) -> ActivationCode:
    session.answers.begin("es10a_get_euicc_configured_addresses")
    try:
        server = sm_ds.default_server(assistant.euicc)
    except Refused:
        raise Failed("smdp", "empty") from None
    return ActivationCode(server, options.value("m") or "")


def _show(session: LpacCommand, offer: Offer) -> None:
    """Report what is offered; lpac's word for that has a letter too many."""
    profile = offer.profile
    members = {
        "iccid": str(profile.iccid),
        "serviceProviderName": profile.service_provider or None,
        "profileName": profile.name or None,
        **dict(icon_members(profile)),
        "profileClass": profile.profile_class,
    }
    session.answers.begin("es8p_meatadata_parse", members)
    for text, style in offer_findings(offer):
        session.screen.say(text, style)


def _agreed(session: LpacCommand) -> bool:
    """Whether the next character on stdin is y. Without one, or with another, nothing is installed."""
    session.answers.begin("preview", "y/n")
    if sys.stdin.read(1) in ("y", "Y"):
        return True
    session.screen.say("Nothing was installed. The order was not rejected.")
    return False


def _refuse_findings(session: LpacCommand, offer: Offer) -> None:
    """Raise the first blocker, or `Failed` for rules of the operator that no variable accepts."""
    session.answers.function = _PREPARE
    for blocker in offer.blockers:
        if blocker.name == _EXISTS:
            raise Failed(_LOAD, f"store_metadata,{snake(_EXISTS)}")
        raise blocker.refused
    refuse_warnings(session, _PREPARE, offer.warnings)


def _installed(session: LpacCommand, assistant: Assistant, offer: Offer, confirmation_code: str) -> Outcome:
    answers, server = session.answers, str(offer.server)
    answers.begin(_PREPARE, server)

    def loading(step: Step) -> None:
        if step.name == FUNCTION and not step.done:
            answers.begin(_LOAD, server)

    session.changes()
    try:
        return offer.install(confirmation_code=confirmation_code, progress=loading)
    except EuiccRefused as refused:
        if answers.function == _LOAD:
            _report_failure(session, assistant, refused)
        raise


def _report_failure(session: LpacCommand, assistant: Assistant, refused: EuiccRefused) -> None:
    """Raise `Failed` with the command and the reason that the card has signed, after reporting both."""
    session.screen.problem(refused)
    for entry in reversed(assistant.journal.outbox(assistant.eid)):
        with suppress(BadAnswer):
            result = InstallationResult.from_tlv(entry.notification.raw)
            if result.reason == refused.reason:
                number = entry.notification.metadata.sequence_number
                command, reason = snake(result.command), snake(result.reason)
                session.answers.progress(f"{_LOAD}:result", _result(number, command, reason))
                raise Failed(_LOAD, f"{command},{reason}")


def _number(outcome: Outcome) -> int:
    """The number of the notification of the installation. Earlier ones may go before it to its server."""
    iccid = outcome.profile.iccid if outcome.profile else None
    return max((one.sequence_number or 0 for one in outcome.deliveries if one.iccid == iccid), default=0)


def _result(number: int, command: str, reason: str) -> dict[str, Any]:
    return {"seqNumber": number, "bppCommandId": command, "errorReason": reason}
