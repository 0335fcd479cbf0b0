"""Commands that bring a profile onto the card: download, discover.

Law: what a person did not refuse is put off, never refused in their name: a server ends an order that was
refused. The codes are secrets: they are neither shown nor taken as an argument where that can be helped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from lpa.assistant import Assistant
from lpa.cli.changes import told
from lpa.cli.desk import Desk, changing, resuming
from lpa.cli.documents import Answer, plain
from lpa.cli.gate import Interrupted, exit_code
from lpa.cli.parsing import ACTIVATION_CODE, ADDRESS, IMAGE, IMEI, TAC
from lpa.cli.screen import Facts, Screen
from lpa.cli.waiting import and_due
from lpa.cli.words import findings, named_rules
from lpa.dispatch import Delivery
from lpa.download import WRONG_CODE, Offer
from lpa.errors import Declined, LpaError, OutcomeUnknown, ServerRefused
from lpa.rsp.activation import ActivationCode
from lpa.rsp.device import Device
from lpa.rsp.names import ServerAddress
from lpa.rsp.session import Event
from lpa.switching import Outcome

_DIGITS = 4  # of an ICCID: as many as name a profile
_F = TypeVar("_F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Wishes:
    """What the options say. `enable`: None to be asked. `code_file`: where the confirmation code is read."""

    yes: bool
    accepted: tuple[str, ...]
    code_file: Path | None
    enable: bool | None
    device: Device


def _wishes(command: _F) -> _F:
    """The options that every download has."""
    for option in (
        click.option("--tac", type=TAC, metavar="TAC", help="The device's type: 8 digits."),
        click.option("--imei", type=IMEI, metavar="IMEI", help="The device that the card is for."),
        click.option("--enable/--no-enable", default=None, help="Put it to use then, or not; do not ask."),
        click.option(
            "--confirmation-code-file",
            "code_file",
            type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
            metavar="FILE",
            help="Read the confirmation code from the first line of this file, or of '-'.",
        ),
        click.option(
            "--accept", "accepted", multiple=True, metavar="RULE", help="Agree to this rule of the operator."
        ),
        click.option("--yes", is_flag=True, help="Do not ask. Rules have to be accepted by name."),
    ):
        command = option(command)
    return command


@click.command()
@click.argument("code", type=ACTIVATION_CODE, required=False)
@click.option("--qr", "image", type=IMAGE, metavar="IMAGE", help="Read the code from this image.")
@click.option("--preview", is_flag=True, help="Only show what would be installed.")
@_wishes
@click.pass_obj
def download(
    desk: Desk,
    /,
    *,
    code: ActivationCode | None,
    image: ActivationCode | None,
    preview: bool,
    imei: Device | None,
    tac: Device | None,
    **options: Any,
) -> Answer:
    """Install a profile.

    CODE is the activation code of the operator, such as 'LPA:1$rsp.example.com$ABC-123', in single quotes; or
    a link that carries it. Without one, the card's default server is asked.
    """
    if code and image:
        raise click.UsageError("Give an activation code or an image, not both.")
    wishes = Wishes(device=imei or tac or Device(), **options)
    with desk.delivering_assistant() as assistant:
        if preview:
            return _previewed(desk.screen, assistant, code or image, wishes)
        _see_that_somebody_can_agree(desk.screen, wishes)
        answer, deliveries = _downloaded(desk.screen, assistant, code or image, wishes)
        return and_due(desk.screen, assistant, answer, deliveries)


@click.command()
@click.option(
    "--server", type=ADDRESS, metavar="ADDRESS", help="The discovery server, instead of the card's own."
)
@click.option("--download", "wanted", is_flag=True, help="Install what is found, one after the other.")
@_wishes
@click.pass_obj
def discover(
    desk: Desk,
    /,
    *,
    server: ServerAddress | None,
    wanted: bool,
    imei: Device | None,
    tac: Device | None,
    **options: Any,
) -> Answer:
    """Ask whether a profile waits for this card.

    A discovery server knows which operators' servers have one.
    """
    wishes = Wishes(device=imei or tac or Device(), **options)
    with desk.delivering_assistant() as assistant:
        if wanted:
            _see_that_somebody_can_agree(desk.screen, wishes)
        events = assistant.discover(server, device=wishes.device)
        desk.screen.table(
            ("Number", "Server"), [(str(at), str(event.address)) for at, event in enumerate(events, 1)]
        )
        if not events:
            desk.screen.say("No profile waits for this card.")
        found = Answer({"events": [{"address": event.address} for event in events]})
        return _all_downloaded(desk.screen, assistant, events, wishes, found) if wanted else found


def _all_downloaded(
    screen: Screen, assistant: Assistant, events: tuple[Event, ...], wishes: Wishes, found: Answer
) -> Answer:
    answers: list[Answer] = []
    told: list[Delivery] = []
    for event in events:
        answer, deliveries = _tried(screen, assistant, event, wishes)
        answers.append(answer)
        told.extend(deliveries)
        if isinstance(answer.problem, OutcomeUnknown):
            break  # What became of this one is to be found out first.
    worst = max(answers, key=lambda answer: answer.code, default=found)
    result = plain(found.result) | {"downloads": [plain(answer.result) for answer in answers]}
    return and_due(screen, assistant, Answer(result, worst.problem, worst.code), told)


def _tried(
    screen: Screen, assistant: Assistant, event: Event, wishes: Wishes
) -> tuple[Answer, tuple[Delivery, ...]]:
    """As `_downloaded`; but a no to one hides neither what came before it nor what comes after."""
    try:
        return _downloaded(screen, assistant, event, wishes)
    except LpaError as problem:
        screen.say(problem.message, "red")
        screen.say(problem.advice)
        return Answer({"problem": problem}, problem, exit_code(problem)), ()


def _previewed(
    screen: Screen, assistant: Assistant, order: ActivationCode | Event | None, wishes: Wishes
) -> Answer:
    with assistant.download(order, device=wishes.device) as offer:
        offer.postpone()
        screen.facts(_facts(offer))
        for line in findings(offer):
            screen.line(line)
        return Answer(
            {
                "profile": offer.profile,
                "server": offer.server,
                "confirmation_code_required": offer.confirmation_code_required,
                "free_memory": offer.free_memory,
                "findings": offer.findings,
            }
        )


def _downloaded(
    screen: Screen, assistant: Assistant, order: ActivationCode | Event | None, wishes: Wishes
) -> tuple[Answer, tuple[Delivery, ...]]:
    """The answer of one download, and what it told whom."""
    with resuming(screen, assistant):
        opened = assistant.download(order, device=wishes.device)
    with opened as offer:
        offer.postpone()
        screen.say_facts(_facts(offer))
        for text, style in findings(offer):
            screen.say(text, style)
        for stop in offer.stops:
            raise stop.refused
        _agree(screen, offer, wishes)
        outcome = _installed(screen, offer, wishes)
    answer = told(screen, outcome, "{} is on the card.", "{} is on the card.")
    return _enabled(screen, assistant, outcome, answer, wishes), outcome.deliveries


def _see_that_somebody_can_agree(screen: Screen, wishes: Wishes) -> None:
    """Before a server is asked: it counts how often that happens."""
    if not wishes.yes:
        screen.see_that_somebody_is_there(otherwise="--yes")


def _agree(screen: Screen, offer: Offer, wishes: Wishes) -> None:
    """The person's yes, and a stronger one to what the operator wants to bind. Raises `Declined`."""
    rules = [warning.name for warning in offer.warnings if warning.name not in wishes.accepted]
    if wishes.yes:
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


def _installed(screen: Screen, offer: Offer, wishes: Wishes) -> Outcome:
    """Install it, with as many tries for the confirmation code as the server permits."""
    while True:
        code = _confirmation_code(screen, offer, wishes)
        try:
            with screen.progress("Installing", "Waiting for the server") as progress:
                return offer.install(confirmation_code=code, progress=progress)
        except KeyboardInterrupt as interruption:
            if offer.loading:
                raise Interrupted from interruption
            raise
        except ServerRefused as refused:
            if refused.reason != WRONG_CODE or wishes.code_file:
                raise
            screen.say(refused.message, "yellow")


def _confirmation_code(screen: Screen, offer: Offer, wishes: Wishes) -> str:
    if not offer.confirmation_code_required:
        return ""
    if wishes.code_file:
        with click.open_file(str(wishes.code_file), encoding="utf-8") as file:
            line: str = file.readline()
            return line.rstrip("\r\n")
    while True:  # An empty line is a slip of the finger, and no server has to hear of it.
        if code := screen.ask_secret("Confirmation code:", otherwise="--confirmation-code-file is"):
            return code


def _enabled(
    screen: Screen, assistant: Assistant, outcome: Outcome, answer: Answer, wishes: Wishes
) -> Answer:
    """The answer, after the profile was put to use if the person wants that."""
    profile = outcome.profile
    if profile is None or not _wants_to_enable(screen, wishes):
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


def _wants_to_enable(screen: Screen, wishes: Wishes) -> bool:
    if wishes.enable is None and not wishes.yes:
        return screen.ask("Put it to use now? Type yes:", otherwise="--enable").lower() in ("yes", "y")
    return bool(wishes.enable)


def _facts(offer: Offer) -> Facts:
    profile, free = offer.profile, offer.free_memory
    return [
        ("Offered", [profile.title, f"by {offer.server}"]),
        ("Operator", profile.service_provider),
        ("Profile", profile.name),
        ("ICCID", str(profile.iccid)),
        ("Class", profile.profile_class),
        ("Rules", named_rules(profile.policy_rules)),
        ("Size", "not told before it comes"),
        ("Free memory", f"{free // 1024} KiB" if free is not None else "the card does not say"),
        ("Confirmation", "a code of the operator is needed" if offer.confirmation_code_required else ""),
    ]
