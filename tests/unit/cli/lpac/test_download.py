"""`lpac profile download` and `profile discovery`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.servers import packages
from lpa.sim.servers.smds import SimulatedSmds
from tests.support.download_parties import made, register, way_through
from tests.support.lpac_shim import ALBION, SUCCESS, Shim, failure, steps

SERVER = "smdp.example"
ICCID = packages.SAMPLE_ICCID
CHALLENGE, INITIATE = "es10b_get_euicc_challenge_and_info", "es9p_initiate_authentication"
AUTHENTICATE, CLIENT = "es10b_authenticate_server", "es9p_authenticate_client"
METADATA, PREPARE = "es8p_meatadata_parse", "es10b_prepare_download"
PACKAGE, LOAD = "es9p_get_bound_profile_package", "es10b_load_bound_profile_package"
CANCELLED = [("es10b_cancel_session", SERVER), ("es9p_cancel_session", SERVER)]
BEGINNING = [(name, SERVER) for name in (CHALLENGE, INITIATE, AUTHENTICATE, CLIENT)]
OFFER = (
    METADATA,
    {
        "iccid": ICCID,
        "serviceProviderName": "Nordlicht",
        "profileName": "Nordlicht Prepaid",
        "iconType": None,
        "icon": None,
        "profileClass": "operational",  # lpac says null if the server leaves it out
    },
)
ENDING = [(name, SERVER) for name in (PREPARE, PACKAGE, LOAD)]
BY_CODE = ("profile", "download", "-a", "LPA:1$smdp.example$SECRET-1")
INSTALLED = SUCCESS | {"data": {"seqNumber": 1, "bppCommandId": "unknown", "errorReason": "unknown"}}
LOADING_FAILS = ("loadProfileElements", "installFailedDueToPEProcessingError")


@pytest.mark.parametrize(
    "words",
    [
        BY_CODE,
        ("profile", "download", "-a", "1$smdp.example$SECRET-1"),
        ("profile", "download", "-s", SERVER, "-m", "SECRET-1"),
        ("profile", "download", "-i", "353490069873319", "-ssmdp.example", "-mSECRET-1"),
    ],
    ids=["code", "without LPA:", "server and matching id", "IMEI"],
)
def test_a_profile_is_installed_with_the_steps_of_lpac(lpac: Shim, words: tuple[str, ...]) -> None:
    lpac.parties.order()
    ran = lpac(*words)
    assert (ran.exit_code, ran.result) == (0, INSTALLED)
    assert steps(ran) == [*BEGINNING, OFFER, *ENDING]
    assert lpac.states[ICCID] == "disabled"
    assert (lpac.on_card, lpac.received) == ([1], [])


def test_each_installation_has_the_number_of_its_own_notification(lpac: Shim) -> None:
    for number in (1, 2):
        lpac.parties.smdp.order(packages.sample(f"894499400000000099{number}"), f"ABC-{number}")
        ran = lpac("profile", "download", "-s", SERVER, "-m", f"ABC-{number}")
        assert ran.result["data"]["seqNumber"] == number


def test_the_server_of_the_card_is_asked_without_another(lpac: Shim) -> None:
    lpac.parties.smdp.order(packages.sample())
    ran = lpac("profile", "download")
    assert ran.result == INSTALLED
    assert steps(ran)[:2] == [("es10a_get_euicc_configured_addresses", None), (CHALLENGE, SERVER)]


def test_a_card_without_a_server_needs_one(lpac: Shim) -> None:
    assert lpac("chip", "defaultsmdp", "").result == SUCCESS
    ran = lpac("profile", "download", "-m", "X")
    assert (ran.exit_code, ran.result) == (255, failure("smdp", "empty"))


def test_wrong_options_are_refused_before_anything_is_asked(lpac: Shim) -> None:
    for words, function, reason in (
        (("-a", "nonsense"), "activation_code", "invalid"),
        (("-a", "LPA:1$"), "smdp", "empty"),
        (("-s", ""), "smdp", "empty"),
        (("-s", "not a name"), "smdp", "'not a name' is not a server name."),
        (("-a", "LPA:1$smdp.example$A-1$$1"), "confirmation_code", "required"),
        (("-i", "3", "-s", SERVER), AUTHENTICATE, "'3' is not an IMEI (15 digits)."),
    ):
        ran = lpac("profile", "download", *words)
        assert (ran.exit_code, ran.lines) == (255, [{"type": "lpa", "payload": failure(function, reason)}])


def test_the_confirmation_code_is_an_option(lpac: Shim) -> None:
    lpac.parties.order(confirmation_code="4Y8TBX")
    without = lpac(*BY_CODE)
    assert (without.exit_code, without.result["message"]) == (255, PREPARE)
    assert "The server requires a confirmation code." in without.result["data"]
    wrong = lpac(*BY_CODE, "-c", "1")
    assert (wrong.exit_code, wrong.result["message"]) == (255, PACKAGE)
    assert "the confirmation code is wrong" in wrong.result["data"]
    right = lpac(*BY_CODE, "-c", "4Y8TBX")
    assert right.exit_code == 0
    assert "4Y8TBX" not in right.out + right.err


@pytest.mark.parametrize("typed", ["y", "Y\n"])
def test_with_p_the_letter_y_installs(lpac: Shim, typed: str) -> None:
    lpac.parties.order()
    ran = lpac(*BY_CODE, "-p", typed=typed)
    assert ran.result == INSTALLED
    assert steps(ran) == [*BEGINNING, OFFER, ("preview", "y/n"), *ENDING]


@pytest.mark.parametrize("typed", ["n\n", "\n", ""])
def test_with_p_anything_else_keeps_the_order(lpac: Shim, typed: str) -> None:
    """lpac rejects the order; here nothing but a person's word in `lpa download` does."""
    order = lpac.parties.order()
    ran = lpac(*BY_CODE, "-p", typed=typed)
    assert (ran.exit_code, ran.result) == (255, failure("cancelled"))
    assert steps(ran) == [*BEGINNING, OFFER, ("preview", "y/n"), *CANCELLED]
    assert ran.err == "Nothing was installed. The order was not rejected.\n"
    assert order.state == "released"
    assert lpac(*BY_CODE).result == INSTALLED


def test_a_server_that_refuses_is_named_by_its_function(lpac: Shim) -> None:
    ran = lpac("profile", "download", "-s", SERVER, "-m", "UNKNOWN")
    assert (ran.exit_code, ran.result["message"]) == (255, CLIENT)
    assert "there is no order for this matching identifier" in ran.result["data"]
    assert "UNKNOWN" not in ran.out + ran.err


def test_a_server_that_is_not_reached(lpac: Shim) -> None:
    lpac.parties.smdp.close()
    ran = lpac(*BY_CODE)
    assert (ran.exit_code, ran.result) == (255, failure(INITIATE, "HTTP transport failed"))


def test_a_profile_that_is_on_the_card_is_refused_in_the_words_of_lpac(lpac: Shim) -> None:
    lpac.parties.order(packages.sample(ALBION))
    ran = lpac(*BY_CODE)
    reason = "store_metadata,install_failed_due_to_iccid_already_exists_on_euicc"
    assert (ran.exit_code, ran.result) == (255, failure(LOAD, reason))


def test_a_rule_of_the_operator_has_to_be_accepted(lpac: Shim) -> None:
    order = lpac.parties.order(packages.sample(policy_rules=("ppr2",)))
    ran = lpac(*BY_CODE)
    assert (ran.exit_code, ran.result["message"]) == (255, PREPARE)
    assert ran.result["data"].endswith("Nothing was changed. LPA_LPAC_ACCEPT=ppr2 accepts this.")
    assert order.state == "released"
    lpac.set(LPA_LPAC_ACCEPT="last-profile,ppr2")
    assert lpac(*BY_CODE).result == INSTALLED


@pytest.fixture
def failing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shim]:
    for parties in made(tmp_path, Behaviour(loading_fails=LOADING_FAILS)):
        yield Shim(parties, monkeypatch)


def test_a_card_that_fails_reports_the_command_and_the_reason(failing: Shim) -> None:
    failing.parties.order()
    ran = failing(*BY_CODE)
    reason = "install_failed_due_to_pe_processing_error"
    assert (ran.exit_code, ran.result) == (255, failure(LOAD, f"load_profile_elements,{reason}"))
    result = {"seqNumber": 1, "bppCommandId": "load_profile_elements", "errorReason": reason}
    assert steps(ran)[-1] == (f"{LOAD}:result", result)


@pytest.mark.parametrize("words", [("-s", "smds.example"), ()], ids=["named", "of the GSMA"])
def test_discovery_lists_the_servers(lpac: Shim, words: tuple[str, ...]) -> None:
    host = words[-1] if words else "lpa.ds.gsma.com"
    with SimulatedSmds(lpac.parties.authority, host=host) as smds:
        register(lpac.parties, smds, "smdp.example", "A")
        register(lpac.parties, smds, "albion.smdp.example", "B")
        lpac.parties.options = way_through(lpac.parties, smds)
        ran = lpac("profile", "discovery", *words)
    assert ran.result == SUCCESS | {"data": ["smdp.example", "albion.smdp.example"]}
    names = (CHALLENGE, INITIATE, AUTHENTICATE, "es11_authenticate_client")
    assert steps(ran) == [(name, host) for name in names]


def test_a_server_that_is_no_discovery_server(lpac: Shim) -> None:
    ran = lpac("profile", "discovery", "-s", SERVER)
    assert (ran.exit_code, ran.result["message"]) == (255, "es11_authenticate_client")
