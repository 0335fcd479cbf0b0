"""Manage the profiles of an eSIM card: list, enable, disable, delete, and tell the operator's server.

`Assistant` is the way in; `lpa.errors` says what can go wrong.
"""

from lpa.assistant import Assistant
from lpa.deletion.plan import Plan
from lpa.errors import LpaError
from lpa.notifications.changes import ProfileChange
from lpa.notifications.delivery import Delivery, PendingNotification
from lpa.notifications.receipts import Receipt
from lpa.profiles.blockers import Finding
from lpa.profiles.switching import Outcome
from lpa.recovery import Recovery
from lpa.rsp.activation import ActivationCode
from lpa.rsp.device import Device
from lpa.rsp.listing import Listing
from lpa.rsp.names import Aid, Eid, Iccid, ServerAddress
from lpa.rsp.records import NotificationMetadata, Profile
from lpa.rsp.session import Event

__all__ = [
    "ActivationCode",
    "Aid",
    "Assistant",
    "Delivery",
    "Device",
    "Eid",
    "Event",
    "Finding",
    "Iccid",
    "Listing",
    "LpaError",
    "NotificationMetadata",
    "Outcome",
    "PendingNotification",
    "Plan",
    "Profile",
    "ProfileChange",
    "Receipt",
    "Recovery",
    "ServerAddress",
]
