"""The fixtures and examples as another project gets them: by installing lpa."""

import re

import pytest

from lpa.sim.euicc import manners
from tests.support.paths import DOCS

pytest_plugins = ["pytester"]

PAGES = ("servers", "faults", "pytest")
BLOCKS = [
    block
    for document in (DOCS / "simulator.md", *(DOCS / "simulator" / f"{name}.md" for name in PAGES))
    for block in re.findall(r"^```python\n(.*?)^```", document.read_text("utf-8"), re.DOTALL | re.MULTILINE)
]
TESTS = [block for block in BLOCKS if "def test_" in block]


def test_the_documented_tests_pass(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(**{f"test_{number}": test for number, test in enumerate(TESTS)})
    pytester.runpytest_subprocess("-q", "--strict-markers").assert_outcomes(passed=8)


def test_the_other_documented_examples_run_one_after_the_other(pytester: pytest.Pytester) -> None:
    scripts = [block for block in BLOCKS if block not in TESTS]
    assert len(scripts) == 7
    ran = pytester.runpython(pytester.makepyfile("\n".join(scripts)))
    assert (ran.ret, ran.errlines) == (0, [])


FIXTURES = """
import pytest
from lpa.testing import Behaviour

seen = []

def test_it_is_one_card_with_one_server(simulated_lpa, euicc, smdp):
    assert (simulated_lpa.card, simulated_lpa.smdp) == (euicc, smdp)
    assert str(simulated_lpa.assistant.eid) == euicc.eid
    assert euicc.behaviour == Behaviour()

def test_the_sm_ds_has_the_name_of_the_cards_root(simulated_lpa, smds):
    assert simulated_lpa.assistant.euicc.configured_addresses().root_ds == smds.host

@pytest.mark.like("eastcompeace", "short-iccids")
def test_a_card_of_a_kind(simulated_lpa, request):
    assert simulated_lpa.card.behaviour == Behaviour.like(request.node.callspec.id)
    seen.append((request.node.callspec.id, [profile.iccid for profile in simulated_lpa.assistant.profiles()]))

@pytest.mark.like("eastcompeace")
@pytest.mark.behaviour(channels=0, accepted=(("isdpAid", True),))
class TestSettings:
    def test_change_the_kind(self, euicc):
        assert euicc.behaviour == Behaviour(channels=0, accepted=(("isdpAid", True),))

    @pytest.mark.behaviour(protocol="T=1")
    def test_of_the_closest_mark_count(self, euicc):
        assert euicc.behaviour == Behaviour.like("eastcompeace").changed([("protocol", "T=1")])

    def test_mean_nothing_without_a_card(self):
        pass

def test_each_kind_has_its_profiles():
    (first, usual), (second, short) = seen
    assert (first, second) == ("eastcompeace", "short-iccids")
    assert (len(usual), len(short)) == (3, 4)
"""


def test_the_fixtures_belong_to_each_other_and_marks_choose_the_card(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(FIXTURES)
    ran = pytester.runpytest_subprocess("-q", "--strict-markers", "-p", "no:randomly")
    ran.assert_outcomes(passed=8)


def test_a_mark_without_kinds_means_every_kind_and_an_unknown_one_names_the_known(
    pytester: pytest.Pytester,
) -> None:
    marks = {"every": "like", "typo": "like('estcompeace')", "keyword": "like(kind='5ber')"}
    tests = {f"test_{name}": f"@pytest.mark.{mark}\ndef test_it(euicc): pass" for name, mark in marks.items()}
    pytester.makepyfile(**{name: f"import pytest\n\n{text}" for name, text in tests.items()})
    ran = pytester.runpytest_subprocess("-q", "--collect-only", "--strict-markers", "-p", "no:randomly")
    found = [line for line in ran.outlines if line.startswith("test_every")]
    assert found == [f"test_every.py::test_it[{name}]" for name in manners.names()]
    ran.stdout.fnmatch_lines(
        [
            "like: expected names of kinds of cards, without keywords.",
            "like: 'estcompeace' is no known kind of card; expected a TOML file, or 5ber, *, xesim.",
        ]
    )
    ran.assert_outcomes(errors=2)
    assert "Traceback" not in (text := ran.stdout.str())
    assert "another exception" not in text


def test_a_wrong_setting_is_answered_with_what_is_possible(pytester: pytest.Pytester) -> None:
    marks = ["behaviour(chanels=0)", "behaviour('channels')"]
    tests = [f"@pytest.mark.{mark}\ndef test_{n}(euicc): pass" for n, mark in enumerate(marks)]
    pytester.makepyfile("\n".join(["import pytest", *tests]))
    ran = pytester.runpytest_subprocess("-q", "-p", "no:randomly")
    ran.stdout.fnmatch_lines(
        [
            "behaviour: chanels is unknown; expected one of generation, protocol, channels,*",
            "behaviour: expected settings by their names, such as channels=0.",
        ]
    )
    ran.assert_outcomes(errors=2)


def test_nothing_of_the_simulator_is_loaded_before_a_test_uses_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_nothing_is_loaded():
            assert not [name for name in sys.modules if name.startswith(("lpa.sim", "cryptography"))]
        """
    )
    pytester.runpytest_subprocess("-q").assert_outcomes(passed=1)
