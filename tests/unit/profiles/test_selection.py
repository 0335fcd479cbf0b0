"""Select a profile by what a person typed."""

from typing import Any

import pytest

from lpa.errors import Refused
from lpa.profiles.selection import Selector, called, exact, find, shortest_digits
from lpa.rsp.names import Iccid
from lpa.rsp.records import Profile

PROFILES = [
    Profile(Iccid.parse(text))
    for text in ("8944474600001230017", "89444746000012300175", "894447460000990025", "8986012345678909A025")
]


@pytest.mark.parametrize(
    ("name", "position"),
    [
        ("8944474600001230017", 0),
        ("0017", 0),
        ("00 17", 0),
        ("894447460000-99-0025", 2),
        ("990025", 2),
        ("9a025", 3),
        ("300175", 1),
        ("8944474600001230017F", 0),
    ],
)
def test_an_iccid_or_its_last_digits_select_a_profile(name: str, position: int) -> None:
    assert find(PROFILES, Selector.parse(name)) is PROFILES[position]


def test_a_whole_iccid_selects_its_profile_though_another_ends_with_it() -> None:
    longer, shorter = Profile(Iccid.parse("89444746000012300175")), Profile(Iccid.parse("444746000012300175"))
    assert find([longer, shorter], shorter.iccid) is shorter


def test_an_unknown_iccid_is_refused_with_the_reason_of_the_card() -> None:
    with pytest.raises(Refused, match="holds no profile 9999") as caught:
        find(PROFILES, Selector.parse("9999"))
    assert caught.value.reason == "iccidOrAidNotFound"


def test_an_ambiguous_selector_is_refused_with_all_matches() -> None:
    twins = [PROFILES[2], Profile(Iccid.parse("8986012345678900025"))]
    with pytest.raises(Refused, match="894447460000990025, 8986012345678900025") as caught:
        find(twins, Selector.parse("0025"))
    assert caught.value.reason == "ambiguous"


@pytest.mark.parametrize("name", ["", "017", "0x17", "my old card", "8" * 21, "00\n", "١٢٣٤"])
def test_a_text_that_can_name_no_profile_raises_value_error(name: str) -> None:
    with pytest.raises(ValueError, match="names no profile"):
        Selector.parse(name)


@pytest.mark.parametrize("name", ["", "17", "00 17"])
def test_a_selector_holds_only_what_parse_gives(name: str) -> None:
    with pytest.raises(ValueError, match=r"names no profile|form that"):
        Selector(name)


@pytest.mark.parametrize("name", [17, None, b"8944474600001230017"])
def test_a_value_of_another_type_names_no_profile(name: Any) -> None:
    with pytest.raises(TypeError, match="a profile is named by"):
        exact(name)


def test_a_profile_is_called_by_any_of_its_names_whatever_the_case() -> None:
    named = Profile(PROFILES[0].iccid, nickname="Straße  7", service_provider="Nordlicht", name="Prepaid")
    for name in ("STRASSE 7", "nordlicht", " Prepaid"):
        assert called([PROFILES[1], named], name) == (named,)
    for name in ("Nord", "", " ", "0017"):
        assert called([PROFILES[1], named], name) == ()


def test_the_shortest_digits_select_the_profile() -> None:
    numbers = ["8944474600001230017", "8944474600001130017", "894447460000990025", "460000990025000000"]
    profiles = [Profile(Iccid.parse(number)) for number in numbers]
    assert [shortest_digits(profile, profiles) for profile in profiles] == [
        "230017",
        "130017",
        "0025",
        "0000",
    ]
    for profile in profiles:
        assert find(profiles, Selector.parse(shortest_digits(profile, profiles))) is profile
