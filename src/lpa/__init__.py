"""Manage the profiles of an eSIM card: list, enable, disable, delete, and notify the operator's server.

`Assistant` is the way in. What can go wrong is an `LpaError`; `lpa.errors` says what each asks of the caller.
Every name is loaded when it is first used: `import lpa` itself loads nothing (PEP 562).
"""

__version__ = "0.1.0"

TYPE_CHECKING = False  # What typing calls so, without the time that importing typing takes.
if TYPE_CHECKING:
    from lpa.assistant import Assistant
    from lpa.card.apdu import Transport
    from lpa.card.connected import readers
    from lpa.card.es10 import Euicc
    from lpa.card.information import CardInfo
    from lpa.card.pcsc import Reader
    from lpa.card.probing import Probe
    from lpa.card.secure_elements import SecureElement
    from lpa.card.timeouts import Timeouts
    from lpa.deletion.backup_first import BackupFirst
    from lpa.deletion.plan import Plan
    from lpa.doctor import Diagnosis
    from lpa.download.offer import Offer
    from lpa.errors import (
        AmbiguousProfile,
        BadAnswer,
        CardBusy,
        CardRemoved,
        CardUnpowered,
        ConnectFailed,
        Declined,
        EuiccRefused,
        LpaError,
        NoCard,
        NoReader,
        NoService,
        NoSuchNotification,
        NoSuchProfile,
        NoSuchProfileOnCard,
        NotAnEuicc,
        NotVerified,
        OutcomeUnknown,
        Postponed,
        Refused,
        ServerRefused,
        StorageFailed,
        TimedOut,
        WireError,
    )
    from lpa.host.locks import Holder, Locks
    from lpa.journal import Entry, Journal, LostNotification, Operation, OperationRecord
    from lpa.notifications.changes import ProfileChange
    from lpa.notifications.delivery import Deliveries, Delivery, PendingNotification
    from lpa.notifications.receipt_names import ReceiptName
    from lpa.notifications.receipts import Receipt, Receipts
    from lpa.notifications.sender import ServerFactory
    from lpa.notifications.verification import ReferenceTime, TrustedIssuers, Verification
    from lpa.profiles.backup import Backup
    from lpa.profiles.blockers import Finding
    from lpa.profiles.selection import ProfileName, Selector
    from lpa.profiles.subscriber import Subscriber
    from lpa.profiles.switching import Outcome
    from lpa.recovery import Recovery
    from lpa.rsp.activation import ActivationCode
    from lpa.rsp.device import Device
    from lpa.rsp.eim import Eim
    from lpa.rsp.euicc_info import (
        AuthorisationRule,
        CardResource,
        ConfiguredAddresses,
        EuiccInfo1,
        EuiccInfo2,
        IotInfo,
    )
    from lpa.rsp.facts import Fact
    from lpa.rsp.listing import Listing
    from lpa.rsp.names import Aid, Eid, Iccid, ServerAddress
    from lpa.rsp.pki.key_identifier import KeyIdentifier
    from lpa.rsp.records import (
        Notification,
        NotificationConfiguration,
        NotificationEvent,
        NotificationMetadata,
        Operator,
        PolicyRule,
        Profile,
        ProfileClass,
        ProfileState,
    )
    from lpa.rsp.session import Event
    from lpa.server.connect_to import ConnectTo
    from lpa.server.es9 import Server
    from lpa.server.https import Https
    from lpa.server.known_keys import KnownKeys
    from lpa.server.trust import Trust, TrustAnchor

__all__ = [
    "ActivationCode",
    "Aid",
    "AmbiguousProfile",
    "Assistant",
    "AuthorisationRule",
    "Backup",
    "BackupFirst",
    "BadAnswer",
    "CardBusy",
    "CardInfo",
    "CardRemoved",
    "CardResource",
    "CardUnpowered",
    "ConfiguredAddresses",
    "ConnectFailed",
    "ConnectTo",
    "Declined",
    "Deliveries",
    "Delivery",
    "Device",
    "Diagnosis",
    "Eid",
    "Eim",
    "Entry",
    "Euicc",
    "EuiccInfo1",
    "EuiccInfo2",
    "EuiccRefused",
    "Event",
    "Fact",
    "Finding",
    "Holder",
    "Https",
    "Iccid",
    "IotInfo",
    "Journal",
    "KeyIdentifier",
    "KnownKeys",
    "Listing",
    "Locks",
    "LostNotification",
    "LpaError",
    "NoCard",
    "NoReader",
    "NoService",
    "NoSuchNotification",
    "NoSuchProfile",
    "NoSuchProfileOnCard",
    "NotAnEuicc",
    "NotVerified",
    "Notification",
    "NotificationConfiguration",
    "NotificationEvent",
    "NotificationMetadata",
    "Offer",
    "Operation",
    "OperationRecord",
    "Operator",
    "Outcome",
    "OutcomeUnknown",
    "PendingNotification",
    "Plan",
    "PolicyRule",
    "Postponed",
    "Probe",
    "Profile",
    "ProfileChange",
    "ProfileClass",
    "ProfileName",
    "ProfileState",
    "Reader",
    "Receipt",
    "ReceiptName",
    "Receipts",
    "Recovery",
    "ReferenceTime",
    "Refused",
    "SecureElement",
    "Selector",
    "Server",
    "ServerAddress",
    "ServerFactory",
    "ServerRefused",
    "StorageFailed",
    "Subscriber",
    "TimedOut",
    "Timeouts",
    "Transport",
    "Trust",
    "TrustAnchor",
    "TrustedIssuers",
    "Verification",
    "WireError",
    "readers",
]

_HOMES = {
    "lpa.assistant": ("Assistant",),
    "lpa.card.apdu": ("Transport",),
    "lpa.card.connected": ("readers",),
    "lpa.card.es10": ("Euicc",),
    "lpa.card.information": ("CardInfo",),
    "lpa.card.pcsc": ("Reader",),
    "lpa.card.probing": ("Probe",),
    "lpa.card.secure_elements": ("SecureElement",),
    "lpa.card.timeouts": ("Timeouts",),
    "lpa.deletion.backup_first": ("BackupFirst",),
    "lpa.deletion.plan": ("Plan",),
    "lpa.doctor": ("Diagnosis",),
    "lpa.download.offer": ("Offer",),
    "lpa.errors": (
        "AmbiguousProfile",
        "BadAnswer",
        "CardBusy",
        "CardRemoved",
        "CardUnpowered",
        "ConnectFailed",
        "Declined",
        "EuiccRefused",
        "LpaError",
        "NoCard",
        "NoReader",
        "NoService",
        "NoSuchNotification",
        "NoSuchProfile",
        "NoSuchProfileOnCard",
        "NotAnEuicc",
        "NotVerified",
        "OutcomeUnknown",
        "Postponed",
        "Refused",
        "ServerRefused",
        "StorageFailed",
        "TimedOut",
        "WireError",
    ),
    "lpa.host.locks": (
        "Holder",
        "Locks",
    ),
    "lpa.journal": (
        "Entry",
        "Journal",
        "LostNotification",
        "Operation",
        "OperationRecord",
    ),
    "lpa.notifications.changes": ("ProfileChange",),
    "lpa.notifications.delivery": (
        "Deliveries",
        "Delivery",
        "PendingNotification",
    ),
    "lpa.notifications.receipt_names": ("ReceiptName",),
    "lpa.notifications.receipts": (
        "Receipt",
        "Receipts",
    ),
    "lpa.notifications.sender": ("ServerFactory",),
    "lpa.notifications.verification": (
        "ReferenceTime",
        "TrustedIssuers",
        "Verification",
    ),
    "lpa.profiles.backup": ("Backup",),
    "lpa.profiles.blockers": ("Finding",),
    "lpa.profiles.selection": (
        "ProfileName",
        "Selector",
    ),
    "lpa.profiles.subscriber": ("Subscriber",),
    "lpa.profiles.switching": ("Outcome",),
    "lpa.recovery": ("Recovery",),
    "lpa.rsp.activation": ("ActivationCode",),
    "lpa.rsp.device": ("Device",),
    "lpa.rsp.eim": ("Eim",),
    "lpa.rsp.euicc_info": (
        "AuthorisationRule",
        "CardResource",
        "ConfiguredAddresses",
        "EuiccInfo1",
        "EuiccInfo2",
        "IotInfo",
    ),
    "lpa.rsp.facts": ("Fact",),
    "lpa.rsp.listing": ("Listing",),
    "lpa.rsp.names": (
        "Aid",
        "Eid",
        "Iccid",
        "ServerAddress",
    ),
    "lpa.rsp.pki.key_identifier": ("KeyIdentifier",),
    "lpa.rsp.records": (
        "Notification",
        "NotificationConfiguration",
        "NotificationEvent",
        "NotificationMetadata",
        "Operator",
        "PolicyRule",
        "Profile",
        "ProfileClass",
        "ProfileState",
    ),
    "lpa.rsp.session": ("Event",),
    "lpa.server.connect_to": ("ConnectTo",),
    "lpa.server.es9": ("Server",),
    "lpa.server.https": ("Https",),
    "lpa.server.known_keys": ("KnownKeys",),
    "lpa.server.trust": (
        "Trust",
        "TrustAnchor",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


if not TYPE_CHECKING:  # A type checker would take any name for one that exists.

    def __getattr__(name: str) -> object:
        """Load a public name, once."""
        if name not in _HOME_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value: object = getattr(import_module(_HOME_OF[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
