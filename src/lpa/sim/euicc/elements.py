"""Checks the elements of a profile package, as far as this card reads them (TCA profile package, chapter 8).

Segments may split elements anywhere. The first element is the header, with the ICCID of the metadata as plain
digits (`8949449999999990023F`, nibbles not swapped); the last is the end; all others must have a known tag.
The card takes the IMSI from them, and checks the keys of a test profile.
"""

from __future__ import annotations

from lpa.errors import BadAnswer
from lpa.rsp.codec.ber import Tlv
from lpa.sim.euicc.segments import read_start

_HEADER, _END, _AKA, _USIM = 0xA0, 0xAA, 0xA4, 0xB3
# In the order of their tags, without the reserved ones (11 to 15): genericFileManagement, pinCodes,
# pukCodes, akaParameter, cdmaParameter, securityDomain, rfm, application, nonStandard; mf, cd, telecom, usim,
# opt-usim, isim, opt-isim, phonebook, gsm-access, csim, opt-csim, eap, df-5gs, df-saip, df-snpn, df-5gprose.
_KNOWN = (*range(0xA1, 0xAA), *range(0xB0, 0xBF), 0xBF1F)
_MAJOR_VERSIONS = (2, 3)
_LONGEST_HEADER = 8  # bytes of tag and length

# Statuses of an EUICCResponse
_NOT_SUPPORTED, _BAD_VALUES, _NOT_ENOUGH_MEMORY, _INVALID_FORMAT, _UNSUPPORTED_VERSION = 1, 3, 4, 5, 31

_PROCESSING = "installFailedDueToPEProcessingError"
_USIM_TEST_ALGORITHM = 3
# Published test keys: the key of TS 34.108, its 32-byte form, and zeros.
_TEST_KEYS = (bytes(16), bytes(32), bytes(range(16)), bytes(range(32)))


class ElementRefused(Exception):
    """The package cannot be installed: `reason` is an ErrorReason, `response` the EUICCResponse."""

    def __init__(self, reason: str, status: int, identification: int | None = None) -> None:
        super().__init__(f"{reason} (status {status})")
        self.reason = reason
        self.response = _response(status, identification)


class Elements:
    """Checks elements while they arrive. `iccid`: 10 bytes, as in the metadata. `test`: of a test profile."""

    def __init__(self, iccid: bytes, *, test: bool) -> None:
        self._iccid = bytes((octet & 0x0F) << 4 | octet >> 4 for octet in iccid)
        self._test = test
        self._pending = bytearray()
        self._begun = False
        self._ended = False
        self._imsi = ""

    def add(self, content: bytes) -> None:
        """Add more bytes. Raises `ElementRefused` when they complete an element that is refused."""
        self._pending += content
        while size := self._next_size():
            element = Tlv(self._pending[:size])
            del self._pending[:size]
            self._check(element)

    def finish(self) -> str:
        """The IMSI of the complete package, or "". Raises `ElementRefused` if it is not complete."""
        if self._pending or not self._ended:
            raise ElementRefused(_PROCESSING, _INVALID_FORMAT)
        return self._imsi

    def _next_size(self) -> int:
        """The length of the next element if all of it is there, else 0."""
        beginning = bytes(self._pending[:_LONGEST_HEADER])
        if not beginning:
            return 0
        try:
            _, length, rest = read_start(beginning)
        except BadAnswer as error:
            if len(beginning) < _LONGEST_HEADER:
                return 0
            raise ElementRefused(_PROCESSING, _INVALID_FORMAT) from error
        size = len(beginning) - len(rest) + length
        return size if size <= len(self._pending) else 0

    def _check(self, element: Tlv) -> None:
        try:
            self._process(element)
        except BadAnswer as error:
            raise ElementRefused(_PROCESSING, _INVALID_FORMAT) from error

    def _process(self, element: Tlv) -> None:
        if self._ended or (element.tag == _HEADER) == self._begun:
            raise ElementRefused(_PROCESSING, _INVALID_FORMAT)
        if element.tag == _HEADER:
            self._check_header(element)
            self._begun = True
        elif element.tag == _END:
            _ = element.children
            self._ended = True
        elif element.tag in _KNOWN:
            self._inspect(element)
        else:
            raise ElementRefused(_PROCESSING, _NOT_SUPPORTED, _identification(element))

    def _check_header(self, header: Tlv) -> None:
        major, iccid = header.child(0x80), header.child(0x83)
        if major is None or iccid is None:
            raise ElementRefused(_PROCESSING, _INVALID_FORMAT)
        if int.from_bytes(major.value, "big") not in _MAJOR_VERSIONS:
            raise ElementRefused(_PROCESSING, _UNSUPPORTED_VERSION)
        if iccid.value != self._iccid:
            raise ElementRefused("installFailedDueToDataMismatch", _BAD_VALUES)

    def _inspect(self, element: Tlv) -> None:
        _ = element.children
        if element.tag == _USIM:
            self._imsi = self._imsi or _imsi(element)
        if element.tag == _AKA and self._test and not _has_test_key(element):
            raise ElementRefused(
                "testProfileInstallFailedDueToInvalidNaaKey", _BAD_VALUES, _identification(element)
            )


def out_of_memory() -> bytes:
    """The EUICCResponse for insufficient memory."""
    return _response(_NOT_ENOUGH_MEMORY, None)


def _response(status: int, identification: int | None) -> bytes:
    """An EUICCResponse: one status, and the flag that the installation was aborted."""
    named = b"" if identification is None else Tlv.build(0x81, _integer(identification))
    statuses = Tlv.build(0xA0, Tlv.build(0x30, Tlv.build(0x80, _integer(status)), named))
    return Tlv.build(0x30, statuses, Tlv.build(0x81))


def _integer(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def _identification(element: Tlv) -> int | None:
    """The number of an element in its package, from the element's header (A0)."""
    header = element.child(0xA0)
    number = header.child(0x81) if header else None
    return int.from_bytes(number.value, "big") if number else None


def _imsi(usim: Tlv) -> str:
    """The IMSI in EF.IMSI (A3): length, then swapped digits, the first after the parity nibble."""
    file = usim.child(0xA3)
    content = b"".join(part.value for part in file.children if part.tag == 0x83) if file else b""
    if not content or len(content) <= content[0] or not content[0]:
        return ""
    digits = "".join(f"{octet & 0x0F:X}{octet >> 4:X}" for octet in content[1 : 1 + content[0]])
    imsi = digits[1:].rstrip("F")
    return imsi if imsi.isdecimal() and 6 <= len(imsi) <= 15 else ""


def _has_test_key(aka: Tlv) -> bool:
    """Whether an akaParameter has the test algorithm or a published test key."""
    configuration = aka.child(0xA1)
    parameters = configuration.child(0xA1) if configuration else None
    if parameters is None:  # It refers to the parameters of another element, which is checked itself.
        return True
    algorithm, key = parameters.child(0x80), parameters.child(0x82)
    if algorithm and int.from_bytes(algorithm.value, "big") == _USIM_TEST_ALGORITHM:
        return True
    return key is not None and key.value in _TEST_KEYS
