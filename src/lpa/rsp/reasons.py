"""What a refusal means to a person: one sentence for what is wrong, one for what to do.

The card's reasons are the identifiers of `asn1/rsp.asn`, the server's the code pairs of SGP.22 §5.2.6.
A reason may mean different things to different functions; then it stands under the function.
"""

from __future__ import annotations

_SEE_LIST = "Run 'lpa list' to see the card's profiles."
_SOMETHING_ELSE = "Take the card out and put it back, run 'lpa list', and try again."

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


_SUBJECTS = {
    "1.1": "The requester",
    "1.2": "The provider",
    "1.2.1": "The request's content type",
    "1.2.2": "The request's protocol version",
    "1.3": "The protocol",
    "1.3.1": "The request's parameters",
    "8.1": "The card",
    "8.1.1": "The card's number (EID)",
    "8.1.2": "The certificate of the card's maker",
    "8.1.3": "The card's certificate",
    "8.1.4": "The card's maker",
    "8.2": "The profile",
    "8.2.1": "The profile's number (ICCID)",
    "8.2.5": "The kind of profile",
    "8.2.6": "The activation code (matching identifier)",
    "8.2.7": "The confirmation code",
    "8.8": "The server",
    "8.8.1": "The server's address",
    "8.8.2": "The server's security settings",
    "8.8.3": "The version of SGP.22",
    "8.8.4": "The server's certificate",
    "8.8.5": "The download order",
    "8.9": "The discovery server",
    "8.9.1": "The discovery server's address",
    "8.9.2": "The discovery server's security settings",
    "8.9.3": "The version of SGP.22",
    "8.9.4": "The discovery server's certificate",
    "8.9.5": "The event",
    "8.10.1": "The transaction",
    "8.11.1": "The certificate issuer's key",
}
_REASONS = {
    "1.1": "is unknown",
    "1.2": "is not allowed",
    "2.1": "is invalid",
    "2.2": "is missing",
    "2.3": "is missing under these conditions",
    "3.1": "is not supported",
    "3.3": "is already in use",
    "3.5": "cannot change in this way",
    "3.7": "is not available",
    "3.8": "was refused",
    "3.9": "is unknown",
    "3.10": "belongs to another",
    "3.11": "has changed",
    "4.2": "failed",
    "4.3": "stopped with a warning",
    "4.8": "has too little memory",
    "4.10": "has expired",
    "5.1": "cannot be reached",
    "5.2": "took too long",
    "6.1": "could not be verified",
    "6.3": "has expired",
    "6.4": "was tried too often",
}
_PAIRS = {
    ("8.1", "4.8"): "The card has no room for this profile.",
    ("8.1", "6.1"): "The server does not accept the card's signature.",
    ("8.1.1", "2.1"): "The server does not support this card.",
    ("8.1.1", "2.2"): "The order names no card.",
    ("8.1.1", "3.8"): "The order is for another card.",
    ("8.1.1", "3.10"): "The profile already belongs to another card.",
    ("8.1.2", "6.1"): "The server does not accept the certificate of the card's maker.",
    ("8.1.2", "6.3"): "The certificate of the card's maker has expired.",
    ("8.1.3", "6.1"): "The server does not accept the card's certificate.",
    ("8.1.3", "6.3"): "The card's certificate has expired.",
    ("8.1.4", "6.1"): "The card's number is not one that its maker may give.",
    ("8.2", "1.2"): "The operator has not yet released the profile.",
    ("8.2", "3.7"): "The profile was already prepared for an earlier try and cannot be prepared again.",
    ("8.2.1", "1.2"): "The operator may not order this profile.",
    ("8.2.1", "3.3"): "The profile is already in use.",
    ("8.2.1", "3.5"): "The profile cannot be released.",
    ("8.2.1", "3.9"): "The server does not know this profile.",
    ("8.2.1", "3.10"): "The profile is bound elsewhere.",
    ("8.2.5", "1.2"): "The operator may not order this kind of profile.",
    ("8.2.5", "3.7"): "No profile of this kind is left.",
    ("8.2.5", "3.8"): "The profile is not of the kind that was ordered.",
    ("8.2.5", "3.9"): "The server does not know this kind of profile.",
    ("8.2.5", "4.3"): "The operator has no profile that suits this card or device.",
    ("8.2.6", "3.3"): "Another order has the same activation code.",
    ("8.2.6", "3.8"): "The activation code is wrong, or was used before.",
    ("8.2.6", "3.10"): "The activation code belongs to another profile.",
    ("8.2.7", "2.2"): "The server asks for a confirmation code.",
    ("8.2.7", "3.8"): "The confirmation code is wrong.",
    ("8.2.7", "6.4"): "The confirmation code was wrong too often; the order is void.",
    ("8.8", "3.10"): "The download belongs to another server.",
    ("8.8", "4.2"): "The server could not serve this card.",
    ("8.8.1", "3.8"): "The server does not answer to this address.",
    ("8.8.2", "3.1"): "The server trusts none of the issuers that the card's certificates come from.",
    ("8.8.3", "3.1"): "The server does not support the card's version of SGP.22.",
    ("8.8.4", "3.7"): "The server has no certificate that this card trusts.",
    ("8.8.5", "4.10"): "The order has expired.",
    ("8.8.5", "6.4"): "The download was tried too often; the order is void.",
    ("8.9", "4.2"): "The discovery server failed.",
    ("8.9", "5.1"): "The discovery server cannot be reached.",
    ("8.9.1", "3.8"): "The discovery server does not answer to this address.",
    (
        "8.9.2",
        "3.1",
    ): "The discovery server trusts none of the issuers that the card's certificates come from.",
    ("8.9.3", "3.1"): "The discovery server does not support the card's version of SGP.22.",
    ("8.9.4", "3.7"): "The discovery server has no certificate that this card trusts.",
    ("8.9.5", "3.3"): "The discovery server already holds this event.",
    ("8.9.5", "3.9"): "The discovery server holds no such event for this card.",
    ("8.10.1", "3.9"): "The server does not know this transaction, or has forgotten it.",
    ("8.11.1", "3.9"): "The server does not trust the issuer of the card's certificates.",
    ("1.2.1", "2.1"): "The server does not understand the kind of request (its content type).",
    ("1.2.2", "2.1"): "The server does not accept the protocol version.",
    ("1.3.1", "2.2"): "The request lacks parameters that the server needs.",
}


def server_reason(subject: str, reason: str) -> str:
    """What a server means by its status codes (§5.2.6), such as ("8.2.6", "3.8"); its own stay codes."""
    if (subject, reason) in _PAIRS:
        return _PAIRS[subject, reason]
    if subject in _SUBJECTS or reason in _REASONS:
        about = _SUBJECTS.get(subject, f"What it calls {subject}")
        return f"{about} {_REASONS.get(reason, f'has what it calls {reason}')}."
    return "The specification does not name these codes."
