"""What a server's status codes mean, in sentences: the pairs of subject and reason of SGP.22 §5.2.6."""

from __future__ import annotations

_SUBJECTS = {
    "1.1": "The requester",
    "1.2": "The provider",
    "1.2.1": "The request's content type",
    "1.2.2": "The request's protocol version",
    "1.3": "The protocol",
    "1.3.1": "The request's parameters",
    "8.1": "The card",
    "8.1.1": "The card's number (EID)",
    "8.1.2": "The certificate of the card's manufacturer (EUM)",
    "8.1.3": "The card's certificate",
    "8.1.4": "The card's manufacturer (EUM)",
    "8.2": "The profile",
    "8.2.1": "The profile's number (ICCID)",
    "8.2.5": "The profile type",
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
    "3.3": "is already assigned",
    "3.5": "cannot change in this way",
    "3.7": "is not available",
    "3.8": "was refused",
    "3.9": "is unknown",
    "3.10": "belongs to another",
    "3.11": "has changed",
    "4.2": "failed",
    "4.3": "ended with a warning",
    "4.8": "has too little memory",
    "4.10": "has expired",
    "5.1": "cannot be reached",
    "5.2": "took too long",
    "6.1": "could not be verified",
    "6.3": "has expired",
    "6.4": "was tried too often",
}
_PAIRS = {
    ("8.1", "4.8"): "The card does not have enough free memory for this profile.",
    ("8.1", "6.1"): "The server does not accept the card's signature.",
    ("8.1.1", "2.1"): "The server does not support this card.",
    ("8.1.1", "2.2"): "The order names no card.",
    ("8.1.1", "3.8"): "The order is for another card.",
    ("8.1.1", "3.10"): "The profile already belongs to another card.",
    ("8.1.2", "6.1"): "The server does not accept the certificate of the card's manufacturer (EUM).",
    ("8.1.2", "6.3"): "The certificate of the card's manufacturer (EUM) has expired.",
    ("8.1.3", "6.1"): "The server does not accept the card's certificate.",
    ("8.1.3", "6.3"): "The card's certificate has expired.",
    ("8.1.4", "6.1"): "The card's manufacturer (EUM) may not assign this card's EID.",
    ("8.2", "1.2"): "The operator has not released the profile yet.",
    ("8.2", "3.7"): "The profile was prepared for an earlier attempt and cannot be prepared again.",
    ("8.2.1", "1.2"): "The operator may not order this profile.",
    ("8.2.1", "3.3"): "The profile is already assigned.",
    ("8.2.1", "3.5"): "The profile cannot be released.",
    ("8.2.1", "3.9"): "The server does not know this profile.",
    ("8.2.1", "3.10"): "The profile is bound to another card or order.",
    ("8.2.5", "1.2"): "The operator may not order this profile type.",
    ("8.2.5", "3.7"): "No profile of this type is left.",
    ("8.2.5", "3.8"): "The profile is not of the type that was ordered.",
    ("8.2.5", "3.9"): "The server does not know this profile type.",
    ("8.2.5", "4.3"): "The operator has no profile that fits this card or device.",
    ("8.2.6", "3.3"): "Another order has the same activation code.",
    ("8.2.6", "3.8"): "The activation code is wrong or was already used.",
    ("8.2.6", "3.10"): "The activation code belongs to another profile.",
    ("8.2.7", "2.2"): "The server requires a confirmation code.",
    ("8.2.7", "3.8"): "The confirmation code is wrong.",
    ("8.2.7", "6.4"): "Too many wrong confirmation codes were entered; the order is void.",
    ("8.8", "3.10"): "The download belongs to another server.",
    ("8.8", "4.2"): "The server could not serve this card.",
    ("8.8.1", "3.8"): "The server does not answer under this address.",
    ("8.8.2", "3.1"): "The server trusts none of the issuers of the card's certificates.",
    ("8.8.3", "3.1"): "The server does not support the card's version of SGP.22.",
    ("8.8.4", "3.7"): "The server has no certificate that this card trusts.",
    ("8.8.5", "4.10"): "The order has expired.",
    ("8.8.5", "6.4"): "The download was attempted too often; the order is void.",
    ("8.9", "4.2"): "The discovery server failed.",
    ("8.9", "5.1"): "The discovery server cannot be reached.",
    ("8.9.1", "3.8"): "The discovery server does not answer under this address.",
    ("8.9.2", "3.1"): "The discovery server trusts none of the issuers of the card's certificates.",
    ("8.9.3", "3.1"): "The discovery server does not support the card's version of SGP.22.",
    ("8.9.4", "3.7"): "The discovery server has no certificate that this card trusts.",
    ("8.9.5", "3.3"): "The discovery server already holds this event.",
    ("8.9.5", "3.9"): "The discovery server holds no such event for this card.",
    ("8.10.1", "3.9"): "The server does not know this transaction; it may have expired.",
    ("8.11.1", "3.9"): "The server does not trust the issuer of the card's certificates.",
    ("1.2.1", "2.1"): "The server does not accept the content type of the request.",
    ("1.2.2", "2.1"): "The server does not accept the protocol version.",
    ("1.3.1", "2.2"): "The request lacks parameters that the server needs.",
}

_MEMORY = "'lpa info' shows the free memory, 'lpa delete' frees some."
_SUITABLE = "Ask the operator whether its eSIMs work with this card."
_NEW_ORDER = "Ask the operator for a new order."
_OTHER_CARD = "Use the card that it was ordered for: 'lpa info' shows a card's EID."
# What a person can do. Where there is no advice, only the operator can do something.
_ADVICE = {
    ("8.1", "4.8"): _MEMORY,
    ("8.1.1", "2.1"): _SUITABLE,
    ("8.1.1", "3.8"): _OTHER_CARD,
    ("8.1.1", "3.10"): _OTHER_CARD,
    ("8.1.2", "6.1"): _SUITABLE,
    ("8.1.2", "6.3"): _SUITABLE,
    ("8.1.3", "6.1"): _SUITABLE,
    ("8.1.3", "6.3"): _SUITABLE,
    ("8.1.4", "6.1"): _SUITABLE,
    ("8.2", "1.2"): "Ask the operator to release it, then start again.",
    ("8.2", "3.7"): _NEW_ORDER,
    ("8.2.5", "4.3"): _SUITABLE,
    ("8.2.6", "3.8"): "Check the code. If it was already used, ask the operator for a new one.",
    ("8.2.7", "2.2"): "The operator provides it separately from the activation code.",
    ("8.2.7", "3.8"): "Check it: upper and lower case differ. Too many wrong codes void the order.",
    ("8.2.7", "6.4"): _NEW_ORDER,
    ("8.8", "4.2"): _SUITABLE,
    ("8.8.1", "3.8"): "Check the address: it follows the first '$' in the activation code.",
    ("8.8.2", "3.1"): _SUITABLE,
    ("8.8.3", "3.1"): _SUITABLE,
    ("8.8.4", "3.7"): _SUITABLE,
    ("8.8.5", "4.10"): _NEW_ORDER,
    ("8.8.5", "6.4"): _NEW_ORDER,
    ("8.9", "4.2"): "Try again later.",
    ("8.9", "5.1"): "Try again later.",
    ("8.9.5", "3.9"): "'lpa discover' shows the current events.",
    ("8.11.1", "3.9"): _SUITABLE,
}


def server_advice(subject: str, reason: str) -> str | None:
    """What a person can do about a pair of codes; None if only the operator can do something."""
    return _ADVICE.get((subject, reason))


def server_reason(subject: str, reason: str) -> str:
    """What a server means by a pair of codes, such as ("8.2.6", "3.8"). Unknown ones keep their numbers."""
    if (subject, reason) in _PAIRS:
        return _PAIRS[subject, reason]
    if subject in _SUBJECTS or reason in _REASONS:
        about = _SUBJECTS.get(subject, f"Subject {subject}")
        return f"{about} {_REASONS.get(reason, f'has the status {reason}')}."
    return "The specification does not define these codes."
