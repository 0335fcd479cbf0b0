"""What a card's refusal means: one sentence for what is wrong, one for what to do.

Reasons are the identifiers of `asn1/rsp.asn`. Where one means different things for different functions, it is
listed for each function.
"""

from __future__ import annotations

from lpa.advice import cards

# (message, advice) by reason, unless `_PER_FUNCTION` has the function.
_EVERYWHERE: dict[str, tuple[str, str]] = {
    "iccidOrAidNotFound": ("The card holds no such profile.", cards.SEE_LIST),
    "iccidNotFound": ("The card holds no such profile.", cards.SEE_LIST),
    "profileNotInDisabledState": ("The profile is enabled.", cards.DISABLE_FIRST),
    "profileNotInEnabledState": ("The profile is already disabled.", cards.NOTHING_NEEDED),
    "disallowedByPolicy": (
        "The operator's policy rules forbid this.",
        cards.ONLY_OPERATOR_LIFTS_RULES,
    ),
    "wrongProfileReenabling": (
        "A test profile is enabled; only the profile that was enabled before it can be enabled now.",
        cards.ENABLE_PREVIOUS_OR_DISABLE_TEST,
    ),
    "catBusy": (
        "The card is busy with a dialogue with the phone or modem.",
        cards.END_DIALOGUE,
    ),
    "disallowedByEnterpriseRule": (
        "The enterprise rules of a profile on the card forbid this.",
        cards.ASK_ENTERPRISE,
    ),
    "disallowedForRpm": (
        "The profile cannot be changed while its operator manages it remotely.",
        cards.WAIT_FOR_OPERATOR,
    ),
    "noEsimPortAvailable": (
        "No eSIM port is free for another enabled profile.",
        cards.DISABLE_ANOTHER_FIRST,
    ),
    "commandError": (
        "The card could not execute the command.",
        cards.REINSERT_AND_LIST,
    ),
    "undefinedError": (
        "The card refuses and gives no reason.",
        cards.REINSERT_AND_LIST,
    ),
    "profileChangeOngoing": (
        "The card is still busy with the previous profile change.",
        cards.WAIT_OR_REINSERT,
    ),
    "incorrectInputValues": (
        "The card does not accept the request.",
        cards.SEE_VERSION,
    ),
    "noResultAvailable": (
        "The card holds no such notification.",
        cards.SEE_PENDING,
    ),
    "nothingToDelete": ("There is nothing to delete.", cards.NOTHING_NEEDED),
    "noSessionContext": (
        "The card has no download in progress.",
        cards.START_DOWNLOAD_AGAIN,
    ),
    "invalidTransactionId": (
        "The card has a different download in progress.",
        cards.START_DOWNLOAD_AGAIN,
    ),
    "unsupportedCurve": (
        "The card does not support the elliptic curve of the server's certificates.",
        cards.ASK_IF_CARD_WORKS,
    ),
}

_PER_FUNCTION: dict[tuple[str, str], tuple[str, str]] = {
    # Not results but status words, with which an ISD-R refuses every command.
    ("GetEID", "securityStatusNotSatisfied"): (
        "The card is an eUICC, but it refuses to be read: security status not satisfied (6982).",
        cards.LOCKED_TO_APP,
    ),
    ("GetEID", "conditionsNotSatisfied"): (
        "The card is an eUICC, but it refuses to be read: conditions not satisfied (6985).",
        cards.LOCKED_TO_APP,
    ),
    ("EnableProfile", "profileNotInDisabledState"): (
        "The profile is already enabled.",
        cards.NOTHING_NEEDED,
    ),
    ("EnableProfile", "disallowedByPolicy"): (
        "The enabled profile cannot be disabled: its operator's rules (PPR1) forbid it.",
        cards.ASK_OPERATOR_OF_ENABLED,
    ),
    ("DisableProfile", "disallowedByPolicy"): (
        "The profile cannot be disabled: its operator's rules (PPR1) forbid it.",
        cards.ASK_OPERATOR_TO_LIFT,
    ),
    ("DeleteProfile", "disallowedByPolicy"): (
        "The profile cannot be deleted: its operator's rules (PPR2) forbid it.",
        cards.ASK_OPERATOR_TO_LIFT,
    ),
    ("DeleteProfile", "profileNotInDisabledState"): (
        "The card reports that the profile is enabled; only a disabled profile can be deleted.",
        cards.DISABLE_FIRST,
    ),
    ("DeleteProfile", "disallowedInTestMode"): (
        "A test profile is enabled; no profile can be deleted until it is disabled.",
        cards.DISABLE_TEST_FIRST,
    ),
    ("EuiccMemoryReset", "nothingToDelete"): (
        "The card holds nothing to delete.",
        cards.NOTHING_NEEDED_PROFILES,
    ),
    ("NotificationSent", "nothingToDelete"): (
        "The card no longer holds this notification.",
        cards.NOTHING_NEEDED_NOTIFICATIONS,
    ),
    ("NotificationSent", "undefinedError"): (
        "The card does not remove the notification and gives no reason.",
        cards.SEND_AGAIN_LATER,
    ),
    ("SetNickname", "undefinedError"): (
        "The card does not accept the nickname and gives no reason.",
        cards.SHORTER_NICKNAME,
    ),
    ("SetDefaultDpAddress", "undefinedError"): (
        "The card does not accept the server address and gives no reason.",
        cards.SHORTER_ADDRESS,
    ),
    ("AuthenticateServer", "invalidCertificate"): (
        "The card does not accept the server's certificate.",
        cards.ASK_IF_CARD_WORKS,
    ),
    ("AuthenticateServer", "invalidSignature"): (
        "The card does not accept the server's signature: this may not be the operator's server.",
        cards.ASK_IF_CARD_WORKS,
    ),
    ("AuthenticateServer", "invalidOid"): (
        "The object identifier in the server's certificate is not the expected one.",
        cards.ASK_IF_CARD_WORKS,
    ),
    ("AuthenticateServer", "euiccChallengeMismatch"): (
        "The server did not sign the card's current challenge.",
        cards.START_DOWNLOAD_AGAIN,
    ),
    ("AuthenticateServer", "ciPKUnknown"): (
        "The card has no certificate from the issuer (CI) that the server requests.",
        cards.ASK_IF_CARD_WORKS,
    ),
    ("PrepareDownload", "invalidCertificate"): (
        "The card does not accept the certificate that the server binds profiles with (DPpb).",
        cards.ASK_IF_CARD_WORKS,
    ),
    ("PrepareDownload", "invalidSignature"): (
        "The card does not accept the server's signature on the offer.",
        cards.ASK_IF_CARD_WORKS,
    ),
}


def explain(function: str, reason: str) -> tuple[str, str]:
    """What is wrong and what to do, if the card refused `function` for `reason` (see `schema.refusal`)."""
    known = _PER_FUNCTION.get((function, reason)) or _EVERYWHERE.get(reason)
    if known:
        return known
    return (
        f"The card answered {reason} to {function}, which the specification does not define.",
        cards.ASK_MAKER_ABOUT_NUMBER,
    )
