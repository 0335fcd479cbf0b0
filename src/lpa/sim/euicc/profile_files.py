"""Builds the files of a profile (TS 102 221 §13, TS 31.102 §4): the MF, DF.TELECOM and ADF.USIM."""

from __future__ import annotations

from collections.abc import Iterator

from lpa.rsp.codec.ber import Tlv
from lpa.sim.euicc import telecom_files, usim_files
from lpa.sim.euicc.access_rules import ADM1, ALWAYS, NEVER, PIN1, Access
from lpa.sim.euicc.file_tree import ARR, MF, File, linear_fixed, rules, transparent
from lpa.sim.simulated_profile import SimulatedProfile


def files(profile: SimulatedProfile | None, *, announces_terminal_capability: bool) -> dict[bytes, File]:
    """The files by path while `profile` is enabled, as they were before any update.

    With None these are the MF and EF.UMPC.
    """
    commands = b"\x01" if announces_terminal_capability else b"\x00"
    root = File(MF, system_commands=commands, has_arr=profile is not None)
    rest = list(_of(profile)) if profile else [_power_consumption()]
    found = {file.path: file for file in (root, *rest)}
    if profile:
        services = usim_files.services(found)
        found[services.path] = services
    return found


def _power_consumption() -> File:
    """EF.UMPC (TS 102 221 §13.7): 60 mA, no time-out, and SUSPEND UICC is not supported."""
    content = bytes.fromhex("3C000000FF")
    return File(MF + b"\x2f\x08", content, access=Access(ALWAYS, NEVER), sfi=0x08, has_arr=False)


def _of(profile: SimulatedProfile) -> Iterator[File]:
    yield rules(MF + ARR, sfi=0x06)
    yield transparent(MF + b"\x2f\xe2", profile.coded_iccid, Access(ALWAYS, NEVER), sfi=0x02)
    yield linear_fixed(MF + b"\x2f\x00", [_application()], Access(ALWAYS, ADM1), sfi=0x1E)
    yield transparent(MF + b"\x2f\x05", usim_files.languages(profile), Access(ALWAYS, PIN1), sfi=0x05)
    yield from usim_files.files(profile)
    yield from telecom_files.files(profile.contents)


def _application() -> bytes:
    """The only record of EF.DIR."""
    entry = Tlv.build(0x61, Tlv.build(0x4F, usim_files.AID.coded), Tlv.build(0x50, b"USIM"))
    return entry.ljust(38, b"\xff")
