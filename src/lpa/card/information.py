"""What a card says about itself, all at once."""

from __future__ import annotations

from lpa.card.es10 import Euicc
from lpa.card.secure_elements import SecureElement
from lpa.rsp.eim import Eim
from lpa.rsp.euicc_info import AuthorisationRule, ConfiguredAddresses, EuiccInfo1, EuiccInfo2
from lpa.rsp.facts import Fact, fact
from lpa.rsp.names import Aid, Eid
from lpa.rsp.records import ICCID_TAGS


@fact
class CardInfo(Fact):
    """A card: its number, versions, memory, trusted issuers, servers and rules. `lpa info` shows this.

    `aid`: of the ISD-R that answered. `info2` has all but what only an older card has, in `info1`; else
    `info1` is None. `authorisation_rules`: its Rules Authorisation Table. `other_elements`: the other secure
    elements of the card, each an eUICC of its own. `profiles`: how many it holds, as far as they can be read.
    `eims`: the remote managers of an IoT card (SGP.32); empty for other cards.
    """

    eid: Eid
    aid: Aid
    info1: EuiccInfo1 | None
    info2: EuiccInfo2
    configured_addresses: ConfiguredAddresses
    authorisation_rules: tuple[AuthorisationRule, ...]
    other_elements: tuple[SecureElement, ...]
    profiles: int
    eims: tuple[Eim, ...] = ()

    @property
    def manufacturer(self) -> str:
        """The manufacturer of the card (EUM), if it is known; else empty."""
        return self.eid.manufacturer

    @property
    def issuers(self) -> EuiccInfo1 | EuiccInfo2:
        """What lists its CI keys: `ci_for_verification` and `ci_for_signing`."""
        return self.info1 or self.info2


def read(euicc: Euicc) -> CardInfo:
    """Ask the card. Raises what its functions raise: see `Euicc`."""
    profiles, info2 = euicc.profiles(ICCID_TAGS), euicc.euicc_info2()
    # EUICCInfo2 has both lists of CI keys.
    info1 = None if info2.ci_for_verification else euicc.euicc_info1()
    addresses, rules, others = euicc.configured_addresses(), euicc.rules(), euicc.other_elements()
    eims = tuple(euicc.eims()) if info2.managed_remotely else ()
    number = len(profiles)
    return CardInfo(euicc.eid, euicc.aid, info1, info2, addresses, rules, others, number, eims)
