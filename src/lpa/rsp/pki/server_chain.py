"""Verify the identity of an SM-DP+ or SM-DS by a card's trusted CI keys (SGP.22 §4.5.2).

```
server's certificate <- (others that it sent) <- an issuer (CI) whose key identifier the card lists
```
The issuer's certificate is not needed: see `issuers`. Nothing here uses a connection.
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
    PROCESSED,
    TLS_SERVER,
    Extensions,
    check_certifies,
    check_critical,
    check_dates,
    check_is_leaf,
    check_issued,
    check_role,
    check_usage,
    role_of,
)
from lpa.rsp.pki.issuers import IssuerKeys, TrustedIssuers
from lpa.rsp.pki.key_identifier import KeyIdentifier

Path = tuple[Certificate, ...]  # from the server's own up to the one that an issuer signed

# No issuer in SGP.22's chains of servers has NameConstraints, so they are not processed here: a certificate
# that has some is refused.
_PROCESSED: Extensions = (*PROCESSED, x509.ExtendedKeyUsage)


def paths_to(ci_pkids: Collection[KeyIdentifier], presented: Sequence[bytes]) -> tuple[Path, ...]:
    """Every path from the first of the `presented` certificates (DER) up to an issuer in `ci_pkids`.

    At most `PATHS`, by the key identifiers that each certificate claims: there may be junk among them, so see
    `verify`. Raises no `LpaError`.
    """
    leaf, others = _readable(presented[:1]), _readable(presented[1:CERTIFICATES])
    paths = _extended(tuple(leaf), others, ci_pkids) if leaf else iter(())
    return tuple(islice(paths, PATHS))


def verify_any(
    paths: Iterable[Path],
    host: str,
    ci_pkids: Collection[KeyIdentifier],
    at: datetime,
    known: IssuerKeys | None = None,
) -> KeyIdentifier:
    """As `verify`, for the first valid one of `paths`. If none is valid, raises the error of the first."""
    doubts = []
    for path in paths:
        try:
            return verify(path, host, ci_pkids, at, known)
        except NotVerified as doubt:
            doubts.append(doubt)
    raise doubts[0]


def verify(
    path: Path,
    host: str,
    ci_pkids: Collection[KeyIdentifier],
    at: datetime,
    known: IssuerKeys | None = None,
) -> KeyIdentifier:
    """The trusted issuer at the end of a server's path. `at`: when the certificates must be valid.

    `known`: issuers' keys that need not be recovered. Raises `NotVerified` if any condition is not met.
    """
    leaf, *above = path
    _check_server(leaf, host, at)
    for below, issuer in enumerate(above):
        _check_intermediate(issuer, below, at)
    for certificate, issuer in pairwise(path):
        check_issued(certificate, issuer)
    return TrustedIssuers(identifiers=tuple(ci_pkids), known=known).issuer_of(path[-1])


def check_host(names: x509.SubjectAlternativeName | None, host: str) -> None:
    """The certificate with these names is for `host` (RFC 9525 §6.3). Raises `NotVerified` if it is not.

    A name in the subject does not count, and an asterisk matches only a whole first label.
    """
    dns_names = names.get_values_for_type(x509.DNSName) if names else []
    for name in dns_names:
        label, _, rest = name.lower().removesuffix(".").partition(".")
        first, _, parent = host.partition(".")
        if f"{label}.{rest}" == f"{first}.{parent}" or (label == "*" and "." in rest and rest == parent):
            return
    raise NotVerified(
        f"The server's certificate is not for {host}, but for {few(map(repr, dns_names))}.",
        reason="otherServer",
    )


def _extended(
    path: Path, others: Sequence[Certificate], ci_pkids: Collection[KeyIdentifier]
) -> Iterator[Path]:
    """`path` if it claims an issuer in `ci_pkids`, else every continuation of it by `others`."""
    above = path[-1].issuer_identifier
    if KeyIdentifier(above or b"") in ci_pkids:
        yield path
    elif above and len(path) <= CHAIN:
        for other in others:
            if other.own_identifier == above and other not in path:
                yield from _extended((*path, other), others, ci_pkids)


def _readable(presented: Sequence[bytes]) -> Sequence[Certificate]:
    """The certificates that are valid in SGP.22. Others may be of the web, or junk."""
    readable = []
    for der in presented:
        with contextlib.suppress(NotVerified):
            readable.append(Certificate.of_tls_peer(der))
    return readable


def _check_server(leaf: Certificate, host: str, at: datetime) -> None:
    check_host(leaf.extension(x509.SubjectAlternativeName), host)
    check_is_leaf(leaf)
    check_usage(leaf, "digital_signature")
    _check_purpose(leaf)
    # Not all state their role. One that does not must at least state that it is for TLS servers.
    if role_of(leaf) or leaf.extension(x509.ExtendedKeyUsage) is None:
        check_role(leaf, TLS_SERVER)
    check_dates(leaf, at)
    check_critical(leaf, _PROCESSED)


def _check_intermediate(issuer: Certificate, below: int, at: datetime) -> None:
    # A card manufacturer (EUM) has a certificate of the same issuers and certifies too, but not servers.
    if role_of(issuer):
        check_role(issuer, CI_SUB_CA)
    check_certifies(issuer, below)
    _check_purpose(issuer)
    if issuer.extension(x509.NameConstraints):
        raise NotVerified(f"The {issuer} has name constraints, which are not supported for servers.")
    check_dates(issuer, at)
    check_critical(issuer, _PROCESSED)


def _check_purpose(certificate: Certificate) -> None:
    purposes = certificate.extension(x509.ExtendedKeyUsage)
    if purposes is not None and ExtendedKeyUsageOID.SERVER_AUTH not in purposes:
        raise NotVerified(f"The {certificate} is not for TLS servers.")
