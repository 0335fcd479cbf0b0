"""The profile packages of the simulated SM-DP+, read by a codec that knows the format from its own ASN.1."""

from __future__ import annotations

from typing import Any

import asn1tools
import pytest

from lpa.rsp.codec.ber import Tlv
from lpa.sim.crypto.certificate_parts import coded_oid
from lpa.sim.servers.packages import SAMPLE_ICCID, from_der, header_iccid, sample

# The used part of the interoperable profile format (TCA), with automatic tags like the format itself: so a
# codec computes every tag in the elements independently.
_FORMAT = """
Format DEFINITIONS AUTOMATIC TAGS ::= BEGIN
Element ::= CHOICE {
    header Header, gfm Gfm, pins Pins, puks Puks, aka Aka, cdma Nothing, sd Sd, rfm Nothing, app Nothing,
    other Nothing, end End, rfu1 Nothing, rfu2 Nothing, rfu3 Nothing, rfu4 Nothing, rfu5 Nothing,
    mf Mf, cd Nothing, telecom Telecom, usim Usim
}
Nothing ::= SEQUENCE { }
Head ::= SEQUENCE { mandated NULL OPTIONAL, identification INTEGER (0..32767) }
Header ::= SEQUENCE {
    major INTEGER, minor INTEGER, kind UTF8String (SIZE (1..100)) OPTIONAL, iccid OCTET STRING (SIZE (10)),
    pol OCTET STRING OPTIONAL, services Services, templates SEQUENCE OF OBJECT IDENTIFIER
}
Services ::= SEQUENCE {
    contactless NULL OPTIONAL, usim NULL OPTIONAL, isim NULL OPTIONAL, csim NULL OPTIONAL,
    milenage NULL OPTIONAL, tuak128 NULL OPTIONAL, cave NULL OPTIONAL, gbaUsim NULL OPTIONAL,
    gbaIsim NULL OPTIONAL, mbms NULL OPTIONAL, eap NULL OPTIONAL, javacard NULL OPTIONAL,
    multos NULL OPTIONAL,
    multipleUsim NULL OPTIONAL, multipleIsim NULL OPTIONAL, multipleCsim NULL OPTIONAL, tuak256 NULL OPTIONAL,
    usimTest NULL OPTIONAL
}
Fcp ::= SEQUENCE {
    fileDescriptor [2] OCTET STRING (SIZE (2..4)) OPTIONAL, fileID [3] OCTET STRING (SIZE (2)) OPTIONAL,
    dfName [4] OCTET STRING (SIZE (5..16)) OPTIONAL, rules [11] OCTET STRING (SIZE (1..3)) OPTIONAL,
    size [0] OCTET STRING OPTIONAL, pins [PRIVATE 6] OCTET STRING OPTIONAL,
    sfi [8] OCTET STRING (SIZE (0..1)) OPTIONAL
}
File ::= SEQUENCE OF CHOICE { no NULL, fcp Fcp, offset INTEGER, content OCTET STRING }
Mf ::= SEQUENCE {
    head Head, template OBJECT IDENTIFIER, mf File, pl File OPTIONAL, iccid File, dir File, arr File
}
Telecom ::= SEQUENCE { head Head, template OBJECT IDENTIFIER, df File }
Usim ::= SEQUENCE {
    head Head, template OBJECT IDENTIFIER, adf File, imsi File, arr File, keys File OPTIONAL,
    keysPS File OPTIONAL, hpplmn File OPTIONAL, ust File, fdn File OPTIONAL, sms File OPTIONAL,
    smsp File OPTIONAL, smss File OPTIONAL, spn File, est File, hfn File OPTIONAL, threshold File OPTIONAL,
    psloci File OPTIONAL, acc File, fplmn File OPTIONAL, loci File OPTIONAL, ad File OPTIONAL, ecc File
}
Pins ::= SEQUENCE { head Head, codes CHOICE { config SEQUENCE OF Pin, path OCTET STRING } }
Pin ::= SEQUENCE {
    reference INTEGER, digits OCTET STRING (SIZE (8)), puk INTEGER OPTIONAL, attributes INTEGER OPTIONAL
}
Puks ::= SEQUENCE { head Head, codes SEQUENCE OF Puk }
Puk ::= SEQUENCE { reference INTEGER, digits OCTET STRING (SIZE (8)), tries INTEGER OPTIONAL }
Aka ::= SEQUENCE { head Head, algorithm CHOICE { mapped Nothing, own Algorithm } }
Algorithm ::= SEQUENCE {
    kind INTEGER, options OCTET STRING (SIZE (1)), key OCTET STRING (SIZE (16)), opc OCTET STRING (SIZE (16))
}
Sd ::= SEQUENCE { head Head, instance Instance, keys SEQUENCE OF Key }
Instance ::= SEQUENCE {
    package [APPLICATION 15] OCTET STRING, class [APPLICATION 15] OCTET STRING,
    instance [APPLICATION 15] OCTET STRING, privileges [2] OCTET STRING,
    state [3] OCTET STRING (SIZE (1)), parameters [PRIVATE 9] OCTET STRING
}
Key ::= SEQUENCE {
    usage [21] OCTET STRING, number [2] OCTET STRING (SIZE (1)), version [3] OCTET STRING (SIZE (1)),
    parts SEQUENCE OF SEQUENCE { kind [0] OCTET STRING, data [6] OCTET STRING }
}
Gfm ::= SEQUENCE { head Head, commands SEQUENCE OF SEQUENCE OF Command }
Command ::= CHOICE {
    path [0] OCTET STRING (SIZE (0..8)), create [APPLICATION 2] Fcp, content [1] OCTET STRING
}
End ::= SEQUENCE { head Head }
END
"""
_FORMAT_CODEC = asn1tools.compile_string(_FORMAT, "der")


def read(elements: bytes) -> list[tuple[str, Any]]:
    """The decoded elements. Encoding them again gives the same bytes, so nothing in them was ignored."""
    found = []
    for element in Tlv.sequence(elements):
        value = _FORMAT_CODEC.decode("Element", bytes(element), check_constraints=True)
        assert _FORMAT_CODEC.encode("Element", value) == element
        found.append(value)
    return found


def content(file: Any) -> bytes:
    (filled,) = [value for kind, value in file if kind == "content"]
    assert isinstance(filled, bytes)
    return filled


def test_a_sample_has_the_elements_of_a_profile_in_order() -> None:
    elements = read(sample().elements)
    assert [kind for kind, _ in elements] == [
        *("header", "mf", "puks", "pins", "telecom", "usim", "pins", "aka", "sd", "end"),
    ]
    heads = [value["head"] for kind, value in elements if kind != "header"]
    assert heads == [{"mandated": None, "identification": number} for number in range(len(heads))]


def test_the_header_has_the_profile_type_and_the_required_features() -> None:
    _, header = read(sample().elements)[0]
    assert header == {
        "major": 2,
        "minor": 3,
        "kind": "Nordlicht Prepaid",
        "iccid": bytes.fromhex("8949985000000090018F"),
        "services": {"usim": None, "milenage": None},
        "templates": ["2.23.143.1.2.1", "2.23.143.1.2.3", "2.23.143.1.2.4"],
    }


def test_the_files_have_the_subscriber_data() -> None:
    elements = dict(read(sample(owner="262-98").elements))
    assert content(elements["mf"]["iccid"]) == bytes.fromhex("989489050000000910F8")
    assert content(elements["mf"]["dir"]).hex() == "61144f0ca0000000871002ff49ff058950045553494d"
    # 15 digits, an odd number: 26298 and the last ten of the ICCID
    assert content(elements["usim"]["imsi"]).hex() == "082926890000900081"
    assert content(elements["usim"]["spn"]) == b"\x01Nordlicht Prepai"


def test_a_test_profile_has_the_test_algorithm_and_key() -> None:
    elements = read(sample(profile_class="test").elements)
    (aka,) = [value for kind, value in elements if kind == "aka"]
    own = aka["algorithm"][1]
    assert (own["kind"], own["key"]) == (3, bytes(16))
    assert elements[0][1]["services"] == {"usim": None, "usimTest": None}
    (other,) = [value for kind, value in read(sample().elements) if kind == "aka"]
    assert (other["algorithm"][1]["kind"], other["algorithm"][1]["key"]) != (3, bytes(16))


@pytest.mark.parametrize("size", [2_000, 10_600, 32_700, 100_000, 1_000_000])
def test_a_sample_has_the_requested_size(size: int) -> None:
    package = sample(size=size)
    assert len(package.elements) == size
    assert {kind for kind, _ in read(package.elements)} >= {"gfm", "end"}


def test_a_sample_is_small_and_misses_its_size_by_two_bytes_at_most() -> None:
    smallest = len(sample().elements)
    assert smallest < 1_000
    missed = {size - len(sample(size=size).elements) for size in range(smallest + 60, smallest + 400)}
    assert missed <= {0, 1, 2}


def test_the_metadata_have_the_given_values() -> None:
    package = sample(
        "8944994000000000017",
        name="Travel",
        service_provider="Albion",
        icon=b"\x89PNG",
        profile_class="operational",
        policy_rules=["ppr2"],
        owner="234-99",
        address="dp.example",
        events=["install", "delete"],
    )
    assert package.metadata == bytes.fromhex(
        "BF2559 5A0A984499040000000010F7 9106416C62696F6E 920654726176656C 930101 940489504E47 950102"
        "B624 3010 80020780 810A64702E6578616D706C65 3010 80020410 810A64702E6578616D706C65"
        "B705 800332F499 99020520"
    )
    assert (package.name, str(package.iccid), package.profile_class) == (
        "Travel",
        "8944994000000000017",
        "operational",
    )


def test_without_a_class_the_profile_is_operational() -> None:
    assert sample().metadata.child(0x95) is None
    assert sample().profile_class == "operational"
    assert sample(profile_class="test").profile_class == "test"


def test_members_of_the_metadata_can_be_changed_and_removed() -> None:
    package = sample().with_metadata(profileName="Other", profileOwner=None)
    assert package.name == "Other"
    assert package.metadata.child(0xB7) is None
    assert package.elements == sample().elements


@pytest.mark.parametrize(
    "wrong", [{"iccid": "12"}, {"icon": bytes(1025)}, {"owner": "1"}, {"name": "x" * 65}, {"events": ["x"]}]
)
def test_invalid_values_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each has its own message
        sample(**wrong)


def test_given_elements_keep_their_bytes_and_determine_the_iccid() -> None:
    other = sample("8944994000000000017", size=3_000).elements
    package = from_der(other, sample(name="From a file"))
    assert package.elements == other
    assert (str(package.iccid), package.name) == ("8944994000000000017", "From a file")
    assert str(from_der(other).iccid) == "8944994000000000017"


@pytest.mark.parametrize(
    "elements",
    [
        b"",
        b"\xa0",
        sample().elements[:-1],
        sample().elements[:-9],
        sample().elements + b"\x00\x00",
        Tlv.build(0xAA),
        Tlv.build(0xA0) + Tlv.build(0xAA),
        Tlv.build(0xA0, Tlv.build(0x83, bytes(9))) + Tlv.build(0xAA),
        bytes.fromhex("A00C 830A 989209012143658709F1 AA00"),
    ],
)
def test_invalid_profile_elements_are_refused(elements: bytes) -> None:
    with pytest.raises(ValueError, match=r"profile elements|header|not an ICCID"):
        from_der(elements)


def test_the_iccid_is_read_from_the_header() -> None:
    # A minimal header and end; the metadata have the same ICCID with its nibbles swapped.
    header = "A01B 800102 810103 820154 830A 8929901012345678901F A502 8100 A600"
    elements = bytes.fromhex(header + "AA07 A005 8000 810109")
    assert str(header_iccid(elements)) == "8929901012345678901"
    package = from_der(elements)
    assert package.metadata.children[0] == bytes.fromhex("5A0A 989209012143658709F1")
    assert package.elements == elements
    assert str(sample().iccid) == SAMPLE_ICCID


@pytest.mark.parametrize(
    ("dotted", "content"),
    [("2.999.10", "88370a"), ("2.23.143.1.2.1", "6781 0f010201"), ("1.3.6.1.4.1.31746", "2b0601040181f802")],
)
def test_object_identifiers_are_coded_as_in_x_690(dotted: str, content: str) -> None:
    assert coded_oid(dotted).hex() == content.replace(" ", "")
