"""Sets of profiles for a new card, described in TOML: those of a file, and the templates of the package.

docs/simulator/cards.md has all keys. An error names the key, and what is expected of its value.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal

from lpa.sim import samples, typed_values
from lpa.sim.contents import PIN_TRIES, Contents, PhoneBook, SimulatedContact
from lpa.sim.simulated_profile import SimulatedProfile
from lpa.sim.written_messages import WrittenMessage

_TEMPLATES = resources.files("lpa.sim") / "templates"
_SUFFIX = ".toml"
_LONGEST_ICON = 1024
_MOST_MEMORY = 2**31  # bytes
_ICON_TYPES = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg"}

Event = Literal["install", "enable", "disable", "delete"]


@dataclass(frozen=True)
class ProfileSet:
    """The profiles of a new card. `free_memory`: bytes for downloads, None if the file does not say."""

    profiles: tuple[SimulatedProfile, ...]
    second_profiles: tuple[SimulatedProfile, ...] = ()
    free_memory: int | None = None


@dataclass(frozen=True)
class _Notified:
    """A server to notify, and of which events."""

    address: str
    events: tuple[Event, ...] = ("enable", "disable", "delete")

    def __post_init__(self) -> None:
        if not self.address:
            raise ValueError("address is empty; expected the name of a server")


@dataclass(frozen=True)
class _Profile:
    """A profile as it is written in a file."""

    iccid: str
    name: str = ""
    provider: str = ""
    class_: Literal["operational", "provisioning", "test"] = "operational"
    state: Literal["enabled", "disabled"] = "disabled"
    nickname: str = ""
    icon: str = ""
    colour: str = ""
    owner: str = ""
    gid1: str = ""
    gid2: str = ""
    rules: tuple[Literal["pprUpdateControl", "ppr1", "ppr2"], ...] = ()
    notifications: tuple[_Notified, ...] = ()
    aid: str = ""
    size: int = 48_000
    preloaded: bool = False
    element: Literal[1, 2] = 1
    contacts: tuple[SimulatedContact, ...] = ()
    messages: tuple[WrittenMessage, ...] = ()
    records: tuple[str, ...] = ()
    imsi: str = ""
    msisdn: str = ""
    pin: str = ""
    pin_tries: int = PIN_TRIES
    phone_book: PhoneBook = "parallel"
    local: bool = False


@dataclass(frozen=True)
class _File:
    profiles: tuple[_Profile, ...] = ()
    free_memory: int | None = None


def keys() -> tuple[str, ...]:
    """The keys that a profile in a file may have."""
    return tuple(typed_values.key_types(_Profile))


def templates() -> tuple[str, ...]:
    """The names of the templates, sorted."""
    files = (file.name for file in _TEMPLATES.iterdir())
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in files if name.endswith(_SUFFIX)))


def template(name: str) -> ProfileSet:
    """The profiles of a template. Raises ValueError if there is none of this name."""
    if name not in templates():
        raise ValueError(f"{name!r} is no template; expected {', '.join(templates())}")
    table = tomllib.loads((_TEMPLATES / f"{name}{_SUFFIX}").read_text(encoding="utf-8"))
    return _made(typed_values.from_table(_File, table), Path())


def read(path: Path) -> ProfileSet:
    """The profiles in a TOML file. Paths of icons begin at its folder. Raises ValueError."""
    try:
        return _made(typed_values.from_table(_File, typed_values.read_file(path)), path.parent)
    except ValueError as error:
        text = str(error)
        raise ValueError(text if text.startswith(str(path)) else f"{path}: {text}") from error


def _made(file: _File, folder: Path) -> ProfileSet:
    if file.free_memory is not None:
        _check_memory("free_memory", file.free_memory)
    made = [(written.element, _profile(written, folder, n)) for n, written in enumerate(file.profiles, 1)]
    return ProfileSet(
        tuple(profile for element, profile in made if element == 1),
        tuple(profile for element, profile in made if element == 2),
        file.free_memory,
    )


def _check_memory(key: str, size: int) -> None:
    if not 0 <= size <= _MOST_MEMORY:
        raise ValueError(f"{key} is {size}; expected 0 to {_MOST_MEMORY} bytes")


def _profile(written: _Profile, folder: Path, number: int) -> SimulatedProfile:
    try:
        _check_memory("size", written.size)
        icon, icon_type = _icon(written, folder)
        return SimulatedProfile(
            iccid=written.iccid,
            state=written.state,
            profile_class=written.class_,
            nickname=written.nickname,
            service_provider=written.provider,
            name=written.name,
            icon=icon,
            icon_type=icon_type,
            policy_rules=written.rules,
            owner=written.owner,
            gid1=written.gid1,
            gid2=written.gid2,
            notifications=tuple((one.events, one.address) for one in written.notifications),
            aid=written.aid,
            size=written.size,
            preloaded=written.preloaded,
            contents=_contents(written),
        )
    except ValueError as error:
        raise ValueError(f"profiles[{number}]: {error}") from error


def _contents(written: _Profile) -> Contents:
    return Contents(
        contacts=written.contacts,
        messages=(*(message.record for message in written.messages), *written.records),
        imsi=written.imsi,
        msisdn=written.msisdn,
        service_provider=written.provider,
        pin=written.pin or None,
        pin_tries=written.pin_tries,
        phone_book=written.phone_book,
        local=written.local,
    )


def _icon(written: _Profile, folder: Path) -> tuple[bytes, str]:
    """The icon and its type: from a file, or of one colour."""
    if written.colour:
        try:
            return samples.icon(int(written.colour.removeprefix("#"), 16)), "png"
        except (OverflowError, ValueError) as error:
            raise ValueError(f"colour is {written.colour!r}; expected one such as #1478B4") from error
    if not written.icon:
        return b"", "png"
    try:
        with (folder / written.icon).open("rb") as file:
            icon = file.read(_LONGEST_ICON + 1)
    except OSError as error:
        raise ValueError(f"icon: {folder / written.icon} cannot be read: {error.strerror}") from error
    kind = next((name for start, name in _ICON_TYPES.items() if icon.startswith(start)), None)
    if kind is None or len(icon) > _LONGEST_ICON:
        raise ValueError(f"icon: expected a PNG or JPEG of at most {_LONGEST_ICON} bytes")
    return icon, kind
