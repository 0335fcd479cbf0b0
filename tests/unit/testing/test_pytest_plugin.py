"""The fixtures as a project of somebody else gets them: by installing lpa."""

import pytest

from tests.support.paths import DOCS

pytest_plugins = ["pytester"]

DOCUMENT = DOCS / "simulator.md"


def test_the_fixtures_work_as_the_document_shows(pytester: pytest.Pytester) -> None:
    code = DOCUMENT.read_text().split("```python\n")[1].split("```")[0]
    pytester.makepyfile(code)
    pytester.runpytest_subprocess("-q").assert_outcomes(passed=1)


def test_the_other_examples_work_one_after_the_other(pytester: pytest.Pytester) -> None:
    blocks = [block.split("```")[0] for block in DOCUMENT.read_text().split("```python\n")[2:]]
    assert len(blocks) == 3
    ran = pytester.runpython(pytester.makepyfile("\n".join(blocks)))
    assert (ran.ret, ran.errlines) == (0, [])


def test_a_card_finds_its_discovery_server_by_its_own_root(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import lpa

        def test_it_is_the_cards_own(euicc, smds):
            with lpa.Assistant(euicc) as assistant:
                assert assistant.euicc.configured_addresses().root_ds == smds.host
        """
    )
    pytester.runpytest_subprocess("-q").assert_outcomes(passed=1)


def test_nothing_of_the_simulator_is_loaded_before_it_is_asked_for(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_nothing_is_loaded():
            assert not [name for name in sys.modules if name.startswith(("lpa.sim.", "cryptography"))]
        """
    )
    pytester.runpytest_subprocess("-q").assert_outcomes(passed=1)
