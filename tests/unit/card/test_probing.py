"""Which reader a name means, and which secure element of its card."""

import pytest

from lpa.card import probing
from lpa.card.pcsc import Reader
from lpa.card.probing import Choice, Probe
from lpa.errors import CardBusy, EuiccRefused, LpaError, NoCard, NoReader, NotAnEuicc
from lpa.rsp.names import Eid

EID = Eid.parse("89049032123451234512345678901235")
REFUSED = EuiccRefused("GetEID", "conditionsNotSatisfied", 0x6985, "It refuses.")


def reader(name: str) -> Reader:
    return Reader(name, present=True, atr=b"", busy=False, mute=False)


def connect(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    monkeypatch.setattr(probing, "readers", lambda: tuple(map(reader, names)))


NAMES = [
    ("Left", "Left", None),
    ("Left#2", "Left", 2),
    ("left#1", "Left", 1),
    ("0#2", "Left", 2),
    ("1#2", "Right #2", 2),
    ("Right #2", "Right #2", None),
    ("right", "Right #2", None),
    ("Right #2#2", "Right #2", 2),
    ("#2", "Right #2", None),  # a part of the name of one reader
]


@pytest.mark.parametrize(("name", "found", "element"), NAMES)
def test_a_name_means_a_reader_and_perhaps_a_secure_element(
    name: str, found: str, element: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, "Left", "Right #2")
    assert probing.choose(name) == Choice(reader(found), element)


def test_the_element_alone_means_that_of_the_only_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, "Left")
    chosen = probing.choose("#2")
    assert (chosen.reader.name, chosen.element, chosen.name) == ("Left", 2, "Left#2")


def test_a_name_with_another_number_is_no_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, "Left", "Right")
    with pytest.raises(NoReader, match="'Left#3'"):
        probing.choose("Left#3")


def found(monkeypatch: pytest.MonkeyPatch, *results: Eid | LpaError) -> None:
    """Readers with these numbers, in which this is found."""
    connect(monkeypatch, *map(str, range(len(results))))

    def probe(asked: Reader, *_: object) -> Probe:
        result = results[int(asked.name)]
        return Probe(asked, problem=result) if isinstance(result, LpaError) else Probe(asked, result)

    monkeypatch.setattr(probing, "probe", probe)


def test_a_card_that_refuses_is_no_missing_euicc(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is chosen, so that the command reports its refusal."""
    found(monkeypatch, NotAnEuicc("A SIM."), REFUSED, NoCard("Empty."))
    assert probing.choose().name == "1"


def test_a_card_that_answers_is_preferred_to_one_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    found(monkeypatch, REFUSED, EID)
    assert probing.choose().name == "1"


def test_two_cards_that_refuse_need_a_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    found(monkeypatch, REFUSED, REFUSED)
    with pytest.raises(NoReader, match="More than one reader holds an eUICC: '0', '1'"):
        probing.choose()


def test_without_an_euicc_the_problem_that_can_be_solved_sets_the_kind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found(monkeypatch, NotAnEuicc("A SIM."), CardBusy("Busy."))
    with pytest.raises(CardBusy, match=r"No reader holds an eUICC\. A SIM\. Busy\."):
        probing.choose()
