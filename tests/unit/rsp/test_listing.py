"""A list in which an unreadable item does not hide the others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpa.rsp.codec.ber import Tlv
from lpa.rsp.limits import LIST_ITEMS
from lpa.rsp.listing import Listing
from lpa.rsp.records import Notification, NotificationMetadata, Profile

GOOD = "E310 5A0A98989898989898989898 9F700100"
NINE_BYTES = "E30F 5A09989898989898989898 9F700100"


def listed(*items: str) -> Listing[Profile]:
    return Listing.of(Profile.from_tlv, Tlv.build(0xA0, *(bytes.fromhex(item) for item in items)))


def test_an_empty_list_is_empty() -> None:
    assert listed() == ()
    assert listed().unreadable == ()
    assert Listing() == ()


def test_items_come_in_the_cards_order() -> None:
    listing = listed(GOOD, "E310 5A0A98989898989898989890 9F700101")
    assert [profile.state for profile in listing] == ["disabled", "enabled"]
    assert listing.unreadable == ()


def test_an_unreadable_item_does_not_hide_the_others() -> None:
    listing = listed(GOOD, NINE_BYTES, "9F250101", GOOD)
    assert [str(profile.iccid) for profile in listing] == ["89" * 10] * 2
    assert listing.unreadable == (bytes.fromhex(NINE_BYTES), bytes.fromhex("9F250101"))


def test_a_truncated_list_keeps_its_readable_items() -> None:
    listing = listed(GOOD, "E310 5A0A9898")
    assert len(listing) == 1
    assert listing.unreadable == (bytes.fromhex("E3105A0A9898"),)


@given(st.binary(max_size=80), st.sampled_from([Profile, NotificationMetadata, Notification]))
def test_garbage_is_a_listing(
    data: bytes, record: type[Profile] | type[NotificationMetadata] | type[Notification]
) -> None:
    container = Tlv.build(0xA0, bytes.fromhex(GOOD), data)
    listing = Listing.of(record.from_tlv, container)
    assert len(listing) + len(listing.unreadable) >= 1
    if record is Profile:
        assert len(listing) >= 1


def test_a_list_ends_at_the_limit() -> None:
    item = Tlv.build(0x80, b"x")
    listing = Listing.of(bytes, Tlv.build(0xA0, item * (LIST_ITEMS + 3)))
    assert len(listing) == LIST_ITEMS
    assert listing.unreadable == (item * 3,)


def test_errors_other_than_bad_answers_are_not_hidden() -> None:
    def broken(item: Tlv) -> Tlv:
        raise ZeroDivisionError(item)

    with pytest.raises(ZeroDivisionError):
        Listing.of(broken, Tlv.build(0xA0, bytes.fromhex(GOOD)))
