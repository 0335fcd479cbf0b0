"""The profile packages that a simulated SM-DP+ delivers: metadata and profile elements.

`sample` makes a small package; `from_der` takes any profile elements. Only the header element is decoded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from lpa.errors import BadAnswer
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.names import Iccid
from lpa.sim import codec as schema
from lpa.sim.operators import coded_operator
from lpa.sim.servers.profile_elements import END, HEADER, elements
from lpa.sim.simulated_profile import SimulatedProfile

SAMPLE_ICCID = "8949985000000090018"
ALL_EVENTS = ("install", "enable", "disable", "delete")
_SMALLEST = 0  # without padding files


@dataclass(frozen=True)
class ProfilePackage:
    """A package. `metadata`: a StoreMetadata (BF25). `elements`: the concatenated profile elements in DER."""

    metadata: Tlv
    elements: bytes

    @property
    def iccid(self) -> Iccid:
        """The ICCID in the metadata."""
        return Iccid(self._member(0x5A))

    @property
    def name(self) -> str:
        """The profile name in the metadata."""
        return self._member(0x92).decode(errors="replace")

    @property
    def profile_class(self) -> str:
        """ "test", "provisioning" or "operational", the default if the metadata name no class."""
        number = self._member(0x95) or b"\x02"
        return schema.named("ProfileClass", int.from_bytes(number, "big"))

    def with_metadata(self, **members: object) -> Self:
        """The package with some members of StoreMetadata changed (ASN.1 names); None removes a member."""
        changed = schema.decode("StoreMetadata", self.metadata) | members
        present = {name: member for name, member in changed.items() if member is not None}
        return replace(self, metadata=schema.encode("StoreMetadata", present))

    def _member(self, tag: int) -> bytes:
        child = self.metadata.child(tag)
        return child.value if child is not None else b""


def sample(
    iccid: str = SAMPLE_ICCID,
    *,
    name: str = "Nordlicht Prepaid",
    service_provider: str = "Nordlicht",
    icon: bytes = b"",
    profile_class: str = "",
    policy_rules: Sequence[str] = (),
    owner: str = "262-98",
    address: str = "smdp.example",
    events: Sequence[str] = ALL_EVENTS,
    size: int = _SMALLEST,
) -> ProfilePackage:
    """A sample package. `size`: the length of the elements in bytes; they may need more.

    `icon`: a PNG of at most 1024 bytes. `profile_class`: if empty, the metadata have none, which means
    operational. `owner`: MCC and MNC as in "262-98". `address`: the server to notify of `events`. Raises
    ValueError for invalid values.
    """
    SimulatedProfile(  # It checks the values.
        iccid,
        profile_class=profile_class or "operational",
        service_provider=service_provider,
        name=name,
        icon=icon,
        policy_rules=tuple(policy_rules),
        owner=owner,
        notifications=((tuple(events), address),),
    )
    metadata = {
        "iccid": Iccid.parse(iccid).coded,
        "serviceProviderName": service_provider,
        "profileName": name,
        "iconType": schema.code("IconType", "png") if icon else None,
        "icon": icon or None,
        "profileClass": schema.code("ProfileClass", profile_class) if profile_class else None,
        "notificationConfigurationInfo": [_configuration(event, address) for event in events] or None,
        "profileOwner": {"mccMnc": coded_operator(owner)} if owner else None,
        "profilePolicyRules": schema.from_bits("PolicyRules", policy_rules) if policy_rules else None,
    }
    present = {member: value for member, value in metadata.items() if value is not None}
    content = elements(iccid, name=name, owner=owner or "001-01", size=size, test=profile_class == "test")
    return ProfilePackage(schema.encode("StoreMetadata", present), content)


def from_der(elements: bytes, package: ProfilePackage | None = None) -> ProfilePackage:
    """A package of these profile elements, unchanged, with the metadata of `package` (None: of a sample).

    The ICCID of the metadata becomes that of the header element. Raises ValueError if the elements do not
    begin with a header and end with an end element.
    """
    template = package or sample()
    return replace(template.with_metadata(iccid=header_iccid(elements).coded), elements=elements)


def header_iccid(elements: bytes) -> Iccid:
    """The ICCID in the header of profile elements: plain digits, padded with F. Raises ValueError."""
    try:
        tags = [element.tag for element in Tlv.sequence(elements)]
        if len(tags) < 2 or (tags[0], tags[-1]) != (HEADER, END):
            raise ValueError("profile elements begin with a header (A0) and end with an end element (AA)")
        iccid = Tlv.cut(elements)[0].child(0x83)
    except BadAnswer as error:
        raise ValueError(f"these are not profile elements: {str(error).rstrip('.')}") from error
    if iccid is None or len(iccid.value) != 10:
        raise ValueError("the header of these profile elements has no ICCID of 10 bytes")
    return Iccid.parse(iccid.value.hex())


def _configuration(event: str, address: str) -> dict[str, object]:
    events = schema.from_bits("NotificationEvent", [event])
    return {"profileManagementOperation": events, "notificationAddress": address}
