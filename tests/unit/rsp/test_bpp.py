"""A bound profile package cut into segments, on bytes written by hand from SGP.22 §2.5.5."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpa.errors import BadAnswer
from lpa.rsp.bpp import ELEMENTS as ELEMENTS_TAG
from lpa.rsp.bpp import Package, result, segments
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.limits import SEGMENT_BYTES
from tests.support.package_parts import CHANNEL, CONFIGURATION, ELEMENTS, MAC, SESSION_KEYS

METADATA = f"A11A 880A BF25{MAC} 880C 00112233{MAC}"


def package(*parts: str) -> bytes:
    content = bytes.fromhex("".join(parts))
    return bytes.fromhex(f"BF3681{len(content):02X}") + content


def cut(*parts: str) -> list[str]:
    return [bytes(segment).hex().upper() for segment in segments(package(*parts))]


def hexed(*texts: str) -> list[str]:
    return [text.replace(" ", "") for text in texts]


def test_the_segments_are_those_of_the_specification() -> None:
    assert cut(CHANNEL, CONFIGURATION, METADATA, ELEMENTS) == hexed(
        f"BF368146 {CHANNEL}",
        CONFIGURATION,
        "A11A",
        f"880ABF25{MAC}",
        f"880C00112233{MAC}",
        "A316",
        f"8608{MAC}",
        f"860AFFFF{MAC}",
    )


def test_session_keys_are_sent_before_the_elements() -> None:
    assert hexed(SESSION_KEYS)[0] in cut(CHANNEL, CONFIGURATION, METADATA, SESSION_KEYS, ELEMENTS)


def test_the_first_of_several_commands_in_a_part_is_sent_with_its_header() -> None:
    two = f"A014 8708{MAC} 8708{MAC}"
    assert cut(CHANNEL, two, METADATA, ELEMENTS)[1:3] == hexed(f"A014 8708{MAC}", f"8708{MAC}")


def test_the_joined_segments_are_the_package() -> None:
    whole = package(CHANNEL, CONFIGURATION, METADATA, SESSION_KEYS, ELEMENTS)
    assert b"".join(segments(whole)) == whole


def test_the_metadata_of_a_package_are_readable() -> None:
    found = Package.checked(package(CHANNEL, CONFIGURATION, METADATA, ELEMENTS))
    assert found.metadata.hex() == "bf2500112233"


@pytest.mark.parametrize(
    "parts",
    [
        (),
        (CHANNEL,),
        (CHANNEL, CONFIGURATION, METADATA),
        (CHANNEL, CONFIGURATION, ELEMENTS),
        (CONFIGURATION, CHANNEL, METADATA, ELEMENTS),
        (CHANNEL, CONFIGURATION, METADATA, ELEMENTS, ELEMENTS),
        (CHANNEL, CONFIGURATION, METADATA, "A400", ELEMENTS),
        (CHANNEL, CONFIGURATION, METADATA, "A300"),
        (CHANNEL, CONFIGURATION, METADATA, f"A30A 8708{MAC}"),
        (CHANNEL, CONFIGURATION, METADATA, "A309 860701020304050607"),
        (CHANNEL, CONFIGURATION, METADATA, f"A30B 8608{MAC} 86"),
        (CHANNEL, CONFIGURATION, METADATA, f"A30A 8609{MAC}"),
        (CHANNEL, CONFIGURATION, METADATA, f"A30B 8608{MAC}"),
    ],
)
def test_a_wrong_structure_is_refused_before_anything_is_sent(parts: tuple[str, ...]) -> None:
    with pytest.raises(BadAnswer):
        segments(package(*parts))


@pytest.mark.parametrize("coded", ["", "BF3600", "BF37020102", "BF36", "BF368200", "BF360300"])
def test_an_invalid_package_is_refused(coded: str) -> None:
    with pytest.raises(BadAnswer):
        segments(bytes.fromhex(coded))


def test_bytes_after_the_package_are_refused() -> None:
    with pytest.raises(BadAnswer):
        segments(package(CHANNEL, CONFIGURATION, METADATA, ELEMENTS) + b"\0\0")


def test_a_segment_that_is_too_long_is_refused_before_anything_is_sent() -> None:
    def sized(length: int) -> bytes:
        element = Tlv.build(ELEMENTS_TAG, Tlv.build(0x86, bytes(length)))
        return Tlv.build(0xBF36, bytes.fromhex(CHANNEL + CONFIGURATION + METADATA), element)

    fits = SEGMENT_BYTES - 4  # besides its tag and length
    assert max(map(len, segments(sized(fits)))) == SEGMENT_BYTES
    with pytest.raises(BadAnswer, match="has 65281 bytes; the card takes at most 65280"):
        segments(sized(fits + 1))
    with pytest.raises(BadAnswer, match="has 1540 bytes; the card takes at most 1536"):
        Package.checked(sized(1536), longest=1536)


@given(st.binary(max_size=300), st.integers(0, 90))
def test_garbage_gives_segments_or_a_bad_answer(garbage: bytes, at: int) -> None:
    good = package(CHANNEL, CONFIGURATION, METADATA, ELEMENTS)
    for data in (garbage, good[:at] + garbage + good[at:]):
        with suppress(BadAnswer):
            assert b"".join(segments(data)) == data


def test_a_result_is_found_in_an_answer() -> None:
    assert result(b"") is None
    found = result(bytes.fromhex("BF3704 BF270100"))
    assert found is not None
    assert found.hex() == "bf3704bf270100"


@pytest.mark.parametrize("garbage", ["00", "BF", "BF36", "BF3682FF", "BF3603A08401", "BF36 04 BF238401"])
def test_an_error_names_the_package(garbage: str) -> None:
    with pytest.raises(BadAnswer, match="bound profile package"):
        Package.checked(bytes.fromhex(garbage))
