"""What a card and its profiles are in documents."""

from __future__ import annotations

from typing import TypeGuard

from lpa import errors
from lpa.card.secure_elements import SecureElement
from lpa.cli import exits
from lpa.profiles.subscriber import Subscriber
from lpa.rsp.eim import Eim
from lpa.rsp.euicc_info import (
    AuthorisationRule,
    CardResource,
    ConfiguredAddresses,
    EuiccInfo1,
    EuiccInfo2,
    IotInfo,
)
from lpa.rsp.names import Iccid
from lpa.rsp.records import NotificationConfiguration, NotificationMetadata, Operator, Profile
from tests.support.json_schemas.language import (
    Members,
    Schema,
    known,
    many,
    nullable,
    number,
    of,
    record,
    text,
    typed,
)

_UNKNOWN = (
    "What the card reports and the specification does not name: DER or BER-TLV as it came, in hexadecimal."
)
# The members that every list of profiles reads; the others are left out where they are empty.
_RARE = (
    "aid",
    "notifications",
    "owner",
    "icon",
    "service_data",
    "access_rules",
    "esim_port",
    "fallback",
    "fallback_allowed",
    "emergency",
    "unknown",
)


def kinds() -> list[str]:
    """The kinds of errors: those of the library, and those that only documents have."""
    ours = {value.__new__(value).kind for value in vars(errors).values() if _is_error(value)}
    return [*sorted(ours), "Usage", "System", "Bug", "Interrupted"]


def exit_codes() -> list[int]:
    """All exit codes."""
    codes = {code for name, code in vars(exits).items() if name.isupper() and isinstance(code, int)}
    return sorted({0} | codes)


def definitions() -> dict[str, Schema]:
    """By name. Each stands behind those that it has."""
    made = {"error": _error(), "receipt": _receipt(), "operator": _operator()}
    made["notification_configuration"] = of(
        NotificationConfiguration,
        "notification_configuration",
        "A server that the card notifies of some events of a profile.",
        events="The events, by the specification's names.",
        address="The server: a host name, and a port if it is not 443.",
    )
    made["profile"] = _profile()
    made["notification"] = of(
        NotificationMetadata,
        "notification",
        "What a notification reports, and to which server. It is signed by the card.",
        sequence_number="Its number on the card. 0 if the card gave none.",
        events="All events that the card set in it; the specification requires exactly one.",
        event=text("The event; such as `none` or `install+delete` if there is not exactly one."),
        address="The server: a host name, and a port if it is not 443.",
        iccid="The profile; null if the card does not say.",
    )
    made["secure_element"] = of(
        SecureElement,
        "secure_element",
        "A secure element of a card with several, each an eUICC of its own.",
        number="1 or 2; `#2` behind the name of a reader chooses the second one.",
        eid="Its EID.",
    )
    made["subscriber"] = of(
        Subscriber,
        "subscriber",
        "The subscriber, from the files of the enabled profile.",
        imsi="Decimal digits; empty if there is none, null if it was not read.",
        numbers="The telephone numbers; null if they were not read.",
        service_provider="The operator's name in the files of the profile; empty if there is none.",
        reason=known(
            "Why something was not read: the profile is not enabled, it is locked with a PIN, a modem or "
            "phone gives no access to it, or the card does not return it. Empty if all was read.",
            "",
            "notEnabled",
            "pinNeeded",
            "noBasicChannel",
            "unreadable",
        ),
    )
    return made | _about_the_card()


def _error() -> Schema:
    return record(
        "Why the command, or a part of it, did not succeed. Decide by `kind` and `reason`: they are stable.",
        {
            "kind": known("What can be done about it; docs/errors.md has a table.", *kinds()),
            "reason": nullable(
                text(
                    "A stable identifier, the specification's own where there is one; null where the kind "
                    "has none. docs/errors.md lists them; cards and servers may send others.",
                )
            ),
            "message": text("What is wrong, for people. It may change."),
            "advice": text("What to do, for people. It may change, and may be empty."),
        },
        _known_by_some(),
    )


def _known_by_some() -> Members:
    """What errors have that know it."""
    values: Schema = {
        "type": "object",
        "description": "What is filled in in the advice, by name; a value that is advice is an object.",
        "additionalProperties": {"type": ["string", "integer", "object"]},
    }
    return {
        "advice_id": text("The stable id of the advice; docs/advice.md lists them, for words of your own."),
        "advice_values": values,
        "function": text("The function of SGP.22 that was refused, by the name of its request."),
        "names": many(text("A name."), "Of NoSuchProfile: how the profile was named."),
        "iccids": many(typed(Iccid), "Of AmbiguousProfile: the profiles that are meant."),
        "sequence_number": number("Of NoSuchNotification: the number that was asked for."),
        "code": number("Of a refusal by the card: its result code."),
        "sw": number("Of a wrong answer of the card: its status word."),
        "subject": text("Of a refusal by a server: its subject code, as in SGP.22."),
        "reason_code": text("Of a refusal by a server: its reason code, as in SGP.22."),
        "http_status": number("The HTTP status of the server's answer."),
        "server_message": text("The server's own words, without secrets and shortened."),
    }


def _receipt() -> Schema:
    return record(
        "A receipt: a signed notification that is kept on this computer.",
        {"path": text("Its file.")},
    )


def _operator() -> Schema:
    return of(
        Operator,
        "operator",
        "A mobile network operator.",
        mcc_mnc="Country and network code, such as `262-01`. In a rule, E stands for any digit.",
        gid1="Group identifier 1, in hexadecimal; empty if there is none.",
        gid2="Group identifier 2, in hexadecimal; empty if there is none.",
    )


def _profile() -> Schema:
    return of(
        Profile,
        "profile",
        "A profile on the card. A member that is not required is missing if it is empty, false or null, or "
        "was not read.",
        _RARE,
        iccid="Its number: 18 to 20 decimal digits.",
        state="Whether it is enabled.",
        nickname="The name that its user gave it; empty if there is none.",
        service_provider="The operator's name; may be empty.",
        name="The name that the operator gave the profile; may be empty.",
        profile_class="Its class. An operator's profile is operational.",
        policy_rules="The rules of its operator: ppr1 forbids to disable it, ppr2 to delete it.",
        aid="The AID of its ISD-P, in hexadecimal.",
        notifications="The servers that the card notifies.",
        owner="The operator, by its codes.",
        icon="The icon, a PNG or JPEG file in hexadecimal. Only `lpa show --icon` reads it.",
        service_data="Data of services that the card stores for it: BER-TLV in hexadecimal.",
        access_rules="Access rules (REF-AR-DO): BER-TLV in hexadecimal.",
        esim_port="The port of the device on which it is enabled, from 0 (SGP.22 version 3).",
        fallback="Whether it is the fallback profile of an IoT card (SGP.32).",
        fallback_allowed="Whether it may become the fallback profile (SGP.32).",
        emergency="Whether it is for emergency calls only (SGP.32).",
        unknown=_UNKNOWN,
    )


def _about_the_card() -> dict[str, Schema]:
    return {
        "card_resource": of(
            CardResource,
            "card_resource",
            "The memory of the card.",
            installed_applications="Number of installed applications; null if the card does not say.",
            free_non_volatile="Free bytes of non-volatile memory; null if the card does not say.",
            free_volatile="Free bytes of volatile memory; null if the card does not say.",
            raw="The whole, as the card reported it.",
        ),
        "iot_info": of(
            IotInfo,
            "iot_info",
            "What an IoT card (SGP.32) says of itself.",
            versions="The versions of SGP.32 that it follows.",
            emergency_supported="Whether it may have a profile for emergency calls.",
            fallback_supported="Whether it may have a fallback profile.",
        ),
        "euicc_info1": _info1(),
        "euicc_info2": _info2(),
        "configured_addresses": of(
            ConfiguredAddresses,
            "configured_addresses",
            "The servers that the card asks for profiles, as they are stored.",
            default_dp="The default server (SM-DP+) for downloads; empty if there is none.",
            root_ds="The discovery server (SM-DS); empty if there is none.",
            unknown=_UNKNOWN,
        ),
        "authorisation_rule": of(
            AuthorisationRule,
            "authorisation_rule",
            "An entry of the Rules Authorisation Table: the rules that profiles of some operators may have.",
            policy_rules="The rules.",
            operators="The operators.",
            consent_required="Whether the user must consent.",
        ),
        "eim": of(
            Eim,
            "eim",
            "A remote manager that an IoT card (SGP.32) obeys.",
            identifier="Its eimId.",
            address="Its server; empty if the card does not say.",
            identifier_type="Its kind: oid, fqdn or proprietary; empty if the card does not say.",
            counter="The number of its last package, which the next one must exceed; null if not reported.",
            association_token="Its association token; null if not reported.",
            protocols="How packages may come, by the names of SGP.32, such as `eimRetrieveHttps`.",
            indirect_download="Whether profiles are downloaded through it.",
            unknown=_UNKNOWN,
        ),
    }


_KEYS = "The key identifiers (SHA-1) of the issuers (CI) "
_IN_ORDER = ", in order of preference."


def _info1() -> Schema:
    return of(
        EuiccInfo1,
        "euicc_info1",
        "EUICCInfo1 of the card. What the card does not report is empty.",
        raw="The whole, as the card reported it.",
        svn="The lowest version of SGP.22 that the card follows.",
        highest_svn="The highest version of SGP.22; empty if the card does not say.",
        ci_for_verification=f"{_KEYS}that the card trusts{_IN_ORDER}",
        ci_for_signing=f"{_KEYS}under which the card is certified{_IN_ORDER}",
        ci_for_signing_v3=f"{_KEYS}under which the card is certified in version 3{_IN_ORDER}",
        rsp_capability="Capabilities for remote provisioning, by the specification's names.",
        unknown=_UNKNOWN,
    )


def _info2() -> Schema:
    return of(
        EuiccInfo2,
        "euicc_info2",
        "EUICCInfo2 of the card. What the card does not report is empty.",
        raw="The whole, as the card reported it.",
        profile_version="The version of the profile packages that it can load.",
        svn="The lowest version of SGP.22 that the card follows.",
        highest_svn="The highest version of SGP.22; empty if the card does not say.",
        firmware="The version of its firmware.",
        resource="Its memory.",
        uicc_capability="Capabilities of the UICC, by the specification's names.",
        ts102241_version="The version of TS 102 241 (Java Card).",
        globalplatform_version="The version of GlobalPlatform.",
        rsp_capability="Capabilities for remote provisioning, by the specification's names.",
        ci_for_verification=f"{_KEYS}that the card trusts{_IN_ORDER}",
        ci_for_signing=f"{_KEYS}under which the card is certified{_IN_ORDER}",
        ci_for_signing_v3=f"{_KEYS}under which the card is certified in version 3{_IN_ORDER}",
        category="Its category, by the specification's name.",
        forbidden_policy_rules="The policy rules that no profile on it may have.",
        pp_version="The version of the protection profile.",
        sas_accreditation_number="The number of the SAS accreditation.",
        platform_label="The label of the certified platform.",
        discovery_base_url="The URL where its certification can be looked up.",
        tre_properties="Properties of its tamper resistant element, by the specification's names.",
        tre_product_reference="The product of its tamper resistant element.",
        additional_profile_versions="Further versions of profile packages that it can load.",
        lpa_mode="Where its LPA is: lpad or lpae.",
        ipa_mode="Of an IoT card (SGP.32): where its IPA is, ipad or ipae.",
        additional_info="Additional information, in hexadecimal.",
        iot="Of an IoT card (SGP.32): what it says of that; null for others.",
        unknown=_UNKNOWN,
    )


def _is_error(value: object) -> TypeGuard[type[errors.LpaError]]:
    return isinstance(value, type) and issubclass(value, errors.LpaError) and value is not errors.LpaError
