"""Whether a TLS server is the SM-DP+ or SM-DS it should be, by what a card believes (SGP.22 §4.5.2).

```
server's certificate <- (others that it sent) <- an issuer (CI) whose key identifier the card lists
```
The issuer's certificate is not needed: see `issuers`. Nothing here touches a connection.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice, pairwise

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from lpa.errors import NotVerified
from lpa.rsp.display import few
from lpa.rsp.limits import CERTIFICATES, CHAIN, PATHS
from lpa.rsp.pki.certificates import Certificate
from lpa.rsp.pki.conditions import (
    CI_SUB_CA,
    HEEDED,
    TLS_SERVER,
    Extensions,
    check_certifies,
    check_dates,
    check_demands,
    check_is_leaf,
    check_issued,
    check_role,
    check_usage,
    role_of,
)
from lpa.rsp.pki.issuers import TrustedIssuers
from lpa.rsp.pki.key_identifier import KeyIdentifier

Path = tuple[Certificate, ...]  # from the server's own up to the one that an issuer signed

# Names are not limited by any issuer in SGP.22's chains of servers, so limits (NameConstraints) are not
# heeded here; a certificate that has some is refused.
_HEEDED: Extensions = (*HEEDED, x509.ExtendedKeyUsage)


def paths_to(ci_pkids: Collection[KeyIdentifier], presented: Sequence[bytes]) -> tuple[Path, ...]:
    """Every way through the `presented` certificates up to an issuer who is ci_pkids, as far as bounds go.

    Each is read by itself (DER), and only what it says of itself is looked at, so junk may stand beside what
    is genuine: see `verify`.
    Raises nothing.
    """
    leaf, others = _readable(presented[:1]), _readable(presented[1:CERTIFICATES])
    ways = _request_variants(tuple(leaf), others, ci_pkids) if leaf else iter(())
    return tuple(islice(ways, PATHS))


def verify_any(
    paths: Iterable[Path], host: str, ci_pkids: Collection[KeyIdentifier], at: datetime
) -> KeyIdentifier:
    """As `verify`, by the first of `paths` that holds. Raises what the first of them is refused for."""
    doubts = []
    for path in paths:
        try:
            return verify(path, host, ci_pkids, at)
        except NotVerified as doubt:
            doubts.append(doubt)
    raise doubts[0]


def verify(path: Path, host: str, ci_pkids: Collection[KeyIdentifier], at: datetime) -> KeyIdentifier:
    """The issuer who vouches for the server called `host`. `at`: when the certificates must be valid.

    Raises `NotVerified` if anything does not hold.
    """
    leaf, *above = path
    _check_server(leaf, host, at)
    for below, issuer in enumerate(above):
        _check_intermediate(issuer, below, at)
    for certificate, issuer in pairwise(path):
        check_issued(certificate, issuer)
    return TrustedIssuers(identifiers=tuple(ci_pkids)).issuer_of(path[-1])


def check_host(names: x509.SubjectAlternativeName | None, host: str) -> None:
    """The certificate with these names is for `host` (RFC 9525 §6.3). Raises `NotVerified` if it is not.

    A name in the subject does not count, and a star stands for one whole label, the first.
    """
    held = names.get_values_for_type(x509.DNSName) if names else []
    for name in held:
        label, _, rest = name.lower().removesuffix(".").partition(".")
        first, _, parent = host.partition(".")
        if f"{label}.{rest}" == f"{first}.{parent}" or (label == "*" and "." in rest and rest == parent):
            return
    raise NotVerified(f"The server's certificate is for another name than {host}: {few(map(repr, held))}.")


def _request_variants(
    path: Path, others: Sequence[Certificate], ci_pkids: Collection[KeyIdentifier]
) -> Iterator[Path]:
    """`path` if an issuer who is ci_pkids is above it, else how others that were sent go on with it."""
    above = path[-1].issuer_identifier
    if KeyIdentifier(above or b"") in ci_pkids:
        yield path
    elif above and len(path) <= CHAIN:
        for other in others:
            if other.own_identifier == above and other not in path:
                yield from _request_variants((*path, other), others, ci_pkids)


def _readable(presented: Sequence[bytes]) -> Sequence[Certificate]:
    """Those that are certificates of SGP.22. The web has others, and there may be junk."""
    readable = []
    for der in presented:
        with contextlib.suppress(NotVerified):
            readable.append(Certificate.shown(der))
    return readable


def _check_server(leaf: Certificate, host: str, at: datetime) -> None:
    check_host(leaf.extension(x509.SubjectAlternativeName), host)
    check_is_leaf(leaf)
    check_usage(leaf, "digital_signature")
    _check_purpose(leaf)
    # Not all say their role. One that does not must at least say that it is for TLS servers.
    if role_of(leaf) or leaf.extension(x509.ExtendedKeyUsage) is None:
        check_role(leaf, TLS_SERVER)
    check_dates(leaf, at)
    check_demands(leaf, _HEEDED)


def _check_intermediate(issuer: Certificate, below: int, at: datetime) -> None:
    # A maker of cards (EUM) is certified by the same issuers and certifies too, but no servers.
    if role_of(issuer):
        check_role(issuer, CI_SUB_CA)
    check_certifies(issuer, below)
    _check_purpose(issuer)
    if issuer.extension(x509.NameConstraints):
        raise NotVerified(f"The holder of the {issuer} is limited to some names, which is not heeded here.")
    check_dates(issuer, at)
    check_demands(issuer, _HEEDED)


def _check_purpose(certificate: Certificate) -> None:
    purposes = certificate.extension(x509.ExtendedKeyUsage)
    if purposes is not None and ExtendedKeyUsageOID.SERVER_AUTH not in purposes:
        raise NotVerified(f"The {certificate} is not for TLS servers.")
