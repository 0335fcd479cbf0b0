"""Commands about readers and the card itself: readers, doctor, info, default-server."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

import click

from lpa.card.secure_elements import SecureElement, joined
from lpa.cli.all_readers import on_each_reader
from lpa.cli.commands.interruption import changing
from lpa.cli.exits import exit_code
from lpa.cli.group import command
from lpa.cli.json_output import CommandResult, plain
from lpa.cli.parsing import ADDRESS
from lpa.cli.views.profiles import named_rules
from lpa.host import settings
from lpa.rsp.sizes import in_words

if TYPE_CHECKING:
    from lpa.card.probing import Probe
    from lpa.cli.cells import Facts
    from lpa.cli.console import Console
    from lpa.cli.screen import Screen
    from lpa.doctor import Diagnosis
    from lpa.rsp.eim import Eim
    from lpa.rsp.euicc_info import (
        AuthorisationRule,
        ConfiguredAddresses,
        EuiccInfo1,
        EuiccInfo2,
        IotInfo,
        KeyIdentifier,
    )
    from lpa.rsp.names import Eid, ServerAddress

_VERDICTS = {"good": "green", "doubtful": "yellow", "bad": "red"}
_SQUARE = 64 * 1024  # bytes of free memory for one square
_MOST_SQUARES = 24
_READABLE = 64  # columns for a text
_SHOWS_SERVER = "'lpa default-server' shows it."
_IOT = "This is an IoT eUICC (SGP.32): an eIM manages its profiles, and it may refuse to let lpa change them."
_ANY_OPERATOR = "EEE-EEE"  # each E stands for any digit


@command()
@click.pass_obj
def readers(console: Console) -> CommandResult:
    """List the card readers and the cards in them."""
    from lpa.card import connected

    probes = connected.readers(probe=True, aids=console.aids, block_size=console.block_size)
    rows = [row for number, found in enumerate(probes) for row in _rows(number, found)]
    console.screen.table(("Number", "Reader", "Card"), rows)
    if not probes:
        console.screen.say("No card readers found.")
    return CommandResult({"readers": [_members(number, found) for number, found in enumerate(probes)]})


@command()
@click.pass_obj
def doctor(console: Console) -> CommandResult:
    """Find the cause of a problem.

    Checks everything from the card reader to the operators' servers, and the journal on this computer.
    Changes nothing.
    """
    if not console.all_readers:
        return _diagnosed(console, chain(_examine(console), _examine_journal(console)))
    cards = on_each_reader(console, lambda one: _diagnosed(one, _examine(one)))
    journal = _diagnosed(console, _examine_journal(console))
    gravest = cards if cards.code else journal
    return CommandResult(plain(cards.data) | plain(journal.data), gravest.problem, gravest.code)


def _diagnosed(console: Console, found: Iterable[Diagnosis]) -> CommandResult:
    """Print each diagnosis as soon as it is known."""
    diagnoses = []
    for one in found:
        diagnoses.append(one)
        console.screen.line((f"{one.verdict:<10}", _VERDICTS[one.verdict]), f"{one.step:<9}", one.message)
        if one.advice:
            console.screen.line(f"{'':19}{one.advice}")
    data = {"diagnoses": [plain(one) | {"verdict": one.verdict} for one in diagnoses]}
    problem = next((one.problem for one in diagnoses if one.problem), None)
    return CommandResult(data, problem, exit_code(problem) if problem else 0)


@command()
@click.pass_obj
def info(console: Console) -> CommandResult:
    """Show information about the card."""
    return on_each_reader(console, _info) if console.all_readers else _info(console)


def _info(console: Console) -> CommandResult:
    with console.assistant() as assistant:
        card = assistant.info()
    console.screen.facts(
        [
            ("EID", str(card.eid)),
            *(
                (f"Secure element {other.number}", f"{other.eid}: {_reached(other)}")
                for other in card.other_elements
            ),
            ("Manufacturer", card.manufacturer),
            ("ISD-R", str(card.aid)),
            ("Memory", _memory(console.screen, card.info2, card.profiles)),
            *_address_facts(card.configured_addresses),
            *_issuer_facts(card.issuers),
            *_ability_facts(card.info2),
            ("Managed by", [_eim(eim) for eim in card.eims]),
            ("Allowed rules", [_authorisation(rule) for rule in card.authorisation_rules]),
        ]
    )
    _report_doubts(console.screen, card.eid, card.issuers)
    if card.info2.managed_remotely:
        console.screen.say(_IOT, "yellow")
    return CommandResult(card)


@command("default-server")
@click.argument("address", type=ADDRESS, required=False)
@click.option("--clear", is_flag=True, help="Remove the default server.")
@click.pass_obj
def default_server(console: Console, address: ServerAddress | None, clear: bool) -> CommandResult:
    """Show or set the default server for downloads."""
    if address and clear:
        raise click.UsageError("Give an ADDRESS or --clear, not both.")
    with console.assistant() as assistant:
        if address or clear:
            with changing(console.screen, "Interrupted while changing the default server.", _SHOWS_SERVER):
                assistant.euicc.set_default_dp_address(str(address or ""))
                console.screen.did(f"The default server is {address or 'none'}.", advice=_SHOWS_SERVER)
        addresses = assistant.euicc.configured_addresses()
    console.screen.facts(_address_facts(addresses))
    return CommandResult(addresses)


def _examine(console: Console) -> Iterator[Diagnosis]:
    from lpa.doctor import examine

    with console.https() as https:
        yield from examine(https.handshake, console.reader, aids=console.aids, block_size=console.block_size)


def _examine_journal(console: Console) -> Iterator[Diagnosis]:
    from lpa.doctor import examine_journal

    yield from examine_journal(settings.state_dir(console.state_dir))


def _rows(number: int, found: Probe) -> Iterator[tuple[str, str, str]]:
    """A line for each reader, and one for each further secure element: its number reaches it, too."""
    yield str(number), found.reader.name, _content(found)
    for other in found.others:
        name = joined(str(number), other.number)
        yield name, found.reader.name, f"eUICC {other.eid}, secure element {other.number} of this card"


def _members(number: int, found: Probe) -> dict[str, object]:
    """A reader in the document. The member `reader` is its name, as in other documents."""
    reader = found.reader
    return {
        "number": number,
        "reader": reader.name,
        "present": reader.present,
        "busy": reader.busy,
        "mute": reader.mute,
        "atr": reader.atr,
        "eid": found.eid,
        "other_elements": found.others,
        "problem": found.problem,
    }


def _reached(other: SecureElement) -> str:
    return f"an eUICC of its own, reached with '#{other.number}' behind the reader's name"


def _content(found: Probe) -> str:
    if not found.reader.present:
        return "empty"
    return found.problem.message if found.problem else f"eUICC {found.eid}"


def _memory(screen: Screen, info: EuiccInfo2, installed: int) -> str:
    """A square for each profile and one for each 64 KiB of free memory, and the number of free bytes."""
    free = info.resource.free_non_volatile
    if free is None:
        return ""
    squares = screen.bar(min(installed, _MOST_SQUARES), min(free // _SQUARE, _MOST_SQUARES))
    return f"{squares}  {in_words(free)} free"


def _address_facts(addresses: ConfiguredAddresses) -> Facts:
    return [
        ("Default server", addresses.default_dp or "none"),
        ("Discovery server", addresses.root_ds or "none"),
    ]


def _issuer_facts(info: EuiccInfo1 | EuiccInfo2) -> Facts:
    return [
        ("Trusted CI keys", [_issuer(key) for key in info.ci_for_verification]),
        ("Certified under", [_issuer(key) for key in info.ci_for_signing]),
    ]


def _issuer(key: KeyIdentifier) -> str:
    return f"{key} {key.name or '(unknown issuer)'}"


def _ability_facts(info: EuiccInfo2) -> Facts:
    return [
        ("SGP.22", f"{info.svn} to {info.highest_svn}" if info.highest_svn else info.svn),
        ("SGP.32", ", ".join(info.iot.versions) if info.iot else ""),
        ("Firmware", info.firmware),
        ("Profile packages", info.profile_version),
        ("TS 102 241", info.ts102241_version),
        ("GlobalPlatform", info.globalplatform_version),
        ("Category", info.category),
        ("LPA mode", info.lpa_mode),
        ("IPA mode", info.ipa_mode),
        ("IoT functions", ", ".join(_iot_functions(info.iot)) if info.iot else ""),
        ("Accreditation", info.sas_accreditation_number),
        ("Platform", info.platform_label),
        ("Capabilities", _grouped((*info.uicc_capability, *info.rsp_capability))),
        ("Other data", [item.hex() for item in info.unknown]),
        ("Forbidden rules", " ".join(info.forbidden_policy_rules)),
    ]


def _iot_functions(iot: IotInfo) -> Iterator[str]:
    if iot.emergency_supported:
        yield "emergency profile"
    if iot.fallback_supported:
        yield "fallback profile"


def _eim(eim: Eim) -> str:
    """A remote manager: its identifier, and its server if that is another name."""
    return f"eIM {eim.identifier}" + (f", {eim.address}" if eim.address not in ("", eim.identifier) else "")


def _grouped(abilities: Iterable[str]) -> list[str]:
    """Many terms in lines of a readable width."""
    return textwrap.wrap(", ".join(abilities), _READABLE, break_long_words=False, break_on_hyphens=False)


def _authorisation(rule: AuthorisationRule) -> str:
    """An entry of the Rules Authorisation Table: for which operators, on what condition, which rules."""
    codes = (operator.mcc_mnc for operator in rule.operators)
    operators = ", ".join("any operator" if code == _ANY_OPERATOR else code for code in codes)
    consent = ", with your consent" if rule.consent_required else ""
    return f"{operators}{consent}: {', '.join(named_rules(rule.policy_rules))}"


def _report_doubts(screen: Screen, eid: Eid, info: EuiccInfo1 | EuiccInfo2) -> None:
    if not eid.plausible:
        screen.say("The check digits of the EID are wrong. Some genuine cards have such an EID.", "yellow")
    if info.test_only:
        screen.say("This card trusts only test issuers: no operator can install a profile on it.", "yellow")
