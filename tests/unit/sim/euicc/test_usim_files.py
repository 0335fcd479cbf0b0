"""The subscriber's files, byte for byte (TS 31.102 §4.2, TS 24.008 §10.5.1)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lpa.sim import samples
from lpa.sim.contents import Contents
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.simulated_profile import SimulatedProfile
from tests.support.exporter import Exported, content, select
from tests.support.terminal import T1


def read(profile: SimulatedProfile, *names: str) -> dict[str, str]:
    """The contents of files of the USIM, in hexadecimal, by identifier."""
    card = SimulatedEuicc.create(None, profiles=[replace(profile, state="enabled")], behaviour=T1)
    files = [Exported(f"3F00/7FFF/{name}", select(card, f"3F00/7FFF/{name}")) for name in names]
    return {file.path[-4:]: content(card, file).hex().upper() for file in files}


def test_the_files_of_a_subscription_agree_with_its_imsi() -> None:
    home = "62F289"
    expected = {
        "6F05": "6465656E",
        "6F07": "082926890000000020",
        "6F78": "0004",
        "6FAD": "00000002",
        "6F7E": f"FFFFFFFF{home}0000FF01",
        "6F73": f"FFFFFFFFFFFFFF{home}0000FF01",
        "6FE3": "FF" * 12 + f"{home}000001",
        "6F62": f"{home}C080",
        "6F61": f"{home}C080" + "FFFFFF0000" * 7,
        "6F60": "FFFFFF0000" * 8,
        "6F7B": "FF" * 12,
        "6F08": "07" + "FF" * 32,
        "6F09": "07" + "FF" * 32,
        "6F31": "05",
        "6FB7": "11F2FF00" + "19F1FF00",
        "6F56": "00",
        "6F57": "00" + "FF" * 31,
        "6F5B": "F00000F00000",
        "6F5C": "FFFFFF",
        "6FC4": "FF" * 46,
        "6FE4": "FF" * 54,
        "6F3E": "0A0B",
        "6F42": "E1" + "FF" * 12 + "0791940790000000FFFFFFFF" + "0000A7",
        "6F43": "FFFF",
    }
    profile = replace(samples.profiles(2)[1], gid1="0A0B")
    assert profile.contents.imsi == "262980000000002"
    assert read(profile, *expected) == expected


@pytest.mark.parametrize(
    ("owner", "imsi", "home", "mnc_length"),
    [
        ("262-98", "262980000000002", "62F289", 2),
        ("310-410", "310410123456789", "130014", 3),
        ("", "310410123456789", "130014", 3),
        ("", "234159876543210", "32F451", 2),
        ("262-98", "234159876543210", "32F451", 2),
        ("262-98", "", "62F289", 2),
        ("", "", "FFFFFF", 2),
    ],
)
def test_the_home_network_is_that_of_the_imsi(owner: str, imsi: str, home: str, mnc_length: int) -> None:
    profile = SimulatedProfile("8944476500001224158", owner=owner, contents=Contents(imsi=imsi))
    files = read(profile, "6F7E", "6F62", "6FAD", "6F78")
    assert files["6F7E"] == f"FFFFFFFF{home}0000FF01"
    assert files["6F62"] == (f"{home}C080" if owner or imsi else "FFFFFF0000")
    assert files["6FAD"] == f"000000{mnc_length:02X}"
    assert files["6F78"] == f"{1 << int(imsi[-1:] or 0):04X}"


def test_a_profile_without_a_number_has_free_message_parameters() -> None:
    assert read(SimulatedProfile("8944476500001224158"), "6F42")["6F42"] == "FF" * 28
    for number in ("1234", "1" * 21):
        contents = Contents(msisdn=number)
        profile = SimulatedProfile("8944476500001224158", contents=contents)
        assert read(profile, "6F42")["6F42"] == "FF" * 28


@pytest.mark.parametrize(("number", "languages"), [(0, b"en"), (1, b"deen"), (2, b"zhen"), (3, b"fren")])
def test_the_languages_are_those_of_the_country(number: int, languages: bytes) -> None:
    assert read(samples.profiles(4)[number], "6F05")["6F05"] == languages.hex().upper()
