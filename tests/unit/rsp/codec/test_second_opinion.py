"""Two other ASN.1 implementations read `asn1/rsp.asn` and the pinned messages as `schema` does."""

import importlib
import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import asn1tools
import pytest

from lpa.rsp.codec import schema
from tests.support.paths import ASN1, VECTORS

ES10 = json.loads((VECTORS / "es10.json").read_text())
# Pycrate represents an ANY or an OBJECT IDENTIFIER differently; only the bytes are compared.
ONLY_BYTES = (
    "AuthenticateServerRequest",
    "AuthenticateServerResponse",
    "CancelSessionResponse",
    "EuiccSigned1",
    "GetProfilesInfoResponse",
    "OtherSignedNotification",
    "PrepareDownloadRequest",
    "PrepareDownloadResponse",
    "ProfileInstallationResultData",
    "RetrieveNotificationsListResponse",
)


@pytest.fixture(scope="module")
def pycrate(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The module that pycrate makes of `asn1/rsp.asn`."""
    compiler: Any = importlib.import_module("pycrate_asn1c.asnproc")
    compiler.compile_text((ASN1 / "rsp.asn").read_text())
    path = tmp_path_factory.mktemp("pycrate") / "rsp_by_pycrate.py"
    compiler.generate_modules(compiler.PycrateGenerator, str(path))
    return _loaded(path).Rsp


@pytest.mark.parametrize("vector", ES10, ids=lambda vector: f"{vector['type']} {vector['bytes'][:40]}")
def test_pycrate_reads_and_writes_the_same(pycrate: Any, vector: dict[str, Any]) -> None:
    coded = bytes.fromhex(vector["bytes"])
    message = getattr(pycrate, vector["type"])
    message.from_ber(coded)
    assert message.to_der() == coded
    if vector["type"] not in ONLY_BYTES:
        assert _as_asn1tools(message.get_val()) == schema.decode(vector["type"], coded)


@pytest.fixture(scope="module")
def asn1tools_codec() -> Any:
    return asn1tools.compile_files(str(ASN1 / "rsp.asn"), "der")


@pytest.mark.parametrize("vector", ES10, ids=lambda vector: f"{vector['type']} {vector['bytes'][:40]}")
def test_asn1tools_reads_and_writes_the_same(asn1tools_codec: Any, vector: dict[str, Any]) -> None:
    coded = bytes.fromhex(vector["bytes"])
    value = asn1tools_codec.decode(vector["type"], coded)
    assert value == schema.decode(vector["type"], coded)
    assert asn1tools_codec.encode(vector["type"], value, check_constraints=True) == coded


def _loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _as_asn1tools(value: Any) -> Any:
    """Pycrate's BIT STRING is (number, width), that of asn1tools (bytes, width)."""
    if isinstance(value, tuple) and isinstance(value[0], int):
        number, width = value
        octets = -(-width // 8)
        return (number << (8 * octets - width)).to_bytes(octets, "big"), width
    if isinstance(value, tuple):
        return value[0], _as_asn1tools(value[1])
    if isinstance(value, dict):
        return {name: _as_asn1tools(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_as_asn1tools(inner) for inner in value]
    return value
