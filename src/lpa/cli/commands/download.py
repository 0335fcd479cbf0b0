"""Commands that install profiles: download, discover.

Activation and confirmation codes are secrets: they are not printed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from lpa.card.es10 import first_info1
from lpa.cli.commands.install import Download, Order, begun, facts, failed, failure, install, print_problems
from lpa.cli.commands.send_due import then_send_due
from lpa.cli.download_options import DownloadOptions, download_options
from lpa.cli.exits import STOPPED
from lpa.cli.group import command
from lpa.cli.json_output import CommandResult, plain
from lpa.cli.parsing import ACTIVATION_CODE, ADDRESS, DELIVER, IMAGE, CodeSource
from lpa.cli.views.findings import offer_findings
from lpa.errors import LpaError
from lpa.rsp.limits import DOWNLOADS

if TYPE_CHECKING:
    from lpa.assistant import Assistant
    from lpa.cli.console import Console
    from lpa.cli.screen import Screen
    from lpa.notifications.delivery import Delivery
    from lpa.rsp.activation import ActivationCode
    from lpa.rsp.deliver import Deliver
    from lpa.rsp.names import ServerAddress
    from lpa.rsp.session import Event


@command()
# Eager: it is known whether the code comes from stdin before the confirmation code is read from there.
@click.argument("code", type=ACTIVATION_CODE, required=False, is_eager=True)
@click.option("--qr", "image", type=IMAGE, metavar="IMAGE", help="Read the activation code from this image.")
@click.option("--preview", is_flag=True, help="Only show what would be installed.")
@download_options
@DELIVER
@click.pass_obj
def download(
    console: Console,
    /,
    *,
    code: CodeSource | None,
    image: ActivationCode | None,
    preview: bool,
    deliver: Deliver,
    **options: Any,
) -> CommandResult:
    """Download and install a profile.

    CODE is the operator's activation code, such as 'LPA:1$rsp.example.com$ABC-123', in single quotes, or a
    text or link that contains it. '-' reads it from the first line of stdin, so that no list of processes
    shows it. Without CODE, the card's default server is asked.
    """
    if code and image:
        raise click.UsageError("Give an activation code or an image, not both.")
    chosen = DownloadOptions.of(**options)
    order = code(console.screen) if code else image
    for note in order.notes if order else ():
        console.screen.say(f"Note: {note}")
    with console.delivering_assistant(first_info1(), deliver=deliver) as assistant:
        if preview:
            return _previewed(console.screen, assistant, order, chosen)
        _require_consent(console.screen, chosen)
        first = install(console.screen, assistant, order, chosen)
        if not first.others and not first.skipped:
            return _and_due(console.screen, assistant, first.result, first.deliveries)
        console.screen.so_far = {"downloads": [plain(first.result.data)]}
        more, deliveries = _install_others(console.screen, assistant, first, chosen)
        results = [first.result, *more]
        return _combined(console.screen, assistant, first.result, results, deliveries)


@command()
@click.option(
    "--server", type=ADDRESS, metavar="ADDRESS", help="Ask this discovery server, not the card's own."
)
@click.option("--download", "wanted", is_flag=True, help="Install what is found, one after another.")
@download_options
@click.pass_obj
def discover(
    console: Console, /, *, server: ServerAddress | None, wanted: bool, **options: Any
) -> CommandResult:
    """Ask whether a profile is available for this card.

    A discovery server (SM-DS) knows which operators' servers have one.
    """
    chosen = DownloadOptions.of(**options)
    with console.delivering_assistant(first_info1()) as assistant:
        if wanted:
            _require_consent(console.screen, chosen)
        with console.screen.progress() as progress:
            events = assistant.discover(server, device=chosen.device, progress=progress)
        console.screen.table(
            ("Number", "Server"), [(str(at), str(event.address)) for at, event in enumerate(events, 1)]
        )
        if not events:
            console.screen.say("No profile is available for this card.")
        found = CommandResult({"events": [{"address": event.address} for event in events]})
        if not wanted:
            return found
        results, deliveries = _install_others(
            console.screen, assistant, Download(found, others=events), chosen
        )
        return _combined(console.screen, assistant, found, results, deliveries)


def _install_others(
    screen: Screen, assistant: Assistant, first: Download, options: DownloadOptions
) -> tuple[list[CommandResult], list[Delivery]]:
    """The results of everything else that was discovered, in turn; and the deliveries, also of `first`."""
    waiting, seen = deque(first.others), set(first.others)
    results = [*map(failure, first.skipped)]
    deliveries = list(first.deliveries)
    before = screen.so_far.get("downloads", [])
    stopped = first.result.code == STOPPED
    while waiting and not stopped and len(results) < DOWNLOADS:
        one = _install_or_fail(screen, assistant, waiting.popleft(), options)
        results += [*map(failure, one.skipped), one.result]
        screen.so_far = {"downloads": [*before, *(plain(result.data) for result in results)]}
        deliveries += one.deliveries
        waiting.extend(event for event in one.others if event not in seen)
        seen.update(one.others)
        # An interrupted download must be recovered before the next one begins.
        stopped = one.result.code == STOPPED or bool(assistant.journal.unfinished(assistant.eid))
    return results, deliveries


def _install_or_fail(
    screen: Screen, assistant: Assistant, event: Event, options: DownloadOptions
) -> Download:
    """As `install`; but an error ends only this download, not those before and after it."""
    try:
        return install(screen, assistant, event, options)
    except LpaError as problem:
        return failed(screen, problem)


def _combined(
    screen: Screen,
    assistant: Assistant,
    head: CommandResult,
    results: list[CommandResult],
    deliveries: Iterable[Delivery],
) -> CommandResult:
    """The result of a command that downloaded several: the members of `head`, and the worst exit code."""
    worst = max(results, key=lambda result: result.code, default=head)
    downloads = {"downloads": [plain(result.data) for result in results]}
    return _and_due(screen, assistant, replace(worst, data=plain(head.data) | downloads), deliveries)


def _and_due(
    screen: Screen, assistant: Assistant, result: CommandResult, deliveries: Iterable[Delivery]
) -> CommandResult:
    """As `then_send_due`, unless a person has interrupted the command: they should not wait for servers."""
    return result if result.code == STOPPED else then_send_due(screen, assistant, result, deliveries)


def _previewed(screen: Screen, assistant: Assistant, order: Order, options: DownloadOptions) -> CommandResult:
    with begun(screen, assistant, order, options) as offer:
        print_problems(screen, offer.passed_over)
        screen.facts(facts(offer))
        for line in offer_findings(offer):
            screen.line(line)
        if offer.others:
            more = len(offer.others)
            screen.say(f"{more} more may be available for this card; 'lpa discover' lists the servers.")
        return CommandResult(
            {
                "profile": offer.profile,
                "address": offer.server,
                "confirmation_code_required": offer.confirmation_code_required,
                "estimated_size": offer.estimated_size,
                "free_memory": offer.free_memory,
                "findings": offer.findings,
            }
        )


def _require_consent(screen: Screen, options: DownloadOptions) -> None:
    """Before a server is asked, because it counts the attempts."""
    if not options.yes:
        screen.require_terminal(otherwise="--yes")
