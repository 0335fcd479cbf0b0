"""Packages on their way into the simulated card, sent by a server that was written by hand."""

from __future__ import annotations

import pytest

from lpa.sim.card import SimulatedEuicc
from lpa.sim.pki import CurveName
from tests.unit.downloads import (
    CODED,
    ICCID,
    Conversation,
    Package,
    parts,
    profile_elements,
    store_metadata,
    verify,
)

CURVES: tuple[CurveName, ...] = ("P-256", "brainpoolP256r1")

# What it is


@pytest.mark.parametrize("replaced", [False, True])
@pytest.mark.parametrize("curve", CURVES)
def test_a_package_becomes_a_disabled_profile(curve: CurveName, replaced: bool) -> None:
    talk = Conversation(SimulatedEuicc.create(None, curve=curve))
    package = Package(replaced_keys=replaced, elements=profile_elements(filling=3000))
    data, signature = parts(talk.download(package))
    aid = "4F10 A0000005591010FFFFFFFF8900001300"
    assert data.hex().upper() == (
        "BF2758 80080123456789ABCDEF BF2F25 800101 81020780 0C10736D64702E6578616D706C652E636F6D 5A0A"
        f"{CODED} 060388370A A21F A01D {aid} 0409 3007A0053003800100"
    ).replace(" ", "")
    verify(talk.certificate, data, signature)
    profile = talk.card.profiles[-1]
    assert (profile.iccid, profile.state, profile.profile_class) == (ICCID, "disabled", "operational")
    assert (profile.service_provider, profile.name) == ("Test Op", "Travel")
    assert profile.size == 1024 + len(package.metadata) + len(package.elements)


def test_the_new_profile_can_be_used_like_any_other() -> None:
    talk = Conversation(SimulatedEuicc.create(None))
    talk.download(Package(metadata=store_metadata(CODED, "B610 300E 80020640 8108 612E6578616D706C")))
    identifier = f"A00C5A0A{CODED}"
    assert talk.terminal.ask(f"BF3111{identifier}810100") == "BF31038001009000"
    assert talk.terminal.ask(f"BF3211{identifier}810100") == "BF32038001009000"
    assert talk.terminal.ask(f"BF330C5A0A{CODED}") == "BF33038001009000"
    assert [(note.event, note.address) for note in talk.card.notifications] == [
        ("install", "smdp.example.com"),
        ("disable", "albion.smdp.example"),
        ("enable", "a.exampl"),
    ]
