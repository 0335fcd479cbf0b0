"""The answers with which ES10 functions refuse, by their results in SGP.22 §5.7."""

from __future__ import annotations

from typing import Any

from lpa.errors import BadAnswer
from lpa.rsp.codec.ber import Tlv
from lpa.sim import codec as schema
from lpa.sim.codec.definitions import named_numbers, types

LOAD = "LoadBoundProfilePackage"

# The member with the result, and for lists the alternative with the error
_RESULTS = {
    "DeleteProfile": "deleteResult",
    "DisableProfile": "disableResult",
    "EnableProfile": "enableResult",
    "EuiccMemoryReset": "resetResult",
    "NotificationSent": "deleteNotificationStatus",
    "SetDefaultDpAddress": "setDefaultDpAddressResult",
    "SetNickname": "setNicknameResult",
}
_ERRORS = {
    "CancelSession": "cancelSessionResponseError",
    "GetProfilesInfo": "profileInfoListError",
    "ListNotification": "listNotificationsResultError",
    "RetrieveNotificationsList": "notificationsListResultError",
}
_SESSIONS = {"AuthenticateServer": "authenticate", "PrepareDownload": "download"}
_TRANSACTION = 0x80
_LONGEST_TRANSACTION = 16  # bytes


def reasons(function: str) -> tuple[str, ...]:
    """The results with which `function` can refuse; for a package the reasons for which it can fail."""
    if function == LOAD:
        return tuple(named_numbers(types()["ErrorReason"]))
    if function not in {*_RESULTS, *_ERRORS, *_SESSIONS}:
        return ()
    return tuple(name for name in schema.outcomes(f"{function}Response") if name != "ok")


def answer(function: str, reason: str, request: bytes) -> bytes:
    """The answer of `function` that refuses `request` for `reason`, one of its `reasons`."""
    response = f"{function}Response"
    value: Any
    if prefix := _SESSIONS.get(function):
        code = schema.code(f"{prefix.capitalize()}ErrorCode", reason)
        members = {"transactionId": _transaction(request), f"{prefix}ErrorCode": ("written", code)}
        value = f"{prefix}ResponseError", members
    elif alternative := _ERRORS.get(function):
        value = alternative, schema.code(response, reason)
    else:
        value = {_RESULTS[function]: schema.code(response, reason)}
    return schema.encode(response, value)


def _transaction(request: bytes) -> bytes:
    """The transaction in the first member of the request (serverSigned1, smdpSigned2); 00 if it has none."""
    try:
        signed = Tlv.whole(request).child(0x30)
        found = signed and signed.child(_TRANSACTION)
    except BadAnswer:
        found = None
    return found.value if found and 1 <= len(found.value) <= _LONGEST_TRANSACTION else b"\0"
