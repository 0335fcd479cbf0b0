"""What simulated cards of SGP.22 version 3 and of SGP.32 (IoT) report, in bytes written by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lpa.sim import samples
from lpa.sim.crypto.pki import der
from lpa.sim.euicc.behaviour import STANDARD_ISDR, Behaviour
from lpa.sim.euicc.generations import Generation
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.simulated_profile import SimulatedProfile
from tests.support.der import parts, value
from tests.support.downloads import CODED, Conversation
from tests.support.terminal import EID, SELECT_ISDR, Terminal, send, spaced

FIRST, SECOND = "984499040000000010F7", "989489050000000020F5"
V3, IOT = Behaviour(generation="v3"), Behaviour(generation="sgp32")


def card(behaviour: Behaviour, profiles: int = 2) -> SimulatedEuicc:
    """A card with up to two profiles; the second is the fallback profile."""
    made = list(samples.profiles(profiles))
    if profiles > 1:
        made[1] = replace(made[1], fallback=True, fallback_allowed=True)
    return SimulatedEuicc.create(None, eid=EID, behaviour=behaviour, profiles=made)


@pytest.mark.parametrize(
    ("behaviour", "profiles", "template"),
    [
        (Behaviour(), 2, "E008 8203020202 030100"),
        (V3, 2, "E009 8203020202 03020520"),
        (V3, 0, "E008 8203020202 030100"),
        (IOT, 2, "E008 8203020202 030100 E104 80020640"),
        (IOT, 0, "E008 8203020202 030100 E103 800100"),
    ],
)
def test_the_fci_names_the_generation(behaviour: Behaviour, profiles: int, template: str) -> None:
    made = card(behaviour, profiles)
    size = int(send(made, f"00{SELECT_ISDR}")[2:], 16)
    fci = send(made, f"00C00000{size:02X}")
    assert fci == spaced(f"6F{size - 2:02X} 8410 {STANDARD_ISDR} A5049F6501FF {template} 9000")


def members(made: SimulatedEuicc, request: str) -> dict[str, bytes]:
    """The members of an answer by their tags, without the CI keys."""
    answer = bytes.fromhex(Terminal(made).ask(request))[:-2]
    found = {}
    for part in parts(answer):
        tag = part[: 2 if part[0] & 0x1F == 0x1F else 1].hex().upper()
        found[tag] = value(part)
    return found


def test_info1_of_version_3_has_more_members() -> None:
    keys = members(card(V3), "BF2000")
    assert list(keys) == ["82", "A9", "AA", "88", "93"]
    assert (keys["82"].hex(), keys["93"].hex()) == ("020202", "030100")
    # Bits 0, 3, 4, 18 and 23.
    assert keys["88"].hex() == "00980021"
    for behaviour in (Behaviour(), IOT):
        assert list(members(card(behaviour), "BF2000")) == ["82", "A9", "AA"]


def test_info2_has_the_members_of_the_generation() -> None:
    v2, v3, iot = (members(card(behaviour), "BF2200") for behaviour in (Behaviour(), V3, IOT))
    assert {tag: v3[tag].hex() for tag in v3.keys() - v2.keys()} == {
        "8D": "0780",
        "AF": "0403030301",
        "90": "00",
        "93": "030100",
    }
    assert {tag: iot[tag].hex() for tag in iot.keys() - v2.keys()} == {"90": "00", "B4": "a00504030102008200"}
    assert v3["82"] == iot["82"] == v2["82"]


@pytest.mark.parametrize(
    ("behaviour", "first", "second"),
    [
        (Behaviour(), "9F700101", "9F700100"),
        (V3, "9F700101 9F240100", "9F700100"),
        (IOT, "9F700101 9F670100 9F7B0100", "9F700100 9F2601FF 9F6701FF 9F7B0100"),
    ],
)
def test_profile_info_has_the_members_of_the_generation(
    behaviour: Behaviour, first: str, second: str
) -> None:
    request = bytes.fromhex("BF2D0D5C0B 5A9F249F269F679F7B9F70")
    answer = bytes.fromhex(Terminal(card(behaviour)).ask(request.hex()))[:-2]
    profiles = parts(parts(answer)[0])
    assert [value(profile).hex().upper() for profile in profiles] == [
        spaced(f"5A0A {FIRST}", first),
        spaced(f"5A0A {SECOND}", second),
    ]


def test_the_port_follows_the_enabled_profile() -> None:
    terminal = Terminal(card(V3))
    assert terminal.ask(f"BF3114A00C5A0A{SECOND}810100820100") == "BF31038001009000"
    assert terminal.ask("BF2D045C029F24") == "BF2D0AA008E300E3049F2401009000"


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (f"BF3111A00C5A0A{SECOND}810100", "BF310380017F"),
        (f"BF3211A00C5A0A{FIRST}810100", "BF320380017F"),
        (f"BF330C5A0A{SECOND}", "BF330380017F"),
        ("BF3404820205E0", "BF340380017F"),
    ],
)
def test_an_iot_card_refuses_local_changes(request_: str, answer: str) -> None:
    made = card(IOT)
    before = made.profiles
    assert Terminal(made).ask(request_) == f"{answer}9000"
    assert (made.profiles, made.notifications) == (before, ())


def test_an_iot_card_names_its_remote_manager() -> None:
    eim = "65696D2E6578616D706C65"
    assert Terminal(card(IOT)).ask("BF5500") == spaced(
        f"BF552B A029 3027 800B{eim} 810B{eim} 820102 830101 840101 87020780 9000"
    )
    for behaviour in (Behaviour(), V3):
        assert Terminal(card(behaviour)).ask("BF5500") == "6A88"


def test_an_iot_card_gives_its_certificates() -> None:
    made = card(IOT)
    terminal = Terminal(made)
    euicc = made.identity.credentials[0]
    contents = [der(certificate) for certificate in (euicc.chain[0], euicc.certificate)]
    for request in ("BF5600", f"BF56168014{made.authority.key_identifier.hex()}"):
        answer = bytes.fromhex(terminal.ask(request))[:-2]
        eum, own = parts(parts(answer)[0])
        assert (eum[:1] + own[:1]).hex() == "a5a6"
        assert [b"\x30" + eum[1:], b"\x30" + own[1:]] == contents
    assert terminal.ask("BF5603800100") == "BF56038101019000"
    assert Terminal(card(V3)).ask("BF5600") == "6A88"


@pytest.mark.parametrize("generation", ["v3", "sgp32"])
def test_a_download_works_on_every_generation(generation: Generation) -> None:
    talk = Conversation(card(Behaviour(generation=generation)))
    assert talk.download()[:2] == bytes.fromhex("BF37")
    assert talk.card.profiles[-1].coded_iccid.hex().upper() == CODED


def test_another_generation_is_refused() -> None:
    with pytest.raises(ValueError, match="generation is"):
        Behaviour.from_json({"generation": "v4"})


def test_a_card_keeps_its_generation_and_fallback_profile(tmp_path: Path) -> None:
    profiles = [SimulatedProfile("8944994000000000017", fallback=True, fallback_allowed=True, emergency=True)]
    with SimulatedEuicc.create(tmp_path / "card", behaviour=IOT, profiles=profiles):
        pass
    with SimulatedEuicc.load(tmp_path / "card") as loaded:
        assert (loaded.behaviour, loaded.profiles[0].fallback) == (IOT, True)
    older = profiles[0].to_json()
    for name in ("fallback", "fallback_allowed", "emergency"):
        del older[name]
    assert not SimulatedProfile.from_json(older).fallback
