"""The ASN.1 of GSMA and TCA, as asn1play contains it, reads and writes the messages of our sessions as we do.

Run by .ci/asn1play. Our own ASN.1 is on both sides of all other tests, and could be wrong on both.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from lpa import Assistant
from lpa.errors import EuiccRefused, LpaError, ServerRefused
from lpa.rsp.activation import ActivationCode
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.device import Device
from lpa.rsp.names import Aid, Iccid, ServerAddress
from lpa.server.connect_to import ConnectTo
from lpa.server.es9 import Server
from lpa.server.trust import Trust
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers import binding, packages
from lpa.sim.servers.smdp import SimulatedSmdp
from lpa.sim.servers.smds import SimulatedSmds
from tests.support.paths import ROOT
from tests.support.recorded import TYPES, Message, RecordedCard, RecordedHttps

SGP22 = ("2_2_2", "2_3", "2_4", "2_5", "2_6", "3_0_0", "3_1")
PROFILE_PACKAGE = ("2_1", "2_2", "2_3", "2_3_1", "3_0", "3_1", "3_2", "3_3", "3_3_1")
WORKER = ROOT / "tests/support/asn1play_worker.py"


LOADING_FAILS = ("loadProfileElements", "installFailedDueToPEProcessingError")
JSON_ONLY = {"header", "transactionId", "smdpAddress", "eventEntries"}  # members that are not base64
DEVICE = Device.with_imei("353490069873319")
ALBION, NORDLICHT = Iccid.parse("8944994000000000017"), Iccid.parse("8949985000000000025")


class Party(NamedTuple):
    """A card, our LPA that records, and its servers."""

    assistant: Assistant
    smdp: SimulatedSmdp
    smds: SimulatedSmds


@pytest.fixture(scope="module", params=["P-256", "brainpoolP256r1"])
def messages(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Message]:
    """Those of a session with a card of a curve, in which each function is called."""
    with SimulatedEuicc.create(None, curve=request.param) as card:
        usual = recorded(card, tmp_path_factory.mktemp("state"), downloads, changes, refusals, reads)
    with SimulatedEuicc.create(
        None, curve=request.param, behaviour=Behaviour(loading_fails=LOADING_FAILS)
    ) as card:
        failing = recorded(card, tmp_path_factory.mktemp("state"), failed_download)
    return [*dict.fromkeys([*usual, *failing, *inside_a_package()])]


def recorded(card: SimulatedEuicc, folder: Path, *parts: Callable[[Party], None]) -> list[Message]:
    """The messages of a session that consists of these parts."""
    recorder = RecordedCard(card)
    with ExitStack() as opened:
        smdp = opened.enter_context(
            SimulatedSmdp(card.authority, host="smdp.example", also=["*.smdp.example"], any_address=True)
        )
        smds = opened.enter_context(SimulatedSmds(card.authority))
        ways = [ConnectTo.parse(f"{server.host}:443:127.0.0.1:{server.port}") for server in (smds, smdp)]
        ways.append(ConnectTo.parse(smdp.connect_to))
        card.authority.save(folder / "pki")
        trust = Trust.bundle(folder / "pki" / "ci.pem")
        https = opened.enter_context(RecordedHttps(trust, connect_to=ways))
        servers = partial(Server, https=https)
        assistant = opened.enter_context(Assistant(recorder, state_dir=folder, servers=servers))
        for part in parts:
            part(Party(assistant, smdp, smds))
    assert not recorder.unknown
    assert not https.unknown - JSON_ONLY
    return [*recorder.messages, *https.messages]


def downloads(party: Party) -> None:
    """A download with all that metadata may have, one of an event, one that is postponed, a wrong code."""
    icon = b"\x89PNG\r\n\x1a\n" + bytes(200)
    rich = packages.sample("8944994000000000993", icon=icon, policy_rules=("ppr1", "ppr2"), size=10_600)
    party.smdp.order(rich, "RICH", confirmation_code="1234")
    party.smdp.order(packages.sample("8944994000000000985", profile_class="test"), "EVENT-1")
    for name in ("EVENT-1", "EVENT-2"):
        party.smds.register(str(party.assistant.eid), "smdp.example", name)
    code = ActivationCode(ServerAddress("smdp.example"), "RICH")
    with party.assistant.download(code):
        pass
    with party.assistant.download(code, device=DEVICE) as offer:
        with suppress(ServerRefused):
            offer.install(confirmation_code="4321")
        offer.install(confirmation_code="1234")
    first, _ = party.assistant.discover(ServerAddress(party.smds.host))
    with party.assistant.download(first) as offer:
        offer.install()


def failed_download(party: Party) -> None:
    """The card reports that it could not install the package."""
    party.smdp.order(packages.sample(), "FAILS")
    with (
        suppress(LpaError),
        party.assistant.download(ActivationCode(ServerAddress("smdp.example"), "FAILS")) as offer,
    ):
        offer.install()


def changes(party: Party) -> None:
    """Profiles are enabled, disabled, renamed, deleted; the card is reset."""
    lpa = party.assistant
    lpa.enable(NORDLICHT)
    lpa.disable(NORDLICHT)
    lpa.euicc.enable_profile(Aid.parse("A0000005591010FFFFFFFF8900001000"), refresh=False)
    lpa.euicc.disable_profile(ALBION, refresh=False)
    lpa.rename(ALBION, "Hölzern 旅行")
    lpa.delete(lpa.plan_deletion(ALBION))
    lpa.euicc.set_default_dp_address("smdp.example")
    lpa.euicc.memory_reset(["deleteFieldLoadedTestProfiles"])


def refusals(party: Party) -> None:
    """What the card refuses."""
    euicc, nobody = party.assistant.euicc, Iccid.parse("8944994000000000902")
    for refused in (
        lambda: euicc.enable_profile(nobody, refresh=True),
        lambda: euicc.disable_profile(nobody, refresh=True),
        lambda: euicc.delete_profile(nobody),
        lambda: euicc.set_nickname(nobody, "x"),
        lambda: euicc.notification_sent(99),
        lambda: euicc.memory_reset(["deleteFieldLoadedTestProfiles"]),
        lambda: euicc.cancel_session(bytes(16), "postponed"),
    ):
        with suppress(EuiccRefused):
            refused()


def reads(party: Party) -> None:
    """All that can be read."""
    euicc = party.assistant.euicc
    euicc.euicc_info1()
    euicc.euicc_info2()
    euicc.rules()
    euicc.configured_addresses()
    euicc.profiles()
    euicc.enable_profile(NORDLICHT, refresh=True)
    euicc.list_notifications()
    euicc.list_notifications(["enable", "delete"])
    euicc.retrieve_notifications(["install"])
    for notification in euicc.retrieve_notifications():
        euicc.retrieve_notification(notification.metadata.sequence_number)
    euicc.retrieve_notification(99)


def inside_a_package() -> list[Message]:
    """What is encrypted on its way, as the server makes it."""
    return [
        Message("ConfigureISDPRequest", bytes(binding._configure(bytes.fromhex("883701")))),
        Message("ReplaceSessionKeysRequest", bytes(binding._replace_keys(bytes(48)))),
    ]


@pytest.mark.parametrize("version", SGP22)
def test_gsma_reads_and_writes_each_message_as_we_do(messages: list[Message], version: str) -> None:
    path = f"GSMA/SGP_22/v{version}/python_gen/sgp22/sgp22.py"
    asked = [renamed(message, version) for message in messages]
    wrong = different(path, "RSPDefinitions", asked)
    if version.startswith("3"):
        expected = [message for message in asked if signed_otherwise(message)]
        assert {message for message, _ in wrong} == set(expected)
        assert all("missing mandatory component, tbsOtherNotification" in result for _, result in wrong)
    else:
        assert wrong == []


@pytest.mark.parametrize("version", PROFILE_PACKAGE)
def test_tca_reads_and_writes_each_profile_element_as_we_do(version: str) -> None:
    path = f"TCA/eUICC_Profile_Package/v{version}/python_gen/epp/epp.py"
    samples = (packages.sample(), packages.sample(size=10_600), packages.sample(profile_class="test"))
    elements = [bytes(element) for sample in samples for element in Tlv.sequence(sample.elements)]
    asked = [Message("ProfileElement", element) for element in elements]
    wrong = [result for _, result in different(path, "PEDefinitions", asked)]
    if version == "2_3":  # it has no path for the MF; 2.3.1 has
        assert len(wrong) == 1
        assert "FileManagement._item_.filePath: value out of size constraint" in wrong[0]
    else:
        assert wrong == []


def test_each_type_that_we_use_is_among_the_messages(messages: list[Message]) -> None:
    inside = {message.type_name for message in inside_a_package()}
    assert {message.type_name for message in messages} == TYPES | inside


def renamed(message: Message, version: str) -> Message:
    """Version 3 has a new name for one function."""
    if not version.startswith("3"):
        return message
    return replace(message, type_name=message.type_name.replace("ConfiguredAddresses", "ConfiguredData"))


def signed_otherwise(message: Message) -> bool:
    """Whether it has an OtherSignedNotification, whose tags are others in version 3: docs/interop.md."""
    kinds = ("PendingNotification", "RetrieveNotificationsListResponse")
    return message.type_name in kinds and bytes.fromhex("BF2F") in message.coded[:20]


def different(path: str, module: str, asked: list[Message]) -> list[tuple[Message, str]]:
    """The messages of which asn1play makes other bytes, or none, and what it makes of them."""
    python = os.environ["LPA_ASN1PLAY"]
    lines = "".join(json.dumps([message.type_name, message.coded.hex()]) + "\n" for message in asked)
    ran = subprocess.run(
        [python, WORKER, path, module], input=lines, check=True, capture_output=True, text=True
    )
    results = [json.loads(line) for line in ran.stdout.splitlines()]
    pairs = zip(asked, results, strict=True)
    return [(message, str(result)) for message, result in pairs if result != message.coded.hex()]
