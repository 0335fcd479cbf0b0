"""The phone books of a profile, read from their files."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpa.card.files.filesystem import UiccFiles
from lpa.card.files.inbox import read_messages
from lpa.card.files.phonebook import read_contacts
from lpa.card.files.problems import Problems
from lpa.rsp.uicc.contacts import Contact
from lpa.sim.contents import Contents, PhoneBook, SimulatedContact
from tests.support.cards import Spoiled, holding, with_enabled

PEOPLE = (
    SimulatedContact("Ada", ("+447700900123", "02079460018"), "ada@example.com", "A"),
    SimulatedContact("张伟", ("+8613800138000",)),
    SimulatedContact("", ("112",)),
    SimulatedContact("Nobody"),
    SimulatedContact(
        "Room", ("1234567890123456789012345678901234567890*#", "09876543210987654321+"[:20]), "r@example.org"
    ),
)
READ = (
    Contact("Ada", ("+447700900123", "02079460018"), ("ada@example.com",), ("A",)),
    Contact("张伟", ("+8613800138000",)),
    Contact("", ("112",)),
    Contact("Nobody"),
    Contact(
        "Room", ("1234567890123456789012345678901234567890*#", "09876543210987654321"), ("r@example.org",)
    ),
)


def read(contents: Contents) -> tuple[Contact, ...]:
    problems = Problems()
    contacts = read_contacts(UiccFiles(holding(contents)), problems)
    assert problems == []
    return contacts


@pytest.mark.parametrize("kind", ["parallel", "linked"])
@pytest.mark.parametrize("local", [False, True])
def test_a_contact_has_all_its_numbers_and_addresses(kind: PhoneBook, local: bool) -> None:
    assert read(Contents(PEOPLE, phone_book=kind, local=local)) == READ


def test_a_phone_book_without_ef_pbr_has_names_and_long_numbers() -> None:
    expected = tuple(Contact(contact.name, contact.numbers[:1]) for contact in READ)
    assert read(Contents(PEOPLE, phone_book="plain")) == expected


@pytest.mark.parametrize("kind", ["parallel", "linked"])
def test_many_contacts_are_read_from_several_sets(kind: PhoneBook) -> None:
    many = tuple(SimulatedContact(f"{number:03}", ("1",), f"{number}@example.com") for number in range(600))
    found = read(Contents(many, phone_book=kind))
    assert found == tuple(
        Contact(f"{number:03}", ("1",), (f"{number}@example.com",)) for number in range(600)
    )


@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_usual_profiles_hold_contacts_in_all_alphabets(number: int) -> None:
    found = read_contacts(UiccFiles(with_enabled(number)), Problems())
    assert [contact.name for contact in found] == [
        "Ada Lovelace",
        "张伟",
        "José Núñez €",
        "Conference room",
        "Δημήτρης Ωμέγα",
    ]
    assert found[3].numbers == ("+4930901820000,,1234567890#",)


def test_an_empty_phone_book_has_no_contacts() -> None:
    assert read(Contents()) == ()


def spoiled(
    file: str, answers: dict[str, str], kind: PhoneBook = "parallel"
) -> tuple[tuple[Contact, ...], list[str]]:
    problems = Problems()
    card = Spoiled(holding(Contents(PEOPLE, phone_book=kind)), file=file, answers=answers)
    return read_contacts(UiccFiles(card), problems), problems


def test_an_unreadable_second_number_is_reported_and_hides_nothing() -> None:
    contacts, problems = spoiled("4F11", {"00B201": "6F00"})
    assert contacts == (replace(READ[0], numbers=("+447700900123",)), *READ[1:])
    assert problems == ["7F10/5F3A/4F11: The card answered status 6F00 when 7F10/5F3A/4F11 was read."]


def test_a_missing_file_is_not_a_problem() -> None:
    contacts, problems = spoiled("4F50", {"00A4": "6A82"})
    assert contacts[0] == replace(READ[0], emails=())
    assert problems == []


def test_a_short_entry_is_reported_and_read_from_another_folder() -> None:
    contacts, problems = spoiled("4F3A", {"00B201": "0102 9000"})
    assert contacts == (*READ[1:], Contact("Ada", ("+447700900123",)))
    assert problems == ["7F10/5F3A/4F3A: A phone book entry has 2 bytes, not 14 or more."]


def test_an_unreadable_entry_does_not_hide_the_next_ones() -> None:
    contacts, problems = spoiled("4F3A", {"00B202": "6F00"})
    assert [contact.name for contact in contacts] == ["Ada", "", "Nobody", "Room"]
    assert problems == [
        "7F10/5F3A/4F3A, record 2: The card answered status 6F00 when 7F10/5F3A/4F3A was read."
    ]


def test_circular_extensions_end() -> None:
    circle = "02 02 2143 FFFFFFFFFFFFFFFF 01".replace(" ", "")
    (*_, room), problems = spoiled("4F4A", {"00B202": circle + "9000", "00B201": circle[:-2] + "029000"})
    assert room.numbers[0] == "12345678901234567890" + "12341234"
    assert problems == []


@pytest.mark.parametrize("answer", ["FF" * 13 + "9000", "00" * 13 + "9000", "6A83"])
def test_a_long_number_without_its_end_is_reported(answer: str) -> None:
    (*_, room), problems = spoiled("4F4A", {"00B2": answer})
    assert room.numbers[0] == "12345678901234567890"
    assert problems == [
        "7F10/5F3A/4F4A, record 2, lacks the end of a number that begins with 12345678901234567890."
    ]


def test_a_short_number_with_a_missing_extension_is_complete() -> None:
    entry = "416461" + "FF" * 11 + "07 91 447700091032 FFFFFFFF FF 09"
    contacts, problems = spoiled("4F3A", {"00B201": f"{entry}9000"})
    assert contacts[0] == READ[0]
    assert problems == []


def test_an_unreadable_ef_pbr_is_reported_and_the_phone_book_of_a_sim_is_read() -> None:
    contacts, problems = spoiled("4F30", {"00B201": "A809 C0034F3A01 9000"})
    assert contacts == tuple(Contact(contact.name, contact.numbers[:1]) for contact in READ)
    assert problems == ["7F10/5F3A/4F30: An object announces 9 bytes, but only 5 follow."]


@given(
    st.lists(
        st.tuples(st.binary(max_size=40), st.sampled_from([0x9000, 0x6A83, 0x6A82, 0x6F00])), max_size=40
    )
)
def test_any_files_give_contacts_and_messages(wild: list[tuple[bytes, int]]) -> None:
    class Wild:
        def transmit(self, apdu: bytes) -> tuple[bytes, int]:
            if apdu[1] == 0xA4:
                return bytes.fromhex("6207 8205 4221 0028 05"), 0x9000
            return wild.pop() if wild else (b"", 0x6A83)

        def reset(self) -> None: ...

        def close(self) -> None: ...

    files, problems = UiccFiles(Wild()), Problems()
    problems.attempt("the phone books", lambda: read_contacts(files, problems))
    problems.attempt("the messages", lambda: read_messages(files, problems))
