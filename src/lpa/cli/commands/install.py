"""One download, from what is offered to its use: what is shown, what is asked, and what is said to be true.

Law: what a person did not refuse is put off, never refused in their name: a server ends an order that was
refused. And as soon as the card has the profile, nothing says that nothing was changed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from lpa.assistant import Assistant
from lpa.cli.commands.switch import told
from lpa.cli.console import changing, resuming
from lpa.cli.download_options import DownloadOptions
from lpa.cli.exits import STOPPED, Interrupted, exit_code
from lpa.cli.json_output import Answer, plain
from lpa.cli.screen import Facts, Screen
from lpa.cli.views.sentences import findings, named, named_rules
from lpa.download.offer import WRONG_CODE, Offer
from lpa.errors import Declined, LpaError, ServerRefused
from lpa.notifications.delivery import Delivery
from lpa.profiles.switching import Outcome
from lpa.rsp.activation import ActivationCode
from lpa.rsp.session import Event
from lpa.rsp.sizes import in_words

Order = ActivationCode | Event | None

_DIGITS = 4  # of an ICCID: as many as name a profile
_ANOTHER_RUN = "The code in the file was for one profile. Another run, with this one's code in the file, is"


@dataclass(frozen=True)
class Done:
    """What came of a download: its `answer`, who was told what, what `others` wait where this one did.

    `passed_over`: why what its discovery server named before it was not offered.
    """

    answer: Answer
    deliveries: tuple[Delivery, ...] = ()
    others: tuple[Event, ...] = ()
    passed_over: tuple[LpaError, ...] = ()


def downloaded(screen: Screen, assistant: Assistant, order: Order, download_options: DownloadOptions) -> Done:
    """Offer it, install it if the person agrees, and put it to use if they want that."""
    with resuming(screen, assistant):
        opened = assistant.download(order, device=download_options.device)
    with opened as offer:
        offer.postpone()
        say_problems(screen, offer.passed_over)
        screen.say_facts(facts(offer))
        _refuse_what_cannot_be(offer)
        for text, style in findings(offer):
            screen.say(text, style)
        _agree(screen, offer, download_options)
        outcome = _installed(screen, offer, download_options)
        size = offer.package_size or 0
    answer = _said_and_enabled(screen, assistant, outcome, size, download_options)
    result = plain(answer.result) | {"package_size": size}
    return Done(replace(answer, result=result), outcome.deliveries, offer.others, offer.passed_over)


def failed(screen: Screen, problem: LpaError) -> Done:
    """A download that ended in `problem`, which is said."""
    say_problems(screen, [problem])
    return Done(unanswered(problem))


def unanswered(problem: LpaError) -> Answer:
    """The answer for something that could not be downloaded."""
    return Answer({"problem": problem}, problem, exit_code(problem))


def say_problems(screen: Screen, problems: tuple[LpaError, ...] | list[LpaError]) -> None:
    """Say what went wrong on the way, where that is not the end."""
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
        ("Size", "not told before it comes" if size is None else f"about {in_words(size)}"),
        ("Free memory", "the card does not say" if free is None else in_words(free)),
        ("Confirmation", "a code of the operator is needed" if offer.confirmation_code_required else ""),
    ]


def _refuse_what_cannot_be(offer: Offer) -> None:
    """Raise what stands against it, all of it in one error, which is said once."""
    if offer.blockers:
        first, *others = offer.blockers
        refused = first.refused
        for stop in others:
            refused.add(stop.message)
        raise refused


def _agree(screen: Screen, offer: Offer, download_options: DownloadOptions) -> None:
    """The person's yes, and a stronger one to what the operator wants to bind. Raises `Declined`."""
    rules = [warning.name for warning in offer.warnings if warning.name not in download_options.accepted]
    if download_options.yes:
        if rules:
            options = " ".join(f"--accept {name}" for name in rules)
            raise Declined(
                "The option --yes does not answer for the operator's rules.", advice=f"{options} does."
            )
        return
    if rules:
        what, digits = "the last four digits of its ICCID", str(offer.profile.iccid)[-_DIGITS:]
        agreed = screen.ask(f"To agree to that, type {what}:", otherwise="--yes") == digits
    else:
        agreed = screen.ask("Install it? Type yes:", otherwise="--yes").lower() in ("yes", "y")
    if not agreed:
        offer.reject()
        raise Declined(
            "The profile was not installed, and its server was told that you do not want it.",
            advice="Nothing was changed on the card. Most servers end the order then.",
        )


def _installed(screen: Screen, offer: Offer, download_options: DownloadOptions) -> Outcome:
    """Install it, with as many tries for the confirmation code as the server permits."""
    while True:
        given = download_options.confirmation_code.take() if offer.confirmation_code_required else ""
        code = given or _typed_code(screen, offer, download_options)
        try:
            with screen.progress("Installing", "Waiting for the server") as progress:
                return offer.install(confirmation_code=code, progress=progress)
        except KeyboardInterrupt as interruption:
            if offer.loading:
                raise Interrupted from interruption
            raise
        except ServerRefused as refused:
            if refused.reason != WRONG_CODE or given:
                raise
            screen.say(refused.message, "yellow")


def _typed_code(screen: Screen, offer: Offer, download_options: DownloadOptions) -> str:
    if not offer.confirmation_code_required:
        return ""
    decides = _ANOTHER_RUN if download_options.confirmation_code.used else "--confirmation-code-file is"
    while True:  # An empty line is a slip of the finger, and no server has to hear of it.
        if code := screen.ask_secret("Confirmation code:", otherwise=decides):
            return code


def _said_and_enabled(
    screen: Screen, assistant: Assistant, outcome: Outcome, size: int, download_options: DownloadOptions
) -> Answer:
    """The answer after an installation. A person who blockers here reads what the card has."""
    try:
        screen.say(f"The package was {in_words(size)} long.")
        answer = told(screen, outcome, "{} is on the card.", "{} is on the card.")
        return _enabled(screen, assistant, outcome, answer, download_options)
    except KeyboardInterrupt:
        stopped = Declined(
            f"Stopped. {named(outcome.profile) if outcome.profile else 'The profile'} is on the card.",
            advice="'lpa list' shows whether it is in use, 'lpa enable' puts it to use.",
        )
        screen.say()
        say_problems(screen, [stopped])
        return Answer(outcome, stopped, STOPPED)


def _enabled(
    screen: Screen, assistant: Assistant, outcome: Outcome, answer: Answer, download_options: DownloadOptions
) -> Answer:
    """The answer, after the profile was put to use if the person wants that."""
    profile = outcome.profile
    if profile is None or not _wants_to_enable(screen, download_options):
        screen.say("'lpa enable' puts it to use.")
        return answer
    with changing():
        try:
            enabled = assistant.enable(profile.iccid)
        except LpaError as problem:
            screen.say(f"It is on the card, but not in use. {problem.message}", "yellow")
            screen.say(problem.advice)
            return Answer(answer.result, problem, exit_code(problem))
    more = told(screen, enabled, "{} is in use now.", "{} is in use now.")
    result = plain(answer.result) | {"enabled": plain(more.result)}
    return Answer(result, answer.problem or more.problem, max(answer.code, more.code))


def _wants_to_enable(screen: Screen, download_options: DownloadOptions) -> bool:
    """No answer is a no: the profile is installed, and that stays true."""
    if download_options.enable is not None or download_options.yes:
        return bool(download_options.enable)
    try:
        return screen.ask("Put it to use now? Type yes:", otherwise="--enable").lower() in ("yes", "y")
    except Declined:
        return False
