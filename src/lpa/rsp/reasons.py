"""What a card's refusal means to a person: one sentence for what is wrong, one for what to do.

Reasons are the identifiers of `asn1/rsp.asn`. One may mean different things to different functions; then it
stands under the function.
"""

from __future__ import annotations

_SEE_LIST = "Run 'lpa list' to see the card's profiles."
_SOMETHING_ELSE = "Take the card out and put it back, run 'lpa list', and try again."
_DOWNLOAD_AGAIN = "Nothing was installed. Begin the download again."
_ASK_OPERATOR = "Nothing was installed. Ask the operator whether its eSIMs work with this card."

# (message, advice) by reason, for every function that does not say otherwise below.
_EVERYWHERE: dict[str, tuple[str, str]] = {
    "iccidOrAidNotFound": ("The card holds no such profile.", _SEE_LIST),
    "iccidNotFound": ("The card holds no such profile.", _SEE_LIST),
    "profileNotInDisabledState": ("The profile is enabled.", "Disable it first: 'lpa disable ICCID'."),
    "profileNotInEnabledState": ("The profile is already disabled.", "Nothing needs to be done."),
    "disallowedByPolicy": (
        "The operator's policy rules forbid it.",
        "Only the operator can lift its rules; 'lpa show ICCID' names them.",
    ),
    "wrongProfileReenabling": (
        "A test profile is enabled, and it may only be followed by the profile that was enabled before it.",
        "Enable that profile, or disable the test profile first: 'lpa disable ICCID'.",
    ),
    "catBusy": (
        "The card is in the middle of a dialogue with the phone or modem.",
        "End the dialogue, or take the card out and put it back; then try again.",
    ),
    "disallowedByEnterpriseRule": (
        "The rules of a company's profile on the card forbid it.",
        "Ask the company that manages this card.",
    ),
    "disallowedForRpm": (
        "The profile may not be changed while its operator manages it from afar.",
        "Wait for the operator to finish, then try again.",
    ),
    "noEsimPortAvailable": (
        "Every place for an enabled profile is taken.",
        "Disable another profile first: 'lpa list', then 'lpa disable ICCID'.",
    ),
    "commandError": (
        "The card could not carry out the command.",
        _SOMETHING_ELSE,
    ),
    "undefinedError": (
        "The card says no and gives no reason.",
        _SOMETHING_ELSE,
    ),
    "profileChangeOngoing": (
        "The card is still busy with the last change of profile.",
        "Wait a moment, or take the card out and put it back; then try again.",
    ),
    "incorrectInputValues": (
        "The card does not understand the question.",
        "Run 'lpa info' to see which version of SGP.22 the card speaks.",
    ),
    "noResultAvailable": (
        "The card holds no such notification.",
        "Run 'lpa notifications list' to see which it holds.",
    ),
    "nothingToDelete": ("There is nothing to delete.", "Nothing needs to be done."),
    "noSessionContext": (
        "The card has no download under way.",
        _DOWNLOAD_AGAIN,
    ),
    "invalidTransactionId": (
        "The card has another download under way than the one that was meant.",
        _DOWNLOAD_AGAIN,
    ),
    "unsupportedCurve": (
        "The server's certificates are on an elliptic curve that the card does not know.",
        _ASK_OPERATOR,
    ),
}

_PER_FUNCTION: dict[tuple[str, str], tuple[str, str]] = {
    ("EnableProfile", "profileNotInDisabledState"): (
        "The profile is already enabled.",
        "Nothing needs to be done.",
    ),
    ("EnableProfile", "disallowedByPolicy"): (
        "The enabled profile may not be disabled: its operator's rules (PPR1) forbid it.",
        "Ask the operator of the enabled profile; 'lpa list' shows which it is.",
    ),
    ("DisableProfile", "disallowedByPolicy"): (
        "The profile may not be disabled: its operator's rules (PPR1) forbid it.",
        "Ask its operator to lift the rule.",
    ),
    ("DeleteProfile", "disallowedByPolicy"): (
        "The profile may not be deleted: its operator's rules (PPR2) forbid it.",
        "Ask its operator to lift the rule.",
    ),
    ("DeleteProfile", "profileNotInDisabledState"): (
        "The profile is enabled, and only a disabled profile can be deleted.",
        "Disable it first: 'lpa disable ICCID'.",
    ),
    ("DeleteProfile", "disallowedInTestMode"): (
        "A test profile is enabled, and meanwhile nothing can be deleted.",
        "Disable the test profile first: 'lpa list', then 'lpa disable ICCID'.",
    ),
    ("EuiccMemoryReset", "nothingToDelete"): (
        "The card holds nothing of what was to be deleted.",
        "Nothing needs to be done; 'lpa list' shows what is left.",
    ),
    ("NotificationSent", "nothingToDelete"): (
        "The card holds no such notification any more.",
        "Nothing needs to be done; 'lpa notifications list' shows what is left.",
    ),
    ("NotificationSent", "undefinedError"): (
        "The card does not let go of the notification and gives no reason.",
        "The server may hear of it twice, which does no harm. Try 'lpa notifications send' later.",
    ),
    ("SetNickname", "undefinedError"): (
        "The card does not take the name and gives no reason.",
        "Try a shorter name; the card has room for 64 bytes at most.",
    ),
    ("SetDefaultDpAddress", "undefinedError"): (
        "The card does not take the server's address and gives no reason.",
        "Try a shorter address, or a complete one such as 'rsp.example.com'.",
    ),
    ("AuthenticateServer", "invalidCertificate"): (
        "The card does not accept the server's certificate.",
        _ASK_OPERATOR,
    ),
    ("AuthenticateServer", "invalidSignature"): (
        "The card does not accept the server's signature: it may not be the server that it says it is.",
        _ASK_OPERATOR,
    ),
    ("AuthenticateServer", "invalidOid"): (
        "The server's certificate is not for the server that it signed as.",
        _ASK_OPERATOR,
    ),
    ("AuthenticateServer", "euiccChallengeMismatch"): (
        "The server answered an older question than the one that the card asked.",
        _DOWNLOAD_AGAIN,
    ),
    ("AuthenticateServer", "ciPKUnknown"): (
        "The server wants a certificate from an issuer that the card has none from.",
        _ASK_OPERATOR,
    ),
    ("PrepareDownload", "invalidCertificate"): (
        "The card does not accept the certificate that the server binds profiles with.",
        _ASK_OPERATOR,
    ),
    ("PrepareDownload", "invalidSignature"): (
        "The card does not accept the server's signature on the offer.",
        _ASK_OPERATOR,
    ),
}


def explain(function: str, reason: str) -> tuple[str, str]:
    """What is wrong and what to do, if the card refused `function` for `reason` (see `schema.refusal`)."""
    known = _PER_FUNCTION.get((function, reason)) or _EVERYWHERE.get(reason)
    if known:
        return known
    return (
        f"The card answered {reason} to {function}, which the specification does not name.",
        "Run 'lpa list' to see the card's state; the card's maker knows what the number means.",
    )
