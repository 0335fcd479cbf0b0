"""Card certificates with one fault each, and the message with which they are refused."""

from __future__ import annotations

from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.forgery import CI, EID, EUICC, EUM, NOW, Chain, Party, limits


def _early(chain: Chain) -> None:
    chain.eum.start = NOW + timedelta(seconds=1)


def _server_role(chain: Chain) -> None:
    chain.euicc.role = "2.23.146.1.2.1.4"


def _maker_is_a_card(chain: Chain) -> None:
    chain.eum.role = EUICC


def _maker_is_an_issuer(chain: Chain) -> None:
    chain.eum.role = "2.23.146.1.2.1.0.0"


def _card_is_a_maker(chain: Chain) -> None:
    chain.euicc.role = EUM


def _card_may_certify(chain: Chain) -> None:
    chain.euicc.basic = x509.BasicConstraints(True, None)


def _maker_may_not_certify(chain: Chain) -> None:
    chain.eum.basic = None


def _maker_is_no_authority(chain: Chain) -> None:
    chain.eum.basic = x509.BasicConstraints(False, None)


def _card_signs_certificates(chain: Chain) -> None:
    chain.euicc.usage = "key_cert_sign"


def _maker_signs_messages(chain: Chain) -> None:
    chain.eum.usage = "digital_signature"


def _other_prefix(chain: Chain) -> None:
    chain.eum.limits = limits(prefix="89049033")


def _other_maker(chain: Chain) -> None:
    chain.eum.limits = limits(organisation="Other")


def _unlimited(chain: Chain) -> None:
    chain.eum.limits = None


def _no_prefix(chain: Chain) -> None:
    chain.eum.limits = limits(prefix="")


def _excluded(chain: Chain) -> None:
    permitted = limits().permitted_subtrees
    chain.eum.limits = x509.NameConstraints(permitted, limits(prefix="8904903212").permitted_subtrees)


def _excluded_maker(chain: Chain) -> None:
    permitted = limits().permitted_subtrees
    chain.eum.limits = x509.NameConstraints(permitted, limits(prefix="").permitted_subtrees)


def _other_kind_of_name(chain: Chain) -> None:
    chain.eum.limits = x509.NameConstraints([x509.DNSName("example")], None)


def _no_eid(chain: Chain) -> None:
    chain.euicc.serial_number = ""


def _half_an_eid(chain: Chain) -> None:
    chain.euicc.serial_number = EID[:31]


def _unknown_curve(chain: Chain) -> None:
    chain.euicc.key = ec.generate_private_key(ec.SECP256K1())


def _unknown_extension(chain: Chain) -> None:
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    chain.euicc.change = lambda builder: builder.add_extension(unknown, critical=True)


def _other_maker_signed(chain: Chain) -> None:
    chain.eum_issuer = Party(CI, "CI")
    chain.ci = chain.eum_issuer
    chain.eum_issuer = Party(EUM)


WRONG = {
    _early: "not valid before 2026-11-22",
    _server_role: "the wrong role: 2.23.146.1.2.1.4",
    _maker_is_a_card: "the wrong role",
    _maker_is_an_issuer: "the wrong role",
    _card_is_a_maker: "the wrong role",
    _card_may_certify: "may issue certificates",
    _maker_may_not_certify: "may not issue certificates",
    _maker_is_no_authority: "may not issue certificates",
    _card_signs_certificates: "lacks the usage digital_signature",
    _maker_signs_messages: "lacks the usage key_cert_sign",
    _other_prefix: "may not certify a card with the EID 89049032",
    _other_maker: "may not certify a card",
    _unlimited: "does not state which cards",
    _no_prefix: "may not certify a card",
    _excluded: "may not certify a card",
    _excluded_maker: "may not certify a card",
    _other_kind_of_name: "may not certify a card",
    _no_eid: "contains no valid EID",
    _half_an_eid: "contains no valid EID",
    _unknown_curve: "neither on NIST P-256 nor on brainpoolP256r1",
    _unknown_extension: "unknown critical extension: 1.2.3.4",
    _other_maker_signed: "an unknown authority",
}
