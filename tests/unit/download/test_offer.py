"""Downloads from the offer to the installed profile, with a simulated card and server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lpa import Assistant, Step
from lpa.download.offer import WRONG_CODE, hashed_code
from lpa.errors import EuiccRefused, NotVerified, Refused, ServerRefused
from lpa.rsp.activation import ActivationCode
from lpa.rsp.codec.ber import Tlv
from lpa.sim.crypto.pki import CurveName
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers import packages
from lpa.sim.servers.binding import Packaging
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.interfering import InterferedHttps
from tests.support.orders import assistant_with, code_of, holds, way_to

HOST = "smdp.example"


@pytest.fixture
def smdp(euicc: SimulatedEuicc) -> Iterator[SimulatedSmdp]:
    with SimulatedSmdp(euicc.authority, host=HOST) as smdp:
        yield smdp


@pytest.fixture
def https(euicc: SimulatedEuicc, smdp: SimulatedSmdp, tmp_path: Path) -> Iterator[InterferedHttps]:
    with way_to(smdp, euicc, tmp_path / "pki") as https:
        yield https


@pytest.fixture
def assistant(euicc: SimulatedEuicc, https: InterferedHttps, tmp_path: Path) -> Iterator[Assistant]:
    with assistant_with(euicc, https, tmp_path / "state") as assistant:
        yield assistant


def test_a_profile_is_offered_and_installed_and_its_server_notified(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    order = smdp.order(packages.sample(name="Nordlicht"), "ABC-1")
    with assistant.download(code_of(order)) as offer:
        assert (offer.profile.name, offer.profile.profile_class) == ("Nordlicht", "operational")
        assert (str(offer.server), offer.confirmation_code_required, offer.findings) == (HOST, False, ())
        assert offer.free_memory == assistant.euicc.euicc_info2().resource.free_non_volatile
        outcome = offer.install()
    (delivery,) = outcome.deliveries
    assert (delivery.event, delivery.acknowledged, delivery.removed) == ("install", True, True)
    assert delivery.receipt
    assert order.state == "installed"
    assert holds(euicc)
    assert not assistant.notifications()
    assert not assistant.journal.unfinished()


@pytest.mark.parametrize("curve", ["P-256", "brainpoolP256r1"])
@pytest.mark.parametrize("size", [0, 10_600])
@pytest.mark.parametrize("icon", [b"", b"\x89PNG\r\n\x1a\n" + bytes(1016)])
@pytest.mark.parametrize(
    "packaging", [Packaging(), Packaging(piece=1008), Packaging(replaces_session_keys=True)]
)
def test_on_both_curves_packages_of_every_shape_are_installed(
    curve: CurveName, size: int, icon: bytes, packaging: Packaging, tmp_path: Path
) -> None:
    card = SimulatedEuicc.create(None, curve=curve)
    with (
        SimulatedSmdp(card.authority, host=HOST) as smdp,
        way_to(smdp, card, tmp_path / "pki") as https,
        assistant_with(card, https, tmp_path / "state") as assistant,
    ):
        smdp.packaging = packaging
        order = smdp.order(packages.sample(icon=icon, size=size), "ABC-1")
        steps: list[Step] = []
        with assistant.download(code_of(order)) as offer:
            offer.install(progress=steps.append)
        assert order.state == "installed"
    taken = [step for step in steps if step.name == "LoadBoundProfilePackage"]
    assert taken[0].done == 0
    assert taken[-1].done == taken[-1].total > size


def test_without_a_code_the_default_server_of_the_card_is_asked(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp
) -> None:
    assistant.euicc.set_default_dp_address("")
    with pytest.raises(Refused, match=r"no default server") as caught, assistant.download():
        pass
    assert caught.value.reason == "noDefaultServer"
    order = smdp.order(packages.sample(), eid=euicc.eid)
    assistant.euicc.set_default_dp_address(HOST)
    with assistant.download() as offer:
        offer.install()
    assert order.state == "installed"


# The confirmation code


def test_the_confirmation_code_is_hashed_as_specified_and_as_typed() -> None:
    transaction_id = bytes.fromhex("0123456789ABCDEF")
    assert hashed_code("4Y8TBX", transaction_id) == bytes.fromhex(
        "3147fe165a02025af74535de504b7d7f0bc877878c37ad3ec8e56345ffdf4ee2"
    )
    others = ("4y8tbx", " 4Y8TBX", "4Y8TBX ", "4Y8TBX\n")
    assert len({hashed_code(code, transaction_id) for code in ("4Y8TBX", *others)}) == 5
    assert hashed_code("", transaction_id) == b""


def test_a_wrong_confirmation_code_may_be_typed_again(assistant: Assistant, smdp: SimulatedSmdp) -> None:
    order = smdp.order(packages.sample(), "ABC-1", confirmation_code="4Y8TBX")
    with assistant.download(code_of(order)) as offer:
        assert offer.confirmation_code_required
        with pytest.raises(ServerRefused) as wrong:
            offer.install(confirmation_code="4y8tbx")
        assert wrong.value.reason == WRONG_CODE
        offer.install(confirmation_code="4Y8TBX")
    assert order.state == "installed"


def test_too_many_wrong_confirmation_codes_end_the_order(assistant: Assistant, smdp: SimulatedSmdp) -> None:
    order = smdp.order(packages.sample(), "ABC-1", confirmation_code="1234", code_tries=2)
    reasons = []
    with assistant.download(code_of(order)) as offer:
        for _ in range(3):
            try:
                offer.install(confirmation_code="0000")
            except ServerRefused as refused:
                reasons.append(refused.reason)
                if refused.reason != WRONG_CODE:
                    break
    assert reasons[-1] == "8.2.7/6.4"
    assert order.state == "error"


def test_a_missing_confirmation_code_is_refused_before_the_package_is_requested(
    assistant: Assistant, smdp: SimulatedSmdp, https: InterferedHttps
) -> None:
    order = smdp.order(packages.sample(), "ABC-1", confirmation_code="1234")
    with assistant.download(code_of(order)) as offer:
        with pytest.raises(Refused) as missing:
            offer.install()
        assert missing.value.reason == "confirmationCodeNeeded"
        assert "getBoundProfilePackage" not in https.called
        offer.install(confirmation_code="1234")
    assert order.state == "installed"


# Checks by the LPA


def test_a_server_other_than_in_the_activation_code_is_refused_before_the_card_is_asked(
    assistant: Assistant, smdp: SimulatedSmdp, https: InterferedHttps
) -> None:
    smdp.order(packages.sample(), "ABC-1")
    with (
        pytest.raises(NotVerified) as caught,
        assistant.download(ActivationCode.parse(f"1${HOST}$ABC-1$2.999.11")),
    ):
        pass
    assert caught.value.message == (
        "The activation code names a server with the object identifier (OID) 2.999.11, "
        f"but the certificate of {HOST} has 2.999.10."
    )
    assert caught.value.advice == (
        "The code may be mistyped, or for another server. "
        "Its operator can confirm the code and the OID of the server. Nothing was installed."
    )
    assert https.called == ["initiateAuthentication"]
    with assistant.download(ActivationCode.parse(f"1${HOST}$ABC-1$2.999.10")) as offer:
        offer.install()


def test_an_installed_profile_is_not_requested_again(
    assistant: Assistant, euicc: SimulatedEuicc, smdp: SimulatedSmdp, https: InterferedHttps
) -> None:
    with assistant.download(code_of(smdp.order(packages.sample(), "ABC-1"))) as offer:
        offer.install()
    again = smdp.order(packages.sample(), "ABC-2")
    del https.called[:]
    with assistant.download(code_of(again)) as offer:
        (blocker,) = offer.blockers
        with pytest.raises(Refused) as caught:
            offer.install()
    assert caught.value.reason == blocker.name == "installFailedDueToIccidAlreadyExistsOnEuicc"
    assert "getBoundProfilePackage" not in https.called
    assert again.state == "released"


def _with_rules(
    behaviour: Behaviour, folder: Path, *rules: str
) -> tuple[SimulatedEuicc, SimulatedSmdp, ActivationCode]:
    card = SimulatedEuicc.create(None, behaviour=behaviour)
    smdp = SimulatedSmdp(card.authority, host=HOST)
    return card, smdp, code_of(smdp.order(packages.sample(policy_rules=rules, owner="262-98"), "ABC-1"))


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(authorised_policy_rules=()),
        Behaviour(authorised_policy_rules=((("ppr1",), "262-98", False),)),
        Behaviour(authorised_policy_rules=((("ppr2",), "262-99", False),)),
        Behaviour(forbidden_policy_rules=("ppr2",)),
    ],
)
def test_rules_that_the_card_does_not_permit_end_the_download_with_that_reason(
    behaviour: Behaviour, tmp_path: Path
) -> None:
    card, smdp, code = _with_rules(behaviour, tmp_path, "ppr2")
    with (
        smdp,
        way_to(smdp, card, tmp_path / "pki") as https,
        assistant_with(card, https, tmp_path / "state") as assistant,
        pytest.raises(Refused) as caught,
        assistant.download(code) as offer,
    ):
        offer.install()
    assert caught.value.reason == "pprNotAllowed"
    assert (https.called[-1], https.reasons) == ("cancelSession", ["pprNotAllowed"])
    assert "getBoundProfilePackage" not in https.called


def test_to_look_at_what_the_card_does_not_permit_costs_no_order(tmp_path: Path) -> None:
    card, smdp, code = _with_rules(Behaviour(forbidden_policy_rules=("ppr2",)), tmp_path, "ppr2")
    with (
        smdp,
        way_to(smdp, card, tmp_path / "pki") as https,
        assistant_with(card, https, tmp_path / "state") as assistant,
    ):
        with assistant.download(code) as offer:
            assert [blocker.name for blocker in offer.blockers] == ["pprNotAllowed"]
        assert (https.reasons, smdp.orders[0].state) == (["postponed"], "released")


@pytest.mark.parametrize("consent", [True, False])
def test_rules_that_need_consent_are_a_warning(consent: bool, tmp_path: Path) -> None:
    rules = ((("ppr1",), "EEE-EEE", False), (("ppr2",), "262-9E", consent))
    card, smdp, code = _with_rules(Behaviour(authorised_policy_rules=rules), tmp_path, "ppr2")
    with (
        smdp,
        way_to(smdp, card, tmp_path / "pki") as https,
        assistant_with(card, https, tmp_path / "state") as assistant,
        assistant.download(code) as offer,
    ):
        assert [warning.name for warning in offer.warnings] == (["ppr2"] if consent else [])
        assert offer.profile.policy_rules == ("ppr2",)
        offer.install()
        assert smdp.orders[0].state == "installed"


# Failures of the card


def test_a_failed_installation_notifies_the_server_and_installs_nothing(
    https: InterferedHttps, smdp: SimulatedSmdp, euicc: SimulatedEuicc, tmp_path: Path
) -> None:
    card = SimulatedEuicc.create(None, authority=euicc.authority, free_memory=4000)
    order = smdp.order(packages.sample(size=4_300), "ABC-1")
    smdp.eligibility = lambda package, info: None  # no check of the free memory
    with assistant_with(card, https, tmp_path / "full") as assistant:
        with assistant.download(code_of(order)) as offer, pytest.raises(EuiccRefused) as caught:
            offer.install()
        assert caught.value.reason == "installFailedDueToInsufficientMemoryForProfile"
        assert caught.value.code == 10
        assert "smdp.example has acknowledged the result." in caught.value.message
        assert not holds(card)
        assert not assistant.notifications()
        assert not assistant.journal.unfinished()
        assert [kept.notification.metadata.event for kept in assistant.receipts.of(assistant.eid)] == [
            "install"
        ]
    assert order.state == "error"
    assert https.called[-1] == "handleNotification"


def test_a_package_clearly_larger_than_the_free_memory_is_not_sent_to_the_card(
    https: InterferedHttps, smdp: SimulatedSmdp, euicc: SimulatedEuicc, tmp_path: Path
) -> None:
    card = SimulatedEuicc.create(None, authority=euicc.authority, free_memory=40_000)
    order = smdp.order(packages.sample(size=60_000), "ABC-1")
    smdp.eligibility = lambda package, info: None
    with assistant_with(card, https, tmp_path / "full") as assistant:
        with assistant.download(code_of(order)) as offer, pytest.raises(Refused) as caught:
            offer.install()
        assert caught.value.reason == "installFailedDueToInsufficientMemoryForProfile"
        assert re.search(r"of 59 KiB was not sent to the card, which has 39 KiB free", caught.value.message)
        assert "'lpa delete' makes room" in caught.value.advice
        assert offer.package_size
        assert offer.package_size > 60_000
        assert not offer.loading
        assert not assistant.journal.unfinished()
        assert not assistant.notifications()
    assert https.reasons == ["postponed"]
    assert order.state == "downloaded"
    with (
        assistant_with(euicc, https, tmp_path / "roomy") as assistant,
        pytest.raises(Refused, match="another card"),
        assistant.download(code_of(order)),
    ):
        pass


def test_a_stated_size_larger_than_the_free_memory_is_a_note(
    euicc: SimulatedEuicc, smdp: SimulatedSmdp, https: InterferedHttps, tmp_path: Path
) -> None:
    package = packages.sample()
    metadata = Tlv.build(0xBF25, package.metadata.value + bytes.fromhex("9F2103 00A410"))
    order = smdp.order(replace(package, metadata=metadata), "ABC-1")
    for free, notes in ((41_000, ["insufficientMemory"]), (43_000, [])):
        card = SimulatedEuicc.create(None, authority=euicc.authority, free_memory=free)
        with (
            assistant_with(card, https, tmp_path / str(free)) as assistant,
            assistant.download(code_of(order)) as offer,
        ):
            assert offer.estimated_size == 42_000
            assert [finding.name for finding in offer.findings] == notes
            assert not offer.blockers


REASONS = {
    "initialiseSecureChannel": "unsupportedCrtValues",
    "configureISDP": "installFailedDueToInsufficientMemoryForProfile",
    "storeMetadata": "pprNotAllowed",
    "replaceSessionKeys": "scp03tSecurityError",
    "loadProfileElements": "installFailedDueToPEProcessingError",
}


@pytest.mark.parametrize(("command", "reason"), REASONS.items())
def test_a_failure_of_every_command_is_reported(command: str, reason: str, tmp_path: Path) -> None:
    card = SimulatedEuicc.create(None, behaviour=Behaviour(loading_fails=(command, reason)))
    with (
        SimulatedSmdp(card.authority, host=HOST) as smdp,
        way_to(smdp, card, tmp_path / "pki") as https,
        assistant_with(card, https, tmp_path / "state") as assistant,
    ):
        smdp.packaging = Packaging(replaces_session_keys=True)
        order = smdp.order(packages.sample(), "ABC-1")
        with assistant.download(code_of(order)) as offer, pytest.raises(EuiccRefused) as caught:
            offer.install()
        assert caught.value.reason == reason
        assert "smdp.example has acknowledged the result." in caught.value.message
        assert order.state == "error"
        assert not assistant.notifications()
        assert not holds(card)
