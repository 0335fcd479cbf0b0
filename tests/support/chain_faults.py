"""What can be wrong with the certificates of a card, one thing at a time, and why it is refused then."""

from __future__ import annotations

from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.forgery import CI, EID, EUICC, EUM, NOW, Chain, Party, limits


def _early(world: Chain) -> None:
    world.eum.start = NOW + timedelta(seconds=1)


def _server_role(world: Chain) -> None:
    world.euicc.role = "2.23.146.1.2.1.4"


def _maker_is_a_card(world: Chain) -> None:
    world.eum.role = EUICC


def _maker_is_an_issuer(world: Chain) -> None:
    world.eum.role = "2.23.146.1.2.1.0.0"


def _card_is_a_maker(world: Chain) -> None:
    world.euicc.role = EUM


def _card_may_certify(world: Chain) -> None:
    world.euicc.basic = x509.BasicConstraints(True, None)


def _maker_may_not_certify(world: Chain) -> None:
    world.eum.basic = None


def _maker_is_no_authority(world: Chain) -> None:
    world.eum.basic = x509.BasicConstraints(False, None)


def _card_signs_certificates(world: Chain) -> None:
    world.euicc.usage = "key_cert_sign"


def _maker_signs_messages(world: Chain) -> None:
    world.eum.usage = "digital_signature"


def _other_prefix(world: Chain) -> None:
    world.eum.limits = limits(prefix="89049033")


def _other_maker(world: Chain) -> None:
    world.eum.limits = limits(organisation="Other")


def _unlimited(world: Chain) -> None:
    world.eum.limits = None


def _no_prefix(world: Chain) -> None:
    world.eum.limits = limits(prefix="")


def _excluded(world: Chain) -> None:
    permitted = limits().permitted_subtrees
    world.eum.limits = x509.NameConstraints(permitted, limits(prefix="8904903212").permitted_subtrees)


def _excluded_maker(world: Chain) -> None:
    permitted = limits().permitted_subtrees
    world.eum.limits = x509.NameConstraints(permitted, limits(prefix="").permitted_subtrees)


def _other_kind_of_name(world: Chain) -> None:
    world.eum.limits = x509.NameConstraints([x509.DNSName("example")], None)


def _no_eid(world: Chain) -> None:
    world.euicc.serial_number = ""


def _half_an_eid(world: Chain) -> None:
    world.euicc.serial_number = EID[:31]


def _strange_curve(world: Chain) -> None:
    world.euicc.key = ec.generate_private_key(ec.SECP256K1())


def _strange_demand(world: Chain) -> None:
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    world.euicc.change = lambda builder: builder.add_extension(strange, critical=True)


def _other_maker_signed(world: Chain) -> None:
    world.eum_issuer = Party(CI, "CI")
    world.ci = world.eum_issuer
    world.eum_issuer = Party(EUM)


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
    _strange_curve: "neither on NIST P-256 nor on brainpoolP256r1",
    _strange_demand: "unknown critical extension: 1.2.3.4",
    _other_maker_signed: "an unknown authority",
}
