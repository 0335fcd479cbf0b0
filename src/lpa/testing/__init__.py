"""A simulated card with its SM-DP+, for the tests of programs that use `lpa`.

```python
from lpa.testing import simulated

with simulated() as (assistant, card, smdp):
    assistant.delete(assistant.plan_deletion(card.profiles[1].iccid))
    assert [notification.event for notification in smdp.received] == ["delete"]
```
Every name is loaded when it is first used: `import lpa.testing` itself loads nothing (PEP 562). In pytest the
fixtures of `lpa.testing.pytest_plugin` do the same.
"""

TYPE_CHECKING = False  # As `typing.TYPE_CHECKING`, without importing typing.
if TYPE_CHECKING:
    from lpa.sim.contents import Contents, SimulatedContact
    from lpa.sim.euicc.behaviour import Behaviour
    from lpa.sim.euicc.identity import CardIdentity
    from lpa.sim.euicc.recorded_card import RecordedCard
    from lpa.sim.euicc.replay import Replay, ReplayFailed
    from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
    from lpa.sim.faults.language import Fault
    from lpa.sim.faults.storm import storm
    from lpa.sim.servers import packages
    from lpa.sim.servers.binding import Packaging
    from lpa.sim.servers.smdp import SimulatedSmdp
    from lpa.sim.servers.smds import SimulatedSmds
    from lpa.sim.simulated_profile import SimulatedProfile
    from lpa.sim.wire.card_time import CardTime
    from lpa.sim.wire.wire import Wire, WireAccount
    from lpa.testing.faults import Faults
    from lpa.testing.pcscd import PrivatePcscd, VirtualReader, private_pcscd
    from lpa.testing.replayed_servers import ReplayedServers
    from lpa.testing.simulated_lpa import SimulatedLpa, simulated
    from lpa.testing.simulated_modem import SimulatedModem

__all__ = [
    "Behaviour",
    "CardIdentity",
    "CardTime",
    "Contents",
    "Fault",
    "Faults",
    "Packaging",
    "PrivatePcscd",
    "RecordedCard",
    "Replay",
    "ReplayFailed",
    "ReplayedServers",
    "SimulatedContact",
    "SimulatedEuicc",
    "SimulatedLpa",
    "SimulatedModem",
    "SimulatedProfile",
    "SimulatedSmdp",
    "SimulatedSmds",
    "VirtualReader",
    "Wire",
    "WireAccount",
    "packages",
    "private_pcscd",
    "simulated",
    "storm",
]

_HOME_OF = {
    "Behaviour": "lpa.sim.euicc.behaviour",
    "CardIdentity": "lpa.sim.euicc.identity",
    "CardTime": "lpa.sim.wire.card_time",
    "Contents": "lpa.sim.contents",
    "Fault": "lpa.sim.faults.language",
    "Faults": "lpa.testing.faults",
    "Packaging": "lpa.sim.servers.binding",
    "PrivatePcscd": "lpa.testing.pcscd",
    "RecordedCard": "lpa.sim.euicc.recorded_card",
    "Replay": "lpa.sim.euicc.replay",
    "ReplayFailed": "lpa.sim.euicc.replay",
    "ReplayedServers": "lpa.testing.replayed_servers",
    "SimulatedContact": "lpa.sim.contents",
    "SimulatedEuicc": "lpa.sim.euicc.simulated_euicc",
    "SimulatedLpa": "lpa.testing.simulated_lpa",
    "SimulatedModem": "lpa.testing.simulated_modem",
    "SimulatedProfile": "lpa.sim.simulated_profile",
    "SimulatedSmdp": "lpa.sim.servers.smdp",
    "SimulatedSmds": "lpa.sim.servers.smds",
    "VirtualReader": "lpa.testing.pcscd",
    "Wire": "lpa.sim.wire.wire",
    "WireAccount": "lpa.sim.wire.wire",
    "private_pcscd": "lpa.testing.pcscd",
    "simulated": "lpa.testing.simulated_lpa",
    "storm": "lpa.sim.faults.storm",
}
_MODULES = {"packages": "lpa.sim.servers.packages"}


if not TYPE_CHECKING:  # A type checker would take any name for one that exists.

    def __getattr__(name: str) -> object:
        """Load a name of `__all__`, once."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        module = import_module(_MODULES.get(name) or _HOME_OF[name])
        value: object = module if name in _MODULES else getattr(module, name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
