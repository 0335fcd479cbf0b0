"""The DER codec of asn1tools, without the rest of that package. The only import of asn1tools.

Importing the package imports its ASN.1 parser, its generators of C and Rust and seven more encodings, none of
which a command needs; that costs 17 MB of memory and some 0.05 s of every command. So the needed parts are
imported below an empty package.

Law: this leaves no trace. The parts are removed from `sys.modules` again, so other code that imports
asn1tools gets the complete package.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

_PACKAGE = "asn1tools"
_PARSER = f"{_PACKAGE}.parser"
# What the codecs import from the parser: its mark for "..." (None), and a function that reads text.
_OF_THE_PARSER = {"EXTENSION_MARKER": None, "convert_number": int}


class Codec:
    """Types by name, compiled from the parsed form of the ASN.1 module in `specification`.

    `encode` and `decode` raise the errors of asn1tools for what does not fit, and also other exceptions.
    """

    def __init__(self, specification: dict[str, Any]) -> None:
        ((module, _),) = specification.items()
        with _isolated():
            from asn1tools.codecs import constraints_checker, der, type_checker

            self._types = der.compile_dict(specification)[module]
            types = type_checker.compile_dict(specification)[module]
            constraints = constraints_checker.compile_dict(specification)[module]
        for name, compiled in self._types.items():
            compiled.type_checker, compiled.constraints_checker = types[name], constraints[name]

    def encode(self, name: str, value: Any) -> bytes:
        """The DER of `value`."""
        compiled = self._types[name]
        compiled.check_types(value)
        compiled.check_constraints(value)
        return bytes(compiled.encode(value))

    def decode(self, name: str, data: bytes) -> Any:
        """The first value in `data`; what follows it is ignored."""
        compiled = self._types[name]
        value = compiled.decode(data)
        compiled.check_constraints(value)
        return value


@contextmanager
def _isolated() -> Iterator[None]:
    """Within this, parts of the package are imported without the package, unless it is already imported."""
    found = importlib.util.find_spec(_PACKAGE)
    if _PACKAGE in sys.modules or found is None or found.submodule_search_locations is None:
        yield
        return
    package, parser = ModuleType(_PACKAGE), ModuleType(_PARSER)
    package.__path__ = found.submodule_search_locations
    vars(parser).update(_OF_THE_PARSER)
    sys.modules |= {_PACKAGE: package, _PARSER: parser}
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == _PACKAGE]:
            del sys.modules[name]
