"""What a card's refusal means: one sentence for what is wrong, one for what to do.

Reasons are the identifiers of `asn1/rsp.asn`. Where one means different things for different functions, it is
listed for each function.
"""

from __future__ import annotations

_SEE_LIST = "Run 'lpa list' to see the card's profiles."
_REINSERT = "Remove the card and insert it again, run 'lpa list', and retry."
_DOWNLOAD_AGAIN = "Nothing was installed. Start the download again."
_LOCKED = (
    "Remove the card, insert it again and retry. If it still refuses, it may be locked to the app of its "
    "maker, or be managed by an LPA on the card itself (LPAe): use that."
)
_ASK_OPERATOR = "Nothing was installed. Ask the operator whether its eSIMs work with this card."

# (message, advice) by reason, unless `_PER_FUNCTION` has the function.
_EVERYWHERE: dict[str, tuple[str, str]] = {
    "iccidOrAidNotFound": ("The card holds no such profile.", _SEE_LIST),
    "iccidNotFound": ("The card holds no such profile.", _SEE_LIST),
    "profileNotInDisabledState": ("The profile is enabled.", "Disable it first: 'lpa disable ICCID'."),
    "profileNotInEnabledState": ("The profile is already disabled.", "Nothing needs to be done."),
    "disallowedByPolicy": (
        "The operator's policy rules forbid this.",
        "Only the operator can lift its rules; 'lpa show ICCID' lists them.",
    ),
    "wrongProfileReenabling": (
        "A test profile is enabled; only the profile that was enabled before it can be enabled now.",
        "Enable that profile, or disable the test profile first: 'lpa disable ICCID'.",
    ),
    "catBusy": (
        "The card is busy with a dialogue with the phone or modem.",
        "End the dialogue, or remove the card and insert it again; then retry.",
    ),
    "disallowedByEnterpriseRule": (
        "The enterprise rules of a profile on the card forbid this.",
        "Ask the enterprise that manages this card.",
    ),
    "disallowedForRpm": (
        "The profile cannot be changed while its operator manages it remotely.",
        "Wait until the operator has finished, then retry.",
    ),
    "noEsimPortAvailable": (
        "No eSIM port is free for another enabled profile.",
        "Disable another profile first: 'lpa list', then 'lpa disable ICCID'.",
    ),
    "commandError": (
        "The card could not execute the command.",
        _REINSERT,
    ),
    "undefinedError": (
        "The card refuses and gives no reason.",
        _REINSERT,
    ),
    "profileChangeOngoing": (
        "The card is still busy with the previous profile change.",
        "Wait a few seconds, or remove the card and insert it again; then retry.",
    ),
    "incorrectInputValues": (
        "The card does not accept the request.",
        "Run 'lpa info' to see which version of SGP.22 the card supports.",
    ),
    "noResultAvailable": (
        "The card holds no such notification.",
        "Run 'lpa notifications list' to see the pending notifications.",
    ),
    "nothingToDelete": ("There is nothing to delete.", "Nothing needs to be done."),
    "noSessionContext": (
        "The card has no download in progress.",
        _DOWNLOAD_AGAIN,
    ),
    "invalidTransactionId": (
        "The card has a different download in progress.",
        _DOWNLOAD_AGAIN,
    ),
    "unsupportedCurve": (
        "The card does not support the elliptic curve of the server's certificates.",
        _ASK_OPERATOR,
    ),
}

_PER_FUNCTION: dict[tuple[str, str], tuple[str, str]] = {
    # Not results but status words, with which an ISD-R refuses every command.
    ("GetEID", "securityStatusNotSatisfied"): (
        "The card is an eUICC, but it refuses to be read: security status not satisfied (6982).",
        _LOCKED,
    ),
    ("GetEID", "conditionsNotSatisfied"): (
        "The card is an eUICC, but it refuses to be read: conditions not satisfied (6985).",
        _LOCKED,
    ),
    ("EnableProfile", "profileNotInDisabledState"): (
        "The profile is already enabled.",
        "Nothing needs to be done.",
    ),
    ("EnableProfile", "disallowedByPolicy"): (
        "The enabled profile cannot be disabled: its operator's rules (PPR1) forbid it.",
        "Ask the operator of the enabled profile; 'lpa list' shows which profile it is.",
    ),
    ("DisableProfile", "disallowedByPolicy"): (
        "The profile cannot be disabled: its operator's rules (PPR1) forbid it.",
        "Ask its operator to lift the rule.",
    ),
    ("DeleteProfile", "disallowedByPolicy"): (
        "The profile cannot be deleted: its operator's rules (PPR2) forbid it.",
        "Ask its operator to lift the rule.",
    ),
    ("DeleteProfile", "profileNotInDisabledState"): (
        "The card reports that the profile is enabled; only a disabled profile can be deleted.",
        "Disable it first: 'lpa disable ICCID'.",
    ),
    ("DeleteProfile", "disallowedInTestMode"): (
        "A test profile is enabled; no profile can be deleted until it is disabled.",
        "Disable the test profile first: 'lpa list', then 'lpa disable ICCID'.",
    ),
    ("EuiccMemoryReset", "nothingToDelete"): (
        "The card holds nothing to delete.",
        "Nothing needs to be done; 'lpa list' shows the remaining profiles.",
    ),
    ("NotificationSent", "nothingToDelete"): (
        "The card no longer holds this notification.",
        "Nothing needs to be done; 'lpa notifications list' shows the remaining ones.",
    ),
    ("NotificationSent", "undefinedError"): (
        "The card does not remove the notification and gives no reason.",
        "The server may receive it twice, which does no harm. Run 'lpa notifications send' again later.",
    ),
    ("SetNickname", "undefinedError"): (
        "The card does not accept the nickname and gives no reason.",
        "Try a shorter nickname; the maximum is 64 bytes.",
    ),
    ("SetDefaultDpAddress", "undefinedError"): (
        "The card does not accept the server address and gives no reason.",
        "Try a shorter address, or a complete one such as 'rsp.example.com'.",
    ),
    ("AuthenticateServer", "invalidCertificate"): (
        "The card does not accept the server's certificate.",
        _ASK_OPERATOR,
    ),
    ("AuthenticateServer", "invalidSignature"): (
        "The card does not accept the server's signature: this may not be the operator's server.",
        _ASK_OPERATOR,
    ),
    ("AuthenticateServer", "invalidOid"): (
        "The object identifier in the server's certificate is not the expected one.",
        _ASK_OPERATOR,
    ),
    ("AuthenticateServer", "euiccChallengeMismatch"): (
        "The server did not sign the card's current challenge.",
        _DOWNLOAD_AGAIN,
    ),
    ("AuthenticateServer", "ciPKUnknown"): (
        "The card has no certificate from the issuer (CI) that the server requests.",
        _ASK_OPERATOR,
    ),
    ("PrepareDownload", "invalidCertificate"): (
        "The card does not accept the certificate that the server binds profiles with (DPpb).",
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
        f"The card answered {reason} to {function}, which the specification does not define.",
        "Run 'lpa list' to see the card's state; the card's manufacturer can explain the number.",
    )
