"""The metadata of a profile that a server offers, before it is installed (StoreMetadata, SGP.22 §5.5.3)."""

from __future__ import annotations

from typing import Self

from lpa.errors import BadAnswer
from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.facts import fact
from lpa.rsp.records import Profile

_MANDATORY = {"iccid": "ICCID", "serviceProviderName": "operator", "profileName": "name"}
_ESTIMATED_SIZE = 0x9F21  # of version 3 (INTEGER), which servers of both versions may send
_LARGEST = 4  # bytes of a plausible profile size


@fact
class OfferedProfile:
    """A profile that a server offers, and the metadata as the server sent it.

    `estimated_size`: the bytes that it will need on the card, None if the server does not say.
    """

    raw: Tlv
    profile: Profile

    @property
    def estimated_size(self) -> int | None:  # noqa: D102  (see above)
        member = self.raw.child(_ESTIMATED_SIZE)
        if member is None or len(member.value) > _LARGEST:
            return None
        size = int.from_bytes(member.value, "big", signed=True)
        return size if size > 0 else None

    @classmethod
    def from_tlv(cls, raw: bytes) -> Self:
        """From a StoreMetadata (tag BF25). Raises `BadAnswer` if it is not one or lacks a member."""
        metadata = schema.whole("StoreMetadata", raw)
        for member, name in _MANDATORY.items():
            if metadata.child(schema.member_tag("StoreMetadata", member)) is None:
                raise BadAnswer(f"The server offers a profile without its {name}.")
        # Decoded here to find an invalid member before the card does.
        schema.decode("StoreMetadata", metadata)
        # Every member of StoreMetadata has the same tag and meaning in ProfileInfo.
        return cls(metadata, Profile.from_tlv(Tlv.build(schema.tag_of("ProfileInfo"), metadata.value)))

    def describes(self, metadata: bytes) -> bool:
        """Whether `metadata` means the same. A member may be left out where its absence means the same."""
        try:
            return self.raw == metadata or _significant(self.raw) == _significant(Tlv.whole(metadata))
        except BadAnswer:
            return False


def _significant(metadata: Tlv) -> tuple[int, list[bytes]]:
    """The tag, and the members that are not empty or a default, in one order."""
    operational = bytes([schema.code("ProfileClass", "operational")])
    default_class = Tlv.build(schema.member_tag("StoreMetadata", "profileClass"), operational)
    members = [bytes(member) for member in metadata.children if member.value and member != default_class]
    return metadata.tag, sorted(members)
