"""Profiles of a simulated card that are described in TOML."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lpa.rsp.uicc.messages import Message
from lpa.sim import profile_sets, samples
from lpa.sim.contents import SimulatedContact
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.state import CardState
from lpa.sim.simulated_profile import SimulatedProfile

COMPLETE = """
free_memory = 5000

[[profiles]]
iccid = "8944476500001224158"
name = "Travel"
provider = "Albion"
class = "provisioning"
state = "enabled"
nickname = "旅行"
icon = "icon.png"
owner = "234-99"
gid1 = "AB"
gid2 = "CD"
rules = ["ppr1", "ppr2"]
notifications = [{ address = "a.example", events = ["delete"] }, { address = "b.example" }]
aid = "A0000005591010FFFFFFFF8900001900"
size = 1000
preloaded = true
contacts = [{ name = "Ada", numbers = ["+44123"], email = "ada@example.com", nickname = "A" }]
messages = [{ from = "+447700900123", text = "明天见", date = "2026-03-14T12:00:00+01:00", new = true }]
records = ["0100"]
imsi = "234990000000001"
msisdn = "+447009000001"
pin = "1234"
pin_tries = 2
phone_book = "linked"
local = true

[[profiles]]
iccid = "8949985000000000025"
element = 2
"""


def write(folder: Path, content: str) -> Path:
    (folder / "icon.png").write_bytes(samples.icon(0))
    file = folder / "profiles.toml"
    file.write_text(content, encoding="utf-8")
    return file


def test_every_key_has_its_place(tmp_path: Path) -> None:
    found = profile_sets.read(write(tmp_path, COMPLETE))
    (profile,) = found.profiles
    assert (found.free_memory, [other.iccid for other in found.second_profiles]) == (
        5000,
        ["8949985000000000025"],
    )
    contents = profile.contents
    message = Message.from_record(bytes.fromhex(contents.messages[0]).ljust(176, b"\xff"))
    assert message
    assert (message.text, message.number, message.status) == ("明天见", "+447700900123", "unread")
    assert str(message.time) == "2026-03-14 12:00:00+01:00"
    assert (contents.messages[1], contents.pin, contents.pin_tries) == ("0100", "1234", 2)
    assert (contents.phone_book, contents.local, contents.imsi) == ("linked", True, "234990000000001")
    assert contents.contacts == (SimulatedContact("Ada", ("+44123",), "ada@example.com", "A"),)
    assert profile == SimulatedProfile(
        "8944476500001224158",
        state="enabled",
        profile_class="provisioning",
        nickname="旅行",
        service_provider="Albion",
        name="Travel",
        icon=samples.icon(0),
        policy_rules=("ppr1", "ppr2"),
        owner="234-99",
        gid1="AB",
        gid2="CD",
        notifications=((("delete",), "a.example"), (("enable", "disable", "delete"), "b.example")),
        aid="A0000005591010FFFFFFFF8900001900",
        size=1000,
        preloaded=True,
        contents=contents,
    )


LONG = '"' + 5000 * "x" + '"'
PROFILE = '[[profiles]]\niccid = "8944476500001224158"\n'


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("profile = 1", "profile is unknown; expected one of profiles, free_memory"),
        ("profiles = 3", "profiles is 3; expected a list, each item a table"),
        ("free_memory = -1", "free_memory is -1; expected 0 to 2147483648 bytes"),
        ("free_memory = 9999999999", "free_memory is 9999999999; expected 0 to 2147483648 bytes"),
        ("x = " + 5000 * "[" + 5000 * "]", "profiles.toml is not a TOML file: it is nested too deeply"),
        (PROFILE + "size = -4", "profiles[1]: size is -4; expected 0 to 2147483648 bytes"),
        (PROFILE + "size = true", "profiles[1].size is true; expected a whole number"),
        (PROFILE + "element = true", "profiles[1].element is true; expected one of 1, 2"),
        (f"{PROFILE}name = {LONG}", f"profiles[1]: '{60 * 'x'}…' is longer than 64 bytes"),
        (
            f"{PROFILE}state = {LONG}",
            'profiles[1].state is "' + 59 * "x" + '…; expected one of "en',
        ),
        (
            PROFILE + 'notifications = [{ address = "" }]',
            "profiles[1].notifications[1]: address is empty; expected the name of a server",
        ),
        ("[[profiles]]", "profiles[1].iccid is missing; expected a text"),
        ('[[profiles]]\niccid = "12"', "profiles[1]: '12' is not an ICCID (18 to 20 digits)"),
        (PROFILE + "pin = 1234", "profiles[1].pin is 1234; expected a text"),
        (PROFILE + 'pin = "12"', "profiles[1]: a PIN has 4 to 8 digits"),
        (PROFILE + 'class = "x"', 'profiles[1].class is "x"; expected one of "operational", "provisioning"'),
        (PROFILE + 'rules = ["ppr3"]', 'profiles[1].rules[1] is "ppr3"; expected one of "pprUpdateControl"'),
        (PROFILE + "rules = 1", "profiles[1].rules is 1; expected a list, each item one of"),
        (PROFILE + "notifications = [{}]", "profiles[1].notifications[1].address is missing"),
        (
            PROFILE + 'notifications = [{ address = "a", events = ["add"] }]',
            'profiles[1].notifications[1].events[1] is "add"; expected one of "install", "enable"',
        ),
        (
            PROFILE + 'contacts = [{ numbers = ["x"] }]',
            "profiles[1].contacts[1]: 'x' is not a telephone number",
        ),
        (PROFILE + 'messages = [{ text = "x" }]', "profiles[1].messages[1].from is missing; expected a text"),
        (
            PROFILE + 'messages = [{ from = "123", text = "x", date = "today" }]',
            "profiles[1].messages[1]: date is 'today'; expected one such as 2026-03-14T12:00:00+01:00",
        ),
        (
            PROFILE + f'messages = [{{ from = "123", text = "{71 * "x"}" }}]',
            "profiles[1].messages[1]: text is too long; a message has at most 70 characters",
        ),
        (
            PROFILE + 'messages = [{ from = "me", text = "x" }]',
            "profiles[1].messages[1]: from is 'me'; expected a telephone number of 3 to 20 digits",
        ),
        (PROFILE + 'records = ["0"]', "profiles[1]: "),
        (PROFILE + 'icon = "none.png"', "none.png cannot be read: No such file or directory"),
        (
            PROFILE + 'icon = "profiles.toml"',
            "profiles[1]: icon: expected a PNG or JPEG of at most 1024 bytes",
        ),
        (PROFILE + 'colour = "red"', "profiles[1]: colour is 'red'; expected one such as #1478B4"),
        (PROFILE + "element = 3", "profiles[1].element is 3; expected one of 1, 2"),
        (PROFILE + f'nickname = "{65 * "x"}"', "profiles[1]: 'xxx"),
    ],
)
def test_a_mistake_is_named_by_its_key(tmp_path: Path, content: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)) as caught:
        profile_sets.read(write(tmp_path, content))
    assert str(caught.value).startswith(str(tmp_path))


@pytest.mark.parametrize("content", ["", PROFILE + 'icon = "/dev/zero"'], ids=["profiles", "icon"])
def test_a_file_without_an_end_is_not_read_to_its_end(tmp_path: Path, content: str) -> None:
    path = write(tmp_path, content) if content else Path("/dev/zero")
    with pytest.raises(ValueError, match=r"is larger than 16 MiB|at most 1024 bytes"):
        profile_sets.read(path)


def test_each_template_makes_a_card() -> None:
    assert profile_sets.templates() == ("empty", "full", "iot", "travel", "work")
    sizes = {}
    for name in profile_sets.templates():
        found = profile_sets.template(name)
        assert CardState.new("89999999000000000000000000000186", Behaviour(), found.profiles)
        sizes[name] = len(found.profiles)
    assert sizes == {"empty": 0, "full": 10, "iot": 4, "travel": 4, "work": 2}


def test_an_unknown_template_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'home' is no template; expected empty, full, iot, travel, work"):
        profile_sets.template("home")
