"""What a server says of a profile before it is installed: its metadata (StoreMetadata, SGP.22 §5.5.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from lpa.errors import BadAnswer
from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.records import Profile

# In ProfileInfo (E3) every member of StoreMetadata (BF25) has the same tag and meaning.
_METADATA, _PROFILE_INFO = 0xBF25, 0xE3
_MANDATORY = {0x5A: "ICCID", 0x91: "operator", 0x92: "name"}
_ESTIMATED_SIZE = 0x9F21  # of version 3 (INTEGER), which servers of both versions may send
_LARGEST = 4  # bytes of a size: more are no size of a profile
_OPERATIONAL = bytes.fromhex("950102")  # the class, where it is not said


@dataclass(frozen=True)
class OfferedProfile:
    """A profile that a server offers, and the metadata as the server sent it.

    `estimated_size`: the bytes that it will take on the card, if the server says so.
    """

    raw: Tlv
    profile: Profile

    @property
    def estimated_size(self) -> int | None:  # noqa: D102  (said above)
        told = self.raw.child(_ESTIMATED_SIZE)
        if told is None or len(told.value) > _LARGEST:
            return None
        size = int.from_bytes(told.value, "big", signed=True)
        return size if size > 0 else None

    @classmethod
    def from_tlv(cls, raw: bytes) -> Self:
        """From a StoreMetadata (tag BF25). Raises `BadAnswer` if it is none, or leaves out who or what."""
        metadata = Tlv.whole(raw)
        if metadata.tag != _METADATA:
            raise BadAnswer(f"The server described the profile by an object with tag {metadata.tag:X}.")
        for tag, name in _MANDATORY.items():
            if metadata.child(tag) is None:
                raise BadAnswer(f"The server offers a profile and does not say its {name}.")
        # Read once as what it is: what is wrong with a member is better an error here than on the card.
        schema.decode("StoreMetadata", metadata)
        return cls(metadata, Profile.from_tlv(Tlv.build(_PROFILE_INFO, metadata.value)))

    def describes(self, metadata: bytes) -> bool:
        """Whether `metadata` says the same. A member may be left out where its absence means the same."""
        try:
            return self.raw == metadata or _said(self.raw) == _said(Tlv.whole(metadata))
        except BadAnswer:
            return False


def _said(metadata: Tlv) -> tuple[int, list[bytes]]:
    members = [bytes(member) for member in metadata.children if member.value and member != _OPERATIONAL]
    return metadata.tag, sorted(members)
