"""Profile packages that a simulated SM-DP+ has to give: metadata, and the profile elements it protects.

`sample` makes a small package of our own; `from_der` takes any file of profile elements. What a package
holds is never decoded here beyond its header: a server carries it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from lpa.errors import BadAnswer
from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.names import Iccid
from lpa.sim.operators import coded_operator
from lpa.sim.servers.profile_elements import END, HEADER, elements
from lpa.sim.simulated_profile import SimulatedProfile

SAMPLE_ICCID = "8949985000000090018"
ALL_EVENTS = ("install", "enable", "disable", "delete")
_SMALLEST = 0  # as small as the elements are without anything to fill them


@dataclass(frozen=True)
class ProfilePackage:
    """`metadata`: a StoreMetadata (BF25). `elements`: the profile elements in DER, one after the other."""

    metadata: Tlv
    elements: bytes

    @property
    def iccid(self) -> Iccid:
        """The profile's number, as the metadata have it."""
        return Iccid(self._member(0x5A))

    @property
    def name(self) -> str:
        """The profile's name, as the metadata have it."""
        return self._member(0x92).decode(errors="replace")

    @property
    def profile_class(self) -> str:
        """ "test", "provisioning" or "operational", which is what it is if the metadata do not say."""
        number = self._member(0x95) or b"\x02"
        return schema.named("ProfileClass", int.from_bytes(number, "big"))

    def with_metadata(self, **members: object) -> Self:
        """The same with other members of StoreMetadata, as `schema` names them; None leaves one out."""
        value = schema.decode("StoreMetadata", self.metadata) | members
        told = {name: member for name, member in value.items() if member is not None}
        return replace(self, metadata=schema.encode("StoreMetadata", told))

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
    """A package of our own, whose elements have `size` bytes, or as many as they need if that is more.

    `icon` is a PNG of at most 1024 bytes; without a `profile_class` the metadata name none, which means
    operational; `owner` is MCC and MNC as in "262-98"; the server at `address` wants to hear of `events`.
    Raises ValueError if something does not fit.
    """
    SimulatedProfile(  # which knows what may be in a profile
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
    told = {member: value for member, value in metadata.items() if value is not None}
    content = elements(iccid, name=name, owner=owner or "001-01", size=size, test=profile_class == "test")
    return ProfilePackage(schema.encode("StoreMetadata", told), content)


def from_der(elements: bytes, package: ProfilePackage | None = None) -> ProfilePackage:
    """The package of these profile elements, with the metadata of `package` (None: of a sample) under the
    ICCID that the elements have in their header. They themselves stay as they are.

    Raises ValueError if they do not begin with a header and stop with an end.
    """
    like = package or sample()
    coded = header_iccid(elements)
    return replace(like.with_metadata(iccid=coded), elements=elements)


def header_iccid(elements: bytes) -> bytes:
    """The ICCID (10 bytes, nibbles swapped) in the header of `elements`. ValueError if they are none."""
    try:
        tags = [element.tag for element in Tlv.sequence(elements)]
        if len(tags) < 2 or (tags[0], tags[-1]) != (HEADER, END):
            raise ValueError("profile elements begin with a header (A0) and stop with an end (AA)")
        iccid = Tlv.cut(elements)[0].child(0x83)
    except BadAnswer as error:
        raise ValueError(f"these are no profile elements: {str(error).rstrip('.')}") from error
    if iccid is None or len(iccid.value) != 10:
        raise ValueError("the header of these profile elements has no ICCID of 10 bytes")
    return iccid.value


def _configuration(event: str, address: str) -> dict[str, object]:
    events = schema.from_bits("NotificationEvent", [event])
    return {"profileManagementOperation": events, "notificationAddress": address}
