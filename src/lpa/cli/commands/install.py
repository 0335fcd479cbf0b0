"""One download: show what is offered, ask, install it, and enable it if wanted.

Law: an order is rejected only if a person types the word, because most servers then cancel it. Anything else
asks again, or leaves the order as it is. And once the profile is on the card, no message says that nothing
was changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lpa.advice.commands import (
    ACCEPT_WITH,
    ANOTHER_CODE_FILE,
    CODE_FILE,
    LIST_SHOWS_ENABLED,
    ORDER_CANCELLED,
    RUN_AGAIN_TO_INSTALL,
)
from lpa.cli.commands.consent import agrees, chosen
from lpa.cli.commands.interruption import changing
from lpa.cli.commands.outcomes import report
from lpa.cli.commands.recovery import recover
from lpa.cli.exits import CHANGING, RESUME, STOPPED, exit_code
from lpa.cli.json_output import CommandResult, plain
from lpa.cli.views.findings import offer_findings
from lpa.cli.views.outcomes import profile_name
from lpa.cli.views.profiles import named_rules
from lpa.download.offer import WRONG_CODE, Offer
from lpa.errors import Declined, LpaError, ServerRefused
from lpa.rsp.activation import ActivationCode
from lpa.rsp.session import Event
from lpa.rsp.sizes import in_words

if TYPE_CHECKING:
    from lpa.assistant import Assistant
    from lpa.cli.cells import Facts
    from lpa.cli.download_options import DownloadOptions
    from lpa.cli.screen import Screen
    from lpa.notifications.delivery import Delivery
    from lpa.profiles.switching import Outcome

Order = ActivationCode | Event | None

_NO, _REJECT = ("no", "n"), "reject"
_REJECTING = (
    "Interrupted while the server was informed that you rejected the profile; it may know, or not.",
    "Nothing was installed. If the order is cancelled, the operator can tell.",
)
_DIGITS = 4  # of an ICCID: as many as can name a profile


@dataclass(frozen=True)
class Download:
    """A finished download: its `result` and `deliveries`, and what `others` its discovery server named.

    `skipped`: why what the discovery server named before it was not offered.
    """

    result: CommandResult
    deliveries: tuple[Delivery, ...] = ()
    others: tuple[Event, ...] = ()
    skipped: tuple[LpaError, ...] = ()


def install(screen: Screen, assistant: Assistant, order: Order, options: DownloadOptions) -> Download:
    """Show what is offered, install it if the person agrees, and enable it if they want that."""
    recover(screen, assistant)
    with assistant.download(order, device=options.device) as offer:
        print_problems(screen, offer.passed_over)
        screen.say_facts(facts(offer))
        _refuse_if_blocked(offer)
        for text, style in offer_findings(offer):
            screen.say(text, style)
        _agree(screen, offer, options)
        outcome = _installed(screen, offer, options)
        size = offer.package_size or 0
    result, deliveries = _reported_and_enabled(screen, assistant, outcome, size, options)
    result = replace(result, data=plain(result.data) | {"package_size": size})
    return Download(result, deliveries, offer.others, offer.passed_over)


def failed(screen: Screen, problem: LpaError) -> Download:
    """A download that ended in `problem`, which is printed."""
    print_problems(screen, [problem])
    return Download(failure(problem))


def failure(problem: LpaError) -> CommandResult:
    """The result for something that could not be downloaded."""
    return CommandResult({"problem": problem}, problem, exit_code(problem))


def print_problems(screen: Screen, problems: Iterable[LpaError]) -> None:
    """Print problems that do not end the command."""
    for problem in problems:
        screen.say(problem.message, "red")
        screen.say(problem.advice)


def facts(offer: Offer) -> Facts:
    """What a person should see before agreeing."""
    profile, free, size = offer.profile, offer.free_memory, offer.estimated_size
    return [
        ("Offered", [profile.title, f"by {offer.server}"]),
        ("Operator", profile.service_provider),
        ("Profile", profile.name),
        ("ICCID", str(profile.iccid)),
        ("Class", profile.profile_class),
        ("Rules", named_rules(profile.policy_rules)),
        ("Size", "unknown until it is downloaded" if size is None else f"about {in_words(size)}"),
        ("Free memory", "not reported by the card" if free is None else in_words(free)),
        ("Confirmation", "needs the operator's code" if offer.confirmation_code_required else ""),
    ]


def _refuse_if_blocked(offer: Offer) -> None:
    """Raise the first blocker, with the messages of the others."""
    if offer.blockers:
        first, *others = offer.blockers
        refused = first.refused
        for blocker in others:
            refused.add(blocker.message)
        raise refused


def _agree(screen: Screen, offer: Offer, options: DownloadOptions) -> None:
    """Have the person agree, and accept each rule of the operator. Raises `Declined` otherwise.

    Raises what kept card or server from confirming it if the person rejects the order.
    """
    rules = [warning.name for warning in offer.warnings if warning.name not in options.accepted]
    if options.yes:
        if rules:
            accepting = " ".join(f"--accept {name}" for name in rules)
            raise Declined(
                "--yes does not accept the operator's rules.",
                advice=ACCEPT_WITH.filled(options=accepting),
                reason="rulesNotAccepted",
            )
        return
    if rules:
        which = "this rule" if len(rules) == 1 else "these rules"
        screen.say(f"To install it with {which}, type the last four digits of its ICCID.")
        agreement = [str(offer.profile.iccid)[-_DIGITS:]]
        question = "Type the digits, no (keeps the order) or reject (refuses it for good):"
    else:
        agreement = ["yes", "y"]
        question = "Install it? Type yes, no (keeps the order) or reject (refuses it for good):"
    answer = chosen(screen, question, (*agreement, *_NO, _REJECT), otherwise="--yes")
    if answer == _REJECT:
        with changing(screen, *_REJECTING):
            offer.reject()
        raise Declined(
            "The profile was not installed, and the server has confirmed that you rejected it.",
            advice=ORDER_CANCELLED,
            reason="rejected",
        )
    if answer in _NO:
        raise Declined(
            "The profile was not installed. The order was not rejected.",
            advice=RUN_AGAIN_TO_INSTALL,
            reason="postponed",
        )


def _installed(screen: Screen, offer: Offer, options: DownloadOptions) -> Outcome:
    """Install it, with as many tries for the confirmation code as the server permits."""
    while True:
        given = options.confirmation_code.take() if offer.confirmation_code_required else ""
        code = given or _typed_code(screen, offer, options)
        before = screen.interruption
        screen.may_change(CHANGING, RESUME)
        try:
            with screen.progress("Installing", "Waiting for the server") as progress:
                outcome = offer.install(confirmation_code=code, progress=progress)
        except KeyboardInterrupt:
            if not offer.loading:
                screen.interruption = before
            raise
        except ServerRefused as refused:
            screen.interruption = before
            if refused.reason != WRONG_CODE or given:
                raise
            screen.say(refused.message, "yellow")
        else:
            screen.did(_installed_sentence(outcome), plain(outcome), advice=LIST_SHOWS_ENABLED)
            return outcome


def _typed_code(screen: Screen, offer: Offer, options: DownloadOptions) -> str:
    if not offer.confirmation_code_required:
        return ""
    advice = ANOTHER_CODE_FILE if options.confirmation_code.used else CODE_FILE
    while True:  # An empty line is a mistake in typing; the server would count it as a wrong code.
        if code := screen.ask_secret("Confirmation code:", advice=advice):
            return code


def _reported_and_enabled(
    screen: Screen, assistant: Assistant, outcome: Outcome, size: int, options: DownloadOptions
) -> tuple[CommandResult, tuple[Delivery, ...]]:
    """The result after an installation, and all deliveries.

    Ctrl-C from here on says that the profile is installed.
    """
    installed = _installed_sentence(outcome)
    try:
        screen.say(f"Package size: {in_words(size)}.")
        result = report(screen, outcome, installed)
        return _enabled(screen, assistant, outcome, result, options)
    except KeyboardInterrupt:
        stopped = Declined(
            f"Interrupted. {installed}",
            advice=LIST_SHOWS_ENABLED,
            reason="installed",
        )
        screen.say()
        print_problems(screen, [stopped])
        return CommandResult(outcome, stopped, STOPPED), outcome.deliveries


def _installed_sentence(outcome: Outcome) -> str:
    return f"{profile_name(outcome) or 'The profile'} is installed."


def _enabled(
    screen: Screen, assistant: Assistant, outcome: Outcome, result: CommandResult, options: DownloadOptions
) -> tuple[CommandResult, tuple[Delivery, ...]]:
    """The result and all deliveries, after the profile was enabled if the person wants that."""
    profile = outcome.profile
    if profile is None or not _wants_to_enable(screen, options):
        screen.say("'lpa enable' enables it.")
        return result, outcome.deliveries
    with changing(screen):
        try:
            enabled = assistant.enable(profile.iccid)
        except LpaError as problem:
            screen.say(f"The profile is installed, but enabling it failed. {problem.message}", "yellow")
            screen.say(problem.advice)
            return CommandResult(result.data, problem, exit_code(problem)), outcome.deliveries
    more = report(screen, enabled, f"{profile_name(enabled)} is enabled.")
    data = plain(result.data) | {"enable": plain(more.data)}
    worst = CommandResult(data, result.problem or more.problem, max(result.code, more.code))
    return worst, (*outcome.deliveries, *enabled.deliveries)


def _wants_to_enable(screen: Screen, options: DownloadOptions) -> bool:
    """Whether to enable it. Without an answer no: the profile is installed, and that stays true."""
    if options.enable is not None or options.yes:
        return bool(options.enable)
    try:
        return agrees(screen, "Enable it now?", otherwise="--enable")
    except Declined:
        return False
