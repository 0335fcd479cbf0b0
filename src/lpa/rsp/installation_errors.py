"""Why a card did not install a profile, in sentences for people: the ErrorReasons of SGP.22 §2.5.6."""

from __future__ import annotations

_AGAIN = "Nothing was installed. Start the download again; if it fails again, ask the operator."
_OPERATOR = "Nothing was installed. Ask the operator whether its eSIMs work with this card."
_ENTERPRISE = "Nothing was installed. Ask the enterprise that issued the profile."

_FAILURES: dict[str, tuple[str, str]] = {
    "incorrectInputValues": ("The card does not accept the values in the package.", _OPERATOR),
    "invalidSignature": ("The signature on the package is not valid.", _AGAIN),
    "invalidTransactionId": ("The package is for another download.", _AGAIN),
    "unsupportedCrtValues": ("The card does not support the encryption of the package.", _OPERATOR),
    "unsupportedRemoteOperationType": (
        "The server requested an operation other than installing a profile.",
        _OPERATOR,
    ),
    "unsupportedProfileClass": ("The card does not accept profiles of this class.", _OPERATOR),
    "scp03tStructureError": ("The structure of the package is not valid.", _AGAIN),
    "scp03tSecurityError": ("The package was modified in transit, or is for another card.", _AGAIN),
    "installFailedDueToIccidAlreadyExistsOnEuicc": (
        "The card already holds a profile with this ICCID.",
        "'lpa list' shows it. To install it again, delete it first.",
    ),
    "installFailedDueToInsufficientMemoryForProfile": (
        "The card does not have enough free memory for this profile.",
        "Nothing was installed. 'lpa info' shows the free memory, 'lpa delete' frees some.",
    ),
    "installFailedDueToInterruption": ("The installation was interrupted.", _AGAIN),
    "installFailedDueToPEProcessingError": (
        "The card could not process the contents of the package.",
        _OPERATOR,
    ),
    "installFailedDueToDataMismatch": (
        "The package contains a different profile from the one that it names.",
        _OPERATOR,
    ),
    "testProfileInstallFailedDueToInvalidNaaKey": (
        "The key of the test profile is not a test key.",
        _OPERATOR,
    ),
    "pprNotAllowed": ("The card does not permit the policy rules of this profile.", _OPERATOR),
    "enterpriseProfilesNotSupported": ("The card does not support enterprise profiles.", _ENTERPRISE),
    "enterpriseRulesNotAllowed": (
        "The card does not permit the enterprise rules of this profile.",
        _ENTERPRISE,
    ),
    "enterpriseProfileNotAllowed": (
        "A profile on the card does not allow this enterprise profile.",
        "Nothing was installed. 'lpa list' shows the profiles on the card.",
    ),
    "enterpriseOidMismatch": (
        "The profile belongs to another enterprise than a profile on the card.",
        _ENTERPRISE,
    ),
    "enterpriseRulesError": ("The enterprise rules of this profile contradict each other.", _ENTERPRISE),
    "enterpriseProfilesOnly": (
        "An enterprise profile on the card permits only profiles of that enterprise.",
        "Nothing was installed. Ask the enterprise whose profile is on the card.",
    ),
    "lprNotSupported": ("The profile needs an LPA proxy, which the card does not support.", _OPERATOR),
    "unknownTlvInMetadata": (
        "The profile's metadata contain an object that the card does not know.",
        _OPERATOR,
    ),
    "insufficientMinimumSecurityLevel": ("The card's security level is too low for this profile.", _OPERATOR),
    "serverAddressAbsentInEuiccAllowList": (
        "The card does not install profiles from this server.",
        _OPERATOR,
    ),
    "installFailedDueToUnknownError": ("The card could not install the profile and gives no reason.", _AGAIN),
}


def explain_failure(reason: str) -> tuple[str, str]:
    """What is wrong and what to do. A reason that the specification does not name keeps its number."""
    known = _FAILURES.get(reason)
    return known or (f"The card did not install the profile (reason {reason}).", _AGAIN)
