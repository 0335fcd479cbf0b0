"""Commands about readers and the card itself: readers, doctor, info, default-server."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from lpa.cli.console import Console, changing
from lpa.cli.exits import exit_code
from lpa.cli.group import command
from lpa.cli.json_output import Answer, plain
from lpa.cli.parsing import ADDRESS
from lpa.cli.screen import Facts, Screen
from lpa.cli.views.sentences import named_rules
from lpa.rsp.euicc_info import (
    AuthorisationRule,
    ConfiguredAddresses,
    EuiccInfo1,
    EuiccInfo2,
    KeyIdentifier,
)
from lpa.rsp.names import Eid, ServerAddress
from lpa.rsp.sizes import in_words

if TYPE_CHECKING:
    from lpa.card.probing import Probe
    from lpa.doctor import Diagnosis

_VERDICTS = {"good": "green", "doubtful": "yellow", "bad": "red"}
_PLACE = 64 * 1024  # bytes of free memory for one square of the picture
_MOST_PLACES = 24
_READABLE = 64  # columns for a text
_ANY_OPERATOR = "EEE-EEE"  # each E stands for any digit


@command()
@click.pass_obj
def readers(console: Console) -> Answer:
    """List the card readers, and what is in them."""
    from lpa.card import pcsc, probing

    probes = [probing.probe(reader, console.aids, console.block_size) for reader in pcsc.readers()]
    rows = [(str(number), found.reader.name, _content(found)) for number, found in enumerate(probes)]
    console.screen.table(("Number", "Reader", "Card"), rows)
    if not probes:
        console.screen.say("There is no card reader.")
    return Answer({"readers": probes})


@command()
@click.pass_obj
def doctor(console: Console) -> Answer:
    """Find out why it does not work.

    Looks at everything from the card reader to the operators' servers, and changes nothing.
    """
    findings = []
    for finding in _examine(console):
        findings.append(finding)
        console.screen.line(
            (f"{finding.verdict:<10}", _VERDICTS[finding.verdict]), f"{finding.step:<9}", finding.message
        )
        if finding.advice:
            console.screen.line(f"{'':19}{finding.advice}")
    result = {"findings": [plain(finding) | {"verdict": finding.verdict} for finding in findings]}
    problem = next((finding.problem for finding in findings if finding.problem), None)
    return Answer(result, problem, exit_code(problem) if problem else 0)


@command()
@click.pass_obj
def info(console: Console) -> Answer:
    """Show what the card says about itself."""
    with console.assistant() as assistant:
        euicc, profiles = assistant.euicc, assistant.profiles()
        aid, info1, info2 = euicc.aid, euicc.euicc_info1(), euicc.euicc_info2()
        addresses, authorisations = euicc.configured_addresses(), euicc.rules()
    eid = assistant.eid
    console.screen.facts(
        [
            ("EID", str(eid)),
            ("Made by", eid.manufacturer),
            ("ISD-R", str(aid)),
            ("Memory", _memory(console.screen, info2, len(profiles))),
            *_address_facts(addresses),
            *_issuer_facts(info1),
            *_ability_facts(info2),
            ("Allows rules of", [_authorisation(rule) for rule in authorisations]),
        ]
    )
    _warn(console.screen, eid, info1)
    return Answer(
        {
            "eid": eid,
            "aid": aid,
            "info1": info1,
            "info2": info2,
            "addresses": addresses,
            "rules": authorisations,
        }
    )


@command("default-server")
@click.argument("address", type=ADDRESS, required=False)
@click.option("--clear", is_flag=True, help="Have the card ask no server.")
@click.pass_obj
def default_server(console: Console, address: ServerAddress | None, clear: bool) -> Answer:
    """Show or set the server to ask for profiles."""
    if address and clear:
        raise click.UsageError("Give an ADDRESS or --clear, not both.")
    with console.assistant() as assistant:
        if address or clear:
            with changing():
                assistant.euicc.set_default_dp_address(str(address or ""))
        addresses = assistant.euicc.configured_addresses()
    console.screen.facts(_address_facts(addresses))
    return Answer(addresses)


def _examine(console: Console) -> Iterator[Diagnosis]:
    from lpa.doctor import examine

    with console.https() as https:
        yield from examine(https.handshake, console.reader, aids=console.aids, block_size=console.block_size)


def _content(found: Probe) -> str:
    if not found.reader.present:
        return "empty"
    return found.problem.message if found.problem else f"eUICC {found.eid}"


def _memory(screen: Screen, info: EuiccInfo2, installed: int) -> str:
    """A picture, with a square for each profile and one for each 64 KiB that are free, and the number."""
    free = info.resource.free_non_volatile
    if free is None:
        return ""
    picture = screen.bar(min(installed, _MOST_PLACES), min(free // _PLACE, _MOST_PLACES))
    return f"{picture}  {in_words(free)} free"


def _address_facts(addresses: ConfiguredAddresses) -> Facts:
    return [
        ("Default server", addresses.default_dp or "none"),
        ("Discovery server", addresses.root_ds or "none"),
    ]


def _issuer_facts(info: EuiccInfo1) -> Facts:
    return [
        ("Trusts", [_issuer(key) for key in info.ci_for_verification]),
        ("Trusted by", [_issuer(key) for key in info.ci_for_signing]),
    ]


def _issuer(key: KeyIdentifier) -> str:
    return f"{key} {key.name or 'an issuer that is not known here'}"


def _ability_facts(info: EuiccInfo2) -> Facts:
    return [
        ("SGP.22", info.svn),
        ("Firmware", info.firmware),
        ("Profile packages", info.profile_version),
        ("TS 102 241", info.ts102241_version),
        ("GlobalPlatform", info.globalplatform_version),
        ("Category", info.category),
        ("Accreditation", info.sas_accreditation_number),
        ("Platform", info.platform_label),
        ("Can do", _grouped((*info.uicc_capability, *info.rsp_capability))),
        ("Also", [item.hex() for item in info.unknown]),
        ("Refuses rules", " ".join(info.forbidden_policy_rules)),
    ]


def _grouped(abilities: Iterable[str]) -> list[str]:
    """Many words in lines of a width that is easily read."""
    return textwrap.wrap(", ".join(abilities), _READABLE, break_long_words=False, break_on_hyphens=False)


def _authorisation(rule: AuthorisationRule) -> str:
    """A row of the Rules Authorisation Table: whose rules, on what condition, and which."""
    codes = (operator.mcc_mnc for operator in rule.operators)
    operators = ", ".join("any operator" if code == _ANY_OPERATOR else code for code in codes)
    consent = ", if you agree" if rule.consent_required else ""
    return f"{operators}{consent}: {', '.join(named_rules(rule.policy_rules))}"


def _warn(screen: Screen, eid: Eid, info: EuiccInfo1) -> None:
    if not eid.plausible:
        screen.say("The check digits of the EID are wrong. Some genuine cards have such a number.", "yellow")
    if info.test_only:
        screen.say("This card trusts test issuers only: no operator can load a profile onto it.", "yellow")
