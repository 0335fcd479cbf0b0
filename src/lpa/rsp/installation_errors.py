"""Why a card did not install a profile, in sentences for people: the ErrorReasons of SGP.22 §2.5.6."""

from __future__ import annotations

from lpa.advice import cards, downloads

_FAILURES: dict[str, tuple[str, str]] = {
    "incorrectInputValues": ("The card does not accept the values in the package.", cards.ASK_IF_CARD_WORKS),
    "invalidSignature": ("The signature on the package is not valid.", downloads.START_AGAIN_THEN_ASK),
    "invalidTransactionId": ("The package is for another download.", downloads.START_AGAIN_THEN_ASK),
    "unsupportedCrtValues": (
        "The card does not support the encryption of the package.",
        cards.ASK_IF_CARD_WORKS,
    ),
    "unsupportedRemoteOperationType": (
        "The server requested an operation other than installing a profile.",
        cards.ASK_IF_CARD_WORKS,
    ),
    "unsupportedProfileClass": ("The card does not accept profiles of this class.", cards.ASK_IF_CARD_WORKS),
    "scp03tStructureError": ("The structure of the package is not valid.", downloads.START_AGAIN_THEN_ASK),
    "scp03tSecurityError": (
        "The package was modified in transit, or is for another card.",
        downloads.START_AGAIN_THEN_ASK,
    ),
    "installFailedDueToIccidAlreadyExistsOnEuicc": (
        "The card already holds a profile with this ICCID.",
        downloads.DELETE_BEFORE_REINSTALL,
    ),
    "installFailedDueToInsufficientMemoryForProfile": (
        "The card does not have enough free memory for this profile.",
        downloads.NOT_INSTALLED_FREE_MEMORY,
    ),
    "installFailedDueToInterruption": ("The installation was interrupted.", downloads.START_AGAIN_THEN_ASK),
    "installFailedDueToPEProcessingError": (
        "The card could not process the contents of the package.",
        cards.ASK_IF_CARD_WORKS,
    ),
    "installFailedDueToDataMismatch": (
        "The package contains a different profile from the one that it names.",
        cards.ASK_IF_CARD_WORKS,
    ),
    "testProfileInstallFailedDueToInvalidNaaKey": (
        "The key of the test profile is not a test key.",
        cards.ASK_IF_CARD_WORKS,
    ),
    "pprNotAllowed": ("The card does not permit the policy rules of this profile.", cards.ASK_IF_CARD_WORKS),
    "enterpriseProfilesNotSupported": (
        "The card does not support enterprise profiles.",
        downloads.ASK_ISSUING_ENTERPRISE,
    ),
    "enterpriseRulesNotAllowed": (
        "The card does not permit the enterprise rules of this profile.",
        downloads.ASK_ISSUING_ENTERPRISE,
    ),
    "enterpriseProfileNotAllowed": (
        "A profile on the card does not allow this enterprise profile.",
        downloads.NOT_INSTALLED_SEE_LIST,
    ),
    "enterpriseOidMismatch": (
        "The profile belongs to another enterprise than a profile on the card.",
        downloads.ASK_ISSUING_ENTERPRISE,
    ),
    "enterpriseRulesError": (
        "The enterprise rules of this profile contradict each other.",
        downloads.ASK_ISSUING_ENTERPRISE,
    ),
    "enterpriseProfilesOnly": (
        "An enterprise profile on the card permits only profiles of that enterprise.",
        downloads.ASK_ENTERPRISE_ON_CARD,
    ),
    "lprNotSupported": (
        "The profile needs an LPA proxy, which the card does not support.",
        cards.ASK_IF_CARD_WORKS,
    ),
    "unknownTlvInMetadata": (
        "The profile's metadata contain an object that the card does not know.",
        cards.ASK_IF_CARD_WORKS,
    ),
    "insufficientMinimumSecurityLevel": (
        "The card's security level is too low for this profile.",
        cards.ASK_IF_CARD_WORKS,
    ),
    "serverAddressAbsentInEuiccAllowList": (
        "The card does not install profiles from this server.",
        cards.ASK_IF_CARD_WORKS,
    ),
    "installFailedDueToUnknownError": (
        "The card could not install the profile and gives no reason.",
        downloads.START_AGAIN_THEN_ASK,
    ),
}


def explain_failure(reason: str) -> tuple[str, str]:
    """What is wrong and what to do. A reason that the specification does not name keeps its number."""
    known = _FAILURES.get(reason)
    return known or (
        f"The card did not install the profile (reason {reason}).",
        downloads.START_AGAIN_THEN_ASK,
    )
