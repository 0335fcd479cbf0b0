"""`chip info`, `chip defaultsmdp` and `chip purge`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lpa.cli.lpac.answers import FAILED, Failed, Usage

if TYPE_CHECKING:
    from lpa.cli.lpac.session import LpacCommand
    from lpa.rsp.euicc_info import AuthorisationRule, ConfiguredAddresses, EuiccInfo2
    from lpa.rsp.names import Eid
    from lpa.rsp.records import Operator

_TEST_ALGORITHM, _OLD_NAME = "usimTestAlgorithm", "rfu1"  # lpac has the name of an older specification
_RESET = ("deleteOperationalProfiles", "deleteFieldLoadedTestProfiles", "resetDefaultSmdpAddress")


def info(session: LpacCommand, _words: Sequence[str]) -> int:
    """What the card says about itself."""
    with session.card("es10c_get_eid") as assistant:
        eid, euicc = assistant.eid, assistant.euicc
        session.answers.function = "es10a_get_euicc_configured_addresses"
        addresses = euicc.configured_addresses()
        session.answers.function = "es10c_ex_get_euiccinfo2"
        info2 = euicc.euicc_info2()
        session.answers.function = "es10b_get_rat"
        rules = euicc.rules()
    return session.answers.success(_card(eid, addresses, info2, rules))


def defaultsmdp(session: LpacCommand, words: Sequence[str]) -> int:
    """Set the default SM-DP+; an empty address removes it."""
    from lpa.rsp.names import ServerAddress

    function = "es10a_set_default_dp_address"
    if not words:
        raise Usage("Usage: defaultsmdp <smdp>")
    try:
        address = str(ServerAddress.parse(words[0])) if words[0] else ""
    except ValueError as error:
        raise Failed(function, f"{error}.") from None
    with session.card(function) as assistant:
        session.screen.may_change(
            "Interrupted while changing the default server.", "'lpac chip info' shows it."
        )
        assistant.euicc.set_default_dp_address(address)
    return session.answers.success()


def purge(session: LpacCommand, words: Sequence[str]) -> int:
    """Delete all profiles. What is protected on this computer is refused, as by `lpa reset`."""
    if not words:
        raise Usage("Usage: purge [yes|other]", "yes deletes all profiles of the card, permanently.")
    if words[0] != "yes":
        session.answers.text("Purge canceled")
        return FAILED
    with session.changing("es10c_euicc_memory_reset") as assistant:
        session.changes()
        session.changed(assistant.reset(_RESET))
    return session.answers.success()


def _card(
    eid: Eid, addresses: ConfiguredAddresses, info2: EuiccInfo2, rules: Sequence[AuthorisationRule]
) -> dict[str, Any]:
    return {
        "eidValue": str(eid),
        "EuiccConfiguredAddresses": {
            "defaultDpAddress": addresses.default_dp or None,
            "rootDsAddress": addresses.root_ds or None,
        },
        "EUICCInfo2": _info2(info2),
        "rulesAuthorisationTable": [_rule(rule) for rule in rules],
    }


def _info2(info: EuiccInfo2) -> dict[str, Any]:
    """EUICCInfo2. A text that the card leaves out is null, a list that it leaves out is missing."""
    resource = info.resource
    capabilities = [_OLD_NAME if one == _TEST_ALGORITHM else one for one in info.uicc_capability]
    members = {
        "profileVersion": info.profile_version or None,
        "svn": info.svn or None,
        "euiccFirmwareVer": info.firmware or None,
        "extCardResource": {
            "installedApplication": resource.installed_applications or 0,
            "freeNonVolatileMemory": resource.free_non_volatile or 0,
            "freeVolatileMemory": resource.free_volatile or 0,
        },
        "uiccCapability": capabilities,
        "ts102241Version": info.ts102241_version or None,
        "globalplatformVersion": info.globalplatform_version or None,
        "rspCapability": [*info.rsp_capability],
        "euiccCiPKIdListForVerification": [str(key) for key in info.ci_for_verification],
        "euiccCiPKIdListForSigning": [str(key) for key in info.ci_for_signing],
        "euiccCategory": info.category or None,
        "forbiddenProfilePolicyRules": [*info.forbidden_policy_rules],
        "ppVersion": info.pp_version or None,
        "sasAcreditationNumber": info.sas_accreditation_number or None,
        "certificationDataObject": {
            "platformLabel": info.platform_label or None,
            "discoveryBaseURL": info.discovery_base_url or None,
        },
    }
    return {name: value for name, value in members.items() if value != []}


def _rule(rule: AuthorisationRule) -> dict[str, Any]:
    return {
        "pprIds": [*rule.policy_rules],
        "allowedOperators": [_operator(one) for one in rule.operators],
        "pprFlags": ["consentRequired"] if rule.consent_required else [],
    }


def _operator(operator: Operator) -> dict[str, Any]:
    """`plmn`: the bytes of the MCC and MNC, nibbles swapped, as the card has them."""
    mcc, mnc = operator.mcc_mnc.lower().ljust(7, "f").split("-")
    return {
        "plmn": f"{mcc[1]}{mcc[0]}{mnc[2]}{mcc[2]}{mnc[1]}{mnc[0]}",
        "gid1": operator.gid1.hex() or None,
        "gid2": operator.gid2.hex() or None,
    }
