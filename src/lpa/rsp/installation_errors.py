"""Why a card did not install a profile, in a person's words: the ErrorReasons of SGP.22 §2.5.6."""

from __future__ import annotations

_AGAIN = "Nothing was installed. Begin the download again; if that does not help, ask the operator."
_OPERATOR = "Nothing was installed. Ask the operator whether its eSIMs work with this card."
_ENTERPRISE = "Nothing was installed. Ask the enterprise that the profile is from."

_FAILURES: dict[str, tuple[str, str]] = {
    "incorrectInputValues": ("The card does not understand the package.", _OPERATOR),
    "invalidSignature": ("The signature on the package is wrong: it is not from the server.", _AGAIN),
    "invalidTransactionId": ("The package is for another download.", _AGAIN),
    "unsupportedCrtValues": ("The package is encrypted in a way that the card does not know.", _OPERATOR),
    "unsupportedRemoteOperationType": (
        "The server wants something else than to install a profile.",
        _OPERATOR,
    ),
    "unsupportedProfileClass": ("The card does not take profiles of this class.", _OPERATOR),
    "scp03tStructureError": ("The package is put together wrongly.", _AGAIN),
    "scp03tSecurityError": ("The package was changed on its way, or is for another card.", _AGAIN),
    "installFailedDueToIccidAlreadyExistsOnEuicc": (
        "The card has a profile with this number already.",
        "'lpa list' shows it. To install it anew, delete it first.",
    ),
    "installFailedDueToInsufficientMemoryForProfile": (
        "The card has not enough memory left for this profile.",
        "Nothing was installed. 'lpa info' shows what is free, 'lpa delete' makes room.",
    ),
    "installFailedDueToInterruption": ("The installation was interrupted.", _AGAIN),
    "installFailedDueToPEProcessingError": (
        "The card could not make a profile of what is in the package.",
        _OPERATOR,
    ),
    "installFailedDueToDataMismatch": (
        "The package holds another profile than the one that it names.",
        _OPERATOR,
    ),
    "testProfileInstallFailedDueToInvalidNaaKey": ("The test profile has no test key.", _OPERATOR),
    "pprNotAllowed": (
        "The card does not permit the rules that the operator set for this profile.",
        _OPERATOR,
    ),
    "enterpriseProfilesNotSupported": ("The card does not take profiles of enterprises.", _ENTERPRISE),
    "enterpriseRulesNotAllowed": (
        "The card does not permit the rules that an enterprise set for this profile.",
        _ENTERPRISE,
    ),
    "enterpriseProfileNotAllowed": (
        "A profile on the card does not allow this one, which is an enterprise's.",
        "Nothing was installed. 'lpa list' shows what is on the card.",
    ),
    "enterpriseOidMismatch": (
        "The profile is from another enterprise than a profile that is on the card.",
        _ENTERPRISE,
    ),
    "enterpriseRulesError": (
        "The rules that an enterprise set for this profile contradict each other.",
        _ENTERPRISE,
    ),
    "enterpriseProfilesOnly": (
        "An enterprise's profile on the card permits only profiles of that enterprise.",
        "Nothing was installed. Ask the enterprise whose profile is on the card.",
    ),
    "lprNotSupported": (
        "The profile needs a way to its operator (LPA proxy) that the card does not have.",
        _OPERATOR,
    ),
    "unknownTlvInMetadata": (
        "The profile's metadata hold something that the card does not know.",
        _OPERATOR,
    ),
    "insufficientMinimumSecurityLevel": ("The card is not secure enough for this profile.", _OPERATOR),
    "serverAddressAbsentInEuiccAllowList": ("The card takes no profiles from this server.", _OPERATOR),
    "installFailedDueToUnknownError": (
        "The card could not install the profile and does not say why.",
        _AGAIN,
    ),
}


def explain_failure(reason: str) -> tuple[str, str]:
    """What is wrong and what to do. A reason that the specification does not name stays its number."""
    known = _FAILURES.get(reason)
    return known or (f"The card did not install the profile, for the reason {reason}.", _AGAIN)
