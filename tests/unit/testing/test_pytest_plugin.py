"""The fixtures and examples as another project gets them: by installing lpa."""

import re

import pytest

from tests.support.paths import DOCS

pytest_plugins = ["pytester"]

BLOCKS = [
    block
    for document in (DOCS / "simulator.md", DOCS / "simulator" / "faults.md")
    for block in re.findall(r"^```python\n(.*?)^```", document.read_text("utf-8"), re.DOTALL | re.MULTILINE)
]
TESTS = [block for block in BLOCKS if "def test_" in block]


def test_the_documented_tests_pass(pytester: pytest.Pytester) -> None:
    assert len(TESTS) == 2
    pytester.makepyfile("\n".join(TESTS))
    pytester.runpytest_subprocess("-q").assert_outcomes(passed=2)


def test_the_other_documented_examples_run_one_after_the_other(pytester: pytest.Pytester) -> None:
    scripts = [block for block in BLOCKS if block not in TESTS]
    assert len(scripts) == 7
    ran = pytester.runpython(pytester.makepyfile("\n".join(scripts)))
    assert (ran.ret, ran.errlines) == (0, [])


def test_the_fixtures_belong_to_each_other(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_it_is_one_card_with_one_server(simulated_lpa, euicc, smdp):
            assert (simulated_lpa.card, simulated_lpa.smdp) == (euicc, smdp)
            assert str(simulated_lpa.assistant.eid) == euicc.eid
        """
    )
    pytester.runpytest_subprocess("-q").assert_outcomes(passed=1)


def test_the_sm_ds_has_the_name_of_the_cards_root(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_it_is_the_cards_own(simulated_lpa, smds):
            assert simulated_lpa.assistant.euicc.configured_addresses().root_ds == smds.host
        """
    )
    pytester.runpytest_subprocess("-q").assert_outcomes(passed=1)


def test_nothing_of_the_simulator_is_loaded_before_a_test_uses_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_nothing_is_loaded():
            assert not [name for name in sys.modules if name.startswith(("lpa.sim", "cryptography"))]
        """
    )
    pytester.runpytest_subprocess("-q").assert_outcomes(passed=1)
