"""Read the files of the enabled profile on the basic channel: ICCID, IMSI, numbers, phone book, messages.

Law: nothing here changes a file, and a PIN is sent only if a person gave it and two tries are left. Selecting
an application on the basic channel deselects the one before: on a card without logical channels that is the
ISD-R, which must be opened again afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from lpa import redaction, stop
from lpa.advice.cards import CHECK_PIN, GIVE_PIN, GIVE_WHOLE_PIN, PIN_IN_PHONE, UNBLOCK_WITH_PUK
from lpa.card.apdu import ChannelCommands, Transport, successful
from lpa.card.channels import AnyTransport, with_basic_channel
from lpa.card.isdr import IsdrSession
from lpa.errors import BadAnswer, Refused
from lpa.rsp.limits import RECORDS
from lpa.rsp.names import Aid, Iccid
from lpa.rsp.uicc import elementary_files
from lpa.rsp.uicc.elementary_files import FileControl

# The path of a file: identifiers of 2 bytes, below the MF or below the AID of an application.
Path = tuple[bytes, ...]

TELECOM, PHONEBOOK, _GSM = b"\x7f\x10", b"\x5f\x3a", b"\x7f\x20"
_ICCID, _DIR = (b"\x2f\xe2",), (b"\x2f\x00",)
_IMSI, _SPN = b"\x6f\x07", b"\x6f\x46"

_NO_FILE = (0x6A82, 0x6A81, 0x6A88, 0x6999, 0x9404)
_NOT_ALLOWED = (0x6982, 0x9804)
_PAST_THE_LAST = (0x6A83, 0x9402)
_PIN1, _FEWEST_TRIES = 0x01, 2


def opened(transport: AnyTransport, session: IsdrSession) -> AbstractContextManager[UiccFiles]:
    """The files of the enabled profile, in a `with` block. Afterwards the ISD-R is selected again.

    Raises `Refused` ("noBasicChannel") at once if the transport does not reach them.
    """
    return _opened(with_basic_channel(transport), session)


@contextmanager
def _opened(transport: Transport, session: IsdrSession) -> Iterator[UiccFiles]:
    try:
        yield UiccFiles(transport)
    finally:
        with stop.ending():
            session.reopen()


class UiccFiles:
    """The files of the enabled profile. What is read from a missing file is None or empty.

    Every method raises a `WireError` if the card cannot be reached, `BadAnswer` if its answer is malformed,
    and `Refused` ("securityStatusNotSatisfied") if it denies reading.
    """

    def __init__(self, transport: Transport) -> None:
        self._wire = ChannelCommands(transport)
        self._folder: Path = ()
        self._selected: Path | None = None
        self._controls: dict[Path, FileControl | None] = {}
        self._records: dict[Path, dict[int, bytes]] = {}
        self._usim: Aid | None = None

    @property
    def raw(self) -> dict[str, dict[int, bytes]]:
        """All that was read, as it came: by path, then by record number (0 for a file without records)."""
        return {name(path): dict(records) for path, records in self._records.items()}

    # Identity

    def iccid(self) -> Iccid | None:
        """The ICCID of the profile; None if no profile is enabled."""
        content = self.binary(_ICCID, 10)
        return Iccid.from_coded(content) if content else None

    def usim(self) -> Aid | None:
        """The first USIM in EF.DIR; None if there is none."""
        if self._usim is None:
            found = (elementary_files.application(record) for record in self.records(_DIR))
            self._usim = next((aid for aid in found if aid), None)
        return self._usim

    def imsi(self) -> str:
        """The subscriber's identity, 6 to 15 digits; empty if there is none."""
        return elementary_files.imsi(self._subscription(_IMSI, 9))

    def service_provider_name(self) -> str:
        """The operator's name in the profile; empty if there is none."""
        return elementary_files.service_provider_name(self._subscription(_SPN, 17))

    # The PIN

    def unlock(self, pin: str | None) -> None:
        """Make the files that PIN1 protects readable. `pin` is sent to the card only if it requires it.

        Raises `Refused` with "pinNeeded" (none was given), or as `verify_pin` does.
        """
        if pin is not None:
            self._pin_reference()  # Read now, it needs no further selection of the application.
        try:
            self._subscription(_IMSI, 9)
        except Refused as locked:
            if pin is None:
                raise Refused(
                    "VerifyPin",
                    "pinNeeded",
                    "The profile is locked with a PIN.",
                    advice=GIVE_PIN,
                ) from locked
            self.verify_pin(pin)

    def locked(self) -> bool:
        """Whether PIN1 protects the profile's files at present. Costs no try."""
        try:
            self._subscription(_IMSI, 9)
        except Refused:
            return True
        return False

    def pin_tries_left(self) -> int:
        """The number of tries left for PIN1; 0 if it is blocked. Reading it costs no try."""
        _, sw = self._wire.transmit(bytes([0x00, 0x20, 0x00, self._pin_reference()]))
        if sw in (0x6983, 0x9840):
            return 0
        if sw & 0xFFF0 != 0x63C0:
            raise BadAnswer(f"The card does not report the tries left for the PIN: {sw:04X}.", sw=sw)
        return sw & 0x0F

    def verify_pin(self, pin: str) -> None:
        """Send PIN1 (4 to 8 digits) to the card, once.

        Raises `Refused` with "notAPin" (nothing was sent), "pinWrong", "pinBlocked" or "lastTry": the last
        try is never used.
        """
        if not is_pin(pin):
            raise Refused(
                "VerifyPin",
                "notAPin",
                "A PIN has 4 to 8 digits. Nothing was sent to the card.",
                advice=GIVE_WHOLE_PIN,
            )
        redaction.register_secret(pin)
        tries = self.pin_tries_left()
        if 0 < tries < _FEWEST_TRIES:
            raise Refused(
                "VerifyPin",
                "lastTry",
                "Only one try is left for the PIN; the PIN was not sent.",
                advice=PIN_IN_PHONE,
            )
        sw = 0x6983
        if tries:
            command = bytes([0x00, 0x20, 0x00, self._pin_reference(), 0x08]) + pin.encode().ljust(8, b"\xff")
            _, sw = self._wire.transmit(command)
        _check_pin(sw)

    def _pin_reference(self) -> int:
        usim = self.usim()
        control = self.control((usim.coded,)) if usim else None
        return control.pins[0] if control and control.pins else _PIN1

    # Files

    def control(self, path: Path) -> FileControl | None:
        """The control parameters of a file or folder; None if it is missing."""
        if path not in self._controls:
            data, sw = self._select(path)
            answer = b"" if sw in _NO_FILE else self._checked(path, *self._wire.fetched(data, sw))
            self._controls[path] = None if sw in _NO_FILE else FileControl.from_tlv(answer)
        return self._controls[path]

    def binary(self, path: Path, size: int) -> bytes | None:
        """The first `size` bytes (1 to 255) of a file without records; None if it is missing."""
        if 0 not in self._records.get(path, {}):
            if not self._found(path):
                return None
            content = self._checked(path, *self._wire.complete(bytes([0x00, 0xB0, 0x00, 0x00, size])))
            self._records.setdefault(path, {})[0] = content
        return self._records[path][0]

    def record(self, path: Path, number: int) -> bytes | None:
        """One record, numbered from 1; None if the file or the record is missing."""
        control = self.control(path)
        return self._record(path, number, control.record_size) if control else None

    def records(self, path: Path) -> tuple[bytes, ...]:
        """All records of a file, including free ones; empty if it is missing."""
        found = []
        for number in self.numbers(path):
            content = self.record(path, number)
            if content is None:
                break
            found.append(content)
        return tuple(found)

    def numbers(self, path: Path) -> range:
        """The numbers of a file's records; up to the maximum if the card does not report the count."""
        control = self.control(path)
        return range(1, (control.record_count or RECORDS) + 1) if control else range(0)

    def alike(self, path: Path, known: Path) -> bool:
        """Whether `path` is very likely the file `known`, which was read before, by another path.

        Cards present a file in several folders; then its first used record is the same, with the same number.
        """
        for number, record in self._records.get(known, {}).items():
            if record.strip(b"\x00\xff"):
                return self._record(path, number, len(record)) == record
        return False

    def _subscription(self, identifier: bytes, size: int) -> bytes:
        """A file of the USIM; without a USIM, that of the SIM with the same identifier."""
        usim = self.usim()
        return self.binary((usim.coded if usim else _GSM, identifier), size) or b""

    def _record(self, path: Path, number: int, size: int) -> bytes | None:
        if number not in self._records.get(path, {}):
            if not self._found(path):
                return None
            content, sw = self._wire.complete(bytes([0x00, 0xB2, number, 0x04, size & 0xFF]))
            if sw in _PAST_THE_LAST:
                return None
            self._records.setdefault(path, {})[number] = self._checked(path, content, sw)
        return self._records[path][number]

    def _found(self, path: Path) -> bool:
        """Select a file, unless it is selected; whether it exists."""
        if self._selected == path:
            return True
        data, sw = self._select(path)
        if sw in _NO_FILE:
            self._controls[path] = None
            return False
        if not _selected(sw):
            self._checked(path, data, sw)
        return True

    def _select(self, path: Path) -> tuple[bytes, int]:
        """Select by the path from the MF, or within an application step by step (TS 102 221 §8.4)."""
        self._selected = None
        if len(path[0]) == 2:
            self._folder = ()
            answer = self._wire.with_length(_select_command(0x08, b"".join(path)))
        else:
            answer = self._step_by_step(path)
        if _selected(answer[1]):
            self._selected = path
        return answer

    def _step_by_step(self, path: Path) -> tuple[bytes, int]:
        inside = len(self._folder) if path[: len(self._folder)] == self._folder != path else 0
        answer = b"", _NO_FILE[0]
        for depth in range(inside, len(path)):
            step = path[depth]
            answer = self._wire.with_length(_select_command(0x04 if len(step) > 2 else 0x00, step))
            if not _selected(answer[1]):
                break
            if depth < len(path) - 1 or len(path) == 1:
                self._folder = path[: depth + 1]
        return answer

    def _checked(self, path: Path, data: bytes, sw: int) -> bytes:
        if sw in _NOT_ALLOWED:
            raise Refused("ReadFile", "securityStatusNotSatisfied", f"The card denies reading {name(path)}.")
        if not successful(sw):
            raise BadAnswer(f"The card answered status {sw:04X} when {name(path)} was read.", sw=sw)
        return data


def is_pin(text: str) -> bool:
    """Whether `text` can be a PIN: 4 to 8 digits (TS 102 221 §9.5.1)."""
    return bool(re.fullmatch(r"[0-9]{4,8}", text, re.ASCII))


def name(path: Path) -> str:
    """A path as text: 7F10/6F3A."""
    return "/".join(step.hex().upper() for step in path)


def _selected(sw: int) -> bool:
    """Whether a SELECT succeeded, possibly with an answer to fetch (61xx)."""
    return sw >> 8 == 0x61 or successful(sw)


def _select_command(p1: int, data: bytes) -> bytes:
    return bytes([0x00, 0xA4, p1, 0x04, len(data)]) + data + b"\0"


def _check_pin(sw: int) -> None:
    """Raise the error for a status after VERIFY PIN, unless it is success (TS 102 221 §10.2.1)."""
    if successful(sw) and sw & 0xFFF0 != 0x63C0:
        return
    if sw in (0x63C0, 0x6983, 0x9840):
        raise Refused(
            "VerifyPin",
            "pinBlocked",
            "The PIN is blocked.",
            advice=UNBLOCK_WITH_PUK,
        )
    if sw & 0xFFF0 == 0x63C0:
        raise Refused(
            "VerifyPin",
            "pinWrong",
            f"The PIN is wrong. Tries left: {sw & 0x0F}.",
            advice=CHECK_PIN,
        )
    raise BadAnswer(f"The card answered status {sw:04X} to the PIN.", sw=sw)
