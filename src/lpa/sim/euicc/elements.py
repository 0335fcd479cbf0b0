"""The elements of a profile package, as far as this card looks into them (TCA profile package, chapter 8).

They come one after the other and are cut without regard to where they begin. The first is the header, which
names the ICCID of the metadata, and the last the end. Each other one must be of a kind that the card knows.
Of what they hold the card keeps the IMSI; in a test profile it looks at the keys.
"""

from __future__ import annotations

from lpa.errors import BadAnswer
from lpa.rsp.codec.ber import Tlv
from lpa.sim.euicc.segments import opened

_HEADER, _END, _AKA, _USIM = 0xA0, 0xAA, 0xA4, 0xB3
# In the order of their numbers, without those that are reserved (11 to 15): genericFileManagement, pinCodes,
# pukCodes, akaParameter, cdmaParameter, securityDomain, rfm, application, nonStandard; mf, cd, telecom, usim,
# opt-usim, isim, opt-isim, phonebook, gsm-access, csim, opt-csim, eap, df-5gs, df-saip, df-snpn, df-5gprose.
_KNOWN = (*range(0xA1, 0xAA), *range(0xB0, 0xBF), 0xBF1F)
_MAJOR_VERSIONS = (2, 3)
_LONGEST_HEADER = 8  # bytes of tag and length

# Statuses of an EUICCResponse
_NOT_SUPPORTED, _BAD_VALUES, _NOT_ENOUGH_MEMORY, _INVALID_FORMAT, _UNSUPPORTED_VERSION = 1, 3, 4, 5, 31

_PROCESSING = "installFailedDueToPEProcessingError"
_USIM_TEST_ALGORITHM = 3
# Keys that protect nobody: the one of TS 34.108 and its 32 byte form, and zeros.
_TEST_KEYS = (bytes(16), bytes(32), bytes(range(16)), bytes(range(32)))


class ElementRefused(Exception):
    """The package cannot be installed: `reason` is an ErrorReason, `response` the EUICCResponse."""

    def __init__(self, reason: str, status: int, identification: int | None = None) -> None:
        super().__init__(f"{reason} (status {status})")
        self.reason = reason
        self.response = _response(status, identification)


class Elements:
    """Takes the elements as they come. `iccid`: 10 bytes, of the metadata. `test`: in a test profile."""

    def __init__(self, iccid: bytes, *, test: bool) -> None:
        self._iccid = iccid
        self._test = test
        self._pending = bytearray()
        self._begun = False
        self._ended = False
        self._imsi = ""

    def add(self, content: bytes) -> None:
        """More of the package. Raises `ElementRefused` as soon as an element is there that cannot be."""
        self._pending += content
        while size := self._next_size():
            element = Tlv(self._pending[:size])
            del self._pending[:size]
            self._take(element)

    def finish(self) -> str:
        """The package is complete: the IMSI in it, or nothing. Raises `ElementRefused` if it is not."""
        if self._pending or not self._ended:
            raise ElementRefused(_PROCESSING, _INVALID_FORMAT)
        return self._imsi

    def _next_size(self) -> int:
        """How many bytes the next element has, if it is there as a whole."""
        beginning = bytes(self._pending[:_LONGEST_HEADER])
        if not beginning:
            return 0
        try:
            _, length, rest = opened(beginning)
        except BadAnswer as error:
            if len(beginning) < _LONGEST_HEADER:
                return 0
            raise ElementRefused(_PROCESSING, _INVALID_FORMAT) from error
        size = len(beginning) - len(rest) + length
        return size if size <= len(self._pending) else 0

    def _take(self, element: Tlv) -> None:
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
            self._look_into(element)
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

    def _look_into(self, element: Tlv) -> None:
        _ = element.children
        if element.tag == _USIM:
            self._imsi = self._imsi or _imsi(element)
        if element.tag == _AKA and self._test and not _is_for_tests(element):
            raise ElementRefused(
                "testProfileInstallFailedDueToInvalidNaaKey", _BAD_VALUES, _identification(element)
            )


def out_of_memory() -> bytes:
    """The EUICCResponse to elements for which there is no room."""
    return _response(_NOT_ENOUGH_MEMORY, None)


def _response(status: int, identification: int | None) -> bytes:
    """An EUICCResponse: one status, and that the installation was aborted."""
    named = b"" if identification is None else Tlv.build(0x81, _integer(identification))
    statuses = Tlv.build(0xA0, Tlv.build(0x30, Tlv.build(0x80, _integer(status)), named))
    return Tlv.build(0x30, statuses, Tlv.build(0x81))


def _integer(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def _identification(element: Tlv) -> int | None:
    """The number of an element in its package, which its header (A0) has."""
    header = element.child(0xA0)
    number = header.child(0x81) if header else None
    return int.from_bytes(number.value, "big") if number else None


def _imsi(usim: Tlv) -> str:
    """The content of EF.IMSI, the file 3 of a USIM: how many bytes, then the digits, the first one alone."""
    file = usim.child(0xA3)
    content = b"".join(part.value for part in file.children if part.tag == 0x83) if file else b""
    if not content or len(content) <= content[0] or not content[0]:
        return ""
    digits = "".join(f"{octet & 0x0F:X}{octet >> 4:X}" for octet in content[1 : 1 + content[0]])
    imsi = digits[1:].rstrip("F")
    return imsi if imsi.isdecimal() and 6 <= len(imsi) <= 15 else ""


def _is_for_tests(aka: Tlv) -> bool:
    """Whether a profile authenticates by the test algorithm, or with a key that everybody knows."""
    outer = aka.child(0xA1)
    told = outer.child(0xA1) if outer else None
    if told is None:  # the parameters of another element, which was looked at itself
        return True
    algorithm, key = told.child(0x80), told.child(0x82)
    if algorithm and int.from_bytes(algorithm.value, "big") == _USIM_TEST_ALGORITHM:
        return True
    return key is not None and key.value in _TEST_KEYS
