"""Commands that bring a profile onto the card: download, discover.

The codes are secrets: they are neither shown nor taken as an argument where that can be helped.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import click

from lpa.assistant import Assistant
from lpa.cli.commands.install import Done, Order, downloaded, facts, failed, say_problems, unanswered
from lpa.cli.console import Console
from lpa.cli.download_options import DownloadOptions, download_options
from lpa.cli.exits import STOPPED
from lpa.cli.group import command
from lpa.cli.json_output import Answer, plain
from lpa.cli.parsing import ACTIVATION_CODE, ADDRESS, IMAGE
from lpa.cli.screen import Screen
from lpa.cli.views.pending import then_send_due
from lpa.cli.views.sentences import findings
from lpa.errors import LpaError
from lpa.notifications.delivery import Delivery
from lpa.rsp.activation import ActivationCode
from lpa.rsp.limits import DOWNLOADS
from lpa.rsp.names import ServerAddress
from lpa.rsp.session import Event


@command()
@click.argument("code", type=ACTIVATION_CODE, required=False)
@click.option("--qr", "image", type=IMAGE, metavar="IMAGE", help="Read the code from this image.")
@click.option("--preview", is_flag=True, help="Only show what would be installed.")
@download_options
@click.pass_obj
def download(
    console: Console,
    /,
    *,
    code: ActivationCode | None,
    image: ActivationCode | None,
    preview: bool,
    **options: Any,
) -> Answer:
    """Install a profile.

    CODE is the activation code of the operator, such as 'LPA:1$rsp.example.com$ABC-123', in single quotes; or
    a link that carries it. Without one, the card's default server is asked.
    """
    if code and image:
        raise click.UsageError("Give an activation code or an image, not both.")
    wanted, order = DownloadOptions.of(**options), code or image
    with console.delivering_assistant() as assistant:
        if preview:
            return _previewed(console.screen, assistant, order, wanted)
        _see_that_somebody_can_agree(console.screen, wanted)
        done = downloaded(console.screen, assistant, order, wanted)
        if not done.others and not done.passed_over:
            return _and_due(console.screen, assistant, done.answer, done.deliveries)
        more, told = _each(console.screen, assistant, done, wanted)
        return _together(console.screen, assistant, done.answer, [done.answer, *more], told)


@command()
@click.option(
    "--server", type=ADDRESS, metavar="ADDRESS", help="The discovery server, instead of the card's own."
)
@click.option("--download", "wanted", is_flag=True, help="Install what is found, one after the other.")
@download_options
@click.pass_obj
def discover(console: Console, /, *, server: ServerAddress | None, wanted: bool, **options: Any) -> Answer:
    """Ask whether a profile waits for this card.

    A discovery server knows which operators' servers have one.
    """
    chosen = DownloadOptions.of(**options)
    with console.delivering_assistant() as assistant:
        if wanted:
            _see_that_somebody_can_agree(console.screen, chosen)
        events = assistant.discover(server, device=chosen.device)
        console.screen.table(
            ("Number", "Server"), [(str(at), str(event.address)) for at, event in enumerate(events, 1)]
        )
        if not events:
            console.screen.say("No profile waits for this card.")
        found = Answer({"events": [{"address": event.address} for event in events]})
        if not wanted:
            return found
        answers, told = _each(console.screen, assistant, Done(found, others=events), chosen)
        return _together(console.screen, assistant, found, answers, told)


def _each(
    screen: Screen, assistant: Assistant, before: Done, download_options: DownloadOptions
) -> tuple[list[Answer], list[Delivery]]:
    """What came of all that waits beside what is done, each in its turn; and who was told what in all."""
    waiting, seen = deque(before.others), set(before.others)
    answers = [*map(unanswered, before.passed_over)]
    told = list(before.deliveries)
    stopped = before.answer.code == STOPPED
    while waiting and not stopped and len(answers) < DOWNLOADS:
        done = _tried(screen, assistant, waiting.popleft(), download_options)
        answers += [*map(unanswered, done.passed_over), done.answer]
        told += done.deliveries
        waiting.extend(event for event in done.others if event not in seen)
        seen.update(done.others)
        # What became of an unfinished one is to be found out first.
        stopped = done.answer.code == STOPPED or bool(assistant.journal.unfinished(assistant.eid))
    return answers, told


def _tried(screen: Screen, assistant: Assistant, event: Event, download_options: DownloadOptions) -> Done:
    """As `downloaded`; but a no to one hides neither what came before it nor what comes after."""
    try:
        return downloaded(screen, assistant, event, download_options)
    except LpaError as problem:
        return failed(screen, problem)


def _together(
    screen: Screen, assistant: Assistant, head: Answer, answers: list[Answer], told: Iterable[Delivery]
) -> Answer:
    """The answer of a command that downloaded several: `head` has its own members, the worst its code."""
    worst = max(answers, key=lambda answer: answer.code, default=head)
    each = {"downloads": [plain(answer.result) for answer in answers]}
    return _and_due(screen, assistant, replace(worst, result=plain(head.result) | each), told)


def _and_due(screen: Screen, assistant: Assistant, answer: Answer, told: Iterable[Delivery]) -> Answer:
    """As `then_send_due`, but nobody waits for a server who has just stopped."""
    return answer if answer.code == STOPPED else then_send_due(screen, assistant, answer, told)


def _previewed(
    screen: Screen, assistant: Assistant, order: Order, download_options: DownloadOptions
) -> Answer:
    with assistant.download(order, device=download_options.device) as offer:
        offer.postpone()
        say_problems(screen, offer.passed_over)
        screen.facts(facts(offer))
        for line in findings(offer):
            screen.line(line)
        if offer.others:
            screen.say(f"{len(offer.others)} more may wait for this card: 'lpa discover' shows where.")
        return Answer(
            {
                "profile": offer.profile,
                "server": offer.server,
                "confirmation_code_required": offer.confirmation_code_required,
                "estimated_size": offer.estimated_size,
                "free_memory": offer.free_memory,
                "findings": offer.findings,
            }
        )


def _see_that_somebody_can_agree(screen: Screen, download_options: DownloadOptions) -> None:
    """Before a server is asked: it counts how often that happens."""
    if not download_options.yes:
        screen.see_that_somebody_is_there(otherwise="--yes")
