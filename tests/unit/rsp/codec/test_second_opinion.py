"""Two other ASN.1 implementations read `asn1/rsp.asn` and the pinned messages, and must agree with ours."""

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
# Pycrate shows an ANY or an OBJECT IDENTIFIER otherwise than we do; their bytes are compared all the same.
SHOWN_OTHERWISE = (
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
    """The module that pycrate makes of our ASN.1."""
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
    if vector["type"] not in SHOWN_OTHERWISE:
        assert _in_our_shape(message.get_val()) == schema.decode(vector["type"], coded)


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


def _in_our_shape(value: Any) -> Any:
    """Pycrate's BIT STRING is (number, width); ours is (bytes, width). All else looks alike."""
    if isinstance(value, tuple) and isinstance(value[0], int):
        number, width = value
        octets = -(-width // 8)
        return (number << (8 * octets - width)).to_bytes(octets, "big"), width
    if isinstance(value, tuple):
        return value[0], _in_our_shape(value[1])
    if isinstance(value, dict):
        return {name: _in_our_shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_in_our_shape(inner) for inner in value]
    return value
