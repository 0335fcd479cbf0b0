"""One card, and what this computer keeps about it: what a procedure needs to change the card safely."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from lpa.card.es10 import Euicc
from lpa.errors import BadAnswer, EuiccRefused, LpaError, WireError
from lpa.journal import Journal, Operation
from lpa.notifications.receipts import Receipts
from lpa.notifications.sender import CiPkIds
from lpa.rsp.deliver import NOW, Deliver
from lpa.rsp.euicc_info import EuiccInfo2
from lpa.rsp.facts import fact
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.records import Profile


@fact
class CardContext:
    """A card in a reader, the journal of its operations, and the receipts of its notifications.

    `deliver`: when the notifications of the operations that are begun here are sent.
    """

    euicc: Euicc
    journal: Journal
    receipts: Receipts
    deliver: Deliver = NOW

    @property
    def eid(self) -> Eid:
        """The card's number."""
        return self.euicc.eid

    def operation(
        self,
        function: str,
        before: Iterable[Profile],
        *,
        target: Iccid | None = None,
        reason: str = "",
        memory_before: int | None = None,
        transaction_id: bytes = b"",
    ) -> contextlib.AbstractContextManager[Operation]:
        """Begin a change of the card in the journal: see `Journal.operation`.

        Raises `StorageFailed` if no proof could be kept: then change nothing on the card.
        """
        self.receipts.prepare(self.eid)
        self.ci_pkids()  # Once it is changed, the card may not be there any more to be asked.
        return self.journal.operation(
            self.eid,
            function,
            tuple(before),
            target=target,
            reason=reason,
            memory_before=memory_before,
            transaction_id=transaction_id,
            deliver=self.deliver,
        )

    def ci_pkids(self) -> CiPkIds | None:
        """The card's trusted CI keys, None if it does not list them now."""
        with contextlib.suppress(BadAnswer, EuiccRefused, WireError):
            return self.euicc.ci_pkids
        return None

    def free_memory(self) -> int | None:
        """The bytes that are free for profiles; None if the card does not say or cannot be asked any more."""
        info = self.info()
        return info.resource.free_non_volatile if info else None

    def info(self) -> EuiccInfo2 | None:
        """What the card reports about itself; None if it cannot be asked any more."""
        with contextlib.suppress(LpaError):
            return self.euicc.euicc_info2()
        return None
