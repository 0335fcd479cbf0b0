"""`lpac chip`: its JSON is that of lpac 2.3.0."""

from __future__ import annotations

import pytest

from lpa.cli.lpac.chip import _operator
from lpa.rsp.records import Operator
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support import command
from tests.support.lpac_shim import ALBION, SUCCESS, Shim, failure


def test_info_has_the_members_of_lpac(lpac: Shim) -> None:
    with SimulatedEuicc.load(lpac.parties.card) as card:
        eid, key = card.eid, card.authority.key_identifier.hex()
    ran = lpac("chip", "info")
    assert ran.exit_code == 0
    assert ran.out == (
        '{"type":"lpa","payload":{"code":0,"message":"success","data":{'
        f'"eidValue":"{eid}",'
        '"EuiccConfiguredAddresses":{"defaultDpAddress":"smdp.example","rootDsAddress":"smds.example"},'
        '"EUICCInfo2":{"profileVersion":"2.3.1","svn":"2.2.2","euiccFirmwareVer":"1.0.0","extCardResource":'
        '{"installedApplication":3,"freeNonVolatileMemory":400000,"freeVolatileMemory":8192},'
        '"uiccCapability":["usimSupport","isimSupport","akaMilenage","akaTuak128","rfu1","javacard",'
        '"multipleUsimSupport","multipleIsimSupport","berTlvFileSupport","getIdentity"],'
        '"ts102241Version":"15.0.0","globalplatformVersion":"2.3.0","rspCapability":["additionalProfile",'
        '"testProfileSupport","deviceInfoExtensibilitySupport"],'
        f'"euiccCiPKIdListForVerification":["{key}"],"euiccCiPKIdListForSigning":["{key}"],'
        # lpac reads another tag, and always says null.
        '"euiccCategory":"mediumEuicc",'
        '"ppVersion":"1.0.0","sasAcreditationNumber":"SI-MU-UP-0126","certificationDataObject":'
        '{"platformLabel":"2.999.5/simulated","discoveryBaseURL":"https://discovery.example"}},'
        '"rulesAuthorisationTable":[{"pprIds":["ppr1","ppr2"],"allowedOperators":'
        '[{"plmn":"eeeeee","gid1":null,"gid2":null}],"pprFlags":["consentRequired"]}]}}}\n'
    )


@pytest.mark.parametrize(
    ("operator", "members"),
    [
        (Operator("262-01"), {"plmn": "62f210", "gid1": None, "gid2": None}),
        (Operator("310-410", b"\x01", b"\xab\xcd"), {"plmn": "130014", "gid1": "01", "gid2": "abcd"}),
    ],
    ids=["two digits", "three digits"],
)
def test_an_operator_is_written_as_the_card_has_it(
    operator: Operator, members: dict[str, str | None]
) -> None:
    assert _operator(operator) == members


def test_the_default_server_is_set_and_removed(lpac: Shim) -> None:
    def default() -> object:
        return lpac("chip", "info").result["data"]["EuiccConfiguredAddresses"]["defaultDpAddress"]

    assert lpac("chip", "defaultsmdp", "albion.smdp.example").result == SUCCESS
    assert default() == "albion.smdp.example"
    assert lpac("chip", "defaultsmdp", "").result == SUCCESS
    assert default() is None


def test_a_default_server_that_is_no_address_is_refused(lpac: Shim) -> None:
    ran = lpac("chip", "defaultsmdp", "https://smdp.example/")
    reason = "'https://smdp.example/' is not a server name."
    assert (ran.exit_code, ran.result) == (255, failure("es10a_set_default_dp_address", reason))


def test_purge_needs_the_word_yes(lpac: Shim) -> None:
    assert lpac("chip", "purge").out.startswith("Usage: purge [yes|other]\n")
    ran = lpac("chip", "purge", "no")
    assert (ran.exit_code, ran.out) == (255, "Purge canceled\n")
    assert len(lpac.states) == 3


def test_purge_deletes_all_profiles_and_leaves_the_notifications(lpac: Shim) -> None:
    assert lpac("chip", "purge", "yes").result == SUCCESS
    assert lpac.states == {}
    assert (lpac.on_card, lpac.received) == ([1, 2, 3], [])
    again = lpac("chip", "purge", "yes")
    assert (again.exit_code, again.result) == (255, failure("es10c_euicc_memory_reset", "nothing to delete"))


def test_purge_is_refused_if_a_profile_is_protected(lpac: Shim) -> None:
    assert command.run(*lpac.parties.options, "protect", ALBION).code == 0
    ran = lpac("chip", "purge", "yes")
    assert ran.exit_code == 255
    assert ran.result["message"] == "es10c_euicc_memory_reset"
    assert "is protected on this computer. 'lpa unprotect 0017' lifts the protection." in ran.result["data"]
    assert len(lpac.states) == 3
