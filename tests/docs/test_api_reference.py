"""The public face: what `lpa` exports, what signatures need, and what the reference page says."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys

import pytest

import lpa
from lpa import errors
from tests.support import api_reference
from tests.support.paths import ROOT

# What signatures name that is Python's own; and parts of public values, which nobody makes or catches.
PYTHONS = {"AbstractContextManager", "Any", "BaseException", "Callable", "Collection", "Iterable", "Iterator"}
PYTHONS |= {"ClassVar", "Literal", "Mapping", "Path", "Self", "Sequence", "T", "T_co", "TracebackType"}
INNER = {"HttpAnswer", "CardProof", "CiPkIds", "Database", "InstallationResult", "OnWait", "Progress"}
INNER |= {"ProxyChoice", "ServersOnDemand"}
INNER |= {"BodyReceiver", "Certificate", "Expired", "Handshake", "IssuerKeys", "ServerProof", "Terms", "Tlv"}


def test_the_reference_page_is_what_signatures_and_docstrings_say() -> None:
    assert api_reference.PAGE.read_text(encoding="utf-8") == api_reference.page(), "run 'make api'"


def test_every_public_name_can_be_had_and_is_documented() -> None:
    for name in lpa.__all__:
        value = getattr(lpa, name)
        documented = not inspect.isclass(value) or value.__module__ == "lpa.errors" or value.__doc__
        assert documented, name


def test_every_error_is_public() -> None:
    kinds = {
        name
        for name, kind in vars(errors).items()
        if inspect.isclass(kind) and kind.__module__ == errors.__name__
    }
    assert kinds <= set(lpa.__all__)


def test_the_names_for_type_checkers_are_those_that_are_loaded() -> None:
    tree = ast.parse((ROOT / "src" / "lpa" / "__init__.py").read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    typed = {
        alias.name: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert typed == lpa._HOME_OF
    assert sorted(typed) == lpa.__all__


@pytest.mark.parametrize("name", [name for name in lpa.__all__ if inspect.isclass(getattr(lpa, name))])
def test_whatever_a_public_class_names_in_its_signatures_is_public(name: str) -> None:
    assert api_reference.named(getattr(lpa, name)) - PYTHONS - INNER <= {*lpa.__all__}


def test_importing_lpa_loads_nothing_but_itself() -> None:
    code = "import sys; before = set(sys.modules); import lpa; print(*sorted(set(sys.modules) - before))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.split() == ["lpa"]


@pytest.mark.parametrize("name", ["Profil", "_HOMES_", "assistant_"])
def test_an_unknown_name_is_an_attribute_error(name: str) -> None:
    with pytest.raises(AttributeError, match=f"module 'lpa' has no attribute '{name}'"):
        getattr(lpa, name)


def test_the_version_is_that_of_the_package() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    assert 'version = { attr = "lpa.__version__" }' in text
    assert re.fullmatch(r"\d+\.\d+\.\d+", lpa.__version__)
