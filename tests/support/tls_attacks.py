"""Certificate chains that a server may show, genuine or with one fault, and the LPA's objection to each."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509

from lpa.rsp.limits import CERTIFICATES, CHAIN
from lpa.rsp.pki.key_identifier import KeyIdentifier
from tests.support import forgery
from tests.support.forgery import Party
from tests.support.tls_chains import CI_SUB_CA, CLIENT, DAY, ROLE, Change, TlsChain, serving
from tests.support.tls_faults import HOST, NOW


@dataclass(frozen=True)
class Case:
    """What is changed in a genuine chain, and the objection; empty if the server is to be trusted."""

    change: Change
    objection: str = ""


def setting(path: str, value: object) -> Change:
    def change(chain: TlsChain) -> None:
        *owners, name = path.split(".")
        owner: object = chain
        for step in owners:
            owner = getattr(owner, step)
        setattr(owner, name, value)

    return change


def between(*names: str, **changes: object) -> Change:
    """Put these between the server and the CI, and change attributes of the first of them."""

    def change(chain: TlsChain) -> None:
        chain.way = [getattr(chain, name) for name in names]
        for name, value in changes.items():
            setattr(chain.way[0] if name != "sent" else chain, name, value)

    return change


def _eum(chain: TlsChain) -> None:
    chain.way = [Party(forgery.EUM, "Maker", curve=chain.ci.curve, basic=x509.BasicConstraints(True, 0))]
    chain.way[0].start, chain.way[0].end = NOW - DAY, NOW + DAY


def _stolen_identity(chain: TlsChain) -> None:
    chain.way = [chain.sub]
    chain.signer = _claiming(chain)


def _claiming(chain: TlsChain) -> Party:
    """Another party that claims the identity of the genuine intermediate."""
    party = Party(
        CI_SUB_CA,
        "Sub CI",
        curve=chain.ci.curve,
        basic=x509.BasicConstraints(True, 0),
        claimed=chain.sub.identifier,
    )
    party.start, party.end = NOW - DAY, NOW + DAY
    return party


def junk(count: int) -> Change:
    """Before the genuine intermediate, certificates that claim its identity."""

    def change(chain: TlsChain) -> None:
        chain.way = [chain.sub]
        chain.beside = [_claiming(chain).certificate(chain.ci) for _ in range(count)]

    return change


def _long(count: int) -> Change:
    """So many intermediates between the server and the CI, each without a limit to the path length."""

    def change(chain: TlsChain) -> None:
        for number in range(count):
            party = Party(
                CI_SUB_CA,
                f"Sub {number}",
                curve=chain.ci.curve,
                basic=x509.BasicConstraints(True, None),
            )
            party.start, party.end = NOW - DAY, NOW + DAY
            chain.way.append(party)

    return change


def _other_ci_with_the_same_identifier(chain: TlsChain) -> None:
    identifier = chain.ci.identifier
    chain.ci = Party(forgery.CI, "CI", curve=chain.ci.curve, claimed=identifier)


def _all_written_out(chain: TlsChain) -> None:
    chain.way = [chain.sub]
    chain.server.basic = x509.BasicConstraints(False, None)
    chain.server.explicit = chain.sub.explicit = True


def _unreadable_junk(chain: TlsChain) -> None:
    chain.way = [chain.sub]
    chain.beside = [forgery.unreadable(_claiming(chain).certificate(chain.ci))]


def _limited(builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
    limits = x509.NameConstraints([x509.DNSName("example")], None)
    return builder.add_extension(limits, critical=True)


def _demanding(builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.999.99"), b"\x05\x00")
    return builder.add_extension(unknown, critical=True)


def _wild(chain: TlsChain) -> None:
    chain.host = "one.smdp.example"
    chain.server.change = serving("*.smdp.example")


CASES = {
    "a server whose issuer is on the card's list": Case(lambda chain: None),
    "an intermediate certificate between server and issuer": Case(between("sub")),
    "a certificate with the roles of SGP.22 v3": Case(setting("server.role", f"{ROLE}.0.0.1.0")),
    "as many intermediates as permitted": Case(_long(CHAIN)),
    "an unrelated certificate beside the intermediate that claims the same key": Case(junk(1)),
    "an unreadable certificate beside the intermediate": Case(_unreadable_junk),
    "certificates with explicit default values": Case(_all_written_out),
    "a discovery server (SM-DS)": Case(setting("server.role", f"{ROLE}.6")),
    "a certificate without a role, for TLS servers": Case(setting("server.role", "2.999.7")),
    "a certificate for all hosts of a domain": Case(_wild),
    "the card's list is empty": Case(setting("ci_pkids", []), "neither the card nor this computer trusts"),
    "an issuer that is not on the card's list": Case(
        setting("ci_pkids", [KeyIdentifier(bytes(20))]), "neither the card nor this computer trusts"
    ),
    "a certificate that claims a listed issuer and was signed by another": Case(
        _other_ci_with_the_same_identifier, "that key did not sign it"
    ),
    "a genuine certificate whose signature was changed": Case(
        setting("spoilt", value=True), "that key did not sign it|is not valid"
    ),
    "a signature that no key can have produced": Case(
        setting("keyless", value=True), "that key did not sign it|an unknown authority"
    ),
    "a certificate that cannot be read": Case(
        setting("strange", value=True), "own certificate cannot be read.*6 is not a valid X509 version"
    ),
    "a certificate for another name": Case(
        setting("server.change", serving("other.example")),
        "not for smdp.example, but for 'other.example'",
    ),
    "a certificate for the hosts of a domain above or below": Case(
        setting("server.change", serving("*.smdp.example", "*", "example")),
        "not for smdp.example, but for",
    ),
    "a certificate without names": Case(
        setting("server.change", lambda builder: builder), "not for smdp.example, but for none"
    ),
    "an expired certificate": Case(setting("server.end", NOW - DAY / 2), r"is valid only from .* until"),
    "a certificate that is not valid yet": Case(
        setting("server.start", NOW + DAY / 2), r"is valid only from .* until"
    ),
    "a certificate for TLS clients": Case(
        setting("server.change", serving(HOST, purposes=(CLIENT,))), "is not for TLS servers"
    ),
    "a key with another key usage": Case(
        setting("server.usage", "key_agreement"),
        "lacks the usage digital_signature|no secure connection is possible",  # the latter by TLS 1.2
    ),
    "the certificate by which an SM-DP+ signs (DPauth)": Case(
        setting("server.role", f"{ROLE}.4"), "has the wrong role"
    ),
    "a certificate without role and without extended key usage": Case(
        lambda chain: (
            setting("server.role", "2.999.7")(chain),
            setting("server.change", serving(HOST, purposes=()))(chain),
        ),
        "has the wrong role",
    ),
    "a server's certificate that may issue others": Case(
        setting("server.basic", x509.BasicConstraints(True, 0)), "but may issue certificates"
    ),
    "an unknown critical extension in the certificate": Case(
        setting("server.change", lambda builder: _demanding(serving(HOST)(builder))),
        "certificate of Operator has an unknown critical extension: 2.999.99",
    ),
    "a certificate that claims a genuine intermediate and was not signed by it": Case(
        _stolen_identity, "certificate of Operator was not issued by the holder of the certificate of Sub CI"
    ),
    "an intermediate that may not issue certificates": Case(
        between("sub", basic=x509.BasicConstraints(False, None)), "may not issue certificates"
    ),
    "an intermediate with another key usage": Case(
        between("sub", usage="digital_signature"), "lacks the usage key_cert_sign"
    ),
    "a server that issues a certificate to another": Case(
        between("sub", role=f"{ROLE}.3", basic=None, usage="digital_signature"), "has the wrong role"
    ),
    "more intermediates than the upper one permits": Case(
        between("sub", "second_sub"), "permits at most 0 issuers below it"
    ),
    "a card manufacturer (EUM) that issues a certificate to a server": Case(_eum, "has the wrong role"),
    "an expired intermediate": Case(
        between("sub", end=NOW - DAY / 2), "certificate of Sub CI is valid only from"
    ),
    "an intermediate for TLS clients": Case(
        between(
            "sub",
            change=lambda builder: builder.add_extension(x509.ExtendedKeyUsage([CLIENT]), critical=False),
        ),
        "certificate of Sub CI is not for TLS servers",
    ),
    "an intermediate with an unknown critical extension": Case(
        between("sub", change=_demanding), "certificate of Sub CI has an unknown critical extension: 2.999.99"
    ),
    "an intermediate with name constraints": Case(between("sub", change=_limited), "has name constraints"),
    "more intermediates than the limit, whatever they permit": Case(
        _long(CHAIN + 1), "neither the card nor this computer trusts"
    ),
    "more unrelated certificates beside the intermediate than are tried": Case(
        junk(CERTIFICATES), "was not issued by the holder of the certificate of Sub CI"
    ),
    "an intermediate that the server does not send": Case(
        between("sub", sent=0), "neither the card nor this computer trusts"
    ),
}
