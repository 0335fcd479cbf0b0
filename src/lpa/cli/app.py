"""The command line as a whole: its global options, and the table of commands."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from lpa import __version__
from lpa.card.apdu import LARGEST_BLOCK, SMALLEST_BLOCK
from lpa.card.timeouts import current, using
from lpa.cli.console import Console
from lpa.cli.group import JSON_HELP, Group
from lpa.cli.logs import log_to
from lpa.cli.parsing import AID, CONNECT_TO, FILE, FOLDER, PROXY, TRUST
from lpa.cli.screen import Screen
from lpa.rsp.limits import CARD_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

# The file in `commands` of each command, and the first sentence of its help, in the order of the help. A file
# is imported when its command runs, so that `lpa list` does not load what deletes, verifies or simulates.
_COMMANDS = {
    "readers": ("card", "List the card readers and the cards in them."),
    "doctor": ("card", "Find the cause of a problem."),
    "info": ("card", "Show information about the card."),
    "list": ("profiles", "List the profiles on the card."),
    "show": ("profiles", "Show the details of a profile."),
    "enable": ("switch", "Enable a profile."),
    "disable": ("switch", "Disable the enabled profile."),
    "delete": ("delete", "Delete a profile from the card, permanently."),
    "protect": ("switch", "Protect a profile from deletion on this computer."),
    "unprotect": ("switch", "Remove the protection of a profile."),
    "rename": ("profiles", "Set the nickname of a profile."),
    "download": ("download", "Download and install a profile."),
    "discover": ("download", "Ask whether a profile is available for this card."),
    "backup": ("backup", "Save contacts and messages of the enabled profile."),
    "notifications": ("notifications", "Pending notifications."),
    "resume": ("resume", "Recover interrupted operations."),
    "receipts": ("receipts", "Receipts: signed notifications kept as proof."),
    "default-server": ("card", "Show or set the default server for downloads."),
    "reset": ("switch", "Delete all profiles of a kind, permanently."),
    "lpac": ("lpac", "Speak lpac's command line and JSON, for programs made for it."),
    "schema": ("schema", "Print the JSON Schema of a command's document."),
    "sim": ("sim", "A simulated card and server, for trying things out."),
}
_DAY = 24 * 60 * 60  # seconds
_NAMES = {"list": "list_", "default-server": "default_server"}  # functions with another name


class Commands(Group):
    """All commands, each imported when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (the signature is click's)
        """In the order of the table."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command `cmd_name`, None if there is none."""
        if cmd_name in _COMMANDS and cmd_name not in self.commands:
            file = importlib.import_module(f"lpa.cli.commands.{_COMMANDS[cmd_name][0]}")
            command: click.Command = getattr(file, _NAMES.get(cmd_name, cmd_name))
            self.add_command(command)
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """From the table: the help imports none of them."""
        listed = [click.Command(name, help=summary) for name, (_, summary) in _COMMANDS.items()]
        Group(commands=listed).format_commands(ctx, formatter)


def _aids() -> list[str]:
    from lpa.card.isdr_search import ISDR_AIDS

    return [str(aid) for aid in ISDR_AIDS]


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--reader",
    envvar="LPA_READER",
    metavar="NAME",
    help="The card reader: its name or part of it, its number in 'lpa readers', or sim:PATH. "
    "With #2 behind it: the second secure element of the card.",
)
@click.option(
    "--all-readers",
    is_flag=True,
    help="All PC/SC readers at once: for 'list', 'info', 'notifications send' and 'doctor'.",
)
@click.option("--json", is_flag=True, envvar="LPA_JSON", expose_value=False, help=JSON_HELP)
@click.option(
    "--state-dir",
    type=FOLDER,
    envvar="LPA_STATE_DIR",
    metavar="DIR",
    help="Folder of the receipts and the journal.",
)
@click.option(
    "--ca-bundle",
    "trust",
    type=TRUST,
    envvar="LPA_CA_BUNDLE",
    metavar="FILE",
    help="Also trust the certificate authorities in this PEM file.",
)
@click.option(
    "--connect-to",
    type=CONNECT_TO,
    envvar="LPA_CONNECT_TO",
    metavar="HOST:PORT:HOST:PORT",
    multiple=True,
    help="Use the second address for the first; the certificate must still match the first.",
)
@click.option(
    "--proxy",
    type=PROXY,
    envvar="LPA_PROXY",
    metavar="URL|env",
    help="Connect through this HTTP proxy, or through that of the environment.",
)
@click.option(
    "--aid",
    "aids",
    type=AID,
    envvar="LPA_AID",
    default=_aids,
    metavar="AID",
    multiple=True,
    help="AID of the card's ISD-R, instead of the known ones.",
)
@click.option(
    "--block-size",
    type=click.IntRange(SMALLEST_BLOCK, LARGEST_BLOCK),
    envvar="LPA_BLOCK_SIZE",
    default=LARGEST_BLOCK,
    metavar="BYTES",
    help="Largest block to send to the card, for readers with small buffers.",
)
@click.option(
    "--card-timeout",
    type=click.IntRange(1, _DAY),
    envvar="LPA_CARD_TIMEOUT",
    default=int(CARD_SECONDS),
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the answer of a card in a PC/SC reader to one command.",
)
@click.option(
    "--no-wait", is_flag=True, envvar="LPA_NO_WAIT", help="Fail at once if another lpa is using the card."
)
@click.option(
    "-v",
    "--verbose",
    count=True,
    envvar="LPA_VERBOSE",
    help="Log what is done; -vv also logs every command to the card.",
)
@click.option(
    "--trace",
    type=FILE,
    envvar="LPA_TRACE",
    metavar="FILE",
    help="Record in this file what is exchanged with the card and servers, without secrets, and the log.",
)
@click.version_option(__version__, message="lpa %(version)s")
@click.pass_context
def app(
    context: click.Context, /, verbose: int, trace: Path | None, card_timeout: int, **options: Any
) -> None:
    """Manage the profiles on an eSIM card."""
    if options["all_readers"]:
        _refuse_with_all_readers(context)
    log_to(context, verbose, trace)
    screen = context.ensure_object(Screen)
    context.with_resource(using(current().changed(card=card_timeout, on_silence=screen.say)))
    screen.verbose = verbose > 1
    context.obj = Console(screen, **options)


def _refuse_with_all_readers(context: click.Context) -> None:
    """Raise a usage error for an option that is about one card. One from the environment may stay."""
    for name in ("reader", "trace"):
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"Give --{name} or --all-readers, not both.")
