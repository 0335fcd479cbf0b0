"""The DER codec of asn1tools, without the rest of that package. The only import of asn1tools.

Law: nothing of this is left behind. The package reads ASN.1 text, writes C and Rust and knows seven more
encodings, none of which a command needs; but importing it imports all that, for 17 MB of memory and some
0.05 s of every command. So its parts are imported below an empty package, and taken out of `sys.modules`
again: whoever imports asn1tools beside us gets the whole of it.
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
# What the codecs want of the parser: how it marks "..." (as None), and a function that reads text.
_OF_THE_PARSER = {"EXTENSION_MARKER": None, "convert_number": int}


class Codec:
    """Types by name, compiled from the parsed form of the ASN.1 module in `specification`.

    As asn1tools has them: `encode` and `decode` raise its errors for what does not fit, and others too.
    """

    def __init__(self, specification: dict[str, Any]) -> None:
        ((module, _),) = specification.items()
        with _alone():
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
        """The value of `data`; what follows it is not looked at."""
        compiled = self._types[name]
        value = compiled.decode(data)
        compiled.check_constraints(value)
        return value


@contextmanager
def _alone() -> Iterator[None]:
    """While this lasts, a part of the package is imported without the package, unless that is there."""
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
