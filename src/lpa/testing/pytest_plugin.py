"""Fixtures with a simulated eUICC and its servers, in every pytest that has `lpa` installed.

```python
def test_my_code_lists_profiles(simulated_lpa):
    assert len(my_code.profiles(simulated_lpa.assistant)) == 3
```
The mark `like` runs a test with cards of some kinds, and `behaviour` changes settings of the card. Nothing of
the simulator is imported before a test uses a fixture or one of these marks.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from lpa.testing import Faults, SimulatedEuicc, SimulatedLpa, SimulatedSmdp, SimulatedSmds
    from lpa.testing.pcscd import PrivatePcscd, VirtualReader


_MARKS = (
    "like(*kinds): the fixture euicc is a card of this kind, once for each; without kinds of every kind that "
    "'lpa sim manners' lists.",
    "behaviour(**settings): the fixture euicc has these settings of lpa.testing.Behaviour.",
)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marks, for --strict-markers."""
    for mark in _MARKS:
        config.addinivalue_line("markers", mark)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test with the mark `like` once for each kind of card. Other tests' marks are none of ours."""
    mark = metafunc.definition.get_closest_marker("like")
    if mark and "euicc" in metafunc.fixturenames:
        kinds = _kinds(mark)
        metafunc.parametrize("euicc", kinds, ids=kinds, indirect=True)


def _kinds(mark: pytest.Mark) -> tuple[str, ...]:
    from lpa.testing import kinds

    if mark.kwargs:
        raise _failed("like: expected names of kinds of cards, without keywords")
    try:
        return kinds.checked(mark.args)
    except ValueError as error:
        raise _failed(f"like: {error}") from None


@pytest.fixture
def euicc(request: pytest.FixtureRequest) -> SimulatedEuicc:
    """A fresh simulated card in memory, with three profiles of which the first is enabled.

    The marks `like` and `behaviour` of the test say how it behaves.
    """
    from lpa.testing import kinds

    mark = request.node.get_closest_marker("behaviour")
    if mark and mark.args:
        raise _failed("behaviour: expected settings by their names, such as channels=0")
    try:
        return kinds.card(getattr(request, "param", None), mark.kwargs if mark else {})
    except ValueError as error:
        raise _failed(f"behaviour: {error}") from None


def _failed(sentence: str) -> BaseException:
    return pytest.fail.Exception(f"{sentence}.", pytrace=False)


@pytest.fixture
def smdp(euicc: SimulatedEuicc) -> Iterator[SimulatedSmdp]:
    """A running simulated SM-DP+ with the names of the servers in the card's profiles.

    The card's authority certifies it, and it trusts that authority. It listens on loopback:
    `smdp.connect_to` is the value for `--connect-to` that leads there.
    """
    from lpa.testing.simulated_lpa import smdp_for

    with smdp_for(euicc) as server:
        yield server


@pytest.fixture
def faults(euicc: SimulatedEuicc, smdp: SimulatedSmdp) -> Faults:
    """Adds faults: `faults("after DeleteProfile: unplug")` to the card, by the function, or to the SM-DP+."""
    from lpa.testing import Faults

    return Faults(euicc, smdp)


@pytest.fixture
def smds(euicc: SimulatedEuicc) -> Iterator[SimulatedSmds]:
    """A running simulated SM-DS with the name of the card's root SM-DS, certified by the card's authority."""
    from lpa.testing import SimulatedSmds

    with SimulatedSmds(euicc.authority) as server:
        yield server


@pytest.fixture
def simulated_lpa(euicc: SimulatedEuicc, smdp: SimulatedSmdp) -> Iterator[SimulatedLpa]:
    """An `Assistant` on the card `euicc`, which reaches and trusts the SM-DP+ `smdp`, as `simulated` does.

    Its attributes are `assistant`, `card` and `smdp`. Its state folder is temporary.
    """
    from lpa.testing import simulated

    with simulated(euicc, smdp=smdp) as opened:
        yield opened


@pytest.fixture(scope="session")
def pcscd() -> Iterator[PrivatePcscd]:
    """A private smart card service with two virtual readers, for this run; Linux only.

    PCSCLITE_CSOCK_NAME leads this process and its children there. Where it cannot run, tests that use it fail
    with the reason. A process that used PC/SC before stays with the service that it used.
    """
    from lpa.errors import NoService
    from lpa.testing.pcscd import SOCKET_VARIABLE, private_pcscd

    with pytest.MonkeyPatch.context() as patch, ExitStack() as running:
        try:
            service = running.enter_context(private_pcscd(readers=2))
        except NoService as error:
            pytest.fail(f"{error} {error.advice}", pytrace=False)
        patch.setenv(SOCKET_VARIABLE, service.environment[SOCKET_VARIABLE])
        yield service


@pytest.fixture
def reader(pcscd: PrivatePcscd, euicc: SimulatedEuicc) -> Iterator[VirtualReader]:
    """A real PC/SC reader with the card `euicc` in it: `reader.name` is its name."""
    with pcscd.reader(euicc) as inserted:
        yield inserted
