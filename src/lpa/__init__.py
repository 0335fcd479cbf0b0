"""Manage the profiles of an eSIM card: list, enable, disable, delete, and tell the operator's server.

`Assistant` is the way in; `lpa.errors` says what can go wrong.
"""

from lpa.assistant import Assistant
from lpa.deletion import Plan
from lpa.delivery import Delivery, Happening
from lpa.errors import LpaError
from lpa.receipts import Receipt
from lpa.rsp.names import Aid, Eid, Iccid
from lpa.rsp.records import NotificationMetadata, Profile
from lpa.switching import Outcome

__all__ = [
    "Aid",
    "Assistant",
    "Delivery",
    "Eid",
    "Happening",
    "Iccid",
    "LpaError",
    "NotificationMetadata",
    "Outcome",
    "Plan",
    "Profile",
    "Receipt",
]
