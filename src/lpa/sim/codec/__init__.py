"""ASN.1 as the simulator reads and writes it: by asn1tools, where the library has tables of its own.

So each side of a test checks the codec of the other. The functions are those of `lpa.rsp.codec.schema`; names
of numbers and bits, and tags, are the library's.
"""

from lpa.rsp.codec.schema import (
    bits,
    code,
    from_bits,
    functions,
    member_names,
    member_tag,
    named,
    outcomes,
    refusal,
    tag_of,
)
from lpa.sim.codec.der import decode, decode_open, encode

__all__ = [
    "bits",
    "code",
    "decode",
    "decode_open",
    "encode",
    "from_bits",
    "functions",
    "member_names",
    "member_tag",
    "named",
    "outcomes",
    "refusal",
    "tag_of",
]
